//! One slot: what is taken, held and free in it at an instant.

use crate::fixtures::{at, id};
use domain::{Capacity, Hold, Quantity, Rejection, Slot, Version};

fn places(number: u32) -> Quantity {
    Quantity::new(number).unwrap()
}

fn capacity(number: u32) -> Capacity {
    Capacity::new(number).unwrap()
}

/// A slot of three places: one held until 09:05, one until 09:10, one sold.
fn busy() -> Slot {
    let (now, three) = (at("2027-01-11T09:00Z"), capacity(3));
    let until = |text: &str| Some(at(text));
    let slot = Slot::untouched(at("2027-01-11T10:00Z"));
    let slot = slot.take(&id("a", "1"), places(1), until("2027-01-11T09:05Z"), three, now).unwrap();
    let slot = slot.take(&id("b", "1"), places(1), until("2027-01-11T09:10Z"), three, now).unwrap();
    slot.take(&id("c", "1"), places(1), None, three, now).unwrap()
}

#[test]
fn an_untouched_slot_is_free_at_version_0() {
    let slot = Slot::untouched(at("2027-01-11T10:00Z"));
    let now = at("2027-01-11T09:00Z");
    assert_eq!(slot.free(capacity(10_000), now), 10_000);
    assert_eq!(slot.version, Version::new(0));
    assert_eq!(slot.at(now), slot);
}

#[test]
fn places_come_back_at_the_end_of_each_hold() {
    let slot = busy();
    let expected = [
        ("2027-01-11T09:00Z", 0, 3),
        ("2027-01-11T09:04:59.999999999Z", 0, 3),
        ("2027-01-11T09:05Z", 1, 4),
        ("2027-01-11T09:09:59.999999999Z", 1, 4),
        ("2027-01-11T09:10Z", 2, 5),
        ("2028-01-11T09:10Z", 2, 5),
    ];
    for (now, free, version) in expected {
        assert_eq!(slot.free(capacity(3), at(now)), free, "{now}");
        assert_eq!(slot.at(at(now)).version, Version::new(version), "{now}");
    }
}

#[test]
fn holds_that_end_together_are_a_change_each() {
    let (now, until) = (at("2027-01-11T09:00Z"), at("2027-01-11T09:05Z"));
    let slot = Slot::untouched(at("2027-01-11T10:00Z"));
    let slot = slot.take(&id("a", "1"), places(2), Some(until), capacity(5), now).unwrap();
    let slot = slot.take(&id("b", "1"), places(3), Some(until), capacity(5), now).unwrap();
    let after = slot.at(until);
    assert_eq!((after.taken, after.version), (0, Version::new(4)));
    assert!(after.holds.is_empty());
}

#[test]
fn the_next_taker_sweeps_what_has_run_out() {
    let slot = busy();
    let one = |now| slot.take(&id("d", "1"), places(1), None, capacity(3), at(now));
    assert_eq!(one("2027-01-11T09:04:59Z"), Err(Rejection::SlotFull));
    let taken = one("2027-01-11T09:05Z").unwrap();
    assert_eq!((taken.taken, taken.version), (3, Version::new(5)));
    let until = at("2027-01-11T09:10Z");
    let left = Hold { quantity: places(1), until };
    assert!(taken.holds.into_iter().eq([(id("b", "1"), left)]));
}

#[test]
fn nobody_takes_more_than_is_free() {
    let now = at("2027-01-11T09:00Z");
    let slot = Slot::untouched(at("2027-01-11T10:00Z"));
    let take = |quantity| slot.take(&id("a", "1"), places(quantity), None, capacity(4), now);
    assert_eq!(take(4).unwrap().free(capacity(4), now), 0);
    assert_eq!(take(5), Err(Rejection::SlotFull));
    assert_eq!(take(10_000), Err(Rejection::SlotFull));
}

#[test]
fn only_a_hold_that_the_slot_still_has_is_confirmed() {
    let slot = busy();
    let confirm = |customer, now| slot.confirm(&id(customer, "1"), at(now));
    let confirmed = confirm("a", "2027-01-11T09:04:59.999999999Z").unwrap();
    assert_eq!((confirmed.taken, confirmed.version), (3, Version::new(4)));
    assert_eq!(confirmed.free(capacity(3), at("2027-01-11T09:06Z")), 0, "it no longer runs out");

    assert_eq!(confirm("a", "2027-01-11T09:05Z"), Err(Rejection::HoldExpired));
    assert_eq!(confirm("c", "2027-01-11T09:00Z"), Err(Rejection::HoldExpired), "sold, not held");
    assert_eq!(confirm("d", "2027-01-11T09:00Z"), Err(Rejection::HoldExpired), "never there");
    let again = confirmed.confirm(&id("a", "1"), at("2027-01-11T09:01Z"));
    assert_eq!(again, Err(Rejection::HoldExpired), "confirmed already");
}

#[test]
fn sweeping_a_hold_that_has_run_out_changes_nothing_one_can_see() {
    let slot = busy();
    let swept = slot.release(&id("a", "1"), places(1));
    for later in ["2027-01-11T09:05Z", "2027-01-11T09:07Z", "2027-01-11T09:10Z"] {
        assert_eq!(swept.at(at(later)), slot.at(at(later)), "{later}");
    }
}

#[test]
fn a_slot_sold_beyond_a_lowered_capacity_has_no_free_place_until_enough_are_given_back() {
    let now = at("2027-01-11T09:00Z");
    let slot = busy();
    assert_eq!(slot.free(capacity(2), now), 0);
    let one = |slot: &Slot| slot.take(&id("d", "1"), places(1), None, capacity(2), now);
    assert_eq!(one(&slot), Err(Rejection::SlotFull));
    let slot = slot.release(&id("c", "1"), places(1));
    assert_eq!(one(&slot), Err(Rejection::SlotFull));
    let slot = slot.release(&id("b", "1"), places(1));
    assert_eq!(slot.free(capacity(2), now), 1);
    assert!(one(&slot).is_ok());
}
