//! Times at which nothing is offered.

use super::{check, daily, with_closures};
use crate::fixtures::{at, period, stretch_of};
use domain::calendar::{Closure, Closures, Invalid, Length, NotWhole, Period};
use jiff::SignedDuration;

#[test]
fn slots_that_overlap_a_closure_are_not_offered_and_the_grid_stays() {
    let open = daily("UTC", 60, &["09:00-14:00"]);
    let closed = with_closures(
        open.clone(),
        &[("2027-01-11T10:30Z", "2027-01-11T11:00Z"), ("2027-01-11T11:59Z", "2027-01-11T12:01Z")],
    );
    let day = period("2027-01-11T00:00Z", "2027-01-12T00:00Z");
    let offered: Vec<Period> = closed.offered(day.start, day.end).collect();
    // Those that only touch a closure are offered.
    let expected = [
        period("2027-01-11T09:00Z", "2027-01-11T10:00Z"),
        period("2027-01-11T13:00Z", "2027-01-11T14:00Z"),
    ];
    assert_eq!(offered, expected);
    assert!(closed.slots(day.start, day.end).eq(open.slots(day.start, day.end)));
    assert!(closed.has_the_grid_of(&open) && open.has_the_grid_of(&closed));
    assert_ne!(closed, open);
    assert!(!closed.has_the_grid_of(&daily("UTC", 30, &["09:00-14:00"])));
}

#[test]
fn what_a_closure_overlaps_is_no_stretch_and_says_why() {
    let time = period("2027-01-11T10:59Z", "2027-01-11T11:00Z");
    let painting = Closure { time, reason: Some("painting".to_owned()) };
    let mut calendar = daily("UTC", 60, &["09:00-14:00"]);
    calendar.closures = Closures::new(vec![painting.clone()]).unwrap();
    let from = |start: &str, slots| calendar.stretch(at(start), Length::Slots(slots));
    assert_eq!(from("2027-01-11T09:00Z", 2), Err(NotWhole::Closed(painting)));
    assert!(from("2027-01-11T09:00Z", 1).is_ok());
    assert!(from("2027-01-11T11:00Z", 3).is_ok());
    assert!(!calendar.covers(period("2027-01-11T09:00Z", "2027-01-11T11:00Z")));
    assert!(calendar.covers(period("2027-01-11T11:00Z", "2027-01-11T14:00Z")));
    // A sale made before the closure was known is on the same slot.
    assert!(calendar.agrees_with(&stretch_of(60, "2027-01-11T10:00Z", "2027-01-11T11:00Z")));
}

#[test]
fn a_closure_ends_after_it_begins() {
    let closure = |time| Closure { time, reason: None };
    let good = closure(period("2027-01-11T10:00Z", "2027-01-11T10:00:00.000000001Z"));
    for bad in ["2027-01-11T10:00Z", "2027-01-11T09:00Z"] {
        let bad = closure(period("2027-01-11T10:00Z", bad));
        let refused = Closures::new(vec![good.clone(), bad]);
        assert_eq!(refused, Err(Invalid::ClosureEndsEarly(1)));
    }
    assert_eq!(Closures::new(vec![good.clone()]).unwrap().as_slice(), [good]);
}

#[test]
fn there_are_a_hundred_closures_at_most_and_they_may_overlap() {
    let day = period("2027-01-11T00:00Z", "2027-01-12T00:00Z");
    let closures = |count: i64| {
        let closure = |index| {
            let start = day.start + SignedDuration::from_mins(index);
            Closure { time: Period { start, ..day }, reason: None }
        };
        Closures::new((0..count).map(closure).collect())
    };
    assert_eq!(closures(101), Err(Invalid::TooManyClosures));
    let mut calendar = daily("UTC", 0, &["00:00-24:00"]);
    calendar.closures = closures(100).unwrap();
    assert_eq!(calendar.offered(day.start, day.end).count(), 0);
    check(
        &calendar,
        ("2027-01-11T00:00Z", "2027-01-12T00:00Z"),
        &[("2027-01-11T00:00Z", "2027-01-12T00:00Z")],
    );
}
