//! Whole, adjacent slots of one run, and what is none.

use super::{daily, period, weekly, with_dates};
use crate::fixtures::at;
use domain::MAX_SLOTS;
use domain::calendar::{Calendar, Day, Length, NotWhole, Period};

/// So many slots from an instant on: where each of them starts, and where the last one ends.
fn slots(calendar: &Calendar, start: &str, count: usize) -> Result<Period, NotWhole> {
    whole(calendar.stretch(at(start), Length::Slots(count)))
}

/// The slots from one instant to another.
fn until(calendar: &Calendar, start: &str, end: &str) -> Result<Period, NotWhole> {
    whole(calendar.stretch(at(start), Length::Until(at(end))))
}

/// All of a stretch, if there is nothing between its slots.
fn whole(stretch: Result<Vec<Period>, NotWhole>) -> Result<Period, NotWhole> {
    stretch.map(|stretch| {
        assert!(stretch.windows(2).all(|pair| pair[0].end == pair[1].start));
        Period { start: stretch[0].start, end: stretch[stretch.len() - 1].end }
    })
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
    let agrees = |start, end| nights.agrees_with(at(start), at(end));
    assert!(agrees("2027-01-11T22:00Z", "2027-01-12T02:00Z"));
    assert!(agrees("2027-01-12T02:00Z", "2027-01-12T22:00Z"));
    assert!(!agrees("2027-01-12T01:59Z", "2027-01-12T02:00Z"));
    assert!(!agrees("2027-01-11T22:00Z", "2027-01-12T01:00Z"));
    assert!(!agrees("2027-01-11T22:00Z", "2027-01-12T03:00Z"));
    // A day of 25 hours has one slot, and its last hour is a part of it.
    let days = daily("America/New_York", 0, &["00:00-24:00"]);
    assert!(days.agrees_with(at("2027-11-07T04:00Z"), at("2027-11-08T05:00Z")));
    assert!(!days.agrees_with(at("2027-11-08T04:00Z"), at("2027-11-08T05:00Z")));
}
