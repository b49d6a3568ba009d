//! Who waits for places: nobody overtakes, and no place stays idle.

use crate::ledger::Ledger;
use domain::{Booking, NewBooking, Quantity, Rejection, Reschedule, Resource, Rules, Sale, Status};
use fastrand::Rng;
use futures::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use store::CommandError;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, cancel, confirm, hold, room};

const SEEDS: std::ops::Range<u64> = 0..50;

async fn tables(resource: Resource) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    tables
}

fn wait(name: &str, start: &str) -> NewBooking {
    NewBooking { sale: Sale::Wait, ..hold(name, "wait", start) }
}

fn places(request: NewBooking, places: u32) -> NewBooking {
    NewBooking { quantity: Quantity::new(places).unwrap(), ..request }
}

async fn place(tables: &Tables, request: &NewBooking, now: &str) -> Booking {
    tables.bookings.place(request, 50, at(now)).await.unwrap()
}

async fn change(tables: &Tables, booking: &Booking, intent: &Intent, now: Timestamp) -> Booking {
    let changed =
        tables.bookings.carry_out(&booking.customer, &booking.id, intent, None, now).await;
    changed.unwrap()
}

async fn read(tables: &Tables, booking: &Booking, now: Timestamp) -> Booking {
    let read = tables.bookings.booking(&booking.customer, &booking.id, now).await;
    read.unwrap().unwrap()
}

async fn position(tables: &Tables, booking: &Booking) -> usize {
    let positions = tables.bookings.positions(std::slice::from_ref(booking)).await.unwrap();
    positions[&booking.id]
}

fn is_full(answer: &Result<Booking, CommandError>) -> bool {
    matches!(answer, Err(CommandError::Rejected(rejection)) if rejection.is_full())
}

/// How many places in lines there are in the table.
async fn lines(tables: &Tables) -> usize {
    let items = tables.raw.scan("bookings").await;
    items.iter().filter(|item| item["PK"].as_s().unwrap().starts_with("W#")).count()
}

#[tokio::test]
async fn first_come_first_offered() {
    let tables = tables(room(1)).await;
    let sold = place(&tables, &book("bob", "1", "09:00:00"), NOW).await;
    let carol = place(&tables, &wait("carol", "09:00:00"), "08:00:01").await;
    let dave = place(&tables, &wait("dave", "09:00:00"), "08:00:02").await;
    assert_eq!((carol.status, carol.version.get()), (Status::Waitlisted, 1));
    assert_eq!((position(&tables, &carol).await, position(&tables, &dave).await), (1, 2));
    assert_eq!(place(&tables, &wait("carol", "09:00:00"), "08:00:03").await, carol, "same key");

    let now = at("08:01:00");
    change(&tables, &sold, &cancel(), now).await;
    let offered = read(&tables, &carol, now).await;
    assert_eq!((offered.status, offered.version.get()), (Status::Held, 2));
    let end = offered.hold_expires_at.unwrap();
    assert!(end >= now + SignedDuration::from_secs(300));
    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(1, now);
    let slot = &ledger.slots[&at("09:00:00")];
    assert_eq!((slot.taken, slot.waiting), (1, 1), "never shown as free");
    assert_eq!(position(&tables, &dave).await, 1);

    // The offer runs out: whoever comes lets the next in line go first.
    let late = tables.bookings.place(&hold("eve", "1", "09:00:00"), 50, end).await;
    assert!(is_full(&late), "{late:?}");
    let offered = read(&tables, &dave, end).await;
    assert_eq!(offered.status, Status::Held);
    assert_eq!(lines(&tables).await, 0);
    change(&tables, &offered, &confirm(), end).await;
    Ledger::read(&tables).await.assert_balanced(1, end);
}

#[tokio::test]
async fn there_is_something_to_wait_for() {
    let tables = tables(room(2)).await;
    let refused = tables.bookings.place(&wait("carol", "09:00:00"), 50, at(NOW)).await;
    assert!(matches!(refused, Err(CommandError::Rejected(Rejection::NotFull))), "{refused:?}");
    place(&tables, &book("bob", "1", "09:00:00"), NOW).await;
    // For two there is too little.
    place(&tables, &places(wait("carol", "09:00:00"), 2), NOW).await;
    // One that is free is nobody's who waits: it can be had.
    place(&tables, &book("dave", "1", "09:00:00"), NOW).await;
    Ledger::read(&tables).await.assert_balanced(2, at(NOW));
}

#[tokio::test]
async fn who_does_not_fit_is_passed_over_and_keeps_the_place() {
    let tables = tables(room(2)).await;
    let sold = join_all(["a", "b"].map(|name| {
        let tables = &tables;
        async move { place(tables, &book(name, "1", "09:00:00"), NOW).await }
    }));
    let sold = sold.await;
    let two = place(&tables, &places(wait("two", "09:00:00"), 2), "08:00:01").await;
    let one = place(&tables, &wait("one", "09:00:00"), "08:00:02").await;
    let now = at("08:01:00");
    change(&tables, &sold[0], &cancel(), now).await;
    assert_eq!(read(&tables, &one, now).await.status, Status::Held);
    assert_eq!(read(&tables, &two, now).await.status, Status::Waitlisted);
    assert_eq!(position(&tables, &two).await, 1);
    // A place that came free and does not fit who waits can be had.
    change(&tables, &one, &cancel(), now).await;
    let newcomer = place(&tables, &book("new", "1", "09:00:00"), "08:01:00").await;
    change(&tables, &newcomer, &cancel(), now).await;
    change(&tables, &sold[1], &cancel(), now).await;
    assert_eq!(read(&tables, &two, now).await.status, Status::Held);
    Ledger::read(&tables).await.assert_balanced(2, now);
    assert_eq!(lines(&tables).await, 0);
}

#[tokio::test]
async fn who_leaves_the_line_leaves_nothing() {
    let tables = tables(room(1)).await;
    let end = Some(at("10:00:00"));
    let sold = place(&tables, &NewBooking { end, ..book("bob", "1", "09:00:00") }, NOW).await;
    let both = NewBooking { end, ..wait("carol", "09:00:00") };
    let carol = place(&tables, &both, "08:00:01").await;
    let dave = place(&tables, &wait("dave", "09:30:00"), "08:00:02").await;
    assert_eq!((lines(&tables).await, position(&tables, &dave).await), (3, 2));
    let now = at("08:01:00");
    assert_eq!(change(&tables, &carol, &cancel(), now).await.status, Status::Cancelled);
    assert_eq!((lines(&tables).await, position(&tables, &dave).await), (1, 1));
    change(&tables, &sold, &cancel(), now).await;
    assert_eq!(read(&tables, &dave, now).await.status, Status::Held);
    let ledger = Ledger::read(&tables).await;
    assert!(ledger.slots.values().all(|slot| slot.waiting == 0));
    ledger.assert_balanced(1, now);
}

/// Places that come free in any other way, too.
#[tokio::test]
async fn whatever_frees_places_offers_them() {
    let later = at("08:01:00");
    for how in ["move", "larger"] {
        let tables = tables(room(1)).await;
        let sold = place(&tables, &book("bob", "1", "09:00:00"), NOW).await;
        let carol = place(&tables, &wait("carol", "09:00:00"), "08:00:01").await;
        if how == "move" {
            let to = Intent::Reschedule(Reschedule::to(at("11:00:00"), None), 50);
            change(&tables, &sold, &to, later).await;
        } else {
            tables.bookings.put_resource(room(2), later).await.unwrap();
        }
        assert_eq!(read(&tables, &carol, later).await.status, Status::Held, "{how}");
        assert_eq!(lines(&tables).await, 0, "{how}");
    }
    let tables = tables(room(2)).await;
    let two = place(&tables, &places(book("bob", "1", "09:00:00"), 2), NOW).await;
    let carol = place(&tables, &wait("carol", "09:00:00"), "08:00:01").await;
    let one = Reschedule { quantity: Some(Quantity::ONE), ..Reschedule::default() };
    change(&tables, &two, &Intent::Reschedule(one, 50), later).await;
    assert_eq!(read(&tables, &carol, later).await.status, Status::Held);
    Ledger::read(&tables).await.assert_balanced(2, later);
}

#[tokio::test]
async fn nothing_is_offered_too_late() {
    let notice =
        Rules { notice_minutes: domain::numbers::RuleMinutes::new(30).ok(), ..Rules::default() };
    let tables = tables(Resource { rules: notice, ..room(1) }).await;
    let sold = place(&tables, &book("bob", "1", "09:00:00"), NOW).await;
    let carol = place(&tables, &wait("carol", "09:00:00"), NOW).await;
    let late = at("08:30:00.001");
    change(&tables, &sold, &cancel(), late).await;
    assert_eq!(read(&tables, &carol, late).await.status, Status::Waitlisted);
    let slot = &Ledger::read(&tables).await.slots[&at("09:00:00")];
    assert_eq!(slot.taken, 0, "and the place is free");
    // It is over when the slot begins, and not a moment before.
    let start = at("09:00:00");
    let before = read(&tables, &carol, start - SignedDuration::from_millis(1)).await;
    assert_eq!(before.status, Status::Waitlisted);
    let over = read(&tables, &carol, start).await;
    assert_eq!((over.status, over.version.get(), over.updated_at), (Status::Expired, 2, start));
}

/// Many wait, some come anew, and two bookings are cancelled, all at once.
#[tokio::test]
async fn nobody_overtakes() {
    for seed in SEEDS {
        let tables = tables(room(2)).await;
        let mut random = Rng::with_seed(seed);
        let mut sold = Vec::new();
        for name in ["a", "b"] {
            sold.push(place(&tables, &book(name, "1", "09:00:00"), NOW).await);
        }
        let mut line = Vec::new();
        for n in 0..5 {
            let now = at("08:00:01") + SignedDuration::from_millis(n);
            let request = wait(&format!("w{n}"), "09:00:00");
            line.push(tables.bookings.place(&request, 50, now).await.unwrap());
        }
        let now = at("08:01:00");
        let mut newcomers: Vec<NewBooking> =
            (0..6).map(|n| hold(&format!("new{n}"), "1", "09:00:00")).collect();
        random.shuffle(&mut newcomers);
        let come = join_all(newcomers.iter().map(|it| tables.bookings.place(it, 50, now)));
        let tables_ref = &tables;
        let leave = join_all(
            sold.iter().map(|it| async move { change(tables_ref, it, &cancel(), now).await }),
        );
        let (come, _) = join(come, leave).await;
        assert!(come.iter().all(is_full), "seed {seed}: {come:?}");
        for (n, waits) in line.iter().enumerate() {
            let expected = if n < 2 { Status::Held } else { Status::Waitlisted };
            assert_eq!(read(&tables, waits, now).await.status, expected, "seed {seed}: {n}");
        }
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(2, now);
        assert_eq!(ledger.slots[&at("09:00:00")].waiting, 3, "seed {seed}");
    }
}

/// One waits for two slots, which come free at once by two different cancellations: neither sees the
/// other.
#[tokio::test]
async fn no_place_stays_idle() {
    for seed in SEEDS {
        let tables = tables(room(1)).await;
        let first = place(&tables, &book("a", "1", "09:00:00"), NOW).await;
        let second = place(&tables, &book("b", "1", "09:30:00"), NOW).await;
        let both = NewBooking { end: Some(at("10:00:00")), ..wait("carol", "09:00:00") };
        let carol = place(&tables, &both, NOW).await;
        let now = at("08:01:00");
        join(change(&tables, &first, &cancel(), now), change(&tables, &second, &cancel(), now))
            .await;
        assert_eq!(read(&tables, &carol, now).await.status, Status::Held, "seed {seed}");
        Ledger::read(&tables).await.assert_balanced(1, now);
        assert_eq!(lines(&tables).await, 0, "seed {seed}");
    }
}

/// Somebody joins just as the place comes free.
#[tokio::test]
async fn nobody_waits_beside_a_free_place() {
    for seed in SEEDS {
        let tables = tables(room(1)).await;
        let sold = place(&tables, &book("bob", "1", "09:00:00"), NOW).await;
        let now = at("08:01:00");
        let requests: Vec<_> = (0..4).map(|n| wait(&format!("w{n}"), "09:00:00")).collect();
        let joins = join_all(requests.iter().map(|it| tables.bookings.place(it, 50, now)));
        let (joins, _) = join(joins, change(&tables, &sold, &cancel(), now)).await;
        let mut held = 0;
        for join in &joins {
            match join {
                Ok(waits) => {
                    held += usize::from(read(&tables, waits, now).await.status == Status::Held);
                }
                refused => assert!(
                    matches!(refused, Err(CommandError::Rejected(Rejection::NotFull))),
                    "seed {seed}: {refused:?}"
                ),
            }
        }
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(1, now);
        let slot = &ledger.slots[&at("09:00:00")];
        let waits = joins.iter().filter(|join| join.is_ok()).count() - held;
        assert_eq!(slot.waiting as usize, waits, "seed {seed}");
        assert!(waits == 0 || slot.taken == 1, "seed {seed}: {waits} wait beside a free place");
    }
}

/// More wait than one transaction has room for, and all of them fit what comes free.
#[tokio::test]
async fn many_are_offered_places_at_once() {
    let tables = tables(room(100)).await;
    let all = place(&tables, &places(book("group", "1", "09:00:00"), 100), NOW).await;
    let mut line = Vec::new();
    for n in 0..100 {
        let now = at("08:00:01") + SignedDuration::from_millis(n);
        let request = wait(&format!("w{n}"), "09:00:00");
        line.push(tables.bookings.place(&request, 50, now).await.unwrap());
    }
    let now = at("08:01:00");
    change(&tables, &all, &cancel(), now).await;
    for waits in &line {
        assert_eq!(read(&tables, waits, now).await.status, Status::Held);
    }
    let ledger = Ledger::read(&tables).await;
    ledger.assert_balanced(100, now);
    assert_eq!((ledger.slots[&at("09:00:00")].waiting, lines(&tables).await), (0, 0));
}
