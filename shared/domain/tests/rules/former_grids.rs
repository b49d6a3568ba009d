//! A resource whose grid was changed: what is sold meanwhile, and what is offered afterwards.

use crate::fixtures::{at, grid, half_hours, length, room, terms};
use domain::calendar::{Closure, Closures, LONGEST_SLOT};
use domain::resource::{REQUEST_LIFE, TRANSITION};
use domain::slot::VERSIONS_PER_WRITE;
use domain::{
    Calendar, Capacity, Effect, FormerGrid, Period, Quantity, Rejection, Resource, Slot, State,
    Stretch, Terms, Version,
};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use std::collections::BTreeMap;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn now() -> Timestamp {
    at("2027-01-11T08:00Z")
}

fn hourly() -> Calendar {
    grid("UTC", 60, &["09:00-12:00"])
}

fn half_hourly() -> Calendar {
    grid("UTC", 30, &["09:00-12:00"])
}

/// A room of so many places, on the grid of half hours.
fn half_hourly_room(places: u32) -> Resource {
    let capacity = Capacity::new(places).unwrap();
    Resource { calendar: half_hourly(), capacity, ..room("UTC", 30, &[]) }
}

/// This resource with another grid, put at this instant.
fn moved(resource: &Resource, calendar: Calendar, now: Timestamp) -> Resource {
    Resource { calendar, ..resource.clone() }.replacing(resource, now).unwrap()
}

/// A slot of 11 January 2027, of this resource's length.
fn slot(resource: &Resource, time: &str) -> Period {
    let start = at(&format!("2027-01-11T{time}Z"));
    Period { start, end: start + resource.calendar.slot_minutes.unwrap().duration() }
}

/// A stretch of that one slot.
fn stretch(resource: &Resource, time: &str) -> Stretch {
    Stretch::of(&[slot(resource, time)]).unwrap()
}

/// Slots of which so many places are taken for good, each by its start and its length.
fn sold(slots: &[(&str, u32, u32)]) -> BTreeMap<Timestamp, Slot> {
    let slots = slots.iter().map(|(time, minutes, taken)| {
        let start = at(&format!("2027-01-11T{time}Z"));
        let untouched = Slot::untouched(start, length(*minutes));
        (start, Slot { taken: *taken, version: Version::new(3), ..untouched })
    });
    slots.collect()
}

mod replacing {
    use super::*;

    #[test]
    fn another_grid_is_remembered_and_nothing_else_is() {
        let old = half_hourly_room(2);
        assert!(!old.has_moved());
        let renamed = Resource { name: "Room 2".to_owned(), ..old.clone() };
        let renamed = renamed.replacing(&old, now()).unwrap();
        assert_eq!(renamed.version, Version::new(2));
        assert!(!renamed.has_moved() && renamed.former.is_empty(), "{renamed:?}");

        let next = moved(&renamed, hourly(), now());
        assert_eq!(next.version, Version::new(3));
        assert_eq!(next.former, [FormerGrid { calendar: half_hourly(), replaced_at: now() }]);
        assert_eq!(next.grid_epoch, u64::try_from(now().as_microsecond()).unwrap());
        assert!(next.has_moved());
    }

    #[test]
    fn what_the_caller_says_of_former_grids_does_not_count() {
        let old = moved(&half_hourly_room(1), hourly(), now());
        let forged = Resource {
            former: Vec::new(),
            grid_epoch: 0,
            version: Version::new(77),
            ..old.clone()
        };
        let next = forged.replacing(&old, now()).unwrap();
        let expected = Resource { version: old.version.next(), ..old };
        assert_eq!(next, expected);
    }

    #[test]
    fn a_former_grid_is_forgotten_after_the_transition() {
        let old = moved(&half_hourly_room(1), hourly(), now());
        let put = |now| old.clone().replacing(&old, now).unwrap();
        let end = now() + TRANSITION;
        assert_eq!(put(end - 1.nanosecond()).former, old.former);
        let after = put(end);
        assert!(after.former.is_empty());
        assert_eq!(after.grid_epoch, old.grid_epoch, "that it has moved is not forgotten");
        // A clock that is behind.
        assert_eq!(put(now() - 1.hour()).former, old.former);
    }

    #[test]
    fn what_is_closed_or_paused_changes_no_grid() {
        let old = half_hourly_room(2);
        let time = Period { start: now(), end: now() + 5.hours() };
        let closures = Closures::new(vec![Closure { time, reason: None }]).unwrap();
        let calendar = Calendar { closures, ..old.calendar.clone() };
        let closed = Resource { calendar, state: State::Paused, ..old.clone() };
        let closed = closed.replacing(&old, now()).unwrap();
        assert!(!closed.has_moved() && closed.former.is_empty(), "{closed:?}");
        // And what is remembered of a grid has no closures.
        let next = moved(&closed, hourly(), now());
        assert_eq!(next.former, [FormerGrid { calendar: half_hourly(), replaced_at: now() }]);
    }

    #[test]
    fn no_more_than_eight_changes_are_made_within_a_transition() {
        let mut resource = half_hourly_room(1);
        for change in 0..8_i64 {
            let grid = if change % 2 == 0 { hourly() } else { half_hourly() };
            resource = moved(&resource, grid, now() + change.seconds());
        }
        let put = |calendar, at| Resource { calendar, ..resource.clone() }.replacing(&resource, at);
        let ninth = put(hourly(), now() + 8.seconds());
        assert_eq!(ninth, Err(Rejection::InTransition(TRANSITION)));
        assert!(put(resource.calendar.clone(), now() + 8.seconds()).is_ok(), "the same grid");
        let later = put(hourly(), now() + TRANSITION).unwrap();
        assert_eq!(later.former.len(), 8, "the first of them has gone");
    }

    #[test]
    fn the_epoch_rises_by_far_whatever_the_clock_says() {
        let mut resource = moved(&half_hourly_room(1), hourly(), now());
        for (grid, now) in [
            (half_hourly(), now()),
            (hourly(), now() - 1.hour()),
            (half_hourly(), Timestamp::UNIX_EPOCH),
            (hourly(), now() + 1.microsecond()),
        ] {
            let next = moved(&resource, grid, now);
            assert!(next.grid_epoch > resource.grid_epoch + 1_000_000, "at {now}");
            resource = next;
        }
    }
}

mod settled {
    use super::*;

    /// The change and a sale on the grid before it, each decided at the last instant before it had
    /// to know of the other.
    #[test]
    fn a_transition_outlasts_the_change_and_a_sale_that_did_not_see_it() {
        assert!(TRANSITION >= REQUEST_LIFE * 2);
    }

    #[test]
    fn what_fits_all_grids_is_sold_and_the_rest_after_the_transition() {
        let resource = moved(&half_hourly_room(1), hourly(), now());
        let resource = moved(&resource, grid("UTC", 60, &["09:30-13:30"]), now() + 10.seconds());
        let overlapping = stretch(&resource, "09:30");
        let beyond = stretch(&resource, "12:30");
        let at = |seconds: i64| now() + seconds.seconds();
        let (last, left) = (at(10) + TRANSITION, |seconds| SignedDuration::from_secs(seconds));

        assert_eq!(resource.settled(&beyond, at(10)), Ok(()), "no former grid had a slot there");
        let refused = |seconds| Err(Rejection::InTransition(left(seconds)));
        assert_eq!(resource.settled(&overlapping, at(10)), refused(20), "of the first");
        assert_eq!(resource.settled(&overlapping, at(29)), refused(1), "of the first");
        assert_eq!(resource.settled(&overlapping, at(30)), refused(10), "of the second");
        assert_eq!(resource.settled(&overlapping, last), Ok(()));
        assert_eq!(resource.settled(&overlapping, at(-5)), refused(35), "a clock that is behind");
    }

    #[test]
    fn a_slot_that_stays_is_sold_throughout() {
        let longer = grid("UTC", 30, &["09:00-18:00"]);
        let resource = moved(&half_hourly_room(1), longer, now());
        assert_eq!(resource.settled(&stretch(&resource, "09:00"), now()), Ok(()));
        assert_eq!(resource.settled(&stretch(&resource, "17:00"), now()), Ok(()));
        // One that goes and comes again is the same slot.
        let resource = moved(&resource, grid("UTC", 30, &[]), now());
        let resource = moved(&resource, half_hourly(), now());
        assert_eq!(resource.settled(&stretch(&resource, "09:00"), now()), Ok(()));
    }

    #[test]
    fn each_slot_of_a_stretch_has_to_fit() {
        let resource =
            moved(&half_hourly_room(1), grid("UTC", 30, &["09:00-10:00", "10:15-12:15"]), now());
        let resource = moved(&resource, half_hourly(), now());
        let whole = half_hours("2027-01-11T09:00Z", "2027-01-11T10:30Z");
        let fits = half_hours("2027-01-11T09:00Z", "2027-01-11T10:00Z");
        assert_eq!(resource.settled(&fits, now()), Ok(()));
        let refused = resource.settled(&whole, now());
        assert_eq!(refused, Err(Rejection::InTransition(TRANSITION)));
    }
}

mod availability {
    use super::*;

    /// What is free from 09:00 on in each half hour of a room of this many places.
    fn free(places: u32, slots: &[(&str, u32, u32)]) -> Vec<u32> {
        let resource = moved(&half_hourly_room(places), hourly(), now() - 2.hours());
        let resource = moved(&resource, half_hourly(), now() - 1.hour());
        let slots = sold(slots);
        let offered = resource.calendar.offered(now(), at("2027-01-11T11:00Z"));
        offered.map(|slot| resource.availability(slot, &slots, now()).free).collect()
    }

    #[test]
    fn what_was_sold_on_another_grid_is_not_sold_again() {
        assert_eq!(free(3, &[]), [3, 3, 3, 3]);
        assert_eq!(free(3, &[("09:30", 60, 2)]), [3, 0, 1, 3], "as sold at another length");
        assert_eq!(free(3, &[("09:15", 30, 2)]), [1, 1, 3, 3]);
        assert_eq!(
            free(3, &[("08:59", 1, 2), ("10:00", 1440, 0)]),
            [3, 3, 3, 3],
            "touching, empty"
        );
        assert_eq!(free(3, &[("09:15", 30, 5)]), [0, 0, 3, 3], "beyond a lowered capacity");
        // The most at once: those that follow each other take the same places.
        assert_eq!(free(3, &[("09:05", 5, 1), ("09:10", 5, 2), ("09:20", 5, 1)]), [1, 3, 3, 3]);
        assert_eq!(free(3, &[("09:05", 10, 1), ("09:10", 10, 1), ("09:20", 5, 1)]), [1, 3, 3, 3]);
        // Its own places besides.
        assert_eq!(free(3, &[("09:00", 30, 1), ("09:15", 30, 1)]), [1, 2, 3, 3]);
    }

    #[test]
    fn a_day_long_slot_is_found_however_long_ago_it_began() {
        let mut slots = sold(&[]);
        let start = at("2027-01-10T09:15Z");
        slots.insert(start, Slot { taken: 1, ..Slot::untouched(start, length(1440)) });
        let resource = moved(&half_hourly_room(1), hourly(), now() - 1.hour());
        let resource = moved(&resource, half_hourly(), now());
        let nine = at("2027-01-11T09:00Z");
        assert!(resource.reads_from(nine) <= start);
        assert_eq!(resource.reads_from(nine), nine - LONGEST_SLOT);
        let free = |time| resource.availability(slot(&resource, time), &slots, now()).free;
        assert_eq!((free("09:00"), free("09:30")), (0, 1), "until 09:15");
    }

    #[test]
    fn a_grid_that_never_changed_reads_its_own_slots_only() {
        let resource = half_hourly_room(2);
        let nine = at("2027-01-11T09:00Z");
        assert_eq!(resource.reads_from(nine), nine);
        let slots = sold(&[("09:00", 30, 1), ("09:30", 30, 2)]);
        let view = resource.availability(slot(&resource, "09:00"), &slots, now());
        assert_eq!((view.free, view.version), (1, Version::new(1 + 3)), "the first version, and 3");
    }

    /// A hold's confirmation that was decided before its end does not show in the slots that it
    /// overlaps until it is committed.
    #[test]
    fn a_hold_on_another_grid_counts_for_as_long_as_it_may_be_confirmed() {
        let resource = half_hourly_room(1);
        let (nine, end) = (at("2027-01-11T09:00Z"), at("2027-01-11T08:05Z"));
        let held = Slot::untouched(nine, length(30));
        let held = held.after(Effect::take(Quantity::ONE, Some(end)), terms(1), now()).unwrap();
        let slots = BTreeMap::from([(nine, held)]);

        let resource = moved(&resource, grid("UTC", 30, &["08:45-11:45"]), now());
        let view = |now| resource.availability(slot(&resource, "08:45"), &slots, now);
        let last = end + REQUEST_LIFE - 1.nanosecond();
        assert_eq!((view(end).free, view(last).free, view(end + REQUEST_LIFE).free), (0, 0, 1));
        assert_eq!(view(last).version.next(), view(end + REQUEST_LIFE).version);

        let back = moved(&resource, half_hourly(), now());
        let view = back.availability(slot(&back, "09:00"), &slots, end);
        assert_eq!(view.free, 1, "its own slot is free at once");
    }

    /// An hour of former slots of a minute, with more holds in all than are counted; and one write.
    #[test]
    fn no_number_of_holds_that_ran_out_is_newer_than_the_next_write() {
        let nine = at("2027-01-11T09:00Z");
        let end = |n: i64| now() + n.seconds();
        let held = |minute: i64, places: i64| {
            let slot = Slot::untouched(nine + minute.minutes(), length(1));
            (0..places).fold(slot, |slot, n| {
                let take = Effect::take(Quantity::ONE, Some(end(n)));
                let terms = Terms { minutes: slot.minutes, places: 10_000 };
                slot.after(take, terms, now()).unwrap()
            })
        };
        let slots = (0..60).map(|minute| held(minute, if minute == 0 { 600 } else { 20 }));
        let slots: BTreeMap<_, _> = slots.map(|slot| (slot.start, slot)).collect();
        let resource = moved(&half_hourly_room(1), hourly(), now() - 1.hour());
        let view = |resource: &Resource, slots: &BTreeMap<_, _>, now| {
            resource.availability(slot(resource, "09:00"), slots, now).version
        };
        let highest = view(&resource, &slots, Timestamp::MAX);

        let renamed = Resource { name: "Room 2".to_owned(), ..resource.clone() };
        let renamed = renamed.replacing(&resource, now()).unwrap();
        assert!(view(&renamed, &slots, Timestamp::MIN) > highest);
        for written in [nine, nine + 59.minutes()] {
            let mut slots = slots.clone();
            let slot = slots.get_mut(&written).unwrap();
            *slot = slot.swept(end(10_000));
            assert!(view(&resource, &slots, Timestamp::MIN) > highest, "{written}");
        }
    }

    /// A million changes of the grid beyond the time, and a billion writes of its slots.
    #[test]
    fn a_version_is_exact_as_a_number_of_javascript() {
        let in_2100 = at("2100-01-01T00:00Z");
        let resource = moved(&half_hourly_room(1), hourly(), in_2100);
        let step = moved(&resource, half_hourly(), in_2100).grid_epoch - resource.grid_epoch;
        let grid_epoch = resource.grid_epoch + 1_000_000 * step;
        let version = Version::new(1_000_000_000 * VERSIONS_PER_WRITE);
        let nine = at("2027-01-11T09:00Z");
        let written = Slot { version, ..Slot::untouched(nine, length(60)) };
        let resource = Resource { grid_epoch, version: Version::new(1_000_000), ..resource };
        let view = resource.availability(
            slot(&resource, "09:00"),
            &BTreeMap::from([(nine, written)]),
            in_2100,
        );
        assert!(view.version < Version::new(1 << 53), "{}", view.version);
    }

    /// Slots of any length up to a day, at any minute, taken by any number.
    fn slots() -> impl Strategy<Value = BTreeMap<Timestamp, Slot>> {
        let minutes = prop_oneof![3 => 1..=90_u32, 1 => 1..=1440_u32];
        let near = prop_oneof![3 => -60..=120_i64, 1 => -1500..=1500_i64];
        let slot = (near, minutes, 0..=4_u32).prop_map(|(start, minutes, taken)| {
            let start = at("2027-01-11T09:00Z") + MINUTE * i32::try_from(start).unwrap();
            let slot = Slot::untouched(start, length(minutes));
            (start, Slot { taken, version: Version::new(u64::from(taken)), ..slot })
        });
        prop::collection::vec(slot, 0..8).prop_map(|slots| slots.into_iter().collect())
    }

    proptest! {
        /// Minute by minute: what is left at the fullest minute of the slot.
        #[test]
        fn what_is_free_is_what_is_left_at_every_minute(
            slots in slots(), capacity in 1..=6_u32, index in 0..6_i32,
        ) {
            let resource = moved(&half_hourly_room(capacity), hourly(), now());
            let resource = moved(&resource, half_hourly(), now());
            let start = at("2027-01-11T09:00Z") + MINUTE * (30 * index);
            let taken = |minute: Timestamp| -> u32 {
                let there = slots.values().filter(|slot| {
                    slot.start <= minute && minute < slot.start + MINUTE * i32::try_from(slot.minutes.get()).unwrap()
                });
                there.map(|slot| slot.taken).sum()
            };
            let most = (0..30).map(|minute| taken(start + MINUTE * minute)).max().unwrap();
            let at_another_length = slots.get(&start).is_some_and(|slot| {
                slot.taken > 0 && slot.minutes.get() != 30
            });
            let expected = if at_another_length { 0 } else { capacity.saturating_sub(most) };
            let slot = Period { start, end: start + MINUTE * 30 };
            let view = resource.availability(slot, &slots, now());
            prop_assert_eq!(view.free, expected);
            prop_assert_eq!((view.start, view.end), (slot.start, slot.end));

            // What is taken at these terms is what is free.
            let terms = resource.terms(slot, &slots, now());
            let take = |quantity| {
                let take = Effect::take(Quantity::new(quantity).unwrap(), None);
                resource.slot(slot, &slots).after(take, terms, now())
            };
            if expected > 0 {
                prop_assert!(take(expected).is_ok());
            }
            prop_assert_eq!(take(expected + 1), Err(Rejection::SlotFull));
        }
    }
}
