//! What always holds while the grid is changed again and again, whatever is under way: no time is
//! sold twice, and versions tell newer from older.

use crate::observers::{Seen, places, places_at};
use crate::ops::{GRIDS, Op, on_moving_grids, races_of_grids};
use crate::world::World;
use domain::resource::REQUEST_LIFE;
use domain::{Approval, Booking, Rejection, Status};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// All grids begin and end their slots at quarters of an hour.
fn quarters(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    let step = SignedDuration::from_mins(15);
    std::iter::successors(Some(from), move |quarter| Some(*quarter + step))
        .take_while(move |quarter| *quarter < to)
}

/// The most places that these bookings take at one time, minute by minute.
fn most(bookings: &[&Booking], (from, to): (Timestamp, Timestamp), now: Timestamp) -> u32 {
    let taken = |quarter| bookings.iter().map(|booking| places_at(booking, quarter, now)).sum();
    quarters(from, to).map(taken).max().unwrap_or(0)
}

/// No minute is sold beyond the capacity; what is offered is what is left at every minute of the
/// slot, but for holds on other grids, which may count for as long as they may still be confirmed.
fn no_time_is_sold_twice(world: &World) {
    let (resource, now) = (&world.table.resource, world.now);
    let capacity = resource.capacity.get();
    let bookings: Vec<&Booking> = world.table.bookings.values().collect();
    let day = (World::start_of(0), World::start_of(6));
    let sold = most(&bookings, day, now);
    assert!(sold <= capacity, "{sold} of {capacity} places are sold: {bookings:#?}");

    for slot in world.offered() {
        let (start, view) = (slot.start, resource.availability(slot, &world.table.slots, now));
        assert_eq!((view.start, view.end), (slot.start, slot.end));
        let left = capacity - most(&bookings, (start, view.end), now);
        let here = bookings.iter().filter(|booking| places(booking, start, now) > 0);
        let length = Some(slot.minutes());
        if { here }.any(|booking| booking.stretch.even_length() != length) {
            assert_eq!(view.free, 0, "{start} is sold at another length");
            continue;
        }
        assert!(view.free <= left, "{start}: {} is offered, {left} left", view.free);
        let lately = bookings.iter().filter(|booking| {
            let booking = booking.at(now);
            booking.status == Status::Expired && booking.updated_at > now - REQUEST_LIFE
        });
        let lately: u32 = lately.map(|booking| booking.quantity.get()).sum();
        assert!(view.free + lately >= left, "{start}: {} is offered, {left} left", view.free);
    }
}

fn live(mut world: World, ops: &[Op]) {
    let mut seen = Seen::default();
    for op in ops {
        let before = world.table.slots.clone();
        let outcome = world.apply(op);
        no_time_is_sold_twice(&world);
        seen.look(&world);
        if outcome.is_err() {
            assert_eq!(before, world.table.slots, "{op:?} was refused, yet something changed");
        }
    }
}

/// A capacity, and steps on a resource of it.
fn moves() -> impl Strategy<Value = (u32, Vec<Op>)> {
    (1..=3_u32).prop_flat_map(|capacity| (Just(capacity), on_moving_grids(capacity)))
}

proptest! {
    #[test]
    fn nothing_is_sold_twice_while_the_grid_moves((capacity, ops) in moves()) {
        live(World::new(capacity, Approval::Auto), &ops);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn nothing_is_sold_twice_by_requests_that_take_their_time(ops in races_of_grids()) {
        live(World::new(1, Approval::Auto), &ops);
    }
}

#[test]
fn the_steps_sell_on_every_grid_and_meet_every_obstacle() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        let mut world = World::new(2, Approval::Auto);
        for op in on_moving_grids(2).new_tree(&mut runner).unwrap().current() {
            let step = world.table.resource.calendar.slot_minutes.unwrap();
            let name = match (world.apply(&op), &op) {
                (Ok(_), Op::Place { .. }) => format!("{step} minutes"),
                (Err(Rejection::InTransition(_)), _) => "in transition".to_owned(),
                (Err(Rejection::SlotFull), _) => "full".to_owned(),
                _ => continue,
            };
            *met.entry(name).or_default() += 1;
        }
    }
    let wanted = GRIDS.map(|(minutes, _)| format!("{minutes} minutes"));
    for name in wanted.iter().map(String::as_str).chain(["in transition", "full"]) {
        assert!(met.get(name).is_some_and(|count| *count >= 5), "{name} of {met:?}");
    }
}
