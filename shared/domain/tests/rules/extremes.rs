//! The ends of time, and what no honest store would hold: nothing here may panic or run on.

use crate::fixtures::{at, booking, code, decide, grid, length, request, room, terms};
use domain::calendar::Length;
use domain::{
    Action, Effect, FormerGrid, HoldSeconds, MaxHoldSeconds, Period, Quantity, Resource, Role,
    Slot, Status, Version,
};
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
                let until = Length::Until(end);
                if let Ok(stretch) = room.stretch(start, until, Timestamp::MIN) {
                    assert_eq!(stretch.time(), Period { start, end });
                }
            }
            for now in [Timestamp::MIN, start, Timestamp::MAX] {
                let made = request(start).decide(&room, &[], &code(), now);
                assert_eq!(made.is_ok(), room.stretch(start, Length::Slots(1), now).is_ok());
            }
        }
    }
}

#[test]
fn the_last_day_has_the_openings_that_close_before_time_ends() {
    let room = room("UTC", 60, &["00:00-10:00", "10:00-22:00", "22:00-24:00"]);
    let last_day = at("9999-12-30T00:00Z");
    let found: Vec<Period> = room.calendar.slots(last_day, Timestamp::MAX).collect();
    assert_eq!(found.len(), 22, "time ends at 22:00:00.999999999");
    for slot in found {
        let sold = room.stretch(slot.start, Length::Slots(1), last_day);
        assert!(sold.is_ok(), "{slot:?}");
    }
}

#[test]
fn a_window_of_all_time_is_read_as_far_as_one_looks() {
    let room = room("UTC", 1440, &["00:00-24:00"]);
    assert_eq!(room.calendar.slots(Timestamp::MIN, Timestamp::MAX).take(1000).count(), 1000);
}

#[test]
fn a_year_without_a_slot_is_soon_read() {
    for openings in [&[][..], &["09:00-09:59"], &["00:00-12:00", "12:00-12:01"]] {
        let room = room("America/New_York", 1440, openings);
        let from = at("2027-01-01T00:00Z");
        assert_eq!(room.calendar.slots(from, from + (366 * 24).hours()).next(), None);
    }
}

#[test]
fn a_hold_at_the_end_of_time_lasts_to_the_end_of_time() {
    let room = room("UTC", 1, &["21:00-22:00"]);
    let last = at("9999-12-30T21:59Z");
    let until = |now| request(last).decide(&room, &[], &code(), now).unwrap().hold_expires_at;
    assert_eq!(until(last), Some(Timestamp::MAX), "not 300 seconds");
    let extended = MaxHoldSeconds::DEFAULT.last(last);
    assert_eq!(HoldSeconds::DEFAULT.end_within(last, extended), Timestamp::MAX);
    let before = last - 300.seconds();
    assert!(until(before) >= Some(last) && until(before) < Some(Timestamp::MAX));
}

#[test]
fn a_version_stays_at_the_last_there_is() {
    assert_eq!(Version::new(u64::MAX).next(), Version::new(u64::MAX));
    assert_eq!(Version::new(u64::MAX - 1).plus(5), Version::new(u64::MAX));
    let mut confirmed = booking(Status::Confirmed);
    confirmed.version = Version::new(u64::MAX);
    let completed = decide(Action::Complete, Role::Operator, &confirmed, at("2027-01-11T10:00Z"));
    assert_eq!(completed.unwrap().version, confirmed.version);
}

#[test]
fn a_held_booking_without_an_end_is_still_a_booking() {
    let mut held = booking(Status::Held);
    held.hold_expires_at = None;
    assert_eq!(held.at(Timestamp::MAX), held);
}

#[test]
fn a_resource_that_moved_at_the_ends_of_time_is_offered_like_any_other() {
    let sold = |start| (start, Slot { taken: 1, ..Slot::untouched(start, length(1440)) });
    let touched: BTreeMap<Timestamp, Slot> = instants().into_iter().map(sold).collect();
    for replaced_at in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        let old = room("UTC", 60, &["00:00-24:00"]);
        let new = Resource { calendar: grid("UTC", 30, &["00:00-24:00"]), ..old.clone() };
        let resource = new.replacing(&old, replaced_at).unwrap();
        assert!(resource.has_moved());
        let former = FormerGrid { calendar: old.calendar, replaced_at };
        assert_eq!(resource.former, [former]);
        for (start, now) in instants()
            .into_iter()
            .flat_map(|start| [Timestamp::MIN, start, Timestamp::MAX].map(|now| (start, now)))
        {
            assert!(resource.reads_from(start) <= start);
            let slot = Period { start, end: start.saturating_add(30.minutes()).unwrap() };
            assert_eq!(resource.availability(slot, &touched, now).free, 0, "{start}");
            if let Ok(stretch) = resource.stretch(start, Length::Slots(1), Timestamp::MIN) {
                let _ = resource.settled(&stretch, now);
            }
        }
    }
}

proptest! {
    /// A slot whose numbers contradict each other: it may be wrong, but it answers, and it sells
    /// nothing that it says is taken.
    #[test]
    fn a_slot_that_contradicts_itself_answers(
        taken in prop_oneof![0..8_u32, Just(u32::MAX), any::<u32>()],
        version in prop_oneof![0..8_u64, Just(u64::MAX)],
        minutes in prop::sample::select(vec![30, 60_u32]),
        expiring in prop::collection::btree_map(
            0..4_i64, prop_oneof![0..=3_u32, 0..=10_000_u32, Just(u32::MAX)], 0..4,
        ),
        quantity in 1..=10_000_u32, capacity in 0..=10_000_u32, now in 0..5_i64,
    ) {
        let instant = |seconds: i64| at("2027-01-11T09:00Z") + seconds.seconds();
        let expiring = expiring.into_iter().map(|(end, places)| (instant(end), places)).collect();
        let (start, minutes) = (at("2027-01-11T10:00Z"), length(minutes));
        let slot = Slot { start, minutes, taken, version: Version::new(version), expiring, waiting: 0 };
        let (now, terms) = (instant(now), terms(capacity));
        let quantity = Quantity::new(quantity).unwrap();

        let free = slot.free(terms, now);
        prop_assert!(free <= capacity);
        let ends = [None, Some(instant(1)), Some(instant(9)), Some(Timestamp::MAX)];
        for until in ends {
            let sold = slot.after(Effect::take(quantity, until), terms, now);
            prop_assert_eq!(sold.is_ok(), quantity.get() <= free);
            if let Ok(sold) = sold {
                prop_assert!(sold.version >= slot.version);
            }
            if let Ok(left) = slot.after(Effect::release(quantity, until), terms, now) {
                prop_assert!(left.taken <= taken && left.version >= slot.version);
            }
            let Some(until) = until else { continue };
            if let Ok(kept) = slot.after(Effect::keep(quantity, until), terms, now) {
                prop_assert_eq!(kept.taken, taken);
                prop_assert!(slot.expiring[&until] >= quantity.get());
            }
            for later in [instant(2), Timestamp::MAX] {
                let extended = slot.after(Effect::extend(quantity, until, later), terms, now);
                if let Ok(extended) = extended {
                    prop_assert_eq!(extended.taken, taken);
                    prop_assert!(extended.expiring[&later] >= quantity.get() || later == until);
                    prop_assert!(extended.version >= slot.version);
                }
            }
        }
        prop_assert!(slot.at(now).version >= slot.version);
    }
}
