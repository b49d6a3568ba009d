//! What always holds while the grid stays as it is, whatever happens in whatever order: the
//! invariants of ARCHITECTURE.md.

use crate::observers::{Seen, content, places};
use crate::ops::{Op, SLOTS, What, on_one_grid};
use crate::world::World;
use domain::slot::VERSIONS_PER_WRITE;
use domain::{
    Approval, Attempt, Booking, BookingHash, NewBooking, Rejection, Slot, Status, Version,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

type Outcome = Result<Option<Booking>, Rejection>;

/// Every slot's places are free or somebody's, as the bookings tell it; then and later.
fn every_place_is_accounted_for(world: &World, resized: bool) {
    let bookings: Vec<&Booking> = world.table.bookings.values().collect();
    let ends = bookings.iter().filter_map(|booking| booking.runs_out_at());
    let instants = ends.filter(|end| *end > world.now).chain([world.now]);
    let (resource, slots) = (&world.table.resource, &world.table.slots);
    for now in instants {
        for period in (0..SLOTS).map(World::slot_of) {
            let (start, slot) = (period.start, world.slot(period));
            let taken: u32 = bookings.iter().map(|booking| places(booking, start, now)).sum();
            assert_eq!(slot.at(now).taken, taken, "taken in {start} at {now}: {slot:?}");

            for booking in &bookings {
                let told = booking.at(now).places_in(&booking.resource, start);
                assert_eq!(told, places(booking, start, now), "in {start} at {now}: {booking:?}");
            }

            let view = resource.availability(period, slots, now);
            let capacity = resource.capacity.get();
            if resized && taken > capacity {
                assert_eq!(view.free, 0, "free in {start} at {now}");
            } else {
                assert_eq!(view.free + taken, capacity, "places of {start} at {now}: {slot:?}");
            }

            let mut held: BTreeMap<Timestamp, u32> = BTreeMap::new();
            for booking in &bookings {
                let until = booking.runs_out_at().filter(|_| places(booking, start, now) > 0);
                if let Some(until) = until {
                    *held.entry(until).or_default() += booking.quantity.get();
                }
            }
            assert_eq!(content(&slot.at(now)).expiring, held, "buckets of {start} at {now}");
        }
    }
}

/// A slot as it is seen, apart from its version.
fn content_at(slot: &Slot, now: Timestamp) -> Slot {
    Slot { version: Version::default(), ..content(&slot.at(now)) }
}

/// Compares what was visible before a step with what is visible after it.
fn only_what_changed_has_a_new_version(before: &World, after: &World, op: &Op) {
    for period in (0..SLOTS).map(World::slot_of) {
        let (slot, other) = (before.slot(period), after.slot(period));
        let same = content_at(&slot, before.now) == content_at(&other, after.now);
        match other.version.get() - slot.version.get() {
            0 => assert_eq!(slot, other, "{op:?}"),
            // What is committed late may have run out already.
            VERSIONS_PER_WRITE => {
                let silent = matches!(op, Op::Sweep(_)) || op.late() > SignedDuration::ZERO;
                assert!(!same || silent, "{op:?}: {other:?}");
            }
            // A late confirmation leaves a bucket for one that has run out by now: that of the start.
            more if more == VERSIONS_PER_WRITE + 1 && op.late() > SignedDuration::ZERO => {}
            more => panic!("{op:?} raised the version by {more}: {slot:?} -> {other:?}"),
        }
    }
    for (hash, booking) in &after.table.bookings {
        match before.table.bookings.get(hash) {
            None => assert_eq!(booking.version, Version::FIRST, "{op:?}"),
            Some(known) if known.version == booking.version => assert_eq!(known, booking),
            Some(known) => assert_eq!(booking.version, known.version.next(), "{op:?}"),
        }
    }
}

/// What each kind of step promises beyond the rest.
fn the_step_kept_its_promise(before: &World, after: &World, op: &Op, outcome: &Outcome) {
    match (op, outcome) {
        (Op::Pass(_) | Op::PassToAnEnd(_) | Op::PassToASlot(_), _) => {
            assert_eq!(before.table, after.table);
        }
        (_, Err(refused)) => {
            assert_eq!(before.table.slots, after.table.slots, "{op:?} was refused ({refused})");
            assert_eq!(before.bookings(), after.bookings(), "{op:?} was refused ({refused})");
            if let Rejection::InvalidTransition(current)
            | Rejection::VersionConflict(current)
            | Rejection::TooLate(current) = refused
            {
                assert_eq!(**current, after.table.bookings[current.id.hash()]);
            }
        }
        (Op::Record(_) | Op::Sweep(_), Ok(_)) => {
            let seen = |world: &World| {
                let slots = world.table.slots.values();
                let slots: Vec<Slot> = slots.map(|slot| content_at(slot, world.now)).collect();
                (slots, world.bookings())
            };
            assert_eq!(seen(before), seen(after), "{op:?} can be seen");
        }
        (Op::Change { what: What::Confirm | What::Extend, .. }, Ok(Some(booking))) => {
            let read = &before.table.bookings[booking.id.hash()];
            if booking.status == Status::Held {
                assert!(booking.hold_expires_at >= read.hold_expires_at, "cut short: {booking:?}");
            }
            // What is pending until the very instant to which it was held stays in its bucket.
            let moves =
                read.version != booking.version && read.runs_out_at() != booking.runs_out_at();
            if let Some(until) = read.hold_expires_at.filter(|_| moves) {
                let holds = |slot| before.slot(slot).expiring.get(&until).copied();
                let enough = |slot| holds(slot) >= Some(read.quantity.get());
                assert!(read.stretch.slots().all(enough), "{op:?} without its hold");
            }
        }
        _ => {}
    }
}

/// What was asked for under each key, to tell what is asked for again.
#[derive(Default)]
struct Keys {
    requests: HashMap<BookingHash, NewBooking>,
    /// The attempt that changed a booking last, and what it was answered with.
    attempts: HashMap<BookingHash, (Attempt, Booking)>,
}

impl Keys {
    /// The same key and fields are the same booking; other fields are refused.
    fn requested(&mut self, (before, after): (&World, &World), op: &Op, outcome: &Outcome) {
        let Op::Place { late, .. } = op else { return };
        let request = World::request(op);
        match (self.requests.get(&request.hash()), outcome) {
            (None, Ok(Some(made))) => {
                assert_eq!(made.id, request.id());
                self.requests.insert(request.hash(), request);
            }
            (None, outcome) => assert!(outcome.is_err(), "{outcome:?}"),
            (Some(first), outcome) if *first == request => {
                let stands = before.table.bookings[&request.hash()].at(before.now - *late);
                assert_eq!(*outcome, Ok(Some(stands)), "asked for again");
                assert_eq!(before.table.slots, after.table.slots);
            }
            (Some(_), outcome) => assert_eq!(*outcome, Err(Rejection::IdempotencyMismatch)),
        }
    }

    /// The attempt that changed a booking last is answered with what it did, at whatever version
    /// that was to be; under its key nothing else is done.
    fn attempted(&mut self, (before, after): (&World, &World), op: &Op, outcome: &Outcome) {
        let Some((hash, attempt)) = before.attempt(op) else { return };
        let stands = &before.table.bookings[&hash];
        let last = self.attempts.get(&hash);
        let last =
            last.filter(|(_, left)| left == stands && *stands == after.table.bookings[&hash]);
        let same_key = |last: &Attempt| {
            attempt.key.is_some() && (&attempt.by, &attempt.key) == (&last.by, &last.key)
        };
        match last.filter(|(last, _)| same_key(last)) {
            Some((last, left)) if last.fields == attempt.fields => {
                assert_eq!(*outcome, Ok(Some(left.clone())), "{op:?} was sent again");
                assert_eq!(before.table, after.table);
            }
            Some(_) => assert_eq!(*outcome, Err(Rejection::IdempotencyMismatch), "{op:?}"),
            None => {
                if let Ok(Some(changed)) = outcome {
                    assert_eq!(changed.version, stands.version.next(), "{op:?} did nothing");
                    self.attempts.insert(hash, (attempt, changed.clone()));
                }
            }
        }
    }
}

fn live(mut world: World, ops: &[Op], resized: bool) {
    let (mut seen, mut keys) = (Seen::default(), Keys::default());
    for op in ops {
        let before = world.clone();
        let outcome = world.apply(op);
        every_place_is_accounted_for(&world, resized);
        seen.look(&world);
        if before.now == world.now {
            only_what_changed_has_a_new_version(&before, &world, op);
        }
        the_step_kept_its_promise(&before, &world, op, &outcome);
        keys.requested((&before, &world), op, &outcome);
        keys.attempted((&before, &world), op, &outcome);
    }
}

fn approval() -> impl Strategy<Value = Approval> {
    prop::sample::select(vec![Approval::Auto, Approval::Manual, Approval::Fulfilment])
}

proptest! {
    #[test]
    fn free_and_taken_places_are_the_capacity(
        capacity in 1..=4_u32, approval in approval(), ops in on_one_grid(false),
    ) {
        live(World::new(capacity, approval), &ops, false);
    }

    #[test]
    fn a_change_of_the_capacity_applies_at_once(
        capacity in 1..=4_u32, approval in approval(), ops in on_one_grid(true),
    ) {
        live(World::new(capacity, approval), &ops, true);
    }

    /// Two worlds, one swept all the time, one never: nobody can tell them apart.
    #[test]
    fn swept_or_not_is_the_same_to_everyone(
        capacity in 1..=4_u32, approval in approval(), ops in on_one_grid(true),
    ) {
        let mut swept = World::new(capacity, approval);
        let mut unswept = swept.clone();
        let seen = |world: &World, seconds: i64| {
            let now = world.now + SignedDuration::from_secs(seconds);
            let (resource, slots) = (&world.table.resource, &world.table.slots);
            let offered = (0..SLOTS).map(World::slot_of);
            let views: Vec<_> =
                offered.map(|slot| resource.availability(slot, slots, now).free).collect();
            let slots: Vec<Slot> = slots.values().map(|slot| content_at(slot, now)).collect();
            let bookings = world.table.bookings.values();
            (views, slots, bookings.map(|booking| booking.at(now)).collect::<Vec<_>>())
        };
        let steps = ops.into_iter().filter(|op| !matches!(op, Op::Record(_) | Op::Sweep(_)));
        for op in steps.map(Op::in_time) {
            let (one, other) = (swept.apply(&op), unswept.apply(&op));
            prop_assert_eq!(one, other, "{:?}", op);
            swept.sweep_all();
            for seconds in [0, 1, 59, 60, 61] {
                let (one, other) = (seen(&swept, seconds), seen(&unswept, seconds));
                prop_assert_eq!(one, other, "{} seconds on", seconds);
            }
        }
    }
}

#[test]
fn the_steps_reach_every_status_and_rejection() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0..800 {
        let approval = [Approval::Auto, Approval::Manual, Approval::Fulfilment][round % 3];
        let mut world = World::new(2, approval);
        for op in on_one_grid(false).new_tree(&mut runner).unwrap().current() {
            let before = world.clone();
            let name = match world.apply(&op) {
                Ok(Some(booking)) => {
                    let ran_out = |stood: &Booking| stood.at(world.now).status == Status::Expired;
                    let stood = before.table.bookings.get(booking.id.hash());
                    let late = booking.status != Status::Expired && stood.is_some_and(ran_out);
                    let name = if late { "late" } else { booking.status.as_str() };
                    name.to_owned()
                }
                Ok(None) => continue,
                Err(refused) => format!("{refused:?}").split(['(', ' ']).next().unwrap().to_owned(),
            };
            *met.entry(name).or_default() += 1;
        }
    }
    let wanted = [
        "held",
        "pending",
        "confirmed",
        "late",
        "cancelled",
        "expired",
        "declined",
        "completed",
        "noShow",
        "Closed",
        "SlotFull",
        "HoldExpired",
        "TooLate",
        "InvalidTransition",
        "VersionConflict",
        "IdempotencyMismatch",
        "Unacceptable",
    ];
    for name in wanted {
        assert!(met.get(name).is_some_and(|count| *count >= 5), "{name} of {met:?}");
    }
}
