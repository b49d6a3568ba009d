//! Where slots are: openings that touch are one run, and have one grid.

use super::{check, daily, weekly, with_dates};
use crate::fixtures::{at, period};
use domain::calendar::{Calendar, Day, Period};
use jiff::{SignedDuration, Timestamp};

/// Where the slots of a window start.
fn starts(calendar: &Calendar, from: &str, to: &str) -> Vec<Timestamp> {
    calendar.slots(at(from), at(to)).map(|slot| slot.start).collect()
}

#[test]
fn slots_step_from_a_runs_beginning_and_a_rest_is_none() {
    let touching = daily("UTC", 45, &["09:00-10:00", "10:00-11:00", "11:00-11:44"]);
    check(
        &touching,
        ("2027-01-11T00:00Z", "2027-01-12T00:00Z"),
        &[
            ("2027-01-11T09:00Z", "2027-01-11T09:45Z"),
            ("2027-01-11T09:45Z", "2027-01-11T10:30Z"),
            ("2027-01-11T10:30Z", "2027-01-11T11:15Z"),
        ],
    );
    let apart = daily("UTC", 45, &["09:00-10:00", "10:01-11:01"]);
    check(
        &apart,
        ("2027-01-11T00:00Z", "2027-01-12T00:00Z"),
        &[("2027-01-11T09:00Z", "2027-01-11T09:45Z"), ("2027-01-11T10:01Z", "2027-01-11T10:46Z")],
    );
    assert!(
        starts(&daily("UTC", 60, &["09:00-09:59"]), "2027-01-01T00:00Z", "2027-02-01T00:00Z")
            .is_empty()
    );
}

/// From Friday at 18:00 to Monday at 06:00, in slots of 7 hours: 8 and a rest of 4 hours.
#[test]
fn a_run_goes_on_over_midnight_and_over_the_end_of_the_week() {
    let weekend = weekly(
        "UTC",
        420,
        &[
            (Day::Fri, &["18:00-24:00"]),
            (Day::Sat, &["00:00-12:00", "12:00-12:00"]),
            (Day::Sun, &["12:00-06:00"]),
        ],
    );
    let first = at("2027-01-15T18:00Z");
    let expected: Vec<Timestamp> =
        (0..8).map(|slot| first + SignedDuration::from_hours(7 * slot)).collect();
    assert_eq!(starts(&weekend, "2027-01-12T00:00Z", "2027-01-19T00:00Z"), expected);
    // A window may begin anywhere in it.
    for (index, start) in expected.iter().enumerate() {
        let to = at("2027-01-19T00:00Z");
        let from = *start - SignedDuration::from_nanos(1);
        assert!(
            weekend.slots(from, to).map(|slot| slot.start).eq(expected[index..].iter().copied())
        );
        assert_eq!(weekend.slots(*start, to).count(), 8 - index);
    }
}

/// A window begins in the rest at the end of a run, and ends before another slot would have started
/// there: the next run has its slots all the same.
#[test]
fn a_window_from_the_rest_of_a_run_has_the_slots_of_the_next() {
    let calendar = daily("UTC", 180, &["09:00-13:00", "13:30-16:30"]);
    check(
        &calendar,
        ("2027-01-11T12:30Z", "2027-01-11T14:00Z"),
        &[("2027-01-11T13:30Z", "2027-01-11T16:30Z")],
    );
    check(&calendar, ("2027-01-11T12:30Z", "2027-01-11T13:30Z"), &[]);
}

#[test]
fn a_run_without_a_beginning_steps_from_each_local_midnight() {
    // 7 hours three times, and a rest of 3 before the next midnight.
    for openings in [&["00:00-24:00"][..], &["12:00-12:00"], &["06:00-22:00", "22:00-06:00"]] {
        let calendar = daily("Asia/Kolkata", 420, openings);
        check(
            &calendar,
            ("2027-01-11T12:00Z", "2027-01-12T12:00Z"),
            &[
                ("2027-01-11T18:30Z", "2027-01-12T01:30Z"),
                ("2027-01-12T01:30Z", "2027-01-12T08:30Z"),
                ("2027-01-12T08:30Z", "2027-01-12T15:30Z"),
            ],
        );
    }
}

/// New York, 14 March and 7 November 2027: Sundays of 23 and of 25 hours.
#[test]
fn a_run_without_a_beginning_has_fewer_or_more_slots_where_clocks_change() {
    let hours = daily("America/New_York", 60, &["00:00-24:00"]);
    let count = |from, to| hours.slots(at(from), at(to)).count();
    assert_eq!(count("2027-03-14T05:00Z", "2027-03-15T04:00Z"), 23);
    assert_eq!(count("2027-11-07T04:00Z", "2027-11-08T05:00Z"), 25);
    let days = daily("America/New_York", 1440, &["00:00-24:00"]);
    check(
        &days,
        ("2027-03-13T00:00Z", "2027-03-16T00:00Z"),
        &[
            ("2027-03-13T05:00Z", "2027-03-14T05:00Z"),
            // Sunday has 23 hours, and no slot of 24.
            ("2027-03-15T04:00Z", "2027-03-16T04:00Z"),
        ],
    );
    check(
        &days,
        ("2027-11-07T00:00Z", "2027-11-09T00:00Z"),
        &[("2027-11-07T04:00Z", "2027-11-08T04:00Z"), ("2027-11-08T05:00Z", "2027-11-09T05:00Z")],
    );
}

#[test]
fn a_run_without_a_beginning_may_end_and_the_next_one_begins() {
    let around = daily("UTC", 420, &["00:00-24:00"]);
    let calendar =
        with_dates(around, &[("2027-12-25", &["00:00-11:00"]), ("2027-12-26", &["09:00-24:00"])]);
    let hours = |date: u32, hours: &[u32]| -> Vec<Timestamp> {
        hours.iter().map(|hour| at(&format!("2027-12-{date}T{hour:02}:00Z"))).collect()
    };
    let expected = [
        hours(24, &[0, 7, 14]),
        // Until 11:00, and a rest of 4 hours.
        hours(25, &[0]),
        // From 09:00 on it is one run with a beginning, and steps over all midnights.
        hours(26, &[9, 16, 23]),
        hours(27, &[6, 13, 20]),
        hours(28, &[3, 10, 17]),
    ];
    assert_eq!(starts(&calendar, "2027-12-24T00:00Z", "2027-12-29T00:00Z"), expected.concat());
}

#[test]
fn without_a_length_each_opening_as_written_is_one_slot() {
    let sessions = weekly("UTC", 0, &[(Day::Mon, &["09:00-10:00", "10:00-12:00", "20:00-02:00"])]);
    check(
        &sessions,
        ("2027-01-11T00:00Z", "2027-01-12T00:00Z"),
        &[
            ("2027-01-11T09:00Z", "2027-01-11T10:00Z"),
            ("2027-01-11T10:00Z", "2027-01-11T12:00Z"),
            ("2027-01-11T20:00Z", "2027-01-12T02:00Z"),
        ],
    );
    // A slot that has begun is not in the window.
    check(&sessions, ("2027-01-11T09:01Z", "2027-01-11T10:00Z"), &[]);
    // Days of 23 and of 25 hours.
    let days = daily("America/New_York", 0, &["00:00-24:00"]);
    for (date, start, end, hours) in [
        ("2027-03-14", "2027-03-14T05:00Z", "2027-03-15T04:00Z", 23),
        ("2027-11-07", "2027-11-07T04:00Z", "2027-11-08T05:00Z", 25),
    ] {
        let day = period(start, end);
        assert_eq!(day.length(), SignedDuration::from_hours(hours));
        assert!(days.slots(day.start, day.end).eq([day]), "{date}");
    }
}

/// As many slots as years have hours, one after the other: nothing has to be kept for that.
#[test]
fn a_window_of_years_is_read_slot_by_slot() {
    let calendar = daily("America/New_York", 60, &["00:00-24:00"]);
    let years = period("2027-01-01T05:00Z", "2031-01-01T05:00Z");
    let mut last: Option<Period> = None;
    for slot in calendar.slots(years.start, years.end) {
        assert_eq!(slot.start, last.map_or(years.start, |last| last.end));
        last = Some(slot);
    }
    assert_eq!(last.map(|slot| slot.end), Some(years.end));
}
