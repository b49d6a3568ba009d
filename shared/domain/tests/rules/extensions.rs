//! Holds that are extended: never cut short, never longer than a hold may last in all.

use crate::fixtures::{at, booking, decide};
use domain::{Action, Booking, HoldSeconds, MaxHoldSeconds, Role, Status};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

fn extend(length: u32, most: u32) -> Action {
    Action::Extend(HoldSeconds::new(length).unwrap(), MaxHoldSeconds::new(most).unwrap())
}

/// When a hold made at 09:00 until 09:05 ends, once it has been extended at this instant.
fn extended(length: u32, most: u32, now: &str) -> Timestamp {
    let held = booking(Status::Held);
    let extended = decide(extend(length, most), Role::Customer, &held, at(now)).unwrap();
    extended.hold_expires_at.unwrap()
}

#[test]
fn a_hold_is_extended_by_the_length_of_a_new_one() {
    // 320 s are rounded to 5 s, and 64 s to 1 s.
    assert_eq!(extended(320, 900, "2027-01-11T09:04:00Z"), at("2027-01-11T09:09:20Z"));
    assert_eq!(extended(320, 900, "2027-01-11T09:04:01Z"), at("2027-01-11T09:09:25Z"));
    assert_eq!(extended(64, 900, "2027-01-11T09:04:30.5Z"), at("2027-01-11T09:05:35Z"));
}

#[test]
fn in_all_it_lasts_no_longer_than_its_resource_says() {
    assert_eq!(extended(320, 400, "2027-01-11T09:01:19Z"), at("2027-01-11T09:06:40Z"));
    assert_eq!(extended(320, 400, "2027-01-11T09:01:21Z"), at("2027-01-11T09:06:40Z"));
    assert_eq!(extended(320, 400, "2027-01-11T09:04:59Z"), at("2027-01-11T09:06:40Z"));
    // Longer by the rounding, and never shorter.
    assert_eq!(extended(320, 401, "2027-01-11T09:04:59Z"), at("2027-01-11T09:06:45Z"));
}

#[test]
fn an_extension_never_cuts_it_short() {
    let end = at("2027-01-11T09:05Z");
    assert_eq!(extended(2, 900, "2027-01-11T09:01:00Z"), end, "new holds are shorter now");
    assert_eq!(extended(320, 300, "2027-01-11T09:04:00Z"), end, "it lasts as long as it may");
    assert_eq!(extended(300, 1, "2027-01-11T09:04:00Z"), end, "it may not last as long any more");
}

proptest! {
    /// However often and whenever a hold is extended, also while its resource is changed.
    #[test]
    fn a_hold_ends_no_earlier_and_hardly_later_than_it_may(
        steps in prop::collection::vec(
            (0..400_000_i64, 1..=900_u32, prop_oneof![1..=900_u32, 1..=7200_u32]), 1..20,
        ),
    ) {
        let made = at("2027-01-11T09:00Z");
        let (mut held, mut now) = (booking(Status::Held), made);
        for (pass, length, most) in steps {
            now += SignedDuration::from_millis(pass);
            let before = held.at(now);
            let Ok(after) = decide(extend(length, most), Role::Customer, &before, now) else {
                prop_assert_eq!(before.status, Status::Expired);
                break;
            };
            prop_assert_eq!(&after, &Booking {
                version: before.version.next(),
                hold_expires_at: after.hold_expires_at,
                updated_at: now,
                ..before.clone()
            });
            let (old, new) = (before.hold_expires_at.unwrap(), after.hold_expires_at.unwrap());
            prop_assert!(new >= old);
            let wanted = (now + i64::from(length).seconds()).min(made + i64::from(most).seconds());
            prop_assert!(new >= wanted, "{} instead of {}", new, wanted);
            let rounding = new.duration_since(wanted);
            let hardly = rounding * 64 < SignedDuration::from_secs(length.into());
            prop_assert!(new == old || hardly, "{} instead of {}", new, wanted);
            if new > old {
                // At one of the few instants at which new holds end.
                let length = SignedDuration::from_secs(length.into());
                let hold = HoldSeconds::new(u32::try_from(length.as_secs()).unwrap()).unwrap();
                prop_assert_eq!(hold.end(new - length), new);
            }
            held = after;
        }
    }
}
