//! What is held or pending meets its end: whoever keeps it by a clock that is just before the end, and
//! whoever takes its places by one that is at the end. Each place goes to one of them, and none stays idle.
//! Judged by the tables.

use crate::ledger::Ledger;
use domain::{
    Approval, Booking, Capacity, NewBooking, PendingMinutes, Rejection, Resource, Status,
};
use fastrand::Rng;
use futures::future::{join, join_all};
use jiff::SignedDuration;
use store::CommandError;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, approve, at, book, hold, room};

const SEEDS: std::ops::Range<u64> = 0..50;

/// What keeps a booking that would run out.
struct Case {
    resource: Resource,
    /// What is made, and runs out; by whose name, with which key, from when on.
    one: fn(&str, &str, &str) -> NewBooking,
    /// What keeps it.
    keep: Intent,
    /// What it is then.
    kept: Status,
    /// What it is refused with where that is too late.
    is_late: fn(&Rejection) -> bool,
}

/// How many were kept and how many were sold to others.
async fn race(case: &Case, seed: u64) -> (usize, usize) {
    let mut random = Rng::with_seed(seed);
    let capacity = random.u32(1..=4);
    let tables = Tables::start();
    let resource = Resource { capacity: Capacity::new(capacity).unwrap(), ..case.resource.clone() };
    tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    let mut made = Vec::new();
    for n in 0..capacity {
        let request = (case.one)(&format!("early{n}"), "1", "09:00:00");
        made.push(tables.bookings.place(&request, 50, at(NOW)).await.unwrap());
    }
    let end = made[0].runs_out_at().unwrap();
    assert!(made.iter().all(|booking| booking.runs_out_at() == Some(end)));
    let just_before = end - SignedDuration::from_millis(1);
    // The order of events comes from the round trips of the callers: who makes some others first is later.
    let (tables, id) = (&tables, &case.resource.id);
    let waits = |trips: usize| async move {
        for _ in 0..trips {
            tables.bookings.resource(id).await.unwrap();
        }
    };
    let mut trips = || random.usize(..8);
    let keeps = made.iter().map(|Booking { customer, id, .. }| {
        let later = waits(trips());
        async move {
            later.await;
            tables.bookings.carry_out(customer, id, &case.keep, None, just_before).await
        }
    });
    let keeps: Vec<_> = keeps.collect();
    let takes = (0..2 * capacity).map(|n| {
        let later = waits(trips());
        let request = (case.one)(&format!("late{n}"), "1", "09:00:00");
        async move {
            later.await;
            tables.bookings.place(&request, 50, end).await
        }
    });
    let (kept, taken) = join(join_all(keeps), join_all(takes.collect::<Vec<_>>())).await;

    let ledger = Ledger::read(tables).await;
    ledger.assert_balanced(capacity, end);
    for booking in kept.iter().chain(&taken).flatten() {
        assert!(ledger.bookings.contains(booking), "seed {seed}: {booking:?}");
    }
    let mut busy = 0;
    for (refused, of_keeping) in refused(&kept, true).chain(refused(&taken, false)) {
        match refused {
            CommandError::Failed(store::Error::Busy) => busy += 1,
            CommandError::Rejected(reason) if of_keeping => {
                assert!((case.is_late)(reason), "seed {seed}: {reason:?}");
            }
            CommandError::Rejected(Rejection::SlotFull) => {}
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    let (kept, taken): (Vec<_>, Vec<_>) =
        (kept.into_iter().flatten().collect(), taken.into_iter().flatten().collect());
    assert!(kept.iter().all(|booking| booking.status == case.kept), "seed {seed}");
    assert_eq!(ledger.live(end), kept.len() + taken.len(), "seed {seed}");
    let all = usize::try_from(capacity).unwrap();
    assert!(kept.len() + taken.len() == all || busy > 0, "seed {seed}: a place is idle");
    (kept.len(), taken.len())
}

fn refused(
    answers: &[Result<Booking, CommandError>],
    of_keeping: bool,
) -> impl Iterator<Item = (&CommandError, bool)> {
    answers.iter().filter_map(|answer| answer.as_ref().err()).map(move |it| (it, of_keeping))
}

async fn race_all(case: &Case) {
    let (mut kept, mut sold) = (0, 0);
    for seed in SEEDS {
        let (more_kept, more_sold) = race(case, seed).await;
        kept += more_kept;
        sold += more_sold;
    }
    // Neither side always wins.
    assert!(kept > 10 && sold > 10, "{kept} kept, {sold} sold to others");
}

#[tokio::test]
async fn extensions_meet_the_end_of_holds() {
    let is_late = |reason: &Rejection| matches!(reason, Rejection::HoldExpired);
    let (resource, kept) = (room(1), Status::Held);
    race_all(&Case { resource, one: hold, keep: Intent::Extend, kept, is_late }).await;
}

#[tokio::test]
async fn approvals_meet_the_end_of_what_is_pending() {
    let pending_minutes = Some(PendingMinutes::new(1).unwrap());
    let resource = Resource { approval: Approval::Manual, pending_minutes, ..room(1) };
    let is_late = |reason: &Rejection| matches!(reason, Rejection::InvalidTransition(_));
    let (keep, kept) = (approve(), Status::Confirmed);
    race_all(&Case { resource, one: book, keep, kept, is_late }).await;
}
