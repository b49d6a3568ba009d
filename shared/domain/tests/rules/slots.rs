//! One slot: what is taken, held and free in it at an instant.

use crate::fixtures::{at, length, terms};
use domain::slot::VERSIONS_PER_WRITE;
use domain::{Effect, Quantity, Rejection, Slot, Terms, Version};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: &str = "2027-01-11T09:00Z";
const FIRST: &str = "2027-01-11T09:05Z";
const SECOND: &str = "2027-01-11T09:10Z";

/// The version after so many writes, and so many buckets that have run out since.
fn version(writes: u64, run_out: u64) -> Version {
    Version::new(writes * VERSIONS_PER_WRITE + run_out)
}

fn places(number: u32) -> Quantity {
    Quantity::new(number).unwrap()
}

fn untouched() -> Slot {
    Slot::untouched(at("2027-01-11T10:00Z"), terms(1).minutes)
}

fn take(slot: &Slot, quantity: u32, until: Option<&str>, of: u32) -> Result<Slot, Rejection> {
    slot.after(Effect::take(places(quantity), until.map(at)), terms(of), at(NOW))
}

/// A place is kept or released at 09:00: when does not matter to a slot, the bucket does.
fn keep(slot: &Slot, quantity: u32, until: &str) -> Result<Slot, Rejection> {
    slot.after(Effect::keep(places(quantity), at(until)), terms(3), at(NOW))
}

fn release(slot: &Slot, quantity: u32, until: Option<&str>) -> Result<Slot, Rejection> {
    slot.after(Effect::release(places(quantity), until.map(at)), terms(3), at(NOW))
}

fn extend(slot: &Slot, quantity: u32, until: &str, later: &str) -> Result<Slot, Rejection> {
    slot.after(Effect::extend(places(quantity), at(until), at(later)), terms(3), at(NOW))
}

/// A slot of three places: one held until 09:05, one until 09:10, one sold.
fn busy() -> Slot {
    let slot = take(&untouched(), 1, Some(FIRST), 3).unwrap();
    let slot = take(&slot, 1, Some(SECOND), 3).unwrap();
    take(&slot, 1, None, 3).unwrap()
}

#[test]
fn an_untouched_slot_is_free_at_version_0() {
    let slot = untouched();
    assert_eq!(slot.free(terms(10_000), at(NOW)), 10_000);
    assert_eq!(slot.version, Version::new(0));
    assert_eq!(slot.at(at(NOW)), slot);
    assert_eq!(slot.end(), at("2027-01-11T10:30Z"));
}

#[test]
fn places_come_back_at_the_end_of_each_hold() {
    let slot = busy();
    let expected = [
        (NOW, 0, 0),
        ("2027-01-11T09:04:59.999999999Z", 0, 0),
        (FIRST, 1, 1),
        ("2027-01-11T09:09:59.999999999Z", 1, 1),
        (SECOND, 2, 2),
        ("2028-01-11T09:10Z", 2, 2),
    ];
    for (now, free, run_out) in expected {
        assert_eq!(slot.free(terms(3), at(now)), free, "{now}");
        assert_eq!(slot.at(at(now)).version, version(3, run_out), "{now}");
    }
}

#[test]
fn holds_that_end_together_are_one_bucket_and_one_change() {
    let slot = take(&untouched(), 2, Some(FIRST), 5).unwrap();
    let slot = take(&slot, 3, Some(FIRST), 5).unwrap();
    assert_eq!(slot.expiring, BTreeMap::from([(at(FIRST), 5)]));
    let after = slot.at(at(FIRST));
    assert_eq!((after.taken, after.version), (0, version(2, 1)));
    assert!(after.expiring.is_empty());
}

#[test]
fn the_next_taker_drops_the_buckets_that_have_run_out() {
    let slot = busy();
    let one = |now| slot.after(Effect::take(places(1), None), terms(3), at(now));
    assert_eq!(one("2027-01-11T09:04:59Z"), Err(Rejection::SlotFull));
    let taken = one(FIRST).unwrap();
    assert_eq!((taken.taken, taken.version), (3, version(4, 0)));
    assert_eq!(taken.expiring, BTreeMap::from([(at(SECOND), 1)]));
    assert!(slot.run_out(at(FIRST)).eq([(at(FIRST), 1)]));
}

#[test]
fn nobody_takes_more_than_is_free() {
    assert_eq!(take(&untouched(), 4, None, 4).unwrap().free(terms(4), at(NOW)), 0);
    assert_eq!(take(&untouched(), 5, None, 4), Err(Rejection::SlotFull));
    assert_eq!(take(&untouched(), 10_000, None, 4), Err(Rejection::SlotFull));
}

#[test]
fn only_places_that_the_slot_still_has_are_kept() {
    let slot = busy();
    let kept = keep(&slot, 1, FIRST).unwrap();
    assert_eq!((kept.taken, kept.version), (3, version(4, 0)));
    assert_eq!(kept.free(terms(3), at(FIRST)), 0, "it no longer runs out");
    assert_eq!(
        kept.at(at(FIRST)).version,
        kept.version,
        "an empty bucket that runs out is nothing"
    );

    let gone = Err(Rejection::HoldExpired);
    assert_eq!(keep(&slot, 2, FIRST), gone, "more than are held until then");
    assert_eq!(keep(&slot, 1, "2027-01-11T09:06Z"), gone, "nothing is held until then");
    assert_eq!(keep(&kept, 1, FIRST), gone, "kept already");
    assert_eq!(keep(&slot.at(at(FIRST)), 1, FIRST), gone, "dropped");
    let taken = slot.after(Effect::take(places(1), None), terms(3), at(FIRST)).unwrap();
    assert_eq!(keep(&taken, 1, FIRST), gone, "somebody needed it");
}

#[test]
fn held_places_are_released_from_their_bucket_and_sold_ones_from_none() {
    let slot = busy();
    let released = release(&slot, 1, Some(FIRST)).unwrap();
    assert_eq!((released.taken, released.version), (2, version(4, 0)));
    assert_eq!(released.free(terms(3), at(FIRST)), 1, "and it does not come back once more");
    assert_eq!(released.at(at(SECOND)).taken, 1);
    assert_eq!(release(&released, 1, Some(FIRST)), Err(Rejection::HoldExpired));

    let given_back = release(&slot, 1, None).unwrap();
    assert_eq!((given_back.taken, given_back.version), (2, version(4, 0)));
    assert_eq!(given_back.expiring, slot.expiring);
}

#[test]
fn only_places_that_the_slot_still_has_are_held_for_longer() {
    let slot = busy();
    let third = "2027-01-11T09:15Z";
    let extended = extend(&slot, 1, FIRST, third).unwrap();
    assert_eq!((extended.taken, extended.version), (3, version(4, 0)));
    let ends = BTreeMap::from([(at(FIRST), 0), (at(SECOND), 1), (at(third), 1)]);
    assert_eq!(extended.expiring, ends);
    assert_eq!(extended.free(terms(3), at(FIRST)), 0, "it does not run out yet");
    assert_eq!(extended.free(terms(3), at(third)), 2, "but then");

    let together = extend(&slot, 1, FIRST, SECOND).unwrap();
    assert_eq!(together.expiring, BTreeMap::from([(at(FIRST), 0), (at(SECOND), 2)]));
    let gone = together.at(at(SECOND));
    assert_eq!((gone.taken, gone.version), (1, version(4, 1)), "both at once");

    let out = Err(Rejection::HoldExpired);
    assert_eq!(extend(&slot, 2, FIRST, third), out, "more than are held until then");
    assert_eq!(extend(&slot, 1, "2027-01-11T09:06Z", third), out, "nothing is held until then");
    assert_eq!(extend(&extended, 1, FIRST, third), out, "extended already");
    assert_eq!(extend(&slot.at(at(FIRST)), 1, FIRST, third), out, "dropped");
}

#[test]
fn a_bucket_keeps_what_others_hold_in_it() {
    let slot = take(&busy(), 1, Some(FIRST), 4).unwrap();
    let kept = keep(&slot, 1, FIRST).unwrap();
    assert_eq!(kept.expiring, BTreeMap::from([(at(FIRST), 1), (at(SECOND), 1)]));
    assert_eq!(kept.free(terms(4), at(FIRST)), 1);
}

#[test]
fn a_slot_is_sold_at_one_length_at_a_time() {
    let hour = Terms { minutes: length(60), places: 5 };
    let one = |slot: &Slot, now| slot.after(Effect::take(places(1), None), hour, at(now));
    let slot = take(&untouched(), 1, Some(FIRST), 5).unwrap();
    assert_eq!(slot.free(terms(5), at(NOW)), 4);
    assert_eq!(slot.free(hour, at(NOW)), 0);
    assert_eq!(one(&slot, NOW), Err(Rejection::SlotFull));

    assert_eq!(slot.free(hour, at(FIRST)), 5, "when the last place is back");
    let sold = one(&slot, FIRST).unwrap();
    assert_eq!((sold.minutes, sold.end()), (hour.minutes, at("2027-01-11T11:00Z")));
    assert_eq!(sold.free(terms(5), at(FIRST)), 0);
}

#[test]
fn a_slot_sold_beyond_a_lowered_capacity_has_no_free_place_until_enough_are_given_back() {
    let slot = busy();
    assert_eq!(slot.free(terms(2), at(NOW)), 0);
    assert_eq!(take(&slot, 1, None, 2), Err(Rejection::SlotFull));
    let slot = release(&slot, 1, None).unwrap();
    assert_eq!(take(&slot, 1, None, 2), Err(Rejection::SlotFull));
    let slot = release(&slot, 1, Some(SECOND)).unwrap();
    assert_eq!(slot.free(terms(2), at(NOW)), 1);
    assert!(take(&slot, 1, None, 2).is_ok());
}

/// What is held until each of these instants; at least one place.
fn held() -> impl Strategy<Value = Vec<(i64, u32)>> {
    prop::collection::vec((1..=4_i64, 1..=3_u32), 1..6)
}

#[test]
fn a_sweep_is_a_write_that_changes_nothing() {
    let slot = busy();
    let swept = slot.swept(at(FIRST));
    let seen = slot.at(at(FIRST));
    assert_eq!((swept.taken, &swept.expiring), (seen.taken, &seen.expiring));
    assert_eq!((seen.version, swept.version), (version(3, 1), version(4, 0)));
}

/// A slot of 10,000 places, each held until an instant of its own: as no choice of `holdSeconds`
/// would have it at one time.
#[test]
fn no_number_of_buckets_is_newer_than_the_next_write() {
    let end = |n: i64| at(FIRST) + n.milliseconds();
    let taken = (0..10_000).fold(untouched(), |slot, n| {
        slot.after(Effect::take(places(1), Some(end(n))), terms(10_000), at(NOW)).unwrap()
    });
    let seen = |n| taken.at(end(n)).version;
    assert!(seen(0) < seen(1) && seen(100) < seen(101) && seen(300) < seen(301), "each is told");
    let writes = [
        Effect::take(places(1), None),
        Effect::keep(places(1), end(9_999)),
        Effect::release(places(1), Some(end(9_999))),
        Effect::extend(places(1), end(9_999), end(10_000)),
    ];
    for effect in writes {
        let after = taken.after(effect, terms(20_000), at(NOW)).unwrap();
        assert!(after.at(at(NOW)).version > taken.at(Timestamp::MAX).version, "{effect:?}");
    }
    assert!(taken.swept(end(0)).version > taken.at(Timestamp::MAX).version);
}

proptest! {
    /// One reader's clock is far ahead and has seen buckets run out; then something is written that was
    /// decided by a clock behind it, and read by one that is further behind: that is newer.
    #[test]
    fn what_is_written_is_newer_than_what_was_seen_by_any_clock(
        held in held(), which in any::<prop::sample::Index>(), seen in 0..=7_i64, effect in 0..4,
    ) {
        let end = |minute: i64| at(NOW) + minute.minutes();
        let slot = held.iter().fold(untouched(), |slot, (minute, quantity)| {
            let take = Effect::take(places(*quantity), Some(end(*minute)));
            slot.after(take, terms(100), at(NOW)).unwrap()
        });
        let (minute, quantity) = *which.get(&held);
        let effect = match effect {
            0 => Effect::keep(places(quantity), end(minute)),
            1 => Effect::release(places(quantity), Some(end(minute))),
            2 => Effect::extend(places(quantity), end(minute), end(minute + 2)),
            _ => Effect::take(places(quantity), Some(end(minute))),
        };
        let after = slot.after(effect, terms(100), at(NOW)).unwrap();
        prop_assert!(after.at(at(NOW)).version > slot.at(end(seen)).version);
        prop_assert!(slot.swept(end(seen)).version > slot.at(Timestamp::MAX).version);
    }
}
