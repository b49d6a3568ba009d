//! What it costs to book more than one resource, to wait, to be offered and to move, in the units of
//! [`crate::units`]. A first attempt that DynamoDB refuses is paid for as well; the embedded database does
//! not report it.

#![expect(clippy::float_cmp, reason = "units come in halves, which are exact")]

use crate::units::{ITEM, Meter, OPEN, POINTER};
use domain::{
    Capacity, NewBooking, Quantity, Reschedule, Resource, ResourceId, Sale, Status, With,
};
use jiff::SignedDuration;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, cancel, confirm, hold, room};

async fn tables(capacity: u32) -> Tables {
    let tables = Tables::start();
    for resource in [room(capacity), other(capacity)] {
        tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    }
    tables
}

fn other(capacity: u32) -> Resource {
    Resource { id: ResourceId::parse("room-2").unwrap(), ..room(capacity) }
}

fn wait(name: &str, start: &str) -> NewBooking {
    NewBooking { sale: Sale::Wait, ..hold(name, "wait", start) }
}

/// Each other resource is a slot and a pointer more.
#[tokio::test]
async fn with_another_resource() {
    let tables = tables(10).await;
    let meter = Meter(&tables.bookings);
    let with = vec![With { resource: other(1).id, quantity: Quantity::ONE }];
    let held = NewBooking { with, ..hold("alice", "1", "09:00:00") };
    let sale = ITEM * 3.0;
    assert_eq!(meter.both(&held, &confirm()).await, (sale + 2.0 * POINTER + OPEN, sale));
    let held = NewBooking { key: hold("alice", "2", "09:00:00").key, ..held };
    assert_eq!(meter.both(&held, &cancel()).await.1, sale);
}

/// A table of one party is no dearer than a place.
#[tokio::test]
async fn all_places_of_a_slot() {
    let tables = tables(1).await;
    let table = Resource { sharing: false, capacity: Capacity::new(6).unwrap(), ..room(1) };
    tables.bookings.put_resource(table, at(NOW)).await.unwrap();
    let held = hold("alice", "1", "09:00:00");
    let costs = Meter(&tables.bookings).both(&held, &confirm()).await;
    assert_eq!(costs, (2.0 * ITEM + POINTER + OPEN, 2.0 * ITEM));
}

#[tokio::test]
async fn in_a_line_and_out_of_it() {
    let tables = tables(1).await;
    let meter = Meter(&tables.bookings);
    tables.bookings.place(&book("bob", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    // The booking, the slot and the place in its line.
    let line = 3.0 * ITEM;
    let waits = meter.both(&wait("alice", "09:00:00"), &cancel()).await;
    assert_eq!(waits, (line + POINTER + OPEN, line));
    let two = NewBooking { end: Some(at("10:00:00")), ..wait("carol", "09:00:00") };
    assert_eq!(meter.both(&two, &cancel()).await, (5.0 * ITEM + POINTER + OPEN, 5.0 * ITEM));
}

/// Whoever gives places back pays for the offers: each is a booking, and a place in the line of each of
/// its slots.
#[tokio::test]
async fn a_cancellation_with_offers() {
    for offers in [1, 3] {
        let tables = tables(offers).await;
        let meter = Meter(&tables.bookings);
        let quantity = Quantity::new(offers).unwrap();
        let all = NewBooking { quantity, ..book("bob", "1", "09:00:00") };
        let sold = tables.bookings.place(&all, 50, at(NOW)).await.unwrap();
        let mut line = Vec::new();
        for n in 0..4 {
            let now = at(NOW) + SignedDuration::from_millis(n);
            let waits = wait(&format!("w{n}"), "09:00:00");
            line.push(tables.bookings.place(&waits, 50, now).await.unwrap());
        }
        let now = at("08:01:00");
        let intent = cancel();
        let change = tables.bookings.carry_out(&sold.customer, &sold.id, &intent, None, now);
        let (_, units) = meter.units(change).await;
        assert_eq!(units.written, 2.0 * ITEM + f64::from(offers) * 2.0 * ITEM);
        println!("cancel with {offers} offers: {units:?}");
        for (n, waits) in (0..).zip(&line) {
            let read = tables.bookings.booking(&waits.customer, &waits.id, now).await.unwrap();
            let offered = read.unwrap().status == Status::Held;
            assert_eq!(offered, n < offers, "{n}");
        }
    }
}

/// A booking that moves to another resource leaves a slot and takes one, and is pointed at there.
#[tokio::test]
async fn a_move_to_another_resource() {
    let tables = tables(2).await;
    let meter = Meter(&tables.bookings);
    let move_to = |resource: Option<ResourceId>, quantity: u32| {
        let quantity = Quantity::new(quantity).ok();
        Intent::Reschedule(Reschedule { resource, quantity, ..Reschedule::default() }, 50)
    };
    let booked = book("alice", "1", "09:00:00");
    let there = meter.both(&booked, &move_to(Some(other(1).id), 2)).await;
    assert_eq!(there, (2.0 * ITEM + POINTER, 3.0 * ITEM + POINTER));
    // Another quantity where it is.
    let booked = book("alice", "2", "09:00:00");
    assert_eq!(meter.both(&booked, &move_to(None, 2)).await.1, 2.0 * ITEM);
}
