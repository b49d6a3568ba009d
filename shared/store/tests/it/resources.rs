//! Resources, and what may become of them once something is sold.

use crate::ledger::Ledger;
use domain::{
    Calendar, MaxHoldSeconds, NewBooking, Period, Rejection, Resource, ResourceId, Terms, VenueId,
    Version,
};
use jiff::{SignedDuration, Timestamp};
use store::CommandError;
use support::fixtures::{
    NOW, Shortly, at, book, cancel, confirm, grid, half_hour, hold, length, room,
};
use support::proxy::{Fault, Proxy};
use support::{Tables, client};

async fn put(
    tables: &Tables,
    resource: &Resource,
    now: Timestamp,
) -> Result<Resource, CommandError> {
    tables.bookings.put_resource(resource.clone(), now).await
}

/// Grids on which the slot from 09:00 to 09:30 is not a slot, but overlaps one.
fn overlapping() -> Vec<Calendar> {
    vec![
        grid("UTC", 60, &["09:00-17:00"]),
        grid("UTC", 15, &["09:00-17:00"]),
        grid("UTC", 30, &["08:45-17:00"]),
        grid("UTC", 30, &["09:15-17:00"]),
        grid("Asia/Kathmandu", 30, &["00:00-24:00"]),
    ]
}

/// Grids on which it stays the slot that it is, or is in no slot at all.
fn harmless() -> Vec<Calendar> {
    vec![
        grid("UTC", 30, &["08:00-20:00"]),
        grid("UTC", 30, &["10:00-17:00"]),
        grid("UTC", 30, &["09:00-09:30", "13:00-13:45"]),
        grid("UTC", 30, &[]),
        grid("UTC", 60, &["09:30-17:00"]),
        grid("Europe/London", 30, &["09:00-17:00"]),
    ]
}

/// A grid's slots that overlap the time from 09:00 to 09:30.
fn slots(grid: &Calendar) -> Vec<Period> {
    grid.overlapping(half_hour(at("09:00:00"))).collect()
}

/// As it was before holds could be extended: the item lacks the longest time that a hold may last.
#[tokio::test]
async fn a_resource_of_an_earlier_release_is_read_with_the_defaults() {
    let tables = Tables::start();
    let most = MaxHoldSeconds::new(7200).unwrap();
    let written = Resource { max_hold_seconds: most, ..room(1) };
    put(&tables, &written, at(NOW)).await.unwrap();
    for mut item in tables.raw.scan("bookings").await {
        if item.remove("maxHoldSeconds").is_some() {
            let put = tables.raw.client.put_item().table_name(tables.raw.name("bookings"));
            put.set_item(Some(item)).send().await.unwrap();
        }
    }
    let read = tables.bookings.resource(&written.id).await.unwrap();
    assert_eq!(read, Resource { max_hold_seconds: MaxHoldSeconds::DEFAULT, ..written.clone() });
    let again = put(&tables, &written, at(NOW)).await.unwrap();
    assert_eq!((again.version, again.max_hold_seconds), (read.version.next(), most));
    assert_eq!(tables.bookings.resource(&written.id).await.unwrap(), again);
}

/// As it was before there were venues: neither resources nor bookings name one.
#[tokio::test]
async fn what_an_earlier_release_wrote_is_of_the_main_venue() {
    let tables = Tables::start();
    put(&tables, &room(1), at(NOW)).await.unwrap();
    let held = tables.bookings.place(&hold("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    for mut item in tables.raw.scan("bookings").await {
        if item.remove("venue").is_some() {
            let put = tables.raw.client.put_item().table_name(tables.raw.name("bookings"));
            put.set_item(Some(item)).send().await.unwrap();
        }
    }
    let main = VenueId::default();
    assert_eq!(tables.bookings.resource(&room(1).id).await.unwrap().venue, main);
    let read = tables.bookings.booking(&held.customer, &held.id, at(NOW)).await.unwrap();
    assert_eq!(read, Some(held.clone()));
    let confirm = confirm();
    let sold = tables.bookings.carry_out(&held.customer, &held.id, &confirm, None, at(NOW));
    assert_eq!(sold.await.unwrap().venue, main);
    // It can be written again, and not under another venue.
    put(&tables, &room(1), at(NOW)).await.unwrap();
    let moved = Resource { venue: VenueId::parse("harbour").unwrap(), ..room(1) };
    let refused = put(&tables, &moved, at(NOW)).await;
    let field = match refused {
        Err(CommandError::Rejected(Rejection::Unacceptable { field, .. })) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field, "/resource/venue");
}

/// What is sold stays sold, whatever becomes of the grid: no part of it is sold again, and none of it
/// is shown as free, until it is given back.
#[tokio::test]
async fn what_is_sold_is_not_sold_in_part_on_another_grid() {
    let settled = at("08:10:00");
    for other in overlapping() {
        let tables = Tables::start();
        put(&tables, &room(1), at(NOW)).await.unwrap();
        let sold = book("alice", "1", "09:00:00");
        let sold = tables.bookings.place(&sold, 50, at(NOW)).await.unwrap();
        let resource =
            put(&tables, &Resource { calendar: other, ..room(1) }, at(NOW)).await.unwrap();
        let offered = slots(&resource.calendar);
        assert!(!offered.is_empty());
        let free = async || {
            let slots = tables.bookings.availability(&resource, &offered, settled).await.unwrap();
            slots.iter().map(|slot| slot.free).collect::<Vec<_>>()
        };
        let place = async |start: &Timestamp| {
            let request =
                NewBooking { start: *start, ..book("bob", &start.to_string(), "09:00:00") };
            tables.bookings.place(&request, 50, settled).await
        };
        assert_eq!(free().await, vec![0; offered.len()], "{resource:?}");
        for Period { start, .. } in &offered {
            let answer = place(start).await;
            let full = matches!(answer, Err(CommandError::Rejected(Rejection::SlotFull)));
            assert!(full, "{start} of {resource:?}: {answer:?}");
        }
        let (customer, id) = (&sold.customer, &sold.id);
        tables.bookings.carry_out(customer, id, &cancel(), None, settled).await.unwrap();
        assert_eq!(free().await, vec![1; offered.len()]);
        for Period { start, .. } in &offered {
            place(start).await.unwrap();
        }
    }
}

/// Two requests that cross: an operator changes the grid, and a sale that has read the grid before
/// is written after it. Whatever is tried then, and whenever, no time is sold twice.
#[tokio::test]
async fn a_sale_that_crosses_a_change_of_the_grid_is_not_sold_again() {
    for other in overlapping() {
        let tables = Tables::start();
        put(&tables, &room(1), at(NOW)).await.unwrap();
        let proxy = Proxy::before(&tables.raw.url).await;
        proxy.next([Fault::HeldBack]);
        let store = tables.raw.bookings(&client(&proxy.url));
        let request = book("alice", "1", "09:00:00");
        let sale = tokio::spawn(async move { store.place(&request, 50, at(NOW)).await });
        proxy.arrived().await;
        let changed = Resource { calendar: other, ..room(1) };
        let changed = put(&tables, &changed, at(NOW)).await.unwrap();
        let try_all = async |now: Timestamp| {
            let mut answers = Vec::new();
            for Period { start, .. } in slots(&changed.calendar) {
                let key = format!("{start} at {now}");
                let request = NewBooking { start, ..book("bob", &key, "09:00:00") };
                answers.push(tables.bookings.place(&request, 50, now).await);
            }
            answers
        };
        // The sale may still be on its way: for as long as it may be, nothing overlapping is sold.
        for answer in try_all(at("08:00:29")).await {
            let waits = matches!(answer, Err(CommandError::Rejected(Rejection::InTransition(_))));
            assert!(waits, "{changed:?}: {answer:?}");
        }
        // It arrives, decided on the resource as it was.
        proxy.release();
        let late = sale.await.unwrap().unwrap();
        for answer in try_all(at("08:10:00")).await {
            let full = matches!(answer, Err(CommandError::Rejected(Rejection::SlotFull)));
            assert!(full, "{changed:?}: {answer:?}");
        }
        assert_eq!(Ledger::read(&tables).await.bookings, [late]);
    }
}

/// What fits both grids is sold without a pause.
#[tokio::test]
async fn what_fits_both_grids_is_sold_at_once() {
    for other in harmless() {
        let tables = Tables::start();
        put(&tables, &room(1), at(NOW)).await.unwrap();
        tables.bookings.place(&book("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
        let resource =
            put(&tables, &Resource { calendar: other, ..room(1) }, at(NOW)).await.unwrap();
        assert_eq!(resource.version, Version::new(2));
        assert_eq!(tables.bookings.resource(&resource.id).await.unwrap(), resource);
        for start in [at("10:00:00"), at("19:00:00")] {
            let on_grid = resource.calendar.offered(start, start + SignedDuration::from_secs(1));
            let same_length = resource.calendar.slot_minutes == room(1).calendar.slot_minutes;
            if on_grid.count() == 1 && same_length {
                let request = NewBooking { start, ..book("bob", &start.to_string(), "09:00:00") };
                tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
            }
        }
        Ledger::read(&tables).await.assert_balanced(1, at(NOW));
    }
}

#[tokio::test]
async fn every_write_counts_one_version() {
    let tables = Tables::start();
    let unknown = tables.bookings.resource(&room(1).id).await;
    assert!(matches!(unknown, Err(CommandError::Rejected(Rejection::NoSuchResource))));
    for version in 1..=5 {
        // What the caller says of the version is not asked.
        let resource = Resource { version: Version::new(77), ..room(1) };
        let written = put(&tables, &resource, at(NOW)).await.unwrap();
        assert_eq!(written.version, Version::new(version));
        assert_eq!(tables.bookings.resource(&resource.id).await.unwrap(), written);
        assert_eq!(tables.bookings.resources(10, None).await.unwrap(), (vec![written], false));
    }
    let other = Resource { id: ResourceId::parse("other").unwrap(), ..room(1) };
    assert_eq!(put(&tables, &other, at(NOW)).await.unwrap().version, Version::FIRST);
}

#[tokio::test]
async fn a_lower_capacity_cancels_nothing_and_sells_nothing() {
    let tables = Tables::start();
    put(&tables, &room(3), at(NOW)).await.unwrap();
    let place = async |name| tables.bookings.place(&book(name, "1", "09:00:00"), 50, at(NOW)).await;
    let alice = place("alice").await.unwrap();
    for name in ["bob", "carol"] {
        place(name).await.unwrap();
    }
    let smaller = put(&tables, &room(1), at(NOW)).await.unwrap();
    let terms = Terms { minutes: length(30), places: smaller.capacity.get() };
    let free = async || {
        let slots = tables.bookings.slots(&smaller.id, at("09:00:00"), at("09:30:00")).await;
        let slot = slots.unwrap().remove(&at("09:00:00")).unwrap();
        (slot.taken, slot.free(terms, at(NOW)))
    };
    let full = |answer| matches!(answer, Err(CommandError::Rejected(Rejection::SlotFull)));
    assert_eq!(free().await, (3, 0));
    assert!(full(place("dave").await));

    tables.bookings.carry_out(&alice.customer, &alice.id, &cancel(), None, at(NOW)).await.unwrap();
    assert_eq!(free().await, (2, 0));
    assert!(full(place("dave").await));

    // More places count at once.
    put(&tables, &room(3), at(NOW)).await.unwrap();
    place("dave").await.unwrap();
}

/// The version is the condition of the write: whoever has read it, and is overtaken, is told so.
#[tokio::test]
async fn a_resource_is_put_over_the_version_that_is_named() {
    let tables = Tables::start();
    let bookings = &tables.bookings;
    let put = async |if_version: Option<u64>| {
        let put = bookings.put_resource_if(room(1), if_version.map(Version::new), at(NOW));
        put.await.map(|resource| resource.version.get()).map_err(|error| match error {
            CommandError::Rejected(Rejection::ResourceVersionConflict(current)) => current.get(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(put(Some(1)).await, Err(0));
    assert_eq!(put(Some(0)).await, Ok(1));
    assert_eq!(put(Some(0)).await, Err(1));
    assert_eq!(put(Some(1)).await, Ok(2));
    assert_eq!(put(None).await, Ok(3));
    let all = futures::future::join_all((0..8).map(|_| put(Some(3)))).await;
    assert_eq!(all.iter().filter(|done| **done == Ok(4)).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|done| **done == Err(4)).count(), 7, "{all:?}");
}
