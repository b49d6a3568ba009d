//! The ends of time, and what no honest store would hold: nothing here may panic or run on.

use crate::fixtures::{at, booking, id, request, room};
use domain::{Capacity, Command, Hold, Quantity, Slot, Status, Version};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ZONES: [&str; 5] =
    ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Australia/Lord_Howe"];

/// Instants around both ends of time, and each of 1970 and now for company.
fn instants() -> Vec<Timestamp> {
    let near = |end: Timestamp, way: i64| {
        let off = [0, 1, 59, 60, 3_599, 3_600, 86_399, 86_400, 200_000];
        off.map(|seconds| end + SignedDuration::from_secs(way * seconds))
    };
    let middle = [Timestamp::UNIX_EPOCH, at("2027-01-11T09:00Z")];
    let ends = near(Timestamp::MIN, 1).into_iter().chain(near(Timestamp::MAX, -1));
    ends.chain(middle).collect()
}

#[test]
fn the_ends_of_time_are_instants_like_any_other() {
    for (zone, minutes) in ZONES.into_iter().flat_map(|zone| [(zone, 1), (zone, 60), (zone, 720)]) {
        let room = room(zone, minutes, &["00:00-12:00", "12:00-24:00"]);
        for start in instants() {
            for end in instants() {
                let mut found = room.slots_between(start, end).take(3);
                assert!(found.all(|slot| start <= slot && slot < end), "{start} to {end}");
                let _ = room.would_resell(start, end);
                if let Ok(stretch) = room.stretch(start, Some(end), Timestamp::MIN) {
                    assert_eq!((stretch.start, stretch.end), (start, end));
                }
            }
            for now in [Timestamp::MIN, start, Timestamp::MAX] {
                let made = request(start).decide(&room, now);
                assert_eq!(made.is_ok(), room.stretch(start, None, now).is_ok());
            }
        }
    }
}

#[test]
fn the_last_day_has_the_openings_that_close_before_time_ends() {
    let room = room("UTC", 60, &["00:00-10:00", "10:00-22:00", "22:00-24:00"]);
    let last_day = at("9999-12-30T00:00Z");
    let found: Vec<Timestamp> = room.slots_between(last_day, Timestamp::MAX).collect();
    assert_eq!(found.len(), 22, "time ends at 22:00:00.999999999");
    for slot in found {
        assert!(room.stretch(slot, None, last_day).is_ok(), "{slot}");
    }
}

#[test]
fn a_window_of_all_time_is_read_as_far_as_one_looks() {
    let room = room("UTC", 1440, &["00:00-24:00"]);
    assert_eq!(room.slots_between(Timestamp::MIN, Timestamp::MAX).take(1000).count(), 1000);
}

#[test]
fn a_year_without_a_slot_is_soon_read() {
    for openings in [&[][..], &["09:00-09:59"], &["00:00-12:00", "12:00-12:01"]] {
        let room = room("America/New_York", 1440, openings);
        let from = at("2027-01-01T00:00Z");
        assert_eq!(room.slots_between(from, from + (366 * 24).hours()).next(), None);
    }
}

#[test]
fn a_hold_at_the_end_of_time_lasts_to_the_end_of_time() {
    let room = room("UTC", 1, &["21:00-22:00"]);
    let last = at("9999-12-30T21:59Z");
    let until = |now| request(last).decide(&room, now).unwrap().hold_expires_at;
    assert_eq!(until(last), Some(Timestamp::MAX), "not 300 seconds");
    let before = last - 300.seconds();
    assert_eq!(until(before), Some(last));
}

#[test]
fn a_version_stays_at_the_last_there_is() {
    assert_eq!(Version::new(u64::MAX).next(), Version::new(u64::MAX));
    assert_eq!(Version::new(u64::MAX - 1).plus(5), Version::new(u64::MAX));
    let mut confirmed = booking(Status::Confirmed);
    confirmed.version = Version::new(u64::MAX);
    assert!(Command::Complete.decide(&confirmed, None, at("2027-01-11T09:00Z")).is_ok());
}

#[test]
fn a_held_booking_without_an_end_is_still_a_booking() {
    let mut held = booking(Status::Held);
    held.hold_expires_at = None;
    assert_eq!(held.at(Timestamp::MAX), held);
}

proptest! {
    /// A slot whose numbers contradict each other: it may be wrong, but it answers, and it sells
    /// nothing that it says is taken.
    #[test]
    fn a_slot_that_contradicts_itself_answers(
        taken in prop_oneof![0..8_u32, Just(u32::MAX), any::<u32>()],
        version in prop_oneof![0..8_u64, Just(u64::MAX)],
        holds in prop::collection::vec((1..=10_000_u32, 0..4_i64), 0..5),
        quantity in 1..=10_000_u32, capacity in 1..=10_000_u32, now in 0..5_i64,
    ) {
        let instant = |seconds: i64| at("2027-01-11T09:00Z") + seconds.seconds();
        let holds: BTreeMap<_, _> = holds.into_iter().enumerate().map(|(index, (quantity, until))| {
            let quantity = Quantity::new(quantity).unwrap();
            (id("alice", &index.to_string()), Hold { quantity, until: instant(until) })
        }).collect();
        let start = at("2027-01-11T10:00Z");
        let slot = Slot { start, taken, version: Version::new(version), holds };
        let (now, capacity) = (instant(now), Capacity::new(capacity).unwrap());
        let (quantity, id) = (Quantity::new(quantity).unwrap(), id("alice", "0"));

        let free = slot.free(capacity, now);
        prop_assert!(free <= capacity.get());
        for until in [None, Some(instant(9)), Some(Timestamp::MAX)] {
            let sold = slot.take(&id, quantity, until, capacity, now);
            prop_assert_eq!(sold.is_ok(), quantity.get() <= free);
        }
        let _ = slot.confirm(&id, now);
        prop_assert!(slot.release(&id, quantity).taken <= taken);
        prop_assert!(slot.at(now).version >= slot.version);
    }
}
