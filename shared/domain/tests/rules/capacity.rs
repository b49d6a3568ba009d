//! What always holds, whatever happens in whatever order: see DESIGN's invariants of the domain.

use crate::world::{Op, SLOTS, World, ops};
use domain::{Approval, Booking, BookingId, Hold, Rejection, Request, Slot, Status, Version};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// Whether the booking takes places at this instant: PROTOCOL's rule, told once more.
fn takes_places(booking: &Booking, now: Timestamp) -> bool {
    match booking.status {
        Status::Held => booking.hold_expires_at.is_some_and(|until| until > now),
        Status::Pending | Status::Confirmed => true,
        _ => false,
    }
}

/// Every slot's places are free or somebody's, as the bookings tell it; then and later.
fn every_place_is_accounted_for(world: &World, resized: bool) {
    let ends = world.bookings.values().filter_map(|booking| booking.hold_expires_at);
    let instants = ends.filter(|end| *end > world.now).chain([world.now]);
    let capacity = world.resource.capacity;
    for now in instants {
        for start in (0..SLOTS).map(World::start_of) {
            let slot = world.slot(start);
            let here = |booking: &&Booking| {
                takes_places(booking, now) && booking.stretch.slots().any(|slot| slot == start)
            };
            let taken: u32 =
                world.bookings.values().filter(here).map(|booking| booking.quantity.get()).sum();
            let free = slot.free(capacity, now);
            assert_eq!(slot.at(now).taken, taken, "taken in {start} at {now}: {slot:?}");
            if resized && taken > capacity.get() {
                assert_eq!(free, 0, "free in {start} at {now}");
            } else {
                assert_eq!(free + taken, capacity.get(), "places of {start} at {now}: {slot:?}");
            }

            let held = world.bookings.values().filter(here).filter_map(|booking| {
                let until = booking.hold_expires_at?;
                Some((booking.id.clone(), Hold { quantity: booking.quantity, until }))
            });
            let held: BTreeMap<BookingId, Hold> = held.collect();
            assert_eq!(slot.at(now).holds, held, "holds of {start} at {now}");
        }
    }
}

/// All that was ever seen, to find a version that shows two different things.
#[derive(Default)]
struct Seen {
    slots: HashMap<(Timestamp, Version), Slot>,
    bookings: HashMap<(BookingId, Version), Booking>,
    newest: HashMap<Timestamp, Version>,
}

impl Seen {
    fn look(&mut self, world: &World) {
        let (slots, bookings) = world.seen();
        for slot in slots {
            let newest = self.newest.entry(slot.start).or_default();
            assert!(*newest <= slot.version, "{newest} came before {slot:?}");
            *newest = slot.version;
            let known = self.slots.entry((slot.start, slot.version)).or_insert(slot.clone());
            assert_eq!(*known, slot, "one version, two contents");

            // Every hold that runs out from now on is one version more, and nothing else is.
            let mut ends: Vec<Timestamp> = slot.holds.values().map(|hold| hold.until).collect();
            ends.sort();
            for (index, end) in ends.iter().enumerate() {
                let together = ends[index..].iter().filter(|other| *other == end).count();
                let gone = u64::try_from(index + together).unwrap();
                let written = world.slot(slot.start);
                if index == 0 || ends[index - 1] < *end {
                    assert_eq!(written.at(*end).version, slot.version.plus(gone), "{written:?}");
                }
            }
        }
        for booking in bookings {
            let key = (booking.id.clone(), booking.version);
            let known = self.bookings.entry(key).or_insert(booking.clone());
            assert_eq!(*known, booking, "one version, two contents");
            for earlier in 1..booking.version.get() {
                let key = (booking.id.clone(), Version::new(earlier));
                // An expiry may go by unseen: time passes in leaps here.
                let skipped =
                    booking.status == Status::Expired && earlier + 1 == booking.version.get();
                assert!(
                    skipped || self.bookings.contains_key(&key),
                    "no version {earlier}: {booking:?}"
                );
            }
        }
    }
}

/// Compares what was visible before a step with what is visible after it.
fn only_what_changed_has_a_new_version(before: &World, after: &World, op: &Op) {
    let ((slots_before, bookings_before), (slots_after, bookings_after)) =
        (before.seen(), after.seen());
    let raised = |slot: &Slot, other: &Slot| other.version.get() - slot.version.get();
    for (slot, other) in slots_before.iter().zip(&slots_after) {
        let same_content = slot.taken == other.taken && slot.holds == other.holds;
        match raised(slot, other) {
            0 => assert_eq!(slot, other, "{op:?}"),
            1 => assert!(!same_content, "{op:?}: a version for nothing: {other:?}"),
            more => panic!("{op:?} raised the version by {more}: {slot:?} -> {other:?}"),
        }
    }
    for booking in &bookings_after {
        let known = bookings_before.iter().find(|other| other.id == booking.id);
        match known.map_or(0, |known| known.version.get()) {
            0 => assert_eq!(booking.version, Version::FIRST, "{op:?}"),
            version if version == booking.version.get() => assert_eq!(known, Some(booking)),
            version => assert_eq!(booking.version, Version::new(version + 1), "{op:?}"),
        }
    }
}

/// What each kind of step promises beyond the rest.
fn the_step_kept_its_promise(
    before: &World,
    after: &World,
    op: &Op,
    outcome: &Result<Option<Booking>, Rejection>,
) {
    match (op, outcome) {
        (Op::Pass(_) | Op::PassToAnEnd(_), _) => {
            assert_eq!((&before.slots, &before.bookings), (&after.slots, &after.bookings));
        }
        (_, Err(refused)) => {
            assert_eq!(before, after, "{op:?} was refused ({refused}), yet something changed");
            if let Rejection::InvalidTransition(current) | Rejection::VersionConflict(current) =
                refused
            {
                assert_eq!(**current, before.bookings[&current.id].at(before.now));
            }
        }
        (Op::Sweep(_), Ok(swept)) => {
            assert_eq!(before.seen(), after.seen(), "a sweep that one can see");
            assert!(swept.iter().all(|booking| booking.status == Status::Expired));
        }
        (Op::Change { .. }, Ok(Some(booking))) => {
            let read = &before.bookings[&booking.id];
            if read.status == Status::Held && booking.status.takes_capacity() {
                let holds = |start| before.slot(start).at(before.now).holds.contains_key(&read.id);
                assert!(read.stretch.slots().all(holds), "confirmed without its hold");
            }
        }
        (Op::Move { .. }, Ok(Some(booking))) => {
            let read = &before.bookings[&booking.id];
            let of = |world: &World, start| world.slot(start).at(world.now).taken;
            for start in (0..SLOTS).map(World::start_of) {
                let covers = |booking: &Booking| {
                    u32::from(booking.stretch.slots().any(|slot| slot == start))
                };
                let quantity = read.quantity.get();
                assert_eq!(
                    of(before, start) + covers(booking) * quantity,
                    of(after, start) + covers(read) * quantity,
                    "moved from {read:?} to {booking:?}"
                );
            }
        }
        _ => {}
    }
}

/// The same key and fields are the same booking; other fields are refused.
fn a_key_names_one_booking(
    asked: &mut HashMap<BookingId, Request>,
    (before, after): (&World, &World),
    op: &Op,
    outcome: &Result<Option<Booking>, Rejection>,
) {
    let Op::Place { .. } = op else { return };
    let request = World::request(op);
    match (asked.get(&request.id()), outcome) {
        (None, Ok(Some(made))) => {
            assert_eq!(made.id, request.id());
            asked.insert(request.id(), request);
        }
        (None, outcome) => assert!(outcome.is_err(), "{outcome:?}"),
        (Some(first), outcome) if *first == request => {
            let stands = before.bookings[&request.id()].at(before.now);
            assert_eq!(*outcome, Ok(Some(stands)), "asked for again");
            assert_eq!(before, after);
        }
        (Some(_), outcome) => assert_eq!(*outcome, Err(Rejection::IdempotencyMismatch)),
    }
}

fn live(mut world: World, ops: &[Op], resized: bool) {
    let (mut seen, mut asked) = (Seen::default(), HashMap::new());
    for op in ops {
        let before = world.clone();
        let outcome = world.apply(op);
        every_place_is_accounted_for(&world, resized);
        seen.look(&world);
        if before.now == world.now {
            only_what_changed_has_a_new_version(&before, &world, op);
        }
        the_step_kept_its_promise(&before, &world, op, &outcome);
        a_key_names_one_booking(&mut asked, (&before, &world), op, &outcome);
    }
}

fn approval() -> impl Strategy<Value = Approval> {
    prop::sample::select(vec![Approval::Auto, Approval::Manual])
}

proptest! {
    #[test]
    fn free_and_taken_places_are_the_capacity(
        capacity in 1..=4_u32, approval in approval(), ops in ops(false),
    ) {
        live(World::new(capacity, approval), &ops, false);
    }

    #[test]
    fn a_change_of_the_capacity_applies_at_once(
        capacity in 1..=4_u32, approval in approval(), ops in ops(true),
    ) {
        live(World::new(capacity, approval), &ops, true);
    }

    /// Two worlds, one swept all the time, one never: nobody can tell them apart.
    #[test]
    fn swept_or_not_is_the_same_to_everyone(
        capacity in 1..=4_u32, approval in approval(), ops in ops(true),
    ) {
        let mut swept = World::new(capacity, approval);
        let mut unswept = swept.clone();
        let steps = ops.iter().filter(|op| !matches!(op, Op::Sweep(_)));
        for op in steps {
            let (one, other) = (swept.apply(op), unswept.apply(op));
            prop_assert_eq!(one, other, "{:?}", op);
            swept.sweep_all();
            prop_assert_eq!(swept.seen(), unswept.seen(), "{:?}", op);
            for seconds in [1, 59, 60, 61] {
                let mut later = (swept.clone(), unswept.clone());
                later.0.now += SignedDuration::from_secs(seconds);
                later.1.now = later.0.now;
                prop_assert_eq!(later.0.seen(), later.1.seen(), "{} seconds on", seconds);
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
    for round in 0..200 {
        let approval = [Approval::Auto, Approval::Manual][round % 2];
        let mut world = World::new(2, approval);
        for op in ops(false).new_tree(&mut runner).unwrap().current() {
            let name = match world.apply(&op) {
                Ok(Some(booking)) => booking.status.as_str().to_owned(),
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
        "cancelled",
        "expired",
        "declined",
        "completed",
        "noShow",
        "Closed",
        "SlotFull",
        "HoldExpired",
        "InvalidTransition",
        "VersionConflict",
        "IdempotencyMismatch",
        "Unacceptable",
    ];
    for name in wanted {
        assert!(met.get(name).is_some_and(|count| *count >= 5), "{name} of {met:?}");
    }
}
