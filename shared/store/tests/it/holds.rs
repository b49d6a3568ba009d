//! Holds that run out, in numbers and long ago.

use crate::ledger::Ledger;
use domain::slot::VERSIONS_PER_WRITE;
use domain::{
    Action, Approval, Booking, HoldSeconds, NewBooking, Quantity, Rejection, Resource, Sale, Status,
};
use futures::future::join_all;
use jiff::SignedDuration;
use store::bookings::change::Intent;
use store::{CommandError, keys};
use support::fixtures::{NOW, Shortly, approve, at, book, cancel, confirm, hold, room};
use support::{Item, Tables};

async fn tables(capacity: u32) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(room(capacity), at(NOW)).await.unwrap();
    tables
}

#[tokio::test]
async fn open_holds_are_limited() {
    let tables = tables(10).await;
    let place = async |request: NewBooking, now| tables.bookings.place(&request, 2, at(now)).await;
    let first = place(hold("alice", "1", "09:00:00"), NOW).await.unwrap();
    place(hold("alice", "2", "09:00:00"), "08:01:00").await.unwrap();
    let third = || hold("alice", "3", "09:00:00");
    let refused = place(third(), "08:02:00").await;
    assert!(
        matches!(refused, Err(CommandError::Rejected(Rejection::LimitExceeded(_)))),
        "{refused:?}"
    );
    // A repeated request makes no new hold, a booking is none, and others have limits of their own.
    assert_eq!(place(hold("alice", "1", "09:00:00"), "08:02:00").await.unwrap(), first);
    place(book("alice", "4", "09:00:00"), "08:02:00").await.unwrap();
    place(hold("bob", "1", "09:00:00"), "08:02:00").await.unwrap();
    // The first hold is over at its end, and not a millisecond before.
    let end = first.hold_expires_at.unwrap();
    let place = async |now| tables.bookings.place(&third(), 2, now).await;
    place(end - SignedDuration::from_millis(1)).await.unwrap_err();
    place(end).await.unwrap();
}

/// Held or pending, whatever is open counts, with its places; what is sold or given back does not,
/// without anything being written for it.
#[tokio::test]
async fn what_is_open_counts_with_its_places() {
    let tables = Tables::start();
    let manual = Resource { approval: Approval::Manual, ..room(100) };
    tables.bookings.put_resource(manual, at(NOW)).await.unwrap();
    let many = |key: &str, places, sale| NewBooking {
        quantity: Quantity::new(places).unwrap(),
        sale,
        ..book("alice", key, "09:00:00")
    };
    let place = async |request: NewBooking| tables.bookings.place(&request, 20, at(NOW)).await;
    // The first may be of any size.
    let large = place(many("0", 30, Sale::Book)).await.unwrap();
    assert!(matches!(place(many("1", 1, Sale::Hold)).await, Err(CommandError::Rejected(_))));
    let settle = async |booking: &Booking, intent| {
        let change =
            tables.bookings.carry_out(&booking.customer, &booking.id, &intent, None, at(NOW));
        change.await.unwrap()
    };
    settle(&large, approve()).await;
    for (key, sale) in [("2", Sale::Hold), ("3", Sale::Book)] {
        place(many(key, 9, sale)).await.unwrap();
    }
    assert!(matches!(place(many("4", 3, Sale::Book)).await, Err(CommandError::Rejected(_))));
    let last = place(many("5", 2, Sale::Book)).await.unwrap();
    assert!(matches!(place(many("6", 1, Sale::Book)).await, Err(CommandError::Rejected(_))));
    settle(&last, cancel()).await;
    place(many("6", 1, Sale::Book)).await.unwrap();
}

/// No two requests of a customer pass the limit together.
#[tokio::test]
async fn the_limit_holds_for_requests_at_once() {
    let tables = tables(100).await;
    let requests: Vec<_> = (0..24).map(|n| hold("alice", &n.to_string(), "09:00:00")).collect();
    let place = |request| tables.bookings.place(request, 10, at(NOW));
    let answers = join_all(requests.iter().map(place)).await;
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    let ledger = Ledger::read(&tables).await;
    assert_eq!((ledger.bookings.len(), refused), (10, 14), "{answers:?}");
}

/// What no operator has answered before it began keeps nobody from booking anything else.
#[tokio::test]
async fn what_was_never_answered_does_not_count_for_ever() {
    let tables = Tables::start();
    let manual = Resource { approval: Approval::Manual, ..room(10) };
    tables.bookings.put_resource(manual, at(NOW)).await.unwrap();
    let place = async |key: &str, start: &str, now: &str| {
        tables.bookings.place(&book("alice", key, start), 2, at(now)).await
    };
    for (key, start) in [("1", "09:00:00"), ("2", "09:30:00")] {
        assert_eq!(place(key, start, NOW).await.unwrap().status, Status::Pending);
    }
    place("3", "12:00:00", "08:59:59").await.unwrap_err();
    place("3", "12:00:00", "09:00:00").await.unwrap();
    place("4", "12:00:00", "09:29:59").await.unwrap_err();
    place("4", "12:00:00", "09:30:00").await.unwrap();
}

/// What was entered for a hold that was then refused does not count.
#[tokio::test]
async fn a_refused_hold_is_not_open() {
    let tables = tables(1).await;
    tables.bookings.place(&hold("bob", "1", "09:00:00"), 2, at(NOW)).await.unwrap();
    for n in 0..5 {
        let request = hold("alice", &n.to_string(), "09:00:00");
        tables.bookings.place(&request, 2, at(NOW)).await.unwrap_err();
    }
    for (key, start) in [("6", "09:30:00"), ("7", "10:00:00")] {
        tables.bookings.place(&hold("alice", key, start), 2, at(NOW)).await.unwrap();
    }
}

/// Hundreds of holds have run out, at as many instants as there can be, and all of their places are
/// wanted at once.
#[tokio::test]
async fn hundreds_of_run_out_holds_give_way() {
    let tables = tables(240).await;
    for n in 0..240 {
        let now = at(NOW) + SignedDuration::from_millis(n * 1250);
        let request = hold(&format!("gone{n}"), "1", "09:00:00");
        tables.bookings.place(&request, 50, now).await.unwrap();
    }
    let slot = Ledger::read(&tables).await.slots[&at("09:00:00")].clone();
    assert_eq!((slot.taken, slot.expiring.len()), (240, 64));
    let later = at("08:12:00");
    let group =
        NewBooking { quantity: Quantity::new(230).unwrap(), ..book("group", "1", "09:00:00") };
    tables.bookings.place(&group, 50, later).await.unwrap();
    let rest = (0..12).map(|n| book(&format!("late{n}"), "1", "09:00:00")).collect::<Vec<_>>();
    let rest = join_all(rest.iter().map(|request| tables.bookings.place(request, 50, later))).await;
    assert_eq!(rest.iter().filter(|answer| answer.is_ok()).count(), 10);

    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(240, later);
    // 240 holds and 11 bookings, the first of which has dropped 64 buckets.
    let writes = 240 + 11;
    assert_eq!(ledger.slots[&at("09:00:00")].version.get(), writes * VERSIONS_PER_WRITE);
}

/// Where holds have had many lengths, a slot has more buckets than one write can name.
#[tokio::test]
async fn more_buckets_than_one_write_names_give_way() {
    let tables = Tables::start();
    for n in 1..=200 {
        let hold_seconds = HoldSeconds::new(n).unwrap();
        let resource = Resource { hold_seconds, ..room(200) };
        tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
        let request = hold(&format!("gone{n}"), "1", "09:00:00");
        tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    }
    let later = at("08:12:00");
    let all = NewBooking { quantity: Quantity::new(200).unwrap(), ..book("all", "1", "09:00:00") };
    tables.bookings.place(&all, 50, later).await.unwrap();
    Ledger::read(&tables).await.assert_balanced(200, later);
}

/// Slots are collected a month after they are over; their bookings stay and can still be settled.
#[tokio::test]
async fn a_booking_outlives_its_slots() {
    let later = at(NOW) + SignedDuration::from_hours(24 * 40);
    for (command, status) in [
        (Intent::Act(Action::Complete), Status::Completed),
        (Intent::Act(Action::NoShow), Status::NoShow),
    ] {
        let tables = Tables::start();
        tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
        let request = NewBooking { end: Some(at("10:00:00")), ..book("alice", "1", "09:00:00") };
        let made = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        for start in [at("09:00:00"), at("09:30:00")] {
            let delete = tables.raw.client.delete_item().table_name(tables.raw.name("bookings"));
            let key = keys::slot(&made.resource, start).attributes();
            delete.set_key(Some(key)).send().await.unwrap();
        }
        let (customer, id) = (&made.customer, &made.id);
        let settled = tables.bookings.carry_out(customer, id, &command, None, later).await;
        assert_eq!(settled.unwrap().status, status, "{command:?}");
        assert_eq!(Ledger::read(&tables).await.slots.len(), 0);
    }
}

/// A hold confirmed at its last millisecond is sold; at its end it is out.
#[tokio::test]
async fn a_hold_ends_to_the_millisecond() {
    for sold in [true, false] {
        let tables = tables(1).await;
        let request = hold("alice", "1", "09:00:00");
        let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        let now = held.hold_expires_at.unwrap() - SignedDuration::from_millis(i64::from(sold));
        let confirm = confirm();
        let change = tables.bookings.carry_out(&held.customer, &held.id, &confirm, None, now);
        match change.await {
            Ok(confirmed) => assert!(sold && confirmed.status == Status::Confirmed),
            Err(CommandError::Rejected(Rejection::HoldExpired)) => assert!(!sold),
            other => panic!("{now}: {other:?}"),
        }
        Ledger::read(&tables).await.assert_balanced(1, now);
    }
}

/// That a hold has run out is written before anybody is told: a confirmation decided before its end
/// and written after it is refused, and does not come under the version that was seen as expired.
#[tokio::test]
async fn nobody_sees_a_hold_run_out_that_is_confirmed_afterwards() {
    let tables = tables(1).await;
    let request = hold("alice", "1", "09:00:00");
    let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    let end = held.hold_expires_at.unwrap();
    let seen = tables.bookings.booking(&held.customer, &held.id, end).await.unwrap().unwrap();
    assert_eq!((seen.status, seen.version.get()), (Status::Expired, 2));
    let late = end - SignedDuration::from_millis(1);
    let change = tables.bookings.carry_out(&held.customer, &held.id, &confirm(), None, late).await;
    assert!(matches!(change, Err(CommandError::Rejected(Rejection::HoldExpired))), "{change:?}");
    for found in [
        tables.bookings.booking(&held.customer, &held.id, late).await.unwrap().unwrap(),
        tables.bookings.place(&request, 50, late).await.unwrap(),
        tables.bookings.bookings_of(&held.customer, None, 9, None, late).await.unwrap().0.remove(0),
    ] {
        assert_eq!(found, seen);
    }
    // The slot was left alone, and gives the places to whoever comes.
    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(1, end);
    assert_eq!(ledger.slots[&at("09:00:00")].taken, 1);
    tables.bookings.place(&hold("bob", "1", "09:00:00"), 50, end).await.unwrap();
}

/// A booking is collected only when its time has passed: a key that is used again before that is the
/// same booking, and one that is used again after it cannot be sold at the same place.
#[tokio::test]
async fn a_booking_is_collected_after_its_time() {
    let tables = tables(1).await;
    let start = at("09:00:00") + SignedDuration::from_hours(24 * 20);
    let request = NewBooking { start, ..hold("alice", "1", "09:00:00") };
    let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    let ttl = async || {
        let items = tables.raw.scan("bookings").await;
        let booking = |item: &&Item| item["SK"].as_s().unwrap().starts_with("B#");
        items.iter().find(booking).unwrap()["ttl"].as_n().unwrap().parse::<i64>().unwrap()
    };
    let kept = (held.stretch.end() + SignedDuration::from_hours(24 * 7)).as_second();
    assert_eq!(ttl().await, kept);
    let later = at(NOW) + SignedDuration::from_hours(24 * 10);
    let again = tables.bookings.place(&request, 50, later).await.unwrap();
    assert_eq!((again.status, again.version.get()), (Status::Expired, 2));
    assert_eq!(ttl().await, kept);
    // As after its collection, too late.
    let delete = tables.raw.client.delete_item().table_name(tables.raw.name("bookings"));
    let key = keys::booking(&held.customer, held.id.hash()).attributes();
    delete.set_key(Some(key)).send().await.unwrap();
    let late = held.stretch.end() + SignedDuration::from_hours(170);
    let answer = tables.bookings.place(&request, 50, late).await;
    assert!(matches!(answer, Err(CommandError::Rejected(Rejection::Closed(_)))));
}
