//! What time has brought: early, late, again, and for who waits.

use crate::ledger::Ledger;
use domain::{Booking, NewBooking, Sale, Status, Version};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use store::Item;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, cancel, confirm, hold, room};

async fn tables(capacity: u32) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(room(capacity), at(NOW)).await.unwrap();
    tables
}

async fn place(tables: &Tables, request: &NewBooking) -> Booking {
    tables.bookings.place(request, 50, at(NOW)).await.unwrap()
}

fn wait(name: &str) -> NewBooking {
    NewBooking { sale: Sale::Wait, ..hold(name, "wait", "09:00:00") }
}

/// The booking as the table has it.
async fn written(tables: &Tables, booking: &Booking) -> Booking {
    // At an instant at which nothing has run out.
    let read = tables.bookings.booking(&booking.customer, &booking.id, Timestamp::MIN).await;
    read.unwrap().unwrap()
}

async fn expire(tables: &Tables, booking: &Booking, now: Timestamp) -> Option<Timestamp> {
    tables.bookings.expire(&booking.id, booking.version, now).await.unwrap()
}

/// All items, by their keys.
async fn everything(tables: &Tables) -> HashMap<String, Item> {
    let items = tables.raw.scan("bookings").await.into_iter();
    items.map(|item| (format!("{:?} {:?}", item["PK"], item["SK"]), item.into())).collect()
}

/// Checks that nothing was written.
async fn unchanged(tables: &Tables, before: &HashMap<String, Item>, why: &str) {
    assert!(everything(tables).await == *before, "{why}");
}

#[tokio::test]
async fn a_hold_ends_when_it_runs_out_and_only_then() {
    let tables = tables(2).await;
    let end = Some(at("10:00:00"));
    let held = place(&tables, &NewBooking { end, ..hold("bob", "1", "09:00:00") }).await;
    let until = held.hold_expires_at.unwrap();
    let before = everything(&tables).await;
    let early = until - SignedDuration::from_millis(1);
    assert_eq!(expire(&tables, &held, early).await, Some(until));
    unchanged(&tables, &before, "an early message changes nothing").await;

    assert_eq!(expire(&tables, &held, until).await, None);
    let expired = written(&tables, &held).await;
    assert_eq!((expired.status, expired.version.get()), (Status::Expired, 2));
    assert_eq!(expired.updated_at, until);
    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(2, until);
    for start in ["09:00:00", "09:30:00"] {
        let slot = &ledger.slots[&at(start)];
        // Written, so that who watches is told.
        assert_eq!((slot.taken, slot.expiring.len()), (0, 0), "{start}");
    }
    let after = everything(&tables).await;
    for late in [until, until + SignedDuration::from_hours(1)] {
        assert_eq!(expire(&tables, &held, late).await, None);
        unchanged(&tables, &after, "a repeated message changes nothing").await;
    }
}

#[tokio::test]
async fn who_has_read_that_it_ran_out_leaves_the_slots_to_it() {
    let tables = tables(1).await;
    let held = place(&tables, &hold("bob", "1", "09:00:00")).await;
    let until = held.hold_expires_at.unwrap();
    let read = tables.bookings.booking(&held.customer, &held.id, until).await.unwrap().unwrap();
    assert_eq!(read.status, Status::Expired);
    assert_eq!(Ledger::read(&tables).await.slots[&at("09:00:00")].taken, 1);
    assert_eq!(expire(&tables, &held, until).await, None);
    assert_eq!(Ledger::read(&tables).await.slots[&at("09:00:00")].taken, 0);
}

#[tokio::test]
async fn what_was_written_since_is_told_of_by_itself() {
    let tables = tables(2).await;
    let held = place(&tables, &hold("bob", "1", "09:00:00")).await;
    let until = held.hold_expires_at.unwrap();
    let change = async |intent, now| {
        let changed = tables.bookings.carry_out(&held.customer, &held.id, &intent, None, now).await;
        changed.unwrap()
    };
    let extended = change(Intent::Extend, at("08:01:00")).await;
    let later = extended.hold_expires_at.unwrap();
    assert!(later > until);
    assert_eq!(expire(&tables, &held, until).await, None, "nobody goes round twice for it");
    assert_eq!(expire(&tables, &extended, until).await, Some(later));
    let sold = change(confirm(), until).await;
    let before = everything(&tables).await;
    assert_eq!(expire(&tables, &extended, later).await, None);
    unchanged(&tables, &before, "there is nothing to do").await;
    assert_eq!(written(&tables, &sold).await.status, Status::Confirmed);
}

#[tokio::test]
async fn an_offer_goes_from_one_to_the_next() {
    let tables = tables(1).await;
    let held = place(&tables, &hold("bob", "1", "09:00:00")).await;
    let mut line = Vec::new();
    for (name, joins) in [("carol", "08:00:01"), ("dave", "08:00:02"), ("eve", "08:00:03")] {
        line.push(tables.bookings.place(&wait(name), 50, at(joins)).await.unwrap());
    }
    let mut offered = held;
    for waits in &line {
        let now = offered.hold_expires_at.unwrap();
        assert_eq!(expire(&tables, &offered, now).await, None);
        assert_eq!(written(&tables, &offered).await.status, Status::Expired);
        offered = written(&tables, waits).await;
        assert_eq!(offered.status, Status::Held, "{waits:?}");
        let slot = &Ledger::read(&tables).await.slots[&at("09:00:00")];
        assert_eq!(slot.taken, 1, "it never was free");
        // A message of before, once more.
        assert_eq!(expire(&tables, waits, now).await, None);
        assert_eq!(written(&tables, waits).await, offered);
    }
    let now = offered.hold_expires_at.unwrap();
    expire(&tables, &offered, now).await;
    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(1, now);
    assert_eq!(
        (ledger.slots[&at("09:00:00")].taken, ledger.slots[&at("09:00:00")].waiting),
        (0, 0)
    );
}

#[tokio::test]
async fn who_still_waits_when_it_begins_is_over() {
    let tables = tables(1).await;
    let end = Some(at("10:00:00"));
    place(&tables, &NewBooking { end, ..book("bob", "1", "09:00:00") }).await;
    let waits = place(&tables, &NewBooking { end, ..wait("carol") }).await;
    let begins = at("09:00:00");
    let early = begins - SignedDuration::from_millis(1);
    assert_eq!(expire(&tables, &waits, early).await, Some(begins));
    assert_eq!(expire(&tables, &waits, begins).await, None);
    assert_eq!(written(&tables, &waits).await.status, Status::Expired);
    let slot = &Ledger::read(&tables).await.slots[&at("09:30:00")];
    assert_eq!(slot.waiting, 0, "it has left the line of the slot that is still to come");
}

/// As where who gave places back died before it had offered all of them.
#[tokio::test]
async fn what_came_free_is_offered_whoever_freed_it() {
    for whole in [false, true] {
        let tables = tables(1).await;
        let held = place(&tables, &hold("bob", "1", "09:00:00")).await;
        let waits = place(&tables, &wait("carol")).await;
        let offer = async |now| {
            let resource = &held.resource;
            let offered = if whole {
                tables.bookings.offer_all(resource, now).await
            } else {
                tables.bookings.offer_slot(resource, at("09:00:00"), now).await
            };
            offered.unwrap();
            written(&tables, &waits).await.status
        };
        let until = held.hold_expires_at.unwrap();
        let before = everything(&tables).await;
        assert_eq!(offer(until - SignedDuration::from_millis(1)).await, Status::Waitlisted);
        unchanged(&tables, &before, "there is nothing to do").await;
        assert_eq!(offer(until).await, Status::Held);
        let after = everything(&tables).await;
        assert_eq!(offer(until).await, Status::Held);
        unchanged(&tables, &after, "nothing is left").await;
    }
    let tables = tables(1).await;
    let nowhere = domain::ResourceId::parse("nowhere").unwrap();
    tables.bookings.offer_slot(&nowhere, at("09:00:00"), at(NOW)).await.unwrap();
    tables.bookings.offer_all(&nowhere, at(NOW)).await.unwrap();
}

/// All at once, each message twice.
#[tokio::test]
async fn many_holds_of_one_slot_end_together() {
    let tables = tables(40).await;
    let requests: Vec<_> = (0..40).map(|one| hold(&format!("c{one}"), "1", "09:00:00")).collect();
    let held = join_all(requests.iter().map(|request| place(&tables, request))).await;
    let until = held.iter().filter_map(|it| it.hold_expires_at).max().unwrap();
    let twice = held.iter().chain(&held).map(|booking| expire(&tables, booking, until));
    assert!(join_all(twice).await.iter().all(Option::is_none));
    for booking in &held {
        let expired = written(&tables, booking).await;
        assert_eq!((expired.status, expired.version.get()), (Status::Expired, 2));
    }
    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(40, until);
    assert_eq!(ledger.slots[&at("09:00:00")].taken, 0);
}

#[tokio::test]
async fn what_is_not_there_is_nobodys() {
    let tables = tables(1).await;
    let held = place(&tables, &hold("bob", "1", "09:00:00")).await;
    let cancelled =
        tables.bookings.carry_out(&held.customer, &held.id, &cancel(), None, at(NOW)).await;
    let before = everything(&tables).await;
    assert_eq!(expire(&tables, &cancelled.unwrap(), at("12:00:00")).await, None);
    assert_eq!(expire(&tables, &held, at("12:00:00")).await, None);
    let other =
        domain::BookingId::new(held.resource.clone(), at("11:00:00"), held.id.hash().clone());
    let none = tables.bookings.expire(&other, Version::FIRST, at("12:00:00")).await.unwrap();
    assert_eq!(none, None);
    unchanged(&tables, &before, "it is not there").await;
}
