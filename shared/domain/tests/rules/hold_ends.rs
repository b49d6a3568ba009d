//! When holds end: never early, hardly late, and at few instants.

use crate::fixtures::at;
use domain::HoldSeconds;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use std::iter::successors;

/// A length, and how many seconds it is.
fn lengths() -> impl Strategy<Value = (HoldSeconds, SignedDuration)> {
    prop_oneof![1..=5_u32, 1..=900_u32].prop_map(length)
}

fn length(seconds: u32) -> (HoldSeconds, SignedDuration) {
    (HoldSeconds::new(seconds).unwrap(), SignedDuration::from_secs(seconds.into()))
}

/// Instants of 1937 to 2117, to the nanosecond.
fn instants() -> impl Strategy<Value = Timestamp> {
    let ages = 90 * 365 * 86_400_i64;
    let nanoseconds = prop_oneof![Just(0), Just(1), Just(999_999), 0..1_000_000_000_i64];
    (-ages..ages, 0..1_000_i64, nanoseconds).prop_map(|(seconds, milliseconds, nanoseconds)| {
        at("2027-01-11T09:00Z")
            + SignedDuration::from_secs(seconds)
            + SignedDuration::from_millis(milliseconds)
            + SignedDuration::from_nanos(nanoseconds)
    })
}

/// The different ends of the holds that are made within one length from here on, in order.
fn ends(
    hold: HoldSeconds,
    length: SignedDuration,
    from: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    // The next end is that of the first hold which is made too late for the one before.
    let next = move |end: &Timestamp| Some(hold.end(*end - length + 1.millisecond()));
    let last = hold.end(from + length - 1.millisecond());
    successors(Some(hold.end(from)), next).take_while(move |end| *end <= last)
}

proptest! {
    #[test]
    fn a_hold_lasts_its_length_and_less_than_a_64th_more(
        (hold, length) in lengths(), now in instants(),
    ) {
        let end = hold.end(now);
        prop_assert!(end >= now + length, "{} ends at {}", now, end);
        prop_assert!(end.duration_since(now + length) * 64 < length, "{} ends at {}", now, end);
        prop_assert_eq!(end.subsec_nanosecond() % 1_000_000, 0, "ends are whole milliseconds");
    }

    #[test]
    fn whoever_holds_later_holds_no_shorter(
        (hold, length) in lengths(), now in instants(), later in 0..1_000_000_i64,
    ) {
        let end = hold.end(now);
        prop_assert!(hold.end(now + later.microseconds()) >= end);
        prop_assert_eq!(hold.end(end - length), end, "the last hold that ends then");
        prop_assert!(hold.end(end - length + 1.nanosecond()) > end);
    }
}

#[test]
fn holds_of_one_length_end_at_few_instants() {
    for seconds in HoldSeconds::MIN..=HoldSeconds::MAX {
        let (hold, length) = length(seconds);
        let most = (0..40).map(|offset| {
            let from = at("2027-01-11T09:00Z") + SignedDuration::from_millis(7_919 * offset);
            ends(hold, length, from).count()
        });
        // Whole milliseconds cut short holds less evenly.
        let bound = match seconds {
            1 => 68,
            3 => 67,
            _ => 66,
        };
        let most = most.max().unwrap();
        assert!((64..=bound).contains(&most), "{most} ends within {seconds} s");
    }
}

#[test]
fn the_grid_of_ends_is_as_documented() {
    let next = |seconds| {
        let (hold, length) = length(seconds);
        let first = hold.end(at("2027-01-11T09:00Z"));
        hold.end(first - length + 1.nanosecond()).duration_since(first)
    };
    assert_eq!(next(2), SignedDuration::from_millis(31));
    assert_eq!(next(300), SignedDuration::from_millis(4_687));
    assert_eq!(next(900), SignedDuration::from_millis(14_062));
}

#[test]
fn at_the_ends_of_time_holds_end_with_time_at_the_latest() {
    for seconds in [1, 300, 900] {
        let (hold, length) = length(seconds);
        assert_eq!(hold.end(Timestamp::MAX), Timestamp::MAX);
        assert_eq!(hold.end(Timestamp::MAX - 1.nanosecond()), Timestamp::MAX);
        assert!(hold.end(Timestamp::MIN) >= Timestamp::MIN + length);
        assert!(hold.end(Timestamp::MAX - length) >= Timestamp::MAX - 1.millisecond());
    }
}
