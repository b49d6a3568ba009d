//! Which stretches of a resource can be booked.

use crate::fixtures::{at, code, half_hours, request, room};
use domain::calendar::{Closure, Closures, NotWhole};
use domain::{
    Capacity, MAX_SLOTS, NewBooking, Period, Rejection, Reschedule, Resource, Role, State, Stretch,
};
use jiff::{SignedDuration, Timestamp, ToSpan};

const PAST: Rejection = Rejection::Closed("the start is in the past");
const NO_START: Rejection = Rejection::NotWhole(NotWhole::Start);
const NO_END: Rejection = Rejection::NotWhole(NotWhole::End);

/// What is sold from this start on, to this end or in one slot.
fn stretch(
    room: &Resource,
    start: Timestamp,
    end: Option<Timestamp>,
    now: Timestamp,
) -> Result<Stretch, Rejection> {
    let asked = NewBooking { end, ..request(start) };
    asked.decide(room, &[], &code(), now).map(|booking| booking.stretch)
}

/// Open in the morning and, right after it, at noon; then in the afternoon. Monday, seen at 8.
fn ask(start: &str, end: Option<&str>) -> Result<Stretch, Rejection> {
    let room = room("UTC", 30, &["09:00-12:15", "12:15-13:15", "14:00-15:00"]);
    stretch(&room, at(start), end.map(at), at("2027-01-11T08:00Z"))
}

#[test]
fn a_stretch_is_of_whole_adjacent_slots_of_one_run() {
    let taken = |start: &str, end: &str| Ok(half_hours(start, end));
    let (nine, noon) = ("2027-01-11T09:00Z", "2027-01-11T12:00Z");
    assert_eq!(ask(nine, None), taken(nine, "2027-01-11T09:30Z"));
    assert_eq!(ask(nine, Some("2027-01-11T09:30Z")), ask(nine, None));
    assert_eq!(ask(nine, Some(noon)), taken(nine, noon));
    let morning = ask(nine, Some(noon)).unwrap();
    let starts = morning.slots().map(|slot| slot.start);
    assert!(starts.eq((0..6).map(|slot| at(nine) + (30 * slot).minutes())));
    let over_noon = "2027-01-11T13:00Z";
    assert_eq!(ask(nine, Some(over_noon)), taken(nine, over_noon), "openings that touch are one");
}

#[test]
fn a_start_off_the_grid_is_closed() {
    for start in [
        "2027-01-11T08:30Z",              // before it opens
        "2027-01-11T09:15Z",              // between two slots
        "2027-01-11T09:00:00.000000001Z", // a hair after one
        "2027-01-11T13:00Z",              // too late to end before it closes
        "2027-01-11T13:30Z",              // between two openings
        "2027-01-11T15:00Z",              // when it has closed
        "2027-01-12T08:59:59.999999999Z", // a hair before the next day's first
    ] {
        assert_eq!(ask(start, None), Err(NO_START), "{start}");
    }
}

#[test]
fn an_end_off_the_grid_is_closed() {
    let start = "2027-01-11T09:30Z";
    for end in [
        start,                            // nothing at all
        "2027-01-11T09:00Z",              // before the start
        "2026-01-11T10:00Z",              // long before it
        "2027-01-11T09:45Z",              // between two slots
        "2027-01-11T10:00:00.000000001Z", // a hair after one
        "2027-01-11T13:15Z",              // where the opening ends, but no slot
        "2027-01-11T14:30Z",              // in the one after, which does not
        "2027-01-12T10:00Z",              // on the next day
        "9999-12-30T22:00:00Z",           // at the end of time
    ] {
        assert_eq!(ask(start, Some(end)), Err(NO_END), "{end}");
    }
}

#[test]
fn what_has_begun_is_past() {
    let room = room("UTC", 30, &["09:00-12:00"]);
    let nine = at("2027-01-11T09:00Z");
    let seen = |now| stretch(&room, nine, None, now);
    assert!(seen(nine).is_ok(), "the very instant is not past");
    assert_eq!(seen(nine + 1.nanosecond()), Err(PAST));
    assert_eq!(seen(Timestamp::MAX), Err(PAST));
    let off_the_grid = stretch(&room, at("2027-01-11T09:10Z"), None, at("2027-01-11T10:00Z"));
    assert_eq!(off_the_grid, Err(PAST), "past comes first: it needs no calendar");
}

#[test]
fn a_closed_day_is_closed() {
    let closed = room("UTC", 30, &[]);
    let sold = stretch(&closed, at("2027-01-11T09:00Z"), None, at("2027-01-11T08:00Z"));
    assert_eq!(sold, Err(NO_START));
}

#[test]
fn nothing_new_is_sold_while_it_is_paused_or_archived() {
    let (nine, now) = (at("2027-01-11T09:00Z"), at("2027-01-11T08:00Z"));
    let sold = |state| {
        let room = Resource { state, ..room("UTC", 30, &["09:00-12:00"]) };
        stretch(&room, nine, None, now)
    };
    assert!(sold(State::Open).is_ok());
    for state in [State::Paused, State::Archived] {
        assert!(matches!(sold(state), Err(Rejection::Closed(_))), "{state:?}");
    }
}

#[test]
fn a_slot_that_a_closure_overlaps_is_not_sold() {
    let time = Period { start: at("2027-01-11T10:15Z"), end: at("2027-01-11T11:00Z") };
    let closure = Closure { time, reason: Some("painting".to_owned()) };
    let mut room = room("UTC", 30, &["09:00-12:00"]);
    room.calendar.closures = Closures::new(vec![closure.clone()]).unwrap();
    let ask = |start: &str, end: &str| {
        let instant = |time: &str| at(&format!("2027-01-11T{time}Z"));
        stretch(&room, instant(start), Some(instant(end)), at("2027-01-11T08:00Z")).map(|_| ())
    };
    let closed = Err(Rejection::NotWhole(NotWhole::Closed(closure)));
    assert_eq!(ask("09:00", "10:00"), Ok(()));
    assert_eq!(ask("11:00", "12:00"), Ok(()));
    assert_eq!(ask("10:00", "10:30"), closed);
    assert_eq!(ask("09:00", "12:00"), closed);
}

/// Moved without an end, it is as long as it was; on another grid that may be other slots, or none.
#[test]
fn a_booking_that_moves_is_as_long_as_it_was() {
    let mut booking = crate::fixtures::booking(domain::Status::Confirmed);
    let (noon, now) = (at("2027-01-11T12:00Z"), at("2027-01-11T09:00Z"));
    let goes = |booking: &domain::Booking, end, minutes, openings: &[&str]| {
        let capacity = Capacity::new(2).unwrap();
        let room = Resource { capacity, ..room("UTC", minutes, openings) };
        let to = Reschedule::to(noon, end).decide(booking, &room, &[], Role::Customer, now);
        to.map(|to| to.claim.stretch)
    };
    let moved = |booking: &_, minutes, openings| goes(booking, None, minutes, openings);
    let to_one = half_hours("2027-01-11T12:00Z", "2027-01-11T13:00Z");
    assert_eq!(moved(&booking, 30, &["09:00-17:00"]), Ok(to_one));
    let whole = Stretch::of(&[Period { start: noon, end: noon + 1.hour() }]).unwrap();
    assert_eq!(moved(&booking, 60, &["09:00-17:00"]), Ok(whole));
    assert_eq!(moved(&booking, 40, &["12:00-17:00"]), Err(NO_END));
    assert_eq!(moved(&booking, 30, &["12:00-12:30"]), Err(NO_END));
    let asked = half_hours("2027-01-11T12:00Z", "2027-01-11T12:30Z");
    assert_eq!(goes(&booking, Some(asked.end()), 30, &["09:00-17:00"]), Ok(asked));
    booking.stretch = half_hours("2027-01-11T10:00Z", "2027-01-11T10:30Z");
    assert_eq!(moved(&booking, 60, &["09:00-17:00"]), Err(NO_END));
}

#[test]
fn a_booking_has_96_slots_at_most() {
    let room = room("UTC", 10, &["00:00-23:00"]);
    let start = at("2027-01-11T00:00Z");
    let ask = |slots: i64| {
        let end = start + SignedDuration::from_mins(10 * slots);
        stretch(&room, start, Some(end), start)
    };
    assert_eq!(MAX_SLOTS, 96);
    assert_eq!(ask(96).unwrap().slots().count(), 96);
    for more in [97, 138] {
        let refused = Rejection::LimitExceeded("a booking covers at most 96 slots".to_owned());
        assert_eq!(ask(more), Err(refused), "{more}");
    }
    assert_eq!(ask(20 * 144), ask(97), "it looks no further");
}

#[test]
fn a_stretch_runs_through_a_change_of_the_clocks() {
    let room = room("America/New_York", 60, &["00:00-04:00"]);
    let now = at("2027-01-11T08:00Z");
    let count = |start: &str, end: &str| {
        stretch(&room, at(start), Some(at(end)), now).map(|sold| sold.slots().count())
    };
    assert_eq!(count("2027-03-14T05:00Z", "2027-03-14T08:00Z"), Ok(3), "in spring");
    assert_eq!(count("2027-11-07T04:00Z", "2027-11-07T09:00Z"), Ok(5), "in autumn");
    assert_eq!(count("2027-11-07T04:00Z", "2027-11-07T10:00Z"), Err(NO_END), "and no longer");
}
