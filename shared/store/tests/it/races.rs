//! Many at once. What came of it is read from the tables, not from the answers.
//!
//! The embedded database carries out one call after the other, so the order of events comes from
//! the round trips of the callers: each seed starts them in another order.

use crate::ledger::Ledger;
use domain::slot::VERSIONS_PER_WRITE;
use domain::{Action, Booking, NewBooking, Quantity, Rejection, Resource, Status, Version};
use fastrand::Rng;
use futures::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use store::CommandError;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, cancel, confirm, hold, room};

const SEEDS: std::ops::Range<u64> = 0..4;

async fn tables(resource: Resource) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    tables
}

/// All of them at once, in an order of their own for each seed.
async fn place_all(
    tables: &Tables,
    mut requests: Vec<NewBooking>,
    seed: u64,
    now: Timestamp,
) -> Vec<Result<Booking, CommandError>> {
    Rng::with_seed(seed).shuffle(&mut requests);
    join_all(requests.iter().map(|request| tables.bookings.place(request, 50, now))).await
}

fn sold(answers: &[Result<Booking, CommandError>]) -> usize {
    for answer in answers {
        let fine = matches!(answer, Ok(_) | Err(CommandError::Rejected(Rejection::SlotFull)));
        assert!(fine, "{answer:?}");
    }
    answers.iter().filter(|answer| answer.is_ok()).count()
}

#[tokio::test]
async fn the_last_places_of_a_slot_are_sold_once() {
    for seed in SEEDS {
        let tables = tables(room(3)).await;
        let one = |n| match n % 2 {
            0 => hold(&format!("c{n}"), "1", "09:00:00"),
            _ => book(&format!("c{n}"), "1", "09:00:00"),
        };
        let answers = place_all(&tables, (0..64).map(one).collect(), seed, at(NOW)).await;
        assert_eq!(sold(&answers), 3, "seed {seed}");
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(3, at(NOW));
        assert_eq!((ledger.taken(at("09:00:00"), at(NOW)), ledger.bookings.len()), (3, 3));
    }
}

#[tokio::test]
async fn overlapping_stretches_never_oversell() {
    for seed in SEEDS {
        let tables = tables(room(2)).await;
        let mut random = Rng::with_seed(seed);
        let mut one = |n| {
            let first = random.i64(0..8);
            let start = at("09:00:00") + SignedDuration::from_mins(30 * first);
            let end = start + SignedDuration::from_mins(30 * random.i64(1..=4));
            let quantity = Quantity::new(random.u32(1..=2)).unwrap();
            NewBooking {
                start,
                end: Some(end),
                quantity,
                ..hold(&format!("c{n}"), "1", "09:00:00")
            }
        };
        let requests: Vec<NewBooking> = (0..64).map(&mut one).collect();
        let answers = place_all(&tables, requests.clone(), seed, at(NOW)).await;
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(2, at(NOW));
        assert_eq!(ledger.bookings.len(), sold(&answers), "seed {seed}");

        // Nobody was turned away for nothing: who was would not fit now either.
        let again = place_all(&tables, requests, seed, at(NOW)).await;
        assert_eq!(sold(&again), sold(&answers), "seed {seed}");
        assert_eq!(Ledger::read(&tables).await, ledger);
    }
}

#[tokio::test]
async fn one_key_sixteen_times_at_once_is_one_booking() {
    for seed in SEEDS {
        let tables = tables(room(5)).await;
        let request = NewBooking { end: Some(at("10:30:00")), ..hold("alice", "1", "09:00:00") };
        let answers = place_all(&tables, vec![request; 16], seed, at(NOW)).await;
        let first = answers[0].as_ref().unwrap();
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));

        let ledger = Ledger::read(&tables).await;
        assert_eq!(ledger.bookings, std::slice::from_ref(first));
        assert_eq!(ledger.slots.len(), 3);
        for slot in ledger.slots.values() {
            let once = Version::new(VERSIONS_PER_WRITE);
            assert_eq!((slot.taken, slot.version, slot.expiring.len()), (1, once, 1));
        }
    }
}

#[tokio::test]
async fn places_of_run_out_holds_are_sold_once() {
    for seed in SEEDS {
        let tables = tables(room(6)).await;
        let abandoned = (0..6).map(|n| hold(&format!("gone{n}"), "1", "09:00:00")).collect();
        assert_eq!(sold(&place_all(&tables, abandoned, seed, at(NOW)).await), 6);

        let later = at("08:06:00");
        let late = (0..32).map(|n| hold(&format!("late{n}"), "1", "09:00:00")).collect();
        assert_eq!(sold(&place_all(&tables, late, seed, later).await), 6, "seed {seed}");
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(6, later);
        let slot = &ledger.slots[&at("09:00:00")];
        // Six holds, and six again, the first of which has dropped the bucket that ran out.
        let twelve = Version::new(12 * VERSIONS_PER_WRITE);
        assert_eq!((slot.at(later).version, slot.expiring.len()), (twelve, 1));
    }
}

/// A confirmation that began just before the hold ended meets somebody who needs the places just
/// after: one of the two gets them, whoever comes first.
#[tokio::test]
async fn a_late_confirmation_meets_a_new_hold() {
    let mut sold_to_alice = Vec::new();
    for head_start in [0, 1, 2, 3, 4, 5, 6, 8, 20] {
        let tables = tables(room(1)).await;
        let first = NewBooking { end: Some(at("10:30:00")), ..hold("alice", "1", "09:00:00") };
        let held = tables.bookings.place(&first, 50, at(NOW)).await.unwrap();
        let end = held.hold_expires_at.unwrap();
        let before = end - SignedDuration::from_millis(1);
        let confirm = async {
            // Bob needs more calls than Alice, so she lets him make some first.
            for _ in 0..head_start {
                tables.bookings.resource(&first.resource).await.unwrap();
            }
            tables.bookings.carry_out(&held.customer, &held.id, &confirm(), None, before).await
        };
        // Bob wants only the last of Alice's slots.
        let second = hold("bob", "1", "10:00:00");
        let place = tables.bookings.place(&second, 50, end);
        let (confirmed, placed) = join(confirm, place).await;

        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(1, end);
        assert_eq!(ledger.live(end), 1);
        match (confirmed, placed) {
            (Ok(booking), Err(CommandError::Rejected(Rejection::SlotFull))) => {
                assert_eq!(booking.status, Status::Confirmed);
                assert_eq!(ledger.bookings, [booking]);
                sold_to_alice.push(true);
            }
            (Err(CommandError::Rejected(Rejection::HoldExpired)), Ok(booking)) => {
                assert!(ledger.bookings.contains(&booking));
                let ran_out = |booking: &&Booking| booking.customer == held.customer;
                let ran_out = ledger.bookings.iter().find(ran_out).unwrap();
                assert_eq!(*ran_out, held.at(end));
                sold_to_alice.push(false);
            }
            other => panic!("{head_start}: {other:?}"),
        }
    }
    assert!(sold_to_alice.contains(&true) && sold_to_alice.contains(&false));
}

/// Another's clock is ahead and the hold's places are gone: whatever is still asked of it is
/// answered as if it were that late here too.
#[tokio::test]
async fn a_hold_that_another_has_dropped_is_out() {
    for (command, if_version) in [
        (confirm(), None),
        (Intent::Extend, None),
        (cancel(), None),
        (cancel(), Some(Version::FIRST)),
    ] {
        let tables = tables(room(1)).await;
        let first = hold("alice", "1", "09:00:00");
        let held = tables.bookings.place(&first, 50, at(NOW)).await.unwrap();
        let end = held.hold_expires_at.unwrap();
        tables.bookings.place(&hold("bob", "1", "09:00:00"), 50, end).await.unwrap();
        let before = Ledger::read(&tables).await;

        let now = end - SignedDuration::from_millis(1);
        let change = tables.bookings.carry_out(&held.customer, &held.id, &command, if_version, now);
        let rejection = match change.await.unwrap_err() {
            CommandError::Rejected(rejection) => rejection,
            CommandError::Failed(error) => panic!("{command:?}: {error:?}"),
        };
        let ran_out = Box::new(held.at(end));
        let expected = match (&command, if_version) {
            (Intent::Confirm(_) | Intent::Extend, _) => Rejection::HoldExpired,
            (_, None) => Rejection::InvalidTransition(ran_out),
            (_, Some(_)) => Rejection::VersionConflict(ran_out),
        };
        assert_eq!(rejection, expected, "{command:?}");
        let after = Ledger::read(&tables).await;
        assert_eq!(after.slots, before.slots);
        assert_eq!(after.booked(at("09:00:00"), now), 1);
    }
}

#[tokio::test]
async fn cancel_meets_confirm() {
    for (if_version, seed) in [(None, 0), (None, 1), (Some(Version::FIRST), 0)] {
        let tables = tables(room(1)).await;
        let request = NewBooking { end: Some(at("10:00:00")), ..hold("alice", "1", "09:00:00") };
        let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        let change = async |command: Intent| {
            let change =
                tables.bookings.carry_out(&held.customer, &held.id, &command, if_version, at(NOW));
            change.await
        };
        let confirm = change(confirm());
        let cancel = change(cancel());
        let (confirmed, cancelled) = if seed == 0 {
            join(confirm, cancel).await
        } else {
            let (cancelled, confirmed) = join(cancel, confirm).await;
            (confirmed, cancelled)
        };
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(1, at(NOW));
        let status = ledger.bookings[0].status;
        if if_version.is_some() {
            let conflict = |answer: &Result<Booking, CommandError>| {
                matches!(answer, Err(CommandError::Rejected(Rejection::VersionConflict(_))))
            };
            assert!(conflict(&confirmed) != conflict(&cancelled));
            assert_eq!(status == Status::Confirmed, confirmed.is_ok());
        } else {
            // Whoever came first, it ends cancelled; a confirmation that came too late is told so.
            assert_eq!((cancelled.is_ok(), status), (true, Status::Cancelled));
            let told = matches!(
                &confirmed,
                Ok(_) | Err(CommandError::Rejected(Rejection::InvalidTransition(_)))
            );
            assert!(told, "{confirmed:?}");
            assert_eq!(ledger.taken(at("09:00:00"), at(NOW)), 0);
        }
    }
}

/// Others have places in the slot, so that giving back twice would not be noticed by its count.
#[tokio::test]
async fn a_booking_gives_its_places_back_once() {
    let tables = tables(room(9)).await;
    for name in ["bob", "carol", "dave"] {
        tables.bookings.place(&book(name, "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    }
    let sold = tables.bookings.place(&book("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    let settle = |n: u32| {
        let command = if n.is_multiple_of(2) {
            cancel()
        } else {
            Intent::Act(Action::Cancel(Some(n.to_string())))
        };
        let (bookings, sold) = (&tables.bookings, &sold);
        async move { bookings.carry_out(&sold.customer, &sold.id, &command, None, at(NOW)).await }
    };
    let settled = join_all((0..8).map(settle)).await;
    assert_eq!(settled.iter().filter(|answer| answer.is_ok()).count(), 1);
    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(9, at(NOW));
    assert_eq!(ledger.live(at(NOW)), 3);
}

fn to(start: &str) -> (Timestamp, Option<Timestamp>) {
    (at(start), None)
}

/// Neither may go where the other still is: both stay, and nothing is lost.
#[tokio::test]
async fn two_bookings_cannot_swap_places() {
    let tables = tables(room(1)).await;
    let [alice, bob] = [book("alice", "1", "09:00:00"), book("bob", "1", "11:00:00")];
    let a = tables.bookings.place(&alice, 50, at(NOW)).await.unwrap();
    let b = tables.bookings.place(&bob, 50, at(NOW)).await.unwrap();
    let before = Ledger::read(&tables).await;
    let moves = join(
        tables.bookings.reschedule(&a.customer, &a.id, to("11:00:00"), None, at(NOW)),
        tables.bookings.reschedule(&b.customer, &b.id, to("09:00:00"), None, at(NOW)),
    );
    let (first, second) = moves.await;
    for answer in [first, second] {
        assert!(matches!(answer, Err(CommandError::Rejected(Rejection::SlotFull))), "{answer:?}");
    }
    assert_eq!(Ledger::read(&tables).await, before);
}

/// A chain of moves, each into the place that the one before leaves: however many come through,
/// each booking is in one place, and no place is sold twice.
#[tokio::test]
async fn bookings_move_up_at_once() {
    for seed in SEEDS {
        let tables = tables(room(1)).await;
        let start = |n: i64| at("09:00:00") + SignedDuration::from_mins(30 * n);
        let mut made = Vec::new();
        for n in 0..8 {
            let request = NewBooking { start: start(n), ..book(&format!("c{n}"), "1", "09:00:00") };
            made.push((n, tables.bookings.place(&request, 50, at(NOW)).await.unwrap()));
        }
        Rng::with_seed(seed).shuffle(&mut made);
        let moves = made.iter().map(|(n, booking)| {
            let to = (start(n + 1), None);
            tables.bookings.reschedule(&booking.customer, &booking.id, to, None, at(NOW))
        });
        let moved = join_all(moves).await;
        assert!(moved.iter().any(Result::is_ok));
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(1, at(NOW));
        assert_eq!(ledger.live(at(NOW)), 8);
    }
}

/// One booking sent to eight places at once takes only the last of them.
#[tokio::test]
async fn one_booking_moved_at_once_is_in_one_place() {
    let tables = tables(room(1)).await;
    let made = tables.bookings.place(&book("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    let moves = (1..=6).map(|n| {
        let to = (at("09:00:00") + SignedDuration::from_mins(30 * n), None);
        tables.bookings.reschedule(&made.customer, &made.id, to, None, at(NOW))
    });
    let moved = join_all(moves).await;
    assert!(moved.iter().all(Result::is_ok), "{moved:?}");
    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(1, at(NOW));
    assert_eq!(ledger.bookings[0].version, Version::new(7));
    assert_eq!(ledger.slots.values().map(|slot| slot.taken).sum::<u32>(), 1);
}

#[tokio::test]
async fn a_resource_written_at_once_has_every_version_once() {
    let tables = Tables::start();
    let puts = (1..=8).map(|capacity| tables.bookings.put_resource(room(capacity), at(NOW)));
    let mut written: Vec<Resource> = join_all(puts).await.into_iter().map(Result::unwrap).collect();
    written.sort_by_key(|resource| resource.version);
    let versions: Vec<u64> = written.iter().map(|resource| resource.version.get()).collect();
    assert_eq!(versions, (1..=8).collect::<Vec<_>>());
    let last = written.last().unwrap();
    assert_eq!(&tables.bookings.resource(&last.id).await.unwrap(), last);
    assert_eq!(tables.bookings.resources(10, None).await.unwrap(), (vec![last.clone()], false));
}
