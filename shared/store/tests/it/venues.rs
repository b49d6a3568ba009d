//! A venue's resources and their bookings: complete, in order, nothing twice, nobody else's, and at a
//! cost that has an end.

#![expect(clippy::float_cmp, reason = "units come in halves, which are exact")]

use crate::crowded::write_all;
use crate::units::Meter;
use domain::{Booking, NewBooking, Resource, ResourceId, Status, VenueId};
use futures::future::join_all;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::bookings::own::Only;
use store::bookings::venue::VenuePlace;
use store::items::booking::from_booking;
use store::items::pointer::{Pointer, from_pointer};
use support::fixtures::{NOW, Shortly, at, book, cancel, code, customer, hold, room};
use support::{Item, Tables};

type Window = (Timestamp, Timestamp);

fn venue(name: &str) -> VenueId {
    VenueId::parse(name).unwrap()
}

fn day() -> Window {
    (at(NOW), at("17:00:00"))
}

/// A room of this id at this venue.
async fn put(tables: &Tables, venue: &VenueId, id: &str) -> Resource {
    let id = ResourceId::parse(id).unwrap();
    let resource = Resource { id, venue: venue.clone(), ..room(100) };
    tables.bookings.put_resource(resource, at(NOW)).await.unwrap()
}

async fn place(tables: &Tables, resource: &Resource, request: NewBooking) -> Booking {
    let request = NewBooking { resource: resource.id.clone(), ..request };
    tables.bookings.place(&request, 500, at(NOW)).await.unwrap()
}

/// All pages of a venue's bookings, and how many there were.
async fn listed(
    tables: &Tables,
    venue: &VenueId,
    window: Window,
    status: Option<Status>,
    limit: usize,
) -> (Vec<Booking>, usize) {
    let (mut all, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let bookings = &tables.bookings;
        let page = bookings.bookings_in(venue, window, status, limit, after.as_ref(), at(NOW));
        let (page, next) = page.await.unwrap();
        assert!(page.len() <= limit);
        all.extend(page);
        pages += 1;
        // The place goes through a cursor's text, as it does between two requests.
        after = next.map(|next| VenuePlace::parse(&next.to_string()).unwrap());
        if after.is_none() {
            return (all, pages);
        }
    }
}

/// By resource, and of one resource by start and hash.
fn in_order(mut bookings: Vec<Booking>) -> Vec<Booking> {
    bookings.sort_by_key(|booking| {
        let hash = booking.id.hash().clone();
        (booking.resource.clone(), booking.stretch.start(), hash)
    });
    bookings
}

#[tokio::test]
async fn a_venues_bookings_with_every_limit_and_status() {
    let tables = Tables::start();
    let (harbour, airport) = (venue("harbour"), venue("airport"));
    let mut made = Vec::new();
    // More rooms than are looked at together, and most of them empty.
    for number in 0..60 {
        let resource = put(&tables, &harbour, &format!("quay-{number}")).await;
        let other = put(&tables, &airport, &format!("gate-{number}")).await;
        if number % 7 == 0 {
            for (n, start) in ["11:00:00", "09:00:00", "09:00:00"].into_iter().enumerate() {
                let key = format!("{number} {n}");
                made.push(place(&tables, &resource, book("alice", &key, start)).await);
                place(&tables, &other, hold("bob", &key, start)).await;
            }
        }
    }
    for number in [0, 4, 26] {
        let (id, whose) = (made[number].id.clone(), made[number].customer.clone());
        let cancelled = tables.bookings.carry_out(&whose, &id, &cancel(), None, at(NOW)).await;
        made[number] = cancelled.unwrap();
    }
    let made = in_order(made);
    for window in [day(), (at("09:00:00"), at("09:30:00")), (at("09:30:00"), at("11:00:00"))] {
        for status in [None, Some(Status::Confirmed), Some(Status::Cancelled)] {
            let mut expected = made.clone();
            expected.retain(|booking| {
                booking.stretch.start() < window.1
                    && booking.stretch.end() > window.0
                    && status.is_none_or(|status| booking.status == status)
            });
            for limit in [1, 2, 3, 4, 26, 27, 28, 100] {
                let (all, _) = listed(&tables, &harbour, window, status, limit).await;
                assert_eq!(all, expected, "{window:?} {status:?} by {limit}");
            }
        }
    }
    let (whole, pages) = listed(&tables, &harbour, day(), None, 100).await;
    assert_eq!((whole.len(), pages), (27, 1));
    assert_eq!(listed(&tables, &venue("nowhere"), day(), None, 10).await, (Vec::new(), 1));
}

/// A resource of many bookings among others: pages end within it, and go on there.
#[tokio::test]
async fn a_crowded_calendar_is_read_to_its_end_and_then_the_next() {
    let tables = Tables::start();
    let harbour = venue("harbour");
    let mut all = Vec::new();
    for (id, count) in [("a", 1), ("b", 250), ("c", 99), ("d", 1), ("e", 100), ("f", 0), ("g", 2)] {
        let resource = put(&tables, &harbour, id).await;
        let items = (0..count).flat_map(|n| {
            let request = book(&format!("customer-{n}"), id, "09:00:00");
            let request = NewBooking { resource: resource.id.clone(), ..request };
            let made = request.decide(&resource, &[], &code(), at(NOW)).unwrap();
            all.push(made.clone());
            [
                from_booking(&made).unwrap().into(),
                from_pointer(&Pointer::to(&made, &made.claim(), at(NOW))).unwrap().into(),
            ]
        });
        write_all(&tables, &items.collect::<Vec<Item>>()).await;
    }
    let all = in_order(all);
    for limit in [40, 99, 100, 101, 453, 1000] {
        let (found, _) = listed(&tables, &harbour, day(), None, limit).await;
        assert!(found == all, "by {limit}: {} of {}", found.len(), all.len());
    }
}

/// What one request reads has an end, however much or little there is.
#[tokio::test]
async fn a_list_of_a_venue_is_bounded() {
    let window = day();
    let first_page = async |tables: &Tables, status, limit| {
        let harbour = venue("harbour");
        let list = tables.bookings.bookings_in(&harbour, window, status, limit, None, at(NOW));
        let ((found, next), units) = Meter(&tables.bookings).units(list).await;
        (found.len(), next.is_some(), units.read)
    };
    // Empty resources: each is read, and its calendar looked into.
    let mut costs = Vec::new();
    for count in [1, 25, 100, 400, 500] {
        let tables = Tables::start();
        let harbour = venue("harbour");
        join_all((0..count).map(|n| put_owned(&tables, &harbour, n))).await;
        let (found, more, read) = first_page(&tables, None, 50).await;
        assert_eq!((found, more), (0, count > 200), "{count}");
        println!("{count} empty resources: {read} read units");
        costs.push(read);
    }
    assert_eq!(costs[3], costs[4], "read units of a page with 400 and with 500 resources");
    assert!(costs[4] <= 420.0, "{costs:?}");
    // Bookings that are not what is asked for.
    let mut costs = Vec::new();
    for count in [600, 1_200] {
        let tables = Tables::start();
        let resource = put(&tables, &venue("harbour"), "quay").await;
        let items = (0..count).flat_map(|n| {
            let request = book(&format!("customer-{n}"), "1", "09:00:00");
            let request = NewBooking { resource: resource.id.clone(), ..request };
            let made = request.decide(&resource, &[], &code(), at(NOW)).unwrap();
            [
                from_booking(&made).unwrap().into(),
                from_pointer(&Pointer::to(&made, &made.claim(), at(NOW))).unwrap().into(),
            ]
        });
        write_all(&tables, &items.collect::<Vec<Item>>()).await;
        let (found, more, read) = first_page(&tables, Some(Status::Held), 50).await;
        assert_eq!((found, more), (0, true));
        println!("{count} bookings of another status: {read} read units");
        costs.push(read);
    }
    assert_eq!(costs[0], costs[1], "read units with 600 and with 1,200 bookings");
}

async fn put_owned(tables: &Tables, venue: &VenueId, number: usize) {
    put(tables, venue, &format!("quay-{number}")).await;
}

/// A cursor names a place, never whose list: another venue's resource in it changes nothing.
#[tokio::test]
async fn no_place_leads_into_another_venue() {
    let tables = Tables::start();
    let (harbour, airport) = (venue("harbour"), venue("airport"));
    let gate = put(&tables, &airport, "gate").await;
    let quay = put(&tables, &harbour, "quay").await;
    place(&tables, &gate, book("alice", "1", "09:00:00")).await;
    let theirs = place(&tables, &gate, book("alice", "2", "11:00:00")).await;
    let mine = place(&tables, &quay, book("alice", "3", "09:00:00")).await;
    let early = VenuePlace::of(&theirs).to_string().replace("T11", "T08");
    for text in [early, "gate".to_owned(), VenuePlace::of(&theirs).to_string(), "a".to_owned()] {
        let after = VenuePlace::parse(&text).unwrap();
        let page = tables.bookings.bookings_in(&harbour, day(), None, 9, Some(&after), at(NOW));
        assert_eq!(page.await.unwrap(), (vec![mine.clone()], None), "{text}");
    }
    for text in ["", "/", "Quay", "quay/", "quay/x", "quay/2099-06-01T09:00:00Z", "a/b/c"] {
        assert_eq!(VenuePlace::parse(text), None, "{text}");
    }
}

#[tokio::test]
async fn a_venues_resources_with_every_limit() {
    let tables = Tables::start();
    let harbour = venue("harbour");
    let mut ids = ["0", "a", "a-", "a-1", "room-1", "room-10", "room-2", "z"];
    for id in ids {
        put(&tables, &harbour, id).await;
        put(&tables, &venue("harbour-2"), &format!("{id}-2")).await;
    }
    ids.sort_unstable();
    for limit in 1..=9 {
        let mut listed: Vec<Resource> = Vec::new();
        loop {
            let after = listed.last().map(|last| &last.id);
            let (page, more) = tables.bookings.resources_of(&harbour, limit, after).await.unwrap();
            assert!(page.len() <= limit);
            listed.extend(page);
            if !more {
                break;
            }
        }
        let listed: Vec<&str> = listed.iter().map(|resource| resource.id.as_str()).collect();
        assert_eq!(listed, ids, "by {limit}");
    }
    // It is the resource as it is now.
    let named = Resource { name: "Zebra".to_owned(), venue: harbour.clone(), ..room(7) };
    let named = Resource { id: ResourceId::parse("z").unwrap(), ..named };
    let written = tables.bookings.put_resource(named, at(NOW)).await.unwrap();
    let after = ResourceId::parse("room-2").unwrap();
    let last = tables.bookings.resources_of(&harbour, 9, Some(&after)).await.unwrap();
    assert_eq!(last, (vec![written], false));
    assert_eq!(tables.bookings.resources(100, None).await.unwrap().0.len(), 16);
}

/// A customer's bookings, as an operator of one venue sees them.
#[tokio::test]
async fn a_customers_bookings_at_one_venue() {
    let tables = Tables::start();
    let mut made = Vec::new();
    for name in ["harbour", "airport"] {
        let resource = put(&tables, &venue(name), name).await;
        for n in 0..5 {
            let key = format!("{name} {n}");
            made.push(place(&tables, &resource, book("alice", &key, "09:00:00")).await);
            made.push(place(&tables, &resource, hold("alice", &key.repeat(2), "09:00:00")).await);
        }
    }
    let harbour = venue("harbour");
    for status in [None, Some(Status::Held)] {
        let mut expected: BTreeSet<_> = BTreeSet::new();
        expected.extend(made.iter().filter_map(|booking| {
            let is = booking.venue == harbour && status.is_none_or(|it| booking.status == it);
            is.then(|| booking.id.clone())
        }));
        let only = Only { status, venue: Some(&harbour) };
        for limit in 1..=11 {
            let (mut found, mut after) = (BTreeSet::new(), None);
            loop {
                let alice = customer("alice");
                let page =
                    tables.bookings.bookings_of(&alice, only, limit, after.as_ref(), at(NOW));
                let (page, next) = page.await.unwrap();
                assert!(page.len() <= limit);
                found.extend(page.into_iter().map(|booking| booking.id));
                after = next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "{status:?} by {limit}");
        }
    }
}
