//! What each command costs, as `ReturnConsumedCapacity` reports it.
//!
//! A transactional write costs two units for each KB of each item, whichever of the two images is
//! larger; our items are under one KB here. A write by itself costs one. A strongly consistent read
//! costs one unit for each 4 KB.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>

#![expect(clippy::float_cmp, reason = "units come in halves, which are exact")]

use crate::crowded::write_all;
use crate::pools::pools;
use domain::{
    Action, Approval, Booking, Capacity, CustomerId, MadeBy, NewBooking, Reschedule, Resource,
    Status,
};
use jiff::SignedDuration;
use std::fmt::Debug;
use std::future::Future;
use store::Bookings;
use store::bookings::change::Intent;
use store::items::booking::from_booking;
use store::items::pointer::{Pointer, from_pointer};
use store::transact::Consumed;
use support::fixtures::{
    NOW, Shortly, approve, at, book, cancel, code, confirm, customer, hold, room,
};
use support::{Item, Tables};

/// One item of at most one KB in a transaction.
pub const ITEM: f64 = 2.0;
/// A pointer in the resource's calendar: a write by itself.
pub const POINTER: f64 = 1.0;
/// The entry among a customer's open bookings: a write by itself.
pub const OPEN: f64 = 1.0;

/// Counts what one command costs.
pub struct Meter<'a>(pub &'a Bookings);

impl Meter<'_> {
    pub async fn units<T, E: Debug>(
        &self,
        command: impl Future<Output = Result<T, E>>,
    ) -> (T, Consumed) {
        let before = self.0.units().consumed();
        let done = command.await.unwrap();
        let after = self.0.units().consumed();
        let (read, written) = (after.read - before.read, after.written - before.written);
        (done, Consumed { read, written })
    }

    async fn written<T, E: Debug>(&self, command: impl Future<Output = Result<T, E>>) -> (T, f64) {
        let (done, units) = self.units(command).await;
        (done, units.written)
    }

    /// What it costs to make a booking, and then to carry out this.
    pub async fn both(&self, request: &NewBooking, intent: &Intent) -> (f64, f64) {
        let (made, first) = self.written(self.0.place(request, 50, at(NOW))).await;
        let begun = made.stretch.start();
        let closes = matches!(intent, Intent::Act(Action::Complete | Action::NoShow));
        let now = if closes { begun } else { at(NOW) };
        let change = self.0.carry_out(&made.customer, &made.id, intent, None, now);
        (first, self.written(change).await.1)
    }
}

/// From 09:00: one slot, or three.
fn stretch(request: NewBooking, slots: u32) -> NewBooking {
    let end = (slots > 1).then(|| at("09:00:00") + SignedDuration::from_mins(90));
    assert!(slots == 1 || slots == 3);
    NewBooking { end, ..request }
}

async fn costs_of(slots: u32) {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    let auto = room(100);
    let manual = Resource { approval: Approval::Manual, ..auto.clone() };
    tables.bookings.put_resource(auto, at(NOW)).await.unwrap();
    // The booking and its slots.
    let sale = ITEM * f64::from(slots + 1);

    let held = stretch(hold("alice", "1", "09:00:00"), slots);
    let (hold_units, confirm_units) = meter.both(&held, &confirm()).await;
    assert_eq!(hold_units, sale + POINTER + OPEN);
    assert_eq!(confirm_units, sale);
    if slots == 1 {
        assert_eq!((hold_units, confirm_units), (6.0, 4.0));
    }

    let held = stretch(hold("alice", "2", "09:00:00"), slots);
    assert_eq!(meter.both(&held, &cancel()).await.1, sale);

    // Whoever comes keeps the places, and so does who does not, in slots that have begun.
    let not_begun = ITEM * f64::from(slots - 1);
    for (key, intent, expected) in [
        ("3", cancel(), sale),
        ("4", Intent::Act(Action::Complete), ITEM),
        ("5", Intent::Act(Action::NoShow), ITEM + not_begun),
        ("8", Intent::Act(Action::Update(None, Some("regular".to_owned()))), ITEM),
    ] {
        let booked = stretch(book("alice", key, "09:00:00"), slots);
        let (book_units, units) = meter.both(&booked, &intent).await;
        assert_eq!(book_units, sale + POINTER);
        assert_eq!(units, expected, "{intent:?}");
    }

    // The operator's key is an item more; what the customer has open is not written.
    let sold = NewBooking {
        by: MadeBy::OperatorFor(customer("olga")),
        ..stretch(hold("alice", "9", "09:00:00"), slots)
    };
    assert_eq!(meter.both(&sold, &confirm()).await, (sale + ITEM + POINTER, sale));

    tables.bookings.put_resource(manual, at(NOW)).await.unwrap();
    let pending = stretch(book("alice", "6", "09:00:00"), slots);
    // A yes takes the places out of the bucket in which they would run out.
    assert_eq!(meter.both(&pending, &approve()).await, (sale + POINTER + OPEN, sale));
    let pending = stretch(book("alice", "7", "09:00:00"), slots);
    assert_eq!(meter.both(&pending, &Intent::Act(Action::Decline(None))).await.1, sale);
}

#[tokio::test]
async fn a_command_on_one_slot() {
    costs_of(1).await;
}

#[tokio::test]
async fn a_command_on_three_slots() {
    costs_of(3).await;
}

/// An extension moves the places of each slot to another bucket; where the hold's end stays as it is,
/// only the booking is written.
#[tokio::test]
async fn an_extension_pays_for_its_slots_where_the_end_is_another() {
    for slots in [1, 3] {
        let tables = Tables::start();
        let meter = Meter(&tables.bookings);
        tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
        let request = stretch(hold("alice", "1", "09:00:00"), slots);
        let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        let sale = ITEM * f64::from(slots + 1);
        for (now, expected) in [(NOW, ITEM), ("08:04:00", sale), ("08:04:00", ITEM)] {
            let extend =
                tables.bookings.carry_out(&held.customer, &held.id, &Intent::Extend, None, at(now));
            assert_eq!(meter.written(extend).await.1, expected, "{slots} slots at {now}");
        }
    }
}

#[tokio::test]
async fn a_reschedule_pays_for_the_slots_that_it_leaves_and_takes() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let booked = stretch(book("alice", "1", "09:00:00"), 3);
    let made = tables.bookings.place(&booked, 50, at(NOW)).await.unwrap();

    let to = |start: &str, end: &str| (at(start), Some(at(end)));
    let moves = [
        // 09:00, 09:30, 10:00 -> 11:00, 11:30, 12:00: the booking and six slots.
        (to("11:00:00", "12:30:00"), ITEM * 7.0 + POINTER),
        // -> 11:30, 12:00, 12:30: the booking and the two slots at the ends.
        (to("11:30:00", "13:00:00"), ITEM * 3.0 + POINTER),
        // -> 11:30: the booking and two slots left.
        (to("11:30:00", "12:00:00"), ITEM * 3.0 + POINTER),
        // One slot -> another.
        (to("15:00:00", "15:30:00"), ITEM * 3.0 + POINTER),
        // To where it is.
        (to("15:00:00", "15:30:00"), ITEM),
    ];
    for (place, expected) in moves {
        let moved = tables.bookings.reschedule(&made.customer, &made.id, place, None, at(NOW));
        assert_eq!(meter.written(moved).await.1, expected, "{place:?}");
    }
}

#[tokio::test]
async fn a_resource_is_three_items() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    for (names, items) in
        [(&[][..], 3.0), (&["tables", "terrace"], 5.0), (&["tables"], 5.0), (&[], 4.0)]
    {
        // One more for each pool that it is in, or leaves.
        let resource = Resource { pools: pools(names), ..room(1) };
        let put = tables.bookings.put_resource(resource, at(NOW));
        assert_eq!(meter.written(put).await.1, items * ITEM, "{names:?}");
    }
}

#[tokio::test]
async fn what_is_refused_or_found_again_writes_nothing() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let booked = book("alice", "1", "09:00:00");
    tables.bookings.place(&booked, 50, at(NOW)).await.unwrap();
    let (_, units) = meter.written(tables.bookings.place(&booked, 50, at(NOW))).await;
    assert_eq!(units, 0.0);
    let before = tables.bookings.units().consumed();
    tables.bookings.place(&hold("bob", "1", "09:00:00"), 50, at(NOW)).await.unwrap_err();
    assert_eq!(tables.bookings.units().consumed().written, before.written);
}

/// That a hold has run out is written by whoever sees it first, once.
#[tokio::test]
async fn running_out_is_one_write() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let held = tables.bookings.place(&hold("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    for expected in [1.0, 0.0] {
        let read = tables.bookings.booking(&held.customer, &held.id, at("08:06:00"));
        assert_eq!(meter.written(read).await.1, expected);
    }
}

/// The longest texts there can be make items of more than one KB: each further KB costs two more.
#[tokio::test]
async fn the_longest_texts_cost_more() {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
    let name = "\u{1F600}".repeat(128);
    let cancel = Intent::Act(Action::Cancel(Some("\u{1F600}".repeat(500))));
    let (book_units, cancel_units) = meter.both(&book(&name, "1", "09:00:00"), &cancel).await;
    // The name is in the booking's key and in its pointer, each of up to 1 KB; with the reason, the
    // booking has 2 to 3 KB.
    assert_eq!(book_units, ITEM + ITEM + POINTER);
    assert_eq!(cancel_units, 3.0 * ITEM + ITEM);
}

/// What a customer has behind them: past bookings, sold and over.
async fn history(tables: &Tables, customer: &CustomerId, count: usize) {
    let room = tables.bookings.resource(&room(1).id).await.unwrap();
    let made = |n: usize| {
        let request =
            NewBooking { customer: customer.clone(), ..book("-", &format!("old {n}"), "09:00:00") };
        let made = request.decide(&room, &[], &code(), at(NOW)).unwrap();
        let made = Booking { status: Status::Completed, ..made };
        let item: Item = from_booking(&made).unwrap().into();
        item
    };
    let items: Vec<_> = (0..count).map(made).collect();
    write_all(tables, &items).await;
}

/// What every action reads and writes, for a customer with so many old bookings.
async fn costs_with_history(count: usize) -> Vec<(&'static str, Consumed)> {
    let tables = Tables::start();
    let meter = Meter(&tables.bookings);
    let capacity = Capacity::new(10_000).unwrap();
    let auto = Resource { capacity, ..room(1) };
    tables.bookings.put_resource(auto.clone(), at(NOW)).await.unwrap();
    let alice = customer("alice");
    history(&tables, &alice, count).await;
    let now = at(NOW);
    let place =
        async |request: NewBooking| meter.units(tables.bookings.place(&request, 50, now)).await;
    let change = async |booking: &Booking, intent: Intent, now| {
        let change = tables.bookings.carry_out(&booking.customer, &booking.id, &intent, None, now);
        meter.units(change).await.1
    };
    let mut costs = Vec::new();
    let (held, units) = place(hold("alice", "1", "09:00:00")).await;
    costs.push(("hold", units));
    costs.push(("hold, repeated", place(hold("alice", "1", "09:00:00")).await.1));
    costs.push(("extend", change(&held, Intent::Extend, at("08:01:00")).await));
    costs.push(("confirm", change(&held, confirm(), now).await));
    let update = Intent::Act(Action::Update(None, Some("regular".to_owned())));
    costs.push(("update", change(&held, update, now).await));
    let move_to = Intent::Reschedule(Reschedule::to(at("11:00:00"), None), 200);
    costs.push(("reschedule", change(&held, move_to, now).await));
    costs.push(("cancel", change(&held, cancel(), now).await));
    let (booked, units) = place(book("alice", "2", "09:00:00")).await;
    costs.push(("book", units));
    costs.push(("complete", change(&booked, Intent::Act(Action::Complete), at("09:00:00")).await));
    let (booked, _) = place(book("alice", "3", "09:00:00")).await;
    costs.push(("noShow", change(&booked, Intent::Act(Action::NoShow), at("09:00:00")).await));
    let manual = Resource { approval: Approval::Manual, ..auto };
    let put = tables.bookings.put_resource(manual, now);
    costs.push(("resource.put", meter.units(put).await.1));
    for (key, name, intent) in
        [("4", "approve", approve()), ("5", "decline", Intent::Act(Action::Decline(None)))]
    {
        let (pending, _) = place(book("alice", key, "09:00:00")).await;
        costs.push((name, change(&pending, intent, now).await));
    }
    let bookings = &tables.bookings;
    costs.push(("get", meter.units(bookings.booking(&alice, &booked.id, now)).await.1));
    costs.push(("get, by an operator", meter.units(bookings.owner(&booked.id)).await.1));
    let resource = bookings.resource(&booked.resource).await.unwrap();
    costs.push(("resource.get", meter.units(bookings.resource(&resource.id)).await.1));
    costs.push(("resource.list", meter.units(bookings.resources(100, None)).await.1));
    let slots: Vec<_> = resource.calendar.offered(now, at("17:00:00")).collect();
    costs
        .push(("availability", meter.units(bookings.availability(&resource, &slots, now)).await.1));
    let window = (now, at("17:00:00"));
    let list = bookings.bookings_at(&resource, window, None, 50, None, now);
    costs.push(("list, of a resource", meter.units(list).await.1));
    let list = bookings.bookings_of(&alice, None, 50, None, now);
    costs.push(("list", meter.units(list).await.1));
    let list = bookings.bookings_of(&alice, Some(Status::Held), 50, None, now);
    costs.push(("list, by status", meter.units(list).await.1));
    costs
}

/// A customer's history makes no request dearer. Only their own lists read it, a page at a time.
#[tokio::test]
async fn a_long_history_makes_nothing_dearer() {
    let (none, some, long) =
        tokio::join!(costs_with_history(0), costs_with_history(1_000), costs_with_history(10_000),);
    println!("{:22}{:>12}{:>12}", "", "read units", "write units");
    for ((none, some), long) in none.iter().zip(&some).zip(&long) {
        let (name, units) = long;
        println!("{name:22}{:12}{:12}", units.read, units.written);
        let shortest =
            if name.starts_with("list") && !name.contains("resource") { some } else { none };
        assert_eq!(shortest.1, *units, "{name}");
    }
}

/// An operator's list by a status that no booking has looks at some of them, and goes on with a cursor.
#[tokio::test]
async fn an_operators_list_by_status_is_bounded() {
    let mut costs = Vec::new();
    for count in [600, 1_200] {
        let tables = Tables::start();
        tables.bookings.put_resource(room(10_000), at(NOW)).await.unwrap();
        let resource = tables.bookings.resource(&room(1).id).await.unwrap();
        let items = (0..count).flat_map(|n| {
            let request = book(&format!("customer-{n}"), "1", "09:00:00");
            let made = request.decide(&resource, &[], &code(), at(NOW)).unwrap();
            [
                from_booking(&made).unwrap().into(),
                from_pointer(&Pointer::to(&made, &made.claim(), at(NOW))).unwrap().into(),
            ]
        });
        write_all(&tables, &items.collect::<Vec<Item>>()).await;
        let (window, held) = ((at(NOW), at("17:00:00")), Some(Status::Held));
        let list = tables.bookings.bookings_at(&resource, window, held, 50, None, at(NOW));
        let ((found, more), units) = Meter(&tables.bookings).units(list).await;
        assert!(found.is_empty() && more.is_some());
        costs.push(units.read);
    }
    assert_eq!(costs[0], costs[1], "read units with 600 and with 1,200 bookings");
}
