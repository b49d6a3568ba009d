//! Whole, adjacent slots of one run, and what is none.

use super::{daily, weekly, with_dates};
use crate::fixtures::{at, length, period};
use domain::calendar::{Calendar, Day, Length, NotWhole, Period};
use domain::{MAX_SLOTS, Stretch};
use jiff::Timestamp;

/// So many slots from an instant on: where each of them starts, and where the last one ends.
fn slots(calendar: &Calendar, start: &str, count: usize) -> Result<Period, NotWhole> {
    calendar.stretch(at(start), Length::Slots(count)).map(|stretch| stretch.time())
}

/// The slots from one instant to another.
fn until(calendar: &Calendar, start: &str, end: &str) -> Result<Period, NotWhole> {
    calendar.stretch(at(start), Length::Until(at(end))).map(|stretch| stretch.time())
}

/// A stretch of one slot.
fn one(start: &str, end: &str) -> Stretch {
    Stretch::of(&[period(start, end)]).unwrap()
}

#[test]
fn a_stretch_is_of_whole_slots_from_the_start_of_one() {
    let calendar = daily("UTC", 30, &["09:00-12:15"]);
    let start = "2027-01-11T10:00Z";
    assert_eq!(slots(&calendar, start, 1), Ok(period(start, "2027-01-11T10:30Z")));
    assert_eq!(slots(&calendar, start, 0), Ok(period(start, "2027-01-11T10:30Z")), "at least one");
    assert_eq!(slots(&calendar, start, 4), Ok(period(start, "2027-01-11T12:00Z")));
    assert_eq!(slots(&calendar, start, 5), Err(NotWhole::TooShort));
    let end = "2027-01-11T12:00Z";
    assert_eq!(until(&calendar, start, end), Ok(period(start, end)));
    for bad in ["10:01", "12:15", "12:30", "10:00", "09:30", "08:00"] {
        assert_eq!(
            until(&calendar, start, &format!("2027-01-11T{bad}Z")),
            Err(NotWhole::End),
            "{bad}"
        );
    }
    for bad in ["08:30", "09:01", "12:00", "12:15", "23:00"] {
        let start = format!("2027-01-11T{bad}Z");
        assert_eq!(slots(&calendar, &start, 1), Err(NotWhole::Start), "{bad}");
        assert_eq!(until(&calendar, &start, "2027-01-11T12:00Z"), Err(NotWhole::Start), "{bad}");
    }
    let beside = "2027-01-11T10:00:00.000000001Z";
    assert_eq!(slots(&calendar, beside, 1), Err(NotWhole::Start));
    assert_eq!(until(&calendar, start, "2027-01-11T10:30:00.000000001Z"), Err(NotWhole::End));
}

#[test]
fn it_goes_on_over_openings_that_touch_and_not_over_a_break() {
    let calendar = daily("UTC", 60, &["09:00-10:30", "10:30-12:00", "12:01-14:01"]);
    assert!(until(&calendar, "2027-01-11T09:00Z", "2027-01-11T12:00Z").is_ok());
    assert_eq!(until(&calendar, "2027-01-11T11:00Z", "2027-01-11T13:01Z"), Err(NotWhole::End));
    assert_eq!(slots(&calendar, "2027-01-11T11:00Z", 2), Err(NotWhole::TooShort));
    // From one night to the next day, and into a date with hours of its own.
    let nights = weekly("UTC", 60, &[(Day::Thu, &["22:00-02:00"])]);
    let nights = with_dates(nights, &[("2027-12-24", &["01:00-05:00"])]);
    assert!(until(&nights, "2027-12-23T22:00Z", "2027-12-24T05:00Z").is_ok());
}

/// Around the clock, a stretch goes over midnight where the last slot of a day ends at it.
#[test]
fn it_goes_over_midnight_where_no_rest_is_between() {
    let hours = daily("UTC", 60, &["00:00-24:00"]);
    assert!(until(&hours, "2027-01-11T22:00Z", "2027-01-12T02:00Z").is_ok());
    let sevens = daily("UTC", 420, &["00:00-24:00"]);
    assert!(until(&sevens, "2027-01-11T07:00Z", "2027-01-11T21:00Z").is_ok());
    assert_eq!(slots(&sevens, "2027-01-11T07:00Z", 3), Err(NotWhole::TooShort));
    assert_eq!(until(&sevens, "2027-01-11T14:00Z", "2027-01-12T07:00Z"), Err(NotWhole::End));
    assert!(!sevens.covers(period("2027-01-11T14:00Z", "2027-01-12T07:00Z")));
}

#[test]
fn nights_that_touch_are_booked_together_without_a_length_too() {
    let stays = daily("Europe/Zurich", 0, &["12:00-12:00"]);
    let stay = period("2027-01-11T11:00Z", "2027-01-14T11:00Z");
    assert_eq!(slots(&stays, "2027-01-11T11:00Z", 3), Ok(stay));
    assert_eq!(until(&stays, "2027-01-11T11:00Z", "2027-01-14T11:00Z"), Ok(stay));
    let nights = daily("Europe/Zurich", 0, &["15:00-11:00"]);
    assert_eq!(
        slots(&nights, "2027-01-11T14:00Z", 1),
        Ok(period("2027-01-11T14:00Z", "2027-01-12T10:00Z"))
    );
    assert_eq!(slots(&nights, "2027-01-11T14:00Z", 2), Err(NotWhole::TooShort));
}

#[test]
fn it_has_no_more_slots_than_a_booking_may_cover() {
    let calendar = daily("UTC", 15, &["00:00-24:00"]);
    let start = "2027-01-11T12:00Z";
    let most = Ok(period(start, "2027-01-12T12:00Z"));
    assert_eq!(slots(&calendar, start, MAX_SLOTS), most);
    assert_eq!(until(&calendar, start, "2027-01-12T12:00Z"), most);
    assert_eq!(slots(&calendar, start, MAX_SLOTS + 1), Err(NotWhole::TooLong));
    assert_eq!(until(&calendar, start, "2027-01-12T12:15Z"), Err(NotWhole::TooLong));
    // But what was sold in longer slots may be as long.
    assert!(calendar.covers(period(start, "2027-04-12T12:00Z")));
}

#[test]
fn a_booking_is_whole_slots_whatever_the_slots_were_when_it_was_sold() {
    let booking = period("2027-01-11T10:00Z", "2027-01-11T12:00Z");
    let covers = |minutes, openings: &[&str]| daily("UTC", minutes, openings).covers(booking);
    assert!(covers(60, &["09:00-17:00"]));
    assert!(covers(30, &["09:00-17:00"]));
    assert!(covers(120, &["08:00-17:00"]));
    assert!(covers(0, &["10:00-12:00"]));
    assert!(covers(0, &["10:00-11:30", "11:30-12:00"]));
    assert!(!covers(120, &["09:00-17:00"]), "another grid");
    assert!(!covers(60, &["09:30-17:00"]), "another grid");
    assert!(!covers(45, &["10:00-17:00"]), "no slot ends then");
    assert!(!covers(60, &["09:00-11:30"]), "closed too early");
    assert!(!covers(60, &["09:00-11:00", "11:01-13:00"]), "a break");
    assert!(!covers(60, &["11:00-17:00"]), "opened too late");
    assert!(!covers(0, &["09:00-12:00"]));
    assert!(!covers(0, &["10:00-13:00"]));
    assert!(!covers(60, &[]));
    let calendar = daily("UTC", 60, &["09:00-17:00"]);
    assert!(!calendar.covers(period("2027-01-11T10:00Z", "2027-01-11T10:00Z")), "no time at all");
    assert!(!calendar.covers(period("2027-01-11T12:00Z", "2027-01-11T10:00Z")), "backwards");
}

#[test]
fn a_calendar_agrees_with_its_own_slots_and_with_times_it_has_none_in() {
    let nights = daily("UTC", 0, &["22:00-02:00"]);
    let agrees = |start, end| nights.agrees_with(&one(start, end));
    assert!(agrees("2027-01-11T22:00Z", "2027-01-12T02:00Z"));
    assert!(agrees("2027-01-12T02:00Z", "2027-01-12T22:00Z"));
    assert!(!agrees("2027-01-12T01:59Z", "2027-01-12T02:00Z"));
    assert!(!agrees("2027-01-11T22:00Z", "2027-01-12T01:00Z"));
    assert!(!agrees("2027-01-11T22:00Z", "2027-01-12T03:00Z"));
    // A day of 25 hours has one slot, and its last hour is a part of it.
    let days = daily("America/New_York", 0, &["00:00-24:00"]);
    assert!(days.agrees_with(&one("2027-11-07T04:00Z", "2027-11-08T05:00Z")));
    assert!(!days.agrees_with(&one("2027-11-08T04:00Z", "2027-11-08T05:00Z")));
}

#[test]
fn a_calendar_agrees_with_a_stretch_if_it_has_its_slots_or_none() {
    let halves = |start, end| Stretch::even(period(start, end), length(30)).unwrap();
    let (nine, ten, noon) = ("2027-01-11T09:00Z", "2027-01-11T10:00Z", "2027-01-11T12:00Z");
    assert!(daily("UTC", 30, &["08:00-17:00"]).agrees_with(&halves(nine, noon)));
    assert!(daily("UTC", 30, &["08:00-09:30", "11:00-17:00"]).agrees_with(&halves(nine, noon)));
    assert!(daily("UTC", 0, &["09:30-10:00"]).agrees_with(&halves(nine, noon)));
    assert!(!daily("UTC", 60, &["08:00-17:00"]).agrees_with(&halves(nine, ten)));
    assert!(!daily("UTC", 15, &["11:45-17:00"]).agrees_with(&halves(nine, noon)));
    assert!(!daily("UTC", 30, &["11:45-17:00"]).agrees_with(&halves(nine, noon)));
    assert!(!daily("UTC", 60, &["08:30-09:30"]).agrees_with(&halves(nine, noon)));
    let mixed = Stretch::of(&[period(nine, ten), period(ten, noon)]).unwrap();
    assert!(daily("UTC", 0, &["09:00-10:00", "10:00-12:00"]).agrees_with(&mixed));
    assert!(!daily("UTC", 60, &["09:00-12:00"]).agrees_with(&mixed));
}

/// Sessions of different lengths, and a night of 25 hours between two others.
#[test]
fn a_stretch_keeps_the_length_of_each_slot() {
    let sessions = daily("UTC", 0, &["09:00-12:30", "12:30-13:00", "13:00-17:00"]);
    let day = sessions.stretch(at("2027-01-11T09:00Z"), Length::Slots(3)).unwrap();
    assert_eq!(day.lengths(), [length(210), length(30), length(240)]);
    assert_eq!(day.even_length(), None);
    assert_eq!(Stretch::new(day.start(), day.lengths().to_vec()), Some(day.clone()));

    let stays = daily("America/New_York", 0, &["12:00-12:00"]);
    let stay = stays.stretch(at("2027-11-05T16:00Z"), Length::Slots(3)).unwrap();
    assert_eq!(stay.lengths(), [length(1440), length(1500), length(1440)]);
    assert_eq!(stay.time(), period("2027-11-05T16:00Z", "2027-11-08T17:00Z"));
    let single = stays.stretch(at("2027-11-06T16:00Z"), Length::Slots(1)).unwrap();
    assert_eq!(single.even_length(), Some(length(1500)));
}

#[test]
fn what_is_no_row_of_slots_is_no_stretch() {
    let (nine, ten, noon) = ("2027-01-11T09:00Z", "2027-01-11T10:00Z", "2027-01-11T12:00Z");
    let even = |start, end, minutes| Stretch::even(period(start, end), length(minutes));
    assert!(even(nine, noon, 60).is_some() && even(nine, noon, 180).is_some());
    for (start, end, minutes) in [
        (nine, nine, 60),
        (noon, nine, 60),
        (nine, noon, 50),
        (nine, noon, 181),
        (nine, "2027-01-11T09:00:30Z", 1),
        (nine, noon, 1),
        (nine, "9999-12-30T00:00Z", 2880),
    ] {
        assert_eq!(even(start, end, minutes), None, "{start} to {end}: {minutes}");
    }
    assert_eq!(Stretch::of(&[]), None);
    assert_eq!(Stretch::of(&[period(nine, ten), period("2027-01-11T10:30Z", noon)]), None, "a gap");
    assert_eq!(Stretch::of(&[period(nine, "2027-01-11T09:00:30Z")]), None, "no whole minutes");
    assert_eq!(Stretch::of(&[period(nine, "2027-01-13T09:01Z")]), None, "too long for a slot");
    assert_eq!(Stretch::new(Timestamp::MAX, vec![length(1)]), None, "after all time");
    assert_eq!(Stretch::new(at(nine), vec![length(1); MAX_SLOTS + 1]), None);
}
