//! Writes what there is before the first request: the items that requests would have left.

use crate::world::{FREE, OLD, SLOTS_A_DAY, Size, now, resource, resources, slot, somebody};
use domain::{
    Booking, CustomerId, Details, Key, MadeBy, NewBooking, Quantity, Resource, Sale, Status,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::items::booking::from_booking;
use store::items::pointer::{Pointer, from_pointer};
use store::items::resource::from_resource;
use store::{Item, keys};
use support::Tables;
use support::fixtures::{code, customer};

/// Writes everything of this size.
pub async fn fill(tables: &Tables, size: &Size) {
    let places = resources(size).flat_map(|resource| resource_items(&resource));
    tables.raw.fill("bookings", places).await;
    if size.days > 0 {
        let calendar = resource(OLD.venue, OLD.resource);
        tables.raw.fill("bookings", calendar_items(&calendar, size.days)).await;
        tables.raw.fill("bookings", venue_items(size)).await;
        tables.raw.fill("bookings", history_items(size)).await;
    }
}

/// What `resource.put` writes.
fn resource_items(resource: &Resource) -> Vec<Item> {
    let resource = resource.clone().first();
    let places = [keys::resource(&resource.id), keys::listed_resource(&resource.id)];
    let mut items: Vec<_> =
        places.into_iter().map(|key| from_resource(key, &resource).unwrap()).collect();
    let member = keys::member(&resource.venue, &resource.id);
    items.push(member.attributes().into());
    let (capacity, rank) = (resource.capacity.get(), resource.rank.get());
    items.extend(resource.pools.of(&resource.venue).map(|pool| {
        let member = keys::pool_member(&pool, &resource.id);
        let member = json!({"PK": member.pk, "SK": member.sk, "capacity": capacity, "rank": rank});
        serde_dynamo::to_item(member).unwrap()
    }));
    items
}

/// A calendar in which every slot is sold, but for [`FREE`].
fn calendar_items(resource: &Resource, days: i64) -> impl Iterator<Item = Item> {
    let slots = (-days..days).flat_map(|day| (0..SLOTS_A_DAY).map(move |number| (day, number)));
    let sold = slots.filter(|(day, number)| *day != 1 || !FREE.contains(number));
    sold.flat_map(move |(day, number)| {
        let start = slot(day, number);
        sale_items(&booking(resource, &somebody(format!("{day}-{number}")), start))
    })
}

/// A booking a day for two weeks at each further resource of a venue.
fn venue_items(size: &Size) -> impl Iterator<Item = Item> {
    let others = resources(size).filter(|it| it.venue.as_str() == OLD.venue).skip(1);
    others.flat_map(|resource| {
        (0..14).flat_map(move |day| {
            let who = somebody(format!("{}-{day}", resource.id));
            sale_items(&booking(&resource, &who, slot(day, 2)))
        })
    })
}

/// What a customer has behind them, at the resources of all venues in turn.
fn history_items(size: &Size) -> impl Iterator<Item = Item> {
    let places: Vec<Resource> =
        resources(size).filter(|it| it.id.as_str() != OLD.resource).skip(1).take(10_000).collect();
    (0..size.bookings).flat_map(move |number| {
        let place = &places[number as usize % places.len()];
        let day = -1 - i64::try_from(number as usize / places.len()).unwrap();
        sale_items(&booking(place, &customer(OLD.customer), slot(day, 1)))
    })
}

/// A sale of one slot: that of one that has passed is completed.
fn booking(resource: &Resource, customer: &CustomerId, start: Timestamp) -> Booking {
    let asked = NewBooking {
        customer: customer.clone(),
        by: MadeBy::Customer,
        key: Key::parse(&format!("{} {start}", resource.id)).unwrap(),
        sale: Sale::Book,
        resource: resource.id.clone(),
        chosen_from: None,
        start,
        end: None,
        quantity: Quantity::ONE,
        with: Vec::new(),
        details: Details::default(),
        note: None,
    };
    let made =
        asked.decide(resource, &[], &code(), start - SignedDuration::from_hours(24)).unwrap();
    let status = if start < now() { Status::Completed } else { made.status };
    Booking { status, ..made }
}

/// The booking, its pointer, and its slot.
fn sale_items(booking: &Booking) -> [Item; 3] {
    let time = booking.stretch.time();
    let slot = keys::slot(&booking.resource, time.start);
    let minutes = time.end.duration_since(time.start).as_mins();
    let slot =
        json!({"PK": slot.pk, "SK": slot.sk, "taken": 1, "version": 1024, "minutes": minutes});
    [
        from_booking(booking).unwrap(),
        from_pointer(&Pointer::to(booking, &booking.claim(), booking.created_at)).unwrap(),
        serde_dynamo::to_item(slot).unwrap(),
    ]
}
