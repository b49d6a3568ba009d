//! The ends of time: nothing panics, and nothing runs on.

use super::{daily, never, with_closures, with_dates};
use crate::fixtures::{at, period};
use domain::Stretch;
use domain::calendar::{Calendar, Length, Period};
use jiff::{SignedDuration, Timestamp, ToSpan};

const ZONES: [&str; 2] = ["Pacific/Kiritimati", "America/New_York"];

/// Instants around both ends of time, and each of 1970 and now for company.
fn instants() -> Vec<Timestamp> {
    let near = |end: Timestamp, way: i64| {
        let off = [0, 86_399, 200_000];
        off.map(|seconds| end + SignedDuration::from_secs(way * seconds))
    };
    let middle = [Timestamp::UNIX_EPOCH, at("2027-01-11T09:00Z")];
    let ends = near(Timestamp::MIN, 1).into_iter().chain(near(Timestamp::MAX, -1));
    ends.chain(middle).collect()
}

/// Calendars that have a slot each day, but for a few dates.
fn calendars() -> impl Iterator<Item = Calendar> {
    let kinds = [
        (&["00:00-24:00"][..], [0, 1, 1440]),
        (&["12:00-12:00"], [0, 1, 1440]),
        (&["22:00-02:00", "09:00-12:00"], [0, 1, 180]),
    ];
    let calendars = ZONES.into_iter().flat_map(move |zone| {
        kinds.into_iter().flat_map(move |(openings, lengths)| {
            lengths.map(|minutes| daily(zone, minutes, openings))
        })
    });
    calendars.flat_map(|calendar| {
        let own = with_dates(
            calendar.clone(),
            &[
                ("-009999-01-02", &["12:00-12:00"]),
                ("-009999-01-04", &[]),
                ("9999-12-29", &[]),
                ("9999-12-31", &["00:00-24:00"]),
            ],
        );
        [calendar, own]
    })
}

#[test]
fn the_ends_of_time_are_instants_like_any_other() {
    for calendar in calendars() {
        for start in instants() {
            for end in instants() {
                let mut found = calendar.slots(start, end).take(3);
                assert!(found.all(|slot| start <= slot.start && slot.start < end));
                if let Some(stretch) = Stretch::of(&[Period { start, end }]) {
                    let _ = calendar.agrees_with(&stretch);
                }
                if let Ok(stretch) = calendar.stretch(start, Length::Until(end)) {
                    assert_eq!(stretch.time(), Period { start, end });
                    assert!(calendar.covers(Period { start, end }));
                }
            }
            let _ = calendar.stretch(start, Length::Slots(usize::MAX));
        }
    }
}

#[test]
fn the_last_day_has_the_openings_that_close_before_time_ends() {
    let hours = daily("UTC", 60, &["00:00-10:00", "10:00-22:00", "22:00-24:00"]);
    let last_day = at("9999-12-30T00:00Z");
    assert_eq!(
        hours.slots(last_day, Timestamp::MAX).count(),
        22,
        "time ends at 22:00:00.999999999"
    );
    let days = daily("UTC", 0, &["00:00-24:00"]);
    assert_eq!(days.slots(last_day, Timestamp::MAX).count(), 0);
}

#[test]
fn a_window_of_all_time_is_read_as_far_as_one_looks() {
    for minutes in [0, 1440] {
        let calendar = daily("UTC", minutes, &["00:00-24:00"]);
        let slots = calendar.slots(Timestamp::MIN, Timestamp::MAX);
        assert_eq!(slots.take(1000).count(), 1000);
        let later = calendar.slots(at("2027-01-01T00:00Z"), Timestamp::MAX);
        assert_eq!(later.take(1000).count(), 1000);
    }
}

#[test]
fn a_year_without_a_slot_is_soon_read() {
    let from = at("2027-01-01T00:00Z");
    let to = from + (366 * 24).hours();
    for calendar in [
        never("America/New_York", 60),
        never("America/New_York", 0),
        daily("America/New_York", 1440, &["09:00-09:59"]),
        daily("America/New_York", 1440, &["00:00-12:00", "12:00-12:01"]),
    ] {
        assert_eq!(calendar.slots(from, to).next(), None);
    }
    let closed = daily("America/New_York", 60, &["00:00-24:00"]);
    let closed = with_closures(closed, &[("2026-01-01T00:00Z", "2029-01-01T00:00Z")]);
    assert_eq!(closed.offered(from, to).next(), None);
}

/// A booking of all time is no booking, but asking costs no more than its dates.
#[test]
fn a_time_without_an_end_is_no_whole_slots() {
    let calendar = daily("UTC", 1, &["00:00-24:00"]);
    let start = at("9990-01-01T00:00Z");
    assert!(!calendar.covers(Period { start, end: Timestamp::MAX }));
    assert!(calendar.covers(Period { start, end: at("9999-12-29T00:00Z") }));
    assert!(!calendar.covers(period("2027-01-11T09:00Z", "2027-01-11T09:00:01Z")));
}
