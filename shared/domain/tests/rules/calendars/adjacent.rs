//! Every run of so many adjacent slots, against the slots of a stretch from each start.

use super::random::{nearby, noon, specs};
use super::{daily, with_closures};
use crate::fixtures::at;
use domain::calendar::{Calendar, Length, Period};
use jiff::Timestamp;
use proptest::prelude::*;

/// What the stretches of so many slots from each start in a window are.
fn one_by_one(
    calendar: &Calendar,
    from: Timestamp,
    to: Timestamp,
    count: usize,
) -> Vec<Vec<Period>> {
    let grid = calendar.grid();
    let stretch = |slot: Period| grid.stretch(slot.start, Length::Slots(count)).ok();
    let stretches = calendar.slots(from, to).filter_map(stretch);
    stretches.map(|stretch| stretch.slots().collect()).collect()
}

proptest! {
    #[test]
    fn adjacent_slots_are_those_of_stretches(
        spec in specs(),
        (from, length) in (nearby(), 1..3000_i64),
        count in prop_oneof![1..5_usize, 1..=96_usize],
    ) {
        let calendar = spec.calendar();
        let from = noon(spec.date) + from;
        let to = from + jiff::SignedDuration::from_mins(length);
        let found: Vec<_> = calendar.adjacent(from, to, count).collect();
        prop_assert_eq!(found, one_by_one(&calendar, from, to, count));
    }
}

#[test]
fn they_may_end_after_the_window() {
    let calendar = with_closures(
        daily("UTC", 30, &["09:00-10:30", "23:00-24:00", "00:00-01:00"]),
        &[("2027-01-11T09:00Z", "2027-01-11T09:30Z")],
    );
    let starts = |from: &str, to: &str, count| {
        let found = calendar.adjacent(at(from), at(to), count);
        found.map(|slots| slots[0].start.to_string()[11..16].to_owned()).collect::<Vec<_>>()
    };
    let (from, to) = ("2027-01-11T09:00Z", "2027-01-11T23:31Z");
    assert_eq!(starts(from, to, 1), ["09:00", "09:30", "10:00", "23:00", "23:30"]);
    assert_eq!(starts(from, to, 3), ["09:00", "23:00", "23:30"]);
    assert_eq!(starts(from, to, 4), ["23:00"]);
    assert_eq!(starts(from, to, 5), [""; 0]);
    assert_eq!(starts(from, from, 1), [""; 0]);
}

/// A calendar that is never open is walked through to its end, and no further.
#[test]
fn nothing_is_found_where_nothing_is_open() {
    for minutes in [0, 1, 1440] {
        let never = daily("UTC", minutes, &[]);
        assert_eq!(never.adjacent(at("2027-01-11T09:00Z"), at("2027-02-11T09:00Z"), 96).count(), 0);
        assert_eq!(never.adjacent(Timestamp::MAX, Timestamp::MAX, 96).count(), 0);
    }
}
