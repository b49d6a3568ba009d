//! Holds that run out, in numbers and long ago.

use crate::ledger::Ledger;
use crate::support::Tables;
use crate::support::fixtures::{NOW, at, book, hold, room};
use domain::{Approval, Command, Quantity, Rejection, Request, Status};
use futures::future::join_all;
use jiff::SignedDuration;
use store::{Error, keys};

async fn tables(capacity: u32) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(room(capacity), at(NOW)).await.unwrap();
    tables
}

#[tokio::test]
async fn open_holds_are_limited() {
    let tables = tables(10).await;
    let place = async |request: Request, now| tables.bookings.place(&request, 2, at(now)).await;
    let first = place(hold("alice", "1", "09:00:00"), NOW).await.unwrap();
    place(hold("alice", "2", "09:00:00"), "08:01:00").await.unwrap();
    let third = || hold("alice", "3", "09:00:00");
    let refused = place(third(), "08:02:00").await;
    assert!(matches!(refused, Err(Error::Rejected(Rejection::LimitExceeded(_)))), "{refused:?}");
    // A repeated request makes no new hold, a booking is none, and others have limits of their own.
    assert_eq!(place(hold("alice", "1", "09:00:00"), "08:02:00").await.unwrap(), first);
    place(book("alice", "4", "09:00:00"), "08:02:00").await.unwrap();
    place(hold("bob", "1", "09:00:00"), "08:02:00").await.unwrap();
    // The first hold is over at 08:05:00.
    place(third(), "08:04:59.999").await.unwrap_err();
    place(third(), "08:05:00").await.unwrap();
}

/// More holds than the condition of one write can name have run out, and all of their places are
/// wanted at once.
#[tokio::test]
async fn hundreds_of_run_out_holds_give_way() {
    let tables = tables(240).await;
    let abandoned: Vec<Request> =
        (0..240).map(|n| hold(&format!("gone{n}"), "1", "09:00:00")).collect();
    let place = |request| tables.bookings.place(request, 50, at(NOW));
    for made in join_all(abandoned.iter().map(place)).await {
        made.unwrap();
    }
    let later = at("08:05:00");
    let group = Request { quantity: Quantity::new(230).unwrap(), ..book("group", "1", "09:00:00") };
    tables.bookings.place(&group, 50, later).await.unwrap();
    let rest = (0..12).map(|n| book(&format!("late{n}"), "1", "09:00:00")).collect::<Vec<_>>();
    let rest = join_all(rest.iter().map(|request| tables.bookings.place(request, 50, later))).await;
    assert_eq!(rest.iter().filter(|answer| answer.is_ok()).count(), 10);

    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(240, later);
    // 240 holds, 240 that ran out, 11 bookings: as if they had been swept one by one.
    assert_eq!(ledger.slots[&at("09:00:00")].at(later).version.get(), 491);
}

/// Slots are collected a month after they are over; their bookings stay and can still be settled.
#[tokio::test]
async fn a_booking_outlives_its_slots() {
    let later = at(NOW) + SignedDuration::from_hours(24 * 40);
    for (command, status) in [
        (Some(Command::Complete), Status::Completed),
        (Some(Command::NoShow), Status::NoShow),
        (Some(Command::Cancel(None)), Status::Cancelled),
        (None, Status::Confirmed),
    ] {
        let tables = tables(1).await;
        let request = Request { end: Some(at("10:00:00")), ..book("alice", "1", "09:00:00") };
        let made = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        for start in [at("09:00:00"), at("09:30:00")] {
            let delete = tables.raw.client.delete_item().table_name(tables.raw.name("bookings"));
            let key = keys::slot(&made.resource, start).attributes();
            delete.set_key(Some(key)).send().await.unwrap();
        }
        let (customer, id) = (&made.customer, &made.id);
        let settled = if let Some(command) = &command {
            tables.bookings.change(customer, id, command, None, later).await
        } else {
            let to = (later + SignedDuration::from_hours(1), None);
            tables.bookings.reschedule(customer, id, to, None, later).await
        };
        assert_eq!(settled.unwrap().status, status, "{command:?}");
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(1, later);
        assert_eq!(ledger.slots.len(), usize::from(command.is_none()));
    }
}

/// A hold confirmed at its last millisecond is sold; at its end it is out.
#[tokio::test]
async fn a_hold_ends_to_the_millisecond() {
    for (now, sold) in [("08:04:59.999", true), ("08:05:00", false)] {
        let tables = tables(1).await;
        let request = hold("alice", "1", "09:00:00");
        let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        let confirm = Command::Confirm(Approval::Auto);
        let change = tables.bookings.change(&held.customer, &held.id, &confirm, None, at(now));
        match change.await {
            Ok(confirmed) => assert!(sold && confirmed.status == Status::Confirmed),
            Err(Error::Rejected(Rejection::HoldExpired)) => assert!(!sold),
            other => panic!("{now}: {other:?}"),
        }
        Ledger::read(&tables).await.assert_balanced(1, at(now));
    }
}
