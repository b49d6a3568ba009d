//! Which stretches of a resource can be booked.

use crate::fixtures::{at, grid, half_hours};
use domain::{Grid, MAX_SLOTS, Rejection, Stretch};
use jiff::{SignedDuration, Timestamp, ToSpan};

const PAST: Rejection = Rejection::Closed("the start is in the past");
const NO_START: Rejection =
    Rejection::Closed("the start is not the start of a slot of this resource's opening hours");
const NO_END: Rejection =
    Rejection::Closed("the end is not the end of a slot of the same opening as the start");

/// Open in the morning and, right after it, at noon; then in the afternoon. Monday, seen at 8.
fn ask(start: &str, end: Option<&str>) -> Result<Stretch, Rejection> {
    let grid = grid("UTC", 30, &["09:00-12:15", "12:15-13:15", "14:00-15:00"]);
    grid.stretch(at(start), end.map(at), at("2027-01-11T08:00Z"))
}

#[test]
fn a_stretch_is_of_whole_adjacent_slots_of_one_opening() {
    let taken = |start: &str, end: &str| Ok(half_hours(start, end));
    let (nine, noon) = ("2027-01-11T09:00Z", "2027-01-11T12:00Z");
    assert_eq!(ask(nine, None), taken(nine, "2027-01-11T09:30Z"));
    assert_eq!(ask(nine, Some("2027-01-11T09:30Z")), ask(nine, None));
    assert_eq!(ask(nine, Some(noon)), taken(nine, noon));
    let slots = ask(nine, Some(noon)).unwrap().slots();
    assert!(slots.eq((0..6).map(|slot| at(nine) + (30 * slot).minutes())));
}

#[test]
fn a_start_off_the_grid_is_closed() {
    for start in [
        "2027-01-11T08:30Z",              // before it opens
        "2027-01-11T09:15Z",              // between two slots
        "2027-01-11T09:00:00.000000001Z", // a hair after one
        "2027-01-11T12:00Z",              // too late to end before it closes
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
        "2027-01-11T12:15Z",              // where the opening ends, but no slot
        "2027-01-11T12:45Z",              // in the next opening, which touches this one
        "2027-01-11T14:30Z",              // in the one after, which does not
        "2027-01-12T10:00Z",              // on the next day
        "9999-12-30T22:00:00Z",           // at the end of time
    ] {
        assert_eq!(ask(start, Some(end)), Err(NO_END), "{end}");
    }
}

#[test]
fn what_has_begun_is_past() {
    let grid = grid("UTC", 30, &["09:00-12:00"]);
    let nine = at("2027-01-11T09:00Z");
    let seen = |now| grid.stretch(nine, None, now);
    assert!(seen(nine).is_ok(), "the very instant is not past");
    assert_eq!(seen(nine + 1.nanosecond()), Err(PAST));
    assert_eq!(seen(Timestamp::MAX), Err(PAST));
    let off_the_grid = grid.stretch(at("2027-01-11T09:10Z"), None, at("2027-01-11T10:00Z"));
    assert_eq!(off_the_grid, Err(PAST), "past comes first: it needs no calendar");
}

#[test]
fn a_closed_day_is_closed() {
    let closed = Grid { opening: domain::Opening::default(), ..grid("UTC", 30, &[]) };
    let stretch = closed.stretch(at("2027-01-11T09:00Z"), None, at("2027-01-11T08:00Z"));
    assert_eq!(stretch, Err(NO_START));
}

#[test]
fn a_booking_has_96_slots_at_most() {
    let grid = grid("UTC", 10, &["00:00-24:00"]);
    let start = at("2027-01-11T00:00Z");
    let ask = |slots: i64| {
        let end = start + SignedDuration::from_mins(10 * slots);
        grid.stretch(start, Some(end), start)
    };
    assert_eq!(MAX_SLOTS, 96);
    assert_eq!(ask(96).unwrap().slots().count(), 96);
    for more in [97, 144] {
        let refused = Rejection::LimitExceeded("a booking covers at most 96 slots".to_owned());
        assert_eq!(ask(more), Err(refused), "{more}");
    }
    assert_eq!(ask(145), Err(NO_END), "the next day is another opening");
}

#[test]
fn a_stretch_runs_through_a_change_of_the_clocks() {
    let grid = grid("America/New_York", 60, &["00:00-04:00"]);
    let now = at("2027-01-11T08:00Z");
    let count = |start: &str, end: &str| {
        grid.stretch(at(start), Some(at(end)), now).map(|stretch| stretch.slots().count())
    };
    assert_eq!(count("2027-03-14T05:00Z", "2027-03-14T08:00Z"), Ok(3), "in spring");
    assert_eq!(count("2027-11-07T04:00Z", "2027-11-07T09:00Z"), Ok(5), "in autumn");
    assert_eq!(count("2027-11-07T04:00Z", "2027-11-07T10:00Z"), Err(NO_END), "and no longer");
}
