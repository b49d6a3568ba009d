//! Pages: complete, in order, nothing twice, whatever the limit.

use domain::{
    Action, Booking, BookingHash, BookingId, CustomerId, NewBooking, Resource, ResourceId, Status,
};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use store::bookings::calendar::CalendarKey;
use store::bookings::change::Intent;
use store::cursor::{BadCursor, ListName};
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, customer, grid, hold, room};

type Window = (Timestamp, Timestamp);

async fn tables(capacity: u32) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(room(capacity), at(NOW)).await.unwrap();
    tables
}

async fn place(tables: &Tables, request: NewBooking) -> Booking {
    tables.bookings.place(&request, 50, at(NOW)).await.unwrap()
}

async fn cancel(tables: &Tables, booking: &Booking, reason: Option<String>) -> Booking {
    let command = Intent::Act(Action::Cancel(reason));
    let change = tables.bookings.carry_out(&booking.customer, &booking.id, &command, None, at(NOW));
    change.await.unwrap()
}

/// All pages of a customer's bookings, each but the last full and saying that there is more.
async fn own(
    tables: &Tables,
    name: &CustomerId,
    status: Option<Status>,
    limit: usize,
    now: Timestamp,
) -> Vec<Booking> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = tables.bookings.bookings_of(name, status, limit, after.as_ref(), now);
        let (page, next) = page.await.unwrap();
        assert!(page.len() <= limit);
        all.extend(page);
        after = next;
        if after.is_none() {
            return all;
        }
    }
}

/// All pages of a resource's bookings.
async fn at_resource(
    tables: &Tables,
    resource: &ResourceId,
    window: Window,
    status: Option<Status>,
    limit: usize,
) -> Vec<Booking> {
    let (mut all, mut after) = (Vec::new(), None);
    let resource = tables.bookings.resource(resource).await.unwrap();
    loop {
        let bookings = &tables.bookings;
        let page = bookings.bookings_at(&resource, window, status, limit, after.as_ref(), at(NOW));
        let (page, next) = page.await.unwrap();
        assert!(page.len() <= limit);
        all.extend(page);
        // The place goes through a cursor's text, as it does between two requests.
        after = next.map(|next| CalendarKey::parse(&next.to_string()).unwrap());
        if after.is_none() {
            return all;
        }
    }
}

fn by_id(mut bookings: Vec<Booking>) -> Vec<Booking> {
    bookings.sort_by(|a, b| a.id.hash().cmp(b.id.hash()));
    bookings
}

fn of_status(bookings: &[Booking], status: Option<Status>) -> Vec<Booking> {
    let wanted = |booking: &&Booking| status.is_none_or(|status| booking.status == status);
    bookings.iter().filter(wanted).cloned().collect()
}

#[tokio::test]
async fn my_bookings_with_every_limit_and_status() {
    let tables = tables(20).await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(place(&tables, book("alice", &format!("b{n}"), "09:00:00")).await);
        made.push(place(&tables, hold("alice", &format!("h{n}"), "09:00:00")).await);
        place(&tables, book("alice#", &format!("b{n}"), "09:00:00")).await;
    }
    for place in [0, 3, 6] {
        made[place] = cancel(&tables, &made[place], None).await;
    }
    // At 08:06 the open holds have run out, though nobody has recorded it.
    for now in [at(NOW), at("08:06:00")] {
        let all = by_id(made.iter().map(|booking| booking.at(now)).collect());
        for status in [None].into_iter().chain(Status::ALL.map(Some)) {
            for limit in 1..=11 {
                let listed = own(&tables, &customer("alice"), status, limit, now).await;
                assert_eq!(listed, of_status(&all, status), "{status:?} by {limit} at {now}");
            }
        }
        let held = of_status(&all, Some(Status::Held)).len();
        assert_eq!(held, if now == at(NOW) { 4 } else { 0 });
    }
}

#[tokio::test]
async fn more_bookings_of_a_customer_than_dynamodb_reads_at_once() {
    let tables = tables(500).await;
    // Four bytes a character: the longest name and the longest reason there can be.
    let name = "\u{1F600}".repeat(128);
    let reason = "\u{1F600}".repeat(500);
    let made = join_all((0..350).map(|n| {
        let (tables, name, reason) = (&tables, &name, &reason);
        async move {
            let made = place(tables, book(name, &n.to_string(), "09:00:00")).await;
            cancel(tables, &made, Some(reason.clone())).await
        }
    }));
    let made = by_id(made.await);
    let whole: usize = tables.raw.scan("bookings").await.iter().map(size).sum();
    assert!(whole > 1024 * 1024, "{whole} bytes");
    for limit in [100, 349, 350, 351] {
        let listed = own(&tables, &customer(&name), None, limit, at(NOW)).await;
        assert!(listed == made, "by {limit}");
    }
    assert!(own(&tables, &customer(&name), Some(Status::Held), 10, at(NOW)).await.is_empty());

    let window = (at(NOW), at("17:00:00"));
    let listed = at_resource(&tables, &room(1).id, window, None, 100).await;
    assert!(by_id(listed) == made);
}

fn size(item: &support::Item) -> usize {
    let texts = item.values().filter_map(|value| value.as_s().ok());
    texts.map(String::len).sum()
}

#[tokio::test]
async fn a_resources_bookings_with_every_limit_and_status() {
    let tables = tables(20).await;
    let other = Resource { id: ResourceId::parse("room-10").unwrap(), ..room(20) };
    tables.bookings.put_resource(other.clone(), at(NOW)).await.unwrap();
    let mut made = Vec::new();
    for (n, start) in ["11:00:00", "09:00:00", "10:30:00", "09:00:00"].into_iter().enumerate() {
        for name in ["alice", "bob the second", "carol"] {
            made.push(place(&tables, book(name, &n.to_string(), start)).await);
            let elsewhere = book(name, &format!("elsewhere {n}"), start);
            place(&tables, NewBooking { resource: other.id.clone(), ..elsewhere }).await;
        }
    }
    for place in [1, 4, 5] {
        made[place] = cancel(&tables, &made[place], None).await;
    }
    let inside = |(from, to): Window| {
        let mut inside = made.clone();
        inside.retain(|booking| booking.stretch.start() < to && booking.stretch.end() > from);
        inside
    };
    let (early, late) = (at(NOW), at("17:00:00"));
    let half = SignedDuration::from_millis(500);
    let windows = [
        (early, late),
        (at("09:00:00"), at("10:30:00")),
        (at("09:00:00"), at("10:30:00") + half),
        (at("09:00:00") + half, late),
        (at("09:00:00") - half, at("09:00:00") + half),
        (at("09:00:00") - half, at("09:00:00")),
        (at("10:30:00") + half, at("10:30:00") + half + half / 2),
    ];
    for window in windows {
        for status in [None, Some(Status::Confirmed), Some(Status::Cancelled)] {
            let expected = of_status(&inside(window), status);
            for limit in 1..=expected.len() + 1 {
                let listed = at_resource(&tables, &room(1).id, window, status, limit).await;
                assert!(listed.is_sorted_by_key(|booking| booking.stretch.start()));
                let context = format!("{window:?} {status:?} by {limit}");
                assert_eq!(by_id(listed), by_id(expected.clone()), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_moved_booking_is_listed_where_it_is_now() {
    let tables = tables(1).await;
    let made = place(&tables, book("alice", "1", "09:00:00")).await;
    let to = (at("11:00:00"), Some(at("12:00:00")));
    let moved = tables.bookings.reschedule(&made.customer, &made.id, to, None, at(NOW));
    let moved = moved.await.unwrap();
    let window = |from, to| at_resource(&tables, &made.resource, (at(from), at(to)), None, 10);
    assert_eq!(window("09:00:00", "10:00:00").await, []);
    let moved = [moved];
    assert_eq!(window("11:00:00", "11:30:00").await, moved);
    assert_eq!(window("09:00:00", "17:00:00").await, moved);
    assert_eq!(own(&tables, &made.customer, None, 10, at(NOW)).await, moved);
    let owner = tables.bookings.owner(&made.id).await.unwrap();
    assert_eq!(owner, Some((made.customer, made.venue)));
    let nobody = BookingHash::parse(&"0".repeat(32)).unwrap();
    let nobody = BookingId::new(made.resource.clone(), at("09:00:00"), nobody);
    assert_eq!(tables.bookings.owner(&nobody).await.unwrap(), None);
}

/// Where clocks go back by two hours, a day has 26: the longest booking that there is.
#[tokio::test]
async fn the_longest_day_of_all_is_listed_to_its_end() {
    let tables = Tables::start();
    let troll = grid("Antarctica/Troll", 60, &["00:00-24:00"]);
    tables.bookings.put_resource(Resource { calendar: troll, ..room(1) }, at(NOW)).await.unwrap();
    let instant = |text: &str| text.parse::<Timestamp>().unwrap();
    let (start, end) = (instant("2099-10-24T22:00:00Z"), instant("2099-10-26T00:00:00Z"));
    let whole = NewBooking { start, end: Some(end), ..book("alice", "1", "09:00:00") };
    let whole = place(&tables, whole).await;
    let last = (instant("2099-10-25T23:30:00Z"), end);
    assert_eq!(at_resource(&tables, &whole.resource, last, None, 10).await, [whole]);
}

#[tokio::test]
async fn slots_of_every_window() {
    let tables = tables(1).await;
    let starts = ["09:00:00", "09:30:00", "11:00:00"].map(at);
    for start in starts {
        place(&tables, NewBooking { start, ..book("alice", &start.to_string(), "09:00:00") }).await;
    }
    let half = SignedDuration::from_millis(500);
    let edges = starts.into_iter().flat_map(|start| [start - half, start, start + half]);
    let edges: Vec<Timestamp> = edges.chain([at("00:00:00"), Timestamp::MAX]).collect();
    for (from, to) in edges.iter().flat_map(|from| edges.iter().map(move |to| (*from, *to))) {
        if from >= to {
            continue;
        }
        let slots = tables.bookings.slots(&room(1).id, from, to).await.unwrap();
        let expected: BTreeSet<Timestamp> =
            starts.into_iter().filter(|start| (from..to).contains(start)).collect();
        assert_eq!(slots.into_keys().collect::<BTreeSet<_>>(), expected, "{from} to {to}");
    }
}

#[tokio::test]
async fn resources_with_every_limit() {
    let tables = Tables::start();
    let mut ids = ["0", "a", "a-", "a-1", "room-1", "room-10", "room-2", "z"];
    for id in ids {
        let resource = Resource { id: ResourceId::parse(id).unwrap(), ..room(1) };
        tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    }
    ids.sort_unstable();
    for limit in 1..=9 {
        let mut listed: Vec<Resource> = Vec::new();
        loop {
            let after = listed.last().map(|last| &last.id);
            let page = tables.bookings.resources(limit, after).await.unwrap();
            assert!(page.0.len() <= limit);
            listed.extend(page.0);
            if !page.1 {
                break;
            }
        }
        let listed: Vec<&str> = listed.iter().map(|resource| resource.id.as_str()).collect();
        assert_eq!(listed, ids, "by {limit}");
    }
}

#[test]
fn cursors_of_other_lists_are_refused() {
    let foreign = ListName::new(["list", "alice", ""]).cursor("room-1");
    for cursor in [foreign.as_str(), "", "room-1", "!", &"A".repeat(5000)] {
        assert_eq!(ListName::new(["resources"]).position(cursor), Err(BadCursor), "{cursor}");
    }
    let mine = ListName::new(["list", "alice", "held"]);
    let cursor = mine.cursor("B#1");
    for other in [["list", "bob", "held"], ["list", "alice", ""], ["list at", "alice", "held"]] {
        assert_eq!(ListName::new(other).position(&cursor), Err(BadCursor), "{other:?}");
    }
    assert_eq!(mine.position(&cursor).unwrap(), "B#1");
}

/// A cursor names a place, never whose list: another customer's id in it changes nothing.
#[tokio::test]
async fn no_place_leads_into_somebody_elses_bookings() {
    let tables = tables(9).await;
    let mine = place(&tables, book("alice", "1", "09:00:00")).await;
    let theirs = place(&tables, book("bob", "1", "09:00:00")).await;
    for after in ["0".repeat(32), theirs.id.hash().to_string(), "f".repeat(32)] {
        let after = BookingHash::parse(&after).unwrap();
        let name = &mine.customer;
        let page = tables.bookings.bookings_of(name, None, 10, Some(&after), at(NOW));
        let expected = if after < *mine.id.hash() { vec![mine.clone()] } else { Vec::new() };
        assert_eq!(page.await.unwrap(), (expected, None));
    }
    for text in ["", "x", "2099-06-01T09:00:00Z", "2099-06-01T09:00:00Z#1"] {
        assert_eq!(CalendarKey::parse(text), None, "{text}");
    }
    let place = CalendarKey::of(&place(&tables, book("a b  c ", "1", "09:00:00")).await);
    assert_eq!(CalendarKey::parse(&place.to_string()), Some(place));
}
