//! Whether two grids meet at a time: a sale on one of them and a sale on the other.

use crate::fixtures::{at, grid};
use domain::{Calendar, Period, Stretch};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

/// Asks about a time of 11 January 2027, UTC.
fn agrees(grid: &Calendar, start: &str, end: &str) -> bool {
    let instant = |time: &str| at(&format!("2027-01-{time}Z"));
    meets(grid, instant(start), instant(end))
}

/// Asks about a stretch of one slot.
fn meets(grid: &Calendar, start: Timestamp, end: Timestamp) -> bool {
    grid.agrees_with(&Stretch::of(&[Period { start, end }]).unwrap())
}

#[test]
fn a_grid_agrees_with_its_own_slots() {
    let hourly = grid("UTC", 60, &["09:00-12:00"]);
    for (start, end) in [("11T09:00", "11T10:00"), ("11T11:00", "11T12:00")] {
        assert!(agrees(&hourly, start, end), "{start}");
    }
}

#[test]
fn a_grid_agrees_with_any_time_that_it_has_no_slot_in() {
    let hourly = grid("UTC", 60, &["09:00-12:00"]);
    assert!(agrees(&hourly, "11T08:00", "11T09:00"), "ends where the first slot starts");
    assert!(agrees(&hourly, "11T12:00", "11T13:00"), "starts where the last slot ends");
    assert!(agrees(&hourly, "11T15:00", "11T16:00"));
    assert!(agrees(&grid("UTC", 60, &[]), "11T09:00", "11T10:00"));
}

#[test]
fn a_grid_disagrees_where_a_slot_overlaps_without_being_the_same() {
    let hourly = grid("UTC", 60, &["09:00-12:00"]);
    for (start, end) in [
        ("11T09:00", "11T09:30"), // a part of a slot, with its start
        ("11T09:30", "11T10:00"), // a part of a slot, with its end
        ("11T09:15", "11T09:45"), // a part of a slot, with neither
        ("11T09:30", "11T10:30"), // parts of two
        ("11T09:00", "11T11:00"), // two
        ("11T08:30", "11T09:30"), // over the opening
        ("11T11:30", "11T12:30"), // over the closing
        ("11T08:00", "11T13:00"), // around all of them
    ] {
        assert!(!agrees(&hourly, start, end), "{start} to {end}");
    }
}

#[test]
fn a_slot_that_began_long_before_is_found() {
    let daily = grid("UTC", 1440, &["00:00-24:00"]);
    assert!(!agrees(&daily, "11T23:59", "12T00:00"));
    assert!(agrees(&daily, "11T00:00", "12T00:00"));
    // In autumn New York's slot of a day begins 24 hours before its end, and the day 25.
    let york = grid("America/New_York", 1440, &["00:00-24:00"]);
    assert!(!meets(&york, at("2027-11-08T03:59Z"), at("2027-11-08T04:00Z")));
    assert!(meets(&york, at("2027-11-08T04:00Z"), at("2027-11-08T05:00Z")));
}

proptest! {
    /// Against the definition: no slot of any day nearby overlaps the time and is not that time.
    #[test]
    fn only_overlapping_slots_that_differ_disagree(
        opens in 0_i64..24, length in 1_i64..=24,
        minutes in prop::sample::select(vec![15, 45, 60, 90, 720, 1440_u32]),
        start in 0_i64..288, quarters in prop_oneof![1..100_i64, Just(1), Just(3), Just(4), Just(6)],
    ) {
        let closes = (opens + length).min(24);
        let opening = format!("{opens:02}:00-{closes:02}:00");
        let grid = grid("UTC", minutes, &[&opening]);
        let quarter = |count: i64| SignedDuration::from_mins(15 * count);
        let monday = at("2027-01-11T00:00Z");
        let (start, end) = (monday + quarter(start), monday + quarter(start + quarters));

        let step = SignedDuration::from_mins(i64::from(minutes));
        let day = SignedDuration::from_hours(24);
        let mut expected = true;
        for date in -2..=6 {
            let opened = monday + day * date;
            let closed = opened + SignedDuration::from_hours(closes);
            let mut slot: Timestamp = opened + SignedDuration::from_hours(opens);
            while slot + step <= closed {
                let apart = slot + step <= start || end <= slot;
                expected &= apart || (slot, slot + step) == (start, end);
                slot += step;
            }
        }
        let found = meets(&grid, start, end);
        prop_assert_eq!(found, expected, "{} {}: {} to {}", opening, minutes, start, end);
    }
}
