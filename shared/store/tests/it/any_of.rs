//! A booking of any of several resources: one that holds, the first in the order of choice; one for
//! each key; and nobody is turned away while a table is free. Judged by the tables.

use crate::pools::{id, pool, pools, put, table};
use crate::units::{ITEM, Meter, POINTER};
use domain::numbers::MaxActive;
use domain::{
    AnyOf, Booking, MadeBy, NewBooking, Quantity, Rank, Rejection, Resource, Rules, Sale, State,
    With,
};
use futures::future::join_all;
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::items::booking::to_booking;
use store::items::slot::to_slot;
use store::{CommandError, Error};
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, cancel, code, customer, grid, hold};
use support::proxy::{Fault, Proxy};

/// The request, of any of these.
pub fn any_of(any_of: AnyOf, request: NewBooking) -> NewBooking<AnyOf> {
    let NewBooking { customer, by, key, sale, start, end, quantity, with, details, note, .. } =
        request;
    let (resource, chosen_from) = (any_of, None);
    NewBooking {
        customer,
        by,
        key,
        sale,
        resource,
        chosen_from,
        start,
        end,
        quantity,
        with,
        details,
        note,
    }
}

pub fn tables_of(request: NewBooking) -> NewBooking<AnyOf> {
    any_of(AnyOf::Pool(pool("main/tables")), request)
}

pub fn places(request: NewBooking, places: u32) -> NewBooking {
    NewBooking { quantity: Quantity::new(places).unwrap(), ..request }
}

pub async fn sell(
    tables: &Tables,
    request: &NewBooking<AnyOf>,
    now: Timestamp,
) -> Result<Booking, CommandError> {
    tables.bookings.sell_any_of(request, &code(), 50, now).await
}

async fn sold(tables: &Tables, request: NewBooking<AnyOf>) -> Booking {
    sell(tables, &request, at(NOW)).await.unwrap()
}

async fn refused(tables: &Tables, request: NewBooking<AnyOf>) -> Rejection {
    match sell(tables, &request, at(NOW)).await {
        Err(CommandError::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    }
}

/// All bookings of the table; each slot has taken what those that take places there add up to.
pub async fn audited(tables: &Tables, now: Timestamp) -> Vec<Booking> {
    let (mut bookings, mut slots) = (Vec::new(), BTreeMap::new());
    for item in tables.raw.scan("bookings").await {
        let (pk, sk) = (item["PK"].as_s().unwrap().clone(), item["SK"].as_s().unwrap().clone());
        if sk.starts_with("B#") {
            bookings.push(to_booking(item.into()).unwrap());
        } else if sk.starts_with("S#") {
            let slot = to_slot(item.into()).unwrap().at(now);
            slots.insert((pk, slot.start), slot.taken);
        }
    }
    let mut booked: BTreeMap<_, u32> = slots.keys().map(|key| (key.clone(), 0)).collect();
    for booking in bookings.iter().map(|booking: &Booking| booking.at(now)) {
        for claim in booking.claims() {
            for slot in claim.stretch.slots() {
                let key = (format!("R#{}", claim.resource), slot.start);
                *booked.entry(key).or_default() += booking.places_in(&claim.resource, slot.start);
            }
        }
    }
    assert_eq!(booked, slots);
    bookings
}

#[tokio::test]
async fn the_first_in_the_order_of_choice_that_has_room() {
    let tables = Tables::start();
    let rank = |rank, table: Resource| Resource { rank: Rank::new(rank).unwrap(), ..table };
    for resource in
        [table("d", 4), rank(1, table("a", 2)), table("c", 2), table("b", 2), table("e", 6)]
    {
        put(&tables, &resource).await;
    }
    let mut came_to = Vec::new();
    for (number, quantity) in [2, 1, 1, 1, 2, 3, 4, 6, 5, 1, 1].into_iter().enumerate() {
        let request = places(book(&format!("c-{number}"), "1", "09:00:00"), quantity);
        match sell(&tables, &tables_of(request), at(NOW)).await {
            Ok(booking) => came_to.push(booking.resource.to_string()),
            Err(CommandError::Rejected(Rejection::SlotFull)) => came_to.push("full".to_owned()),
            Err(other) => panic!("{other:?}"),
        }
    }
    // As many places as there are, shared.
    assert_eq!(came_to, ["b", "c", "c", "a", "d", "e", "full", "full", "full", "a", "d"]);
    audited(&tables, at(NOW)).await;
    // By name, the order is the same, whatever that of the names.
    let named = AnyOf::Resources(["e", "a", "c", "b"].map(id).to_vec());
    let later = any_of(named, hold("alice", "1", "10:00:00"));
    assert_eq!(sold(&tables, later).await.resource, id("b"));
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let tables = Tables::start();
    put(&tables, &table("a", 2)).await;
    let of =
        |field: &str, reason| Rejection::Of { field: field.to_owned(), reason: Box::new(reason) };
    let ids = |names: &[&str]| AnyOf::Resources(names.iter().copied().map(id).collect());
    let request = || hold("alice", "1", "09:00:00");
    assert_eq!(
        refused(&tables, any_of(ids(&["a", "b", "c"]), request())).await,
        of("/anyOf/1", Rejection::NoSuchResource)
    );
    for name in ["main/rooms", "pier/tables"] {
        let empty = any_of(AnyOf::Pool(pool(name)), request());
        assert_eq!(refused(&tables, empty).await, of("/anyOf", Rejection::EmptyPool));
    }
    assert!(audited(&tables, at(NOW)).await.is_empty());
}

#[tokio::test]
async fn what_it_comes_to_where_none_holds() {
    let tables = Tables::start();
    let closed =
        |rejection: &Rejection| matches!(rejection, Rejection::Closed(_) | Rejection::NotWhole(_));
    put(&tables, &table("small", 1)).await;
    put(&tables, &Resource { state: State::Paused, ..table("paused", 4) }).await;
    put(&tables, &Resource { state: State::Archived, ..table("archived", 4) }).await;
    let of_two = |start: &str| tables_of(places(book("alice", "1", start), 2));
    // Nothing comes into question.
    assert_eq!(refused(&tables, of_two("09:00:00")).await, Rejection::SlotFull);
    put(&tables, &table("open", 2)).await;
    assert!(closed(&refused(&tables, of_two("18:00:00")).await));
    assert!(closed(&refused(&tables, of_two("09:01:00")).await));
    assert!(closed(&refused(&tables, of_two("07:30:00")).await));
    assert_eq!(sold(&tables, of_two("09:00:00")).await.resource, id("open"));
    let of_bob = |start: &str| tables_of(places(book("bob", "1", start), 2));
    assert_eq!(refused(&tables, of_bob("09:00:00")).await, Rejection::SlotFull);
    // One is full, and one is closed then.
    let calendar = grid("UTC", 30, &["12:00-17:00"]);
    put(&tables, &Resource { calendar, ..table("late", 2) }).await;
    assert_eq!(refused(&tables, of_bob("09:00:00")).await, Rejection::SlotFull);
    // One is in transition, and the others are full or closed.
    let calendar = grid("UTC", 60, &["12:00-17:00"]);
    put(&tables, &Resource { calendar, ..table("late", 2) }).await;
    sold(&tables, tables_of(places(book("carol", "1", "12:00:00"), 2))).await;
    let moving = refused(&tables, of_bob("12:00:00")).await;
    assert!(matches!(moving, Rejection::InTransition(_)), "{moving:?}");
    // An operator's sale for somebody may be of a paused one.
    let for_bob = tables_of(NewBooking {
        by: MadeBy::OperatorFor(customer("olga")),
        ..places(book("bob", "1", "09:00:00"), 2)
    });
    assert_eq!(sold(&tables, for_bob).await.resource, id("paused"));
    audited(&tables, at(NOW)).await;
}

/// A key makes one booking, whatever has become of its resource.
#[tokio::test]
async fn a_repeated_key_answers_with_the_same_booking() {
    let tables = Tables::start();
    for name in ["a", "b"] {
        put(&tables, &table(name, 1)).await;
    }
    let request = tables_of(hold("alice", "1", "09:00:00"));
    let made = sold(&tables, request.clone()).await;
    assert_eq!(made.resource, id("a"));
    assert_eq!(sold(&tables, request.clone()).await, made);
    for changed in [
        Resource { state: State::Archived, ..table("a", 1) },
        Resource { state: State::Archived, pools: pools(&[]), ..table("a", 1) },
        Resource { pools: pools(&["rooms"]), ..table("a", 1) },
    ] {
        put(&tables, &changed).await;
        assert_eq!(sold(&tables, request.clone()).await, made, "{changed:?}");
    }
    // Nobody is left in the pool.
    put(&tables, &Resource { pools: pools(&[]), ..table("b", 1) }).await;
    assert_eq!(sold(&tables, request.clone()).await, made);
    // Other fields, also such as come to the same resource.
    let others = [
        tables_of(hold("alice", "1", "09:30:00")),
        tables_of(book("alice", "1", "09:00:00")),
        any_of(AnyOf::Pool(pool("main/rooms")), hold("alice", "1", "09:00:00")),
        any_of(AnyOf::Resources(vec![id("a")]), hold("alice", "1", "09:00:00")),
        any_of(AnyOf::Resources(vec![id("nowhere")]), hold("alice", "1", "09:00:00")),
    ];
    for other in others {
        assert_eq!(refused(&tables, other).await, Rejection::IdempotencyMismatch);
    }
    let named = NewBooking { resource: id("a"), ..hold("alice", "1", "09:00:00") };
    let by_name = tables.bookings.place(&named, 50, at(NOW)).await.unwrap_err();
    assert!(matches!(by_name, CommandError::Rejected(Rejection::IdempotencyMismatch)));
    // What was given back stays what the key has made.
    let given = tables.bookings.carry_out(&made.customer, &made.id, &cancel(), None, at(NOW)).await;
    let given = given.unwrap();
    assert_eq!(sold(&tables, request).await, given);
    assert_eq!(audited(&tables, at(NOW)).await, [given]);
}

/// An operator's key is used for one customer, whatever it came to.
#[tokio::test]
async fn an_operators_key_is_for_one_customer() {
    let tables = Tables::start();
    put(&tables, &table("a", 1)).await;
    let by = || MadeBy::OperatorFor(customer("olga"));
    let request = tables_of(NewBooking { by: by(), ..hold("alice", "1", "09:00:00") });
    let made = sold(&tables, request.clone()).await;
    assert_eq!(sold(&tables, request).await, made);
    // Also where there is no room any more.
    let other = tables_of(NewBooking { by: by(), ..hold("bob", "1", "09:00:00") });
    assert_eq!(refused(&tables, other).await, Rejection::IdempotencyMismatch);
}

/// What a customer may have open is the same wherever it is; what they may have of one resource sends
/// them to the next.
#[tokio::test]
async fn limits_are_entered_and_taken_back() {
    let tables = Tables::start();
    let rules = Rules { max_active: Some(MaxActive::new(1).unwrap()), ..Rules::default() };
    for name in ["a", "b"] {
        put(&tables, &Resource { rules, ..table(name, 9) }).await;
    }
    let one = |key: &str| tables_of(book("alice", key, "09:00:00"));
    assert_eq!(sold(&tables, one("1")).await.resource, id("a"));
    assert_eq!(sold(&tables, one("2")).await.resource, id("b"));
    assert!(matches!(refused(&tables, one("3")).await, Rejection::LimitExceeded(_)));
    put(&tables, &table("c", 9)).await;
    assert_eq!(sold(&tables, one("3")).await.resource, id("c"));
    // Open places: two at most.
    let open = async |key: &str, quantity| {
        let request = tables_of(places(hold("bob", key, "09:00:00"), quantity));
        tables.bookings.sell_any_of(&request, &code(), 2, at(NOW)).await
    };
    open("1", 1).await.unwrap();
    let limited = open("2", 2).await;
    assert!(matches!(limited, Err(CommandError::Rejected(Rejection::LimitExceeded(_)))));
    // A full pool takes back what was entered at each table.
    open("3", 1).await.unwrap();
    audited(&tables, at(NOW)).await;
}

/// What is asked for beside it goes with whichever it comes to.
#[tokio::test]
async fn others_beside_it() {
    let tables = Tables::start();
    let small = Resource { pools: pools(&[]), ..table("projector", 1) };
    for resource in [table("a", 1), table("b", 1), table("c", 1), small] {
        put(&tables, &resource).await;
    }
    let with = |name: &str| vec![With { resource: id(name), quantity: Quantity::ONE }];
    let one = |who: &str, start: &str, name: &str| {
        tables_of(NewBooking { with: with(name), ..book(who, "1", start) })
    };
    let made = sold(&tables, one("alice", "09:00:00", "projector")).await;
    assert_eq!((&made.resource, &made.with[0].resource), (&id("a"), &id("projector")));
    assert_eq!(sold(&tables, one("alice", "09:00:00", "projector")).await, made);
    // There are tables, and the projector is taken.
    let refused_beside = refused(&tables, one("bob", "09:00:00", "projector")).await;
    assert_eq!(refused_beside, Rejection::SlotFull.of_other(0));
    let none = refused(&tables, one("bob", "10:00:00", "none")).await;
    assert_eq!(none, Rejection::NoSuchResource.of_other(0));
    // One that is asked for beside it is not chosen.
    let both = sold(&tables, one("carol", "10:00:00", "a")).await;
    assert_eq!((&both.resource, &both.with[0].resource), (&id("b"), &id("a")));
}

/// Contention at a table is no reason to say that it is full.
#[tokio::test]
async fn contention_is_busy_and_not_full() {
    let tables = Tables::start();
    put(&tables, &table("a", 1)).await;
    let proxy = Proxy::before(&tables.raw.url).await;
    let bookings = tables.raw.bookings(&support::client(&proxy.url));
    proxy.always(Fault::Cancelled(&["TransactionConflict", "None"]));
    let request = tables_of(hold("alice", "1", "09:00:00"));
    let answer = bookings.sell_any_of(&request, &code(), 50, at(NOW)).await;
    assert!(matches!(answer, Err(CommandError::Failed(Error::Busy))), "{answer:?}");
    assert!(audited(&tables, at(NOW)).await.is_empty());
}

/// An answer that was lost: the same key finds the booking, and takes no other table.
#[tokio::test]
async fn a_lost_answer_is_found_by_its_key() {
    let tables = Tables::start();
    for name in ["a", "b"] {
        put(&tables, &table(name, 1)).await;
    }
    let proxy = Proxy::before(&tables.raw.url).await;
    let bookings = tables.raw.bookings(&support::client(&proxy.url));
    proxy.next([Fault::AnswerLost]);
    let request = tables_of(hold("alice", "1", "09:00:00"));
    // Whatever the first is told.
    drop(bookings.sell_any_of(&request, &code(), 50, at(NOW)).await);
    let made = bookings.sell_any_of(&request, &code(), 50, at(NOW)).await.unwrap();
    assert_eq!(made.resource, id("a"));
    assert_eq!(audited(&tables, at(NOW)).await, [made]);
}

/// A table that is free costs little more than by name; a full pool has an end.
#[tokio::test]
#[expect(clippy::float_cmp, reason = "units come in halves, which are exact")]
async fn what_a_choice_costs() {
    let mut costs = Vec::new();
    for count in [1, 10, 100] {
        let tables = Tables::start();
        let puts = (0..count).map(|n| async move { table(&format!("t-{n:03}"), 1) });
        for resource in join_all(puts).await {
            put(&tables, &resource).await;
        }
        let meter = Meter(&tables.bookings);
        let first = tables_of(book("alice", "1", "09:00:00"));
        let (_, units) = meter.units(sell(&tables, &first, at(NOW))).await;
        // As much as of a resource that was asked for by name.
        assert_eq!(units.written, 2.0 * ITEM + POINTER, "{count} tables");
        for n in 1..count {
            let request = NewBooking {
                resource: id(&format!("t-{n:03}")),
                ..book("bob", &n.to_string(), "09:00:00")
            };
            tables.bookings.place(&request, 500, at(NOW)).await.unwrap();
        }
        let before = tables.bookings.units().consumed();
        let last = tables_of(NewBooking { sale: Sale::Hold, ..book("carol", "1", "09:00:00") });
        assert_eq!(refused(&tables, last).await, Rejection::SlotFull);
        let after = tables.bookings.units().consumed();
        let full = after.read - before.read;
        println!("{count} tables: {units:?}; where all are full: {full} read units");
        assert!(after.written <= before.written, "a full pool writes nothing");
        costs.push((units.read, full));
    }
    assert!(costs[2].0 <= costs[0].0 + 3.0, "{costs:?}");
    assert!(costs[2].1 <= 210.0, "{costs:?}");
}
