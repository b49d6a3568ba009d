//! What is pending runs out, as holds do; and what became pending before it did so does not.

use crate::ledger::Ledger;
use domain::{
    Action, Approval, Booking, NewBooking, PendingMinutes, Quantity, Rejection, Resource, Status,
};
use futures::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use store::CommandError;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, approve, at, book, cancel, confirm, customer, hold, room};

/// A room in which an operator approves within so many minutes.
async fn tables(capacity: u32, minutes: Option<u32>) -> Tables {
    let tables = Tables::start();
    let pending_minutes = minutes.map(|minutes| PendingMinutes::new(minutes).unwrap());
    let resource = Resource { approval: Approval::Manual, pending_minutes, ..room(capacity) };
    tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    tables
}

async fn change(
    tables: &Tables,
    booking: &Booking,
    intent: &Intent,
    now: Timestamp,
) -> Result<Booking, CommandError> {
    tables.bookings.carry_out(&booking.customer, &booking.id, intent, None, now).await
}

fn decline() -> Intent {
    Intent::Act(Action::Decline(None))
}

#[tokio::test]
async fn its_places_are_free_at_the_end_and_not_a_millisecond_before() {
    let tables = tables(1, Some(30)).await;
    let pending = tables.bookings.place(&book("alice", "1", "09:00:00"), 50, at(NOW)).await;
    let pending = pending.unwrap();
    let end = pending.pending_expires_at.unwrap();
    assert!(end >= at("08:30:00") && end < at("08:30:29"), "{end}");
    let read = tables.bookings.booking(&pending.customer, &pending.id, at(NOW)).await.unwrap();
    assert_eq!(read.as_ref(), Some(&pending));
    let another = book("bob", "1", "09:00:00");
    let early = tables.bookings.place(&another, 50, end - SignedDuration::from_millis(1)).await;
    assert!(matches!(early, Err(CommandError::Rejected(Rejection::SlotFull))), "{early:?}");
    let taken = tables.bookings.place(&another, 50, end).await.unwrap();
    assert_eq!(taken.status, Status::Pending);
    Ledger::read(&tables).await.assert_balanced(1, end);
    let late = change(&tables, &pending, &approve(), end).await;
    let ran_out = Box::new(pending.at(end));
    match late {
        Err(CommandError::Rejected(rejection)) => {
            assert_eq!(rejection, Rejection::InvalidTransition(ran_out));
        }
        other => panic!("{other:?}"),
    }
}

/// From hold to pending to what becomes of it: the books agree after each step, and later.
#[tokio::test]
async fn a_hold_moves_to_the_bucket_of_its_new_end() {
    for (intent, status, left) in [
        (approve(), Status::Confirmed, 2),
        (decline(), Status::Declined, 0),
        (cancel(), Status::Cancelled, 0),
    ] {
        let tables = tables(2, Some(10)).await;
        let request = NewBooking {
            end: Some(at("10:30:00")),
            quantity: Quantity::new(2).unwrap(),
            ..hold("alice", "1", "09:00:00")
        };
        let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        let pending = change(&tables, &held, &confirm(), at("08:01:00")).await.unwrap();
        let end = pending.pending_expires_at.unwrap();
        assert!(end > held.hold_expires_at.unwrap());
        let balanced = async |now| Ledger::read(&tables).await.assert_balanced(2, now);
        for now in [at("08:01:00"), at("08:06:00"), end] {
            balanced(now).await;
        }
        let over = change(&tables, &pending, &intent, at("08:10:00")).await.unwrap();
        assert_eq!((over.status, over.pending_expires_at), (status, None));
        for now in [at("08:10:00"), end, at("12:00:00")] {
            balanced(now).await;
            assert_eq!(Ledger::read(&tables).await.taken(at("10:00:00"), now), left);
        }
    }
}

/// What is pending runs out when it starts at the latest: a hold that outlasts its start cannot become
/// pending any more.
#[tokio::test]
async fn a_confirmation_after_the_start_is_too_late() {
    let tables = tables(1, None).await;
    let late = at("08:58:00");
    let held = tables.bookings.place(&hold("alice", "1", "09:00:00"), 50, late).await.unwrap();
    assert!(held.hold_expires_at.unwrap() > at("09:00:00"));
    let refused = change(&tables, &held, &confirm(), at("09:00:00")).await;
    assert!(matches!(refused, Err(CommandError::Rejected(Rejection::HoldExpired))), "{refused:?}");
    let pending = change(&tables, &held, &confirm(), at("08:59:59")).await.unwrap();
    assert_eq!(pending.pending_expires_at, Some(at("09:00:00")));
    Ledger::read(&tables).await.assert_balanced(1, at("08:59:59"));
    Ledger::read(&tables).await.assert_balanced(1, at("09:00:00"));
}

/// An approval that began just before the end meets somebody who needs the place just after: one of the
/// two gets it, whoever comes first.
#[tokio::test]
async fn a_late_approval_meets_a_new_booking() {
    let mut approved = Vec::new();
    for head_start in [0, 1, 2, 3, 4, 5, 6, 8, 20] {
        let tables = tables(1, Some(1)).await;
        let request = book("alice", "1", "09:00:00");
        let pending = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        let end = pending.pending_expires_at.unwrap();
        let before = end - SignedDuration::from_millis(1);
        let yes = async {
            for _ in 0..head_start {
                tables.bookings.resource(&request.resource).await.unwrap();
            }
            change(&tables, &pending, &approve(), before).await
        };
        let second = book("bob", "1", "09:00:00");
        let (yes, placed) = join(yes, tables.bookings.place(&second, 50, end)).await;
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(1, end);
        assert_eq!(ledger.live(end), 1);
        match (yes, placed) {
            (Ok(booking), Err(CommandError::Rejected(Rejection::SlotFull))) => {
                assert_eq!(ledger.bookings, [booking]);
                approved.push(true);
            }
            (Err(CommandError::Rejected(Rejection::InvalidTransition(current))), Ok(booking)) => {
                assert!(ledger.bookings.contains(&booking));
                assert_eq!(*current, pending.at(end));
                approved.push(false);
            }
            other => panic!("{head_start}: {other:?}"),
        }
    }
    assert!(approved.contains(&true) && approved.contains(&false));
}

/// Items of a release in which nothing pending ran out: they have no end, and no bucket in their slots.
#[tokio::test]
async fn what_is_pending_from_before_waits_as_long_as_it_did() {
    for (intent, status, left) in [
        (approve(), Status::Confirmed, 1),
        (decline(), Status::Declined, 0),
        (cancel(), Status::Cancelled, 0),
    ] {
        let tables = tables(1, Some(5)).await;
        let request = book("alice", "1", "09:00:00");
        let pending = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        for mut item in tables.raw.scan("bookings").await {
            let before = item.len();
            item.retain(|name, _| {
                let bucket = name.starts_with('x');
                !(bucket || name == "pendingUntil" || (name == "ttl" && before > 10))
            });
            if item.len() < before {
                let put = tables.raw.client.put_item().table_name(tables.raw.name("bookings"));
                put.set_item(Some(item)).send().await.unwrap();
            }
        }
        let later = at("08:59:00");
        let read = tables.bookings.booking(&customer("alice"), &pending.id, later).await.unwrap();
        let old = Booking { pending_expires_at: None, ..pending };
        assert_eq!(read.as_ref(), Some(&old));
        Ledger::read(&tables).await.assert_balanced(1, later);
        let full = tables.bookings.place(&book("bob", "1", "09:00:00"), 50, later).await;
        assert!(matches!(full, Err(CommandError::Rejected(Rejection::SlotFull))), "{full:?}");
        let over = change(&tables, &old, &intent, later).await.unwrap();
        assert_eq!(over.status, status);
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(1, later);
        assert_eq!(ledger.taken(at("09:00:00"), later), left);
    }
}

/// However many are held and pending on a slot, from however many bookings, it has a bounded number of
/// buckets: its item stays within 2 KB, and gives its places back.
#[tokio::test]
async fn held_and_pending_in_crowds_leave_a_slot_small() {
    let tables = tables(2000, Some(10)).await;
    // Eight minutes of holds and of bookings, at as many instants as there can be.
    let requests = (0..800_i64).map(|n| {
        let now = at(NOW) + SignedDuration::from_millis(n * 600);
        let name = format!("c{n}");
        let request =
            if n % 2 == 0 { hold(&name, "1", "09:00:00") } else { book(&name, "1", "09:00:00") };
        (request, now)
    });
    for chunk in requests.collect::<Vec<_>>().chunks(8) {
        let all = chunk.iter().map(|(request, now)| tables.bookings.place(request, 50, *now));
        assert!(join_all(all).await.iter().all(Result::is_ok));
    }
    let ledger = Ledger::read(&tables).await;
    let slot = &ledger.slots[&at("09:00:00")];
    // 64 ends of holds, and as many of what is pending.
    assert!(slot.expiring.len() <= 2 * 66, "{} buckets", slot.expiring.len());
    for now in ["08:08:00", "08:09:00", "08:12:00", "08:20:00"] {
        ledger.assert_balanced(2000, at(now));
    }
    let all = NewBooking { quantity: Quantity::new(2000).unwrap(), ..book("all", "1", "09:00:00") };
    tables.bookings.place(&all, 50, at("08:20:00")).await.unwrap();
    Ledger::read(&tables).await.assert_balanced(2000, at("08:20:00"));
}
