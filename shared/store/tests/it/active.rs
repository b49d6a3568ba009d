//! How many active bookings of a resource a customer may have.

use crate::any_of::any_of;
use crate::ledger::Ledger;
use crate::pools::{pool, pools};
use crate::units::Meter;
use domain::numbers::MaxActive;
use domain::{AnyOf, Booking, MadeBy, NewBooking, Rejection, Resource, Rules};
use fastrand::Rng;
use futures::future::join_all;
use jiff::Timestamp;
use store::CommandError;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, cancel, code, confirm, customer, hold, room};

fn limited(most: u32) -> Resource {
    let rules = Rules { max_active: Some(MaxActive::new(most).unwrap()), ..Rules::default() };
    Resource { rules, ..room(100) }
}

async fn tables(most: u32) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(limited(most), at(NOW)).await.unwrap();
    tables
}

#[track_caller]
fn is_limited(answer: &Result<Booking, CommandError>) {
    let limited = matches!(answer, Err(CommandError::Rejected(Rejection::LimitExceeded(_))));
    assert!(limited, "{answer:?}");
}

async fn place(
    tables: &Tables,
    request: NewBooking,
    now: Timestamp,
) -> Result<Booking, CommandError> {
    tables.bookings.place(&request, 500, now).await
}

#[tokio::test]
async fn held_and_confirmed_count_until_they_are_over_or_given_back() {
    let tables = tables(2).await;
    let now = at(NOW);
    let booked = place(&tables, book("alice", "1", "09:00:00"), now).await.unwrap();
    let held = place(&tables, hold("alice", "2", "09:30:00"), now).await.unwrap();
    is_limited(&place(&tables, book("alice", "3", "10:00:00"), now).await);
    is_limited(&place(&tables, hold("alice", "4", "10:00:00"), now).await);
    // A key that is repeated makes no other booking; others have a limit of their own.
    let again = place(&tables, book("alice", "1", "09:00:00"), now).await.unwrap();
    assert_eq!(again, booked);
    place(&tables, book("bob", "1", "10:00:00"), now).await.unwrap();
    let (alice, id) = (&held.customer, &held.id);
    tables.bookings.carry_out(alice, id, &confirm(), None, now).await.unwrap();
    is_limited(&place(&tables, book("alice", "3", "10:00:00"), now).await);
    tables.bookings.carry_out(alice, id, &cancel(), None, now).await.unwrap();
    place(&tables, book("alice", "3", "10:00:00"), now).await.unwrap();
    // The first is over at 09:30.
    is_limited(&place(&tables, book("alice", "5", "12:00:00"), at("09:29:59")).await);
    place(&tables, book("alice", "5", "12:00:00"), at("09:30:00")).await.unwrap();
}

/// No two requests of a customer pass the limit together, whatever they ask for.
#[tokio::test]
async fn the_limit_holds_for_requests_at_once() {
    let tables = tables(3).await;
    let requests = (0..16).map(|n| match n % 2 {
        0 => hold("alice", &n.to_string(), "09:00:00"),
        _ => book("alice", &n.to_string(), "09:30:00"),
    });
    let answers = join_all(requests.map(|request| place(&tables, request, at(NOW)))).await;
    for answer in answers.iter().filter(|answer| answer.is_err()) {
        is_limited(answer);
    }
    let ledger = Ledger::read(&tables).await;
    assert_eq!(ledger.bookings.len(), 3, "{answers:?}");
    is_limited(&place(&tables, book("alice", "later", "10:00:00"), at(NOW)).await);
}

/// Two customers, of whom each asks for more than they may have, by name and as any of a pool, whatever
/// order that comes to: each has as much as they may, no less and no more.
#[tokio::test]
async fn each_has_as_many_as_the_limit_says() {
    for seed in 0..50 {
        let mut random = Rng::with_seed(seed);
        let most = random.u32(1..=3);
        let tables = Tables::start();
        let resource = Resource { pools: pools(&["rooms"]), ..limited(most) };
        tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
        let mut requests = Vec::new();
        for n in 0..20 {
            let (name, key) = (["alice", "bob"][n % 2], n.to_string());
            let one = if random.bool() { hold } else { book };
            let start = ["09:00:00", "09:30:00", "10:00:00"][random.usize(..3)];
            requests.push((one(name, &key, start), random.bool()));
        }
        random.shuffle(&mut requests);
        let answers = join_all(requests.into_iter().map(|(request, by_name)| {
            let tables = &tables;
            async move {
                if by_name {
                    return place(tables, request, at(NOW)).await;
                }
                let request = any_of(AnyOf::Pool(pool("main/rooms")), request);
                tables.bookings.sell_any_of(&request, &code(), 500, at(NOW)).await
            }
        }));
        let answers = answers.await;
        answers.iter().filter(|answer| answer.is_err()).for_each(is_limited);
        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(100, at(NOW));
        for name in ["alice", "bob"] {
            let has = ledger.bookings.iter().filter(|it| it.customer == customer(name)).count();
            assert_eq!(has, usize::try_from(most).unwrap(), "seed {seed}: {answers:?}");
        }
    }
}

/// What is refused for another reason does not count.
#[tokio::test]
async fn a_refused_booking_is_not_active() {
    let tables = Tables::start();
    tables
        .bookings
        .put_resource(Resource { capacity: room(1).capacity, ..limited(1) }, at(NOW))
        .await
        .unwrap();
    place(&tables, book("bob", "1", "09:00:00"), at(NOW)).await.unwrap();
    for n in 0..3 {
        let full = place(&tables, book("alice", &n.to_string(), "09:00:00"), at(NOW)).await;
        assert!(matches!(full, Err(CommandError::Rejected(Rejection::SlotFull))), "{full:?}");
    }
    place(&tables, book("alice", "4", "09:30:00"), at(NOW)).await.unwrap();
}

/// An operator is not bound, and what they book for a customer counts among that customer's.
#[tokio::test]
async fn an_operators_sale_counts_and_is_not_refused() {
    let tables = tables(2).await;
    let by = || MadeBy::OperatorFor(customer("olga"));
    for n in 0..3 {
        let request = NewBooking { by: by(), ..book("alice", &n.to_string(), "09:00:00") };
        place(&tables, request, at(NOW)).await.unwrap();
    }
    is_limited(&place(&tables, book("alice", "own", "09:00:00"), at(NOW)).await);
    for n in 3..8 {
        let request = NewBooking { by: by(), ..book("guest:Ann", &n.to_string(), "09:00:00") };
        place(&tables, request, at(NOW)).await.unwrap();
    }
}

/// Where a resource begins to count, what was sold before counts.
#[tokio::test]
async fn what_was_sold_before_the_rule_counts() {
    let tables = Tables::start();
    tables.bookings.put_resource(room(100), at(NOW)).await.unwrap();
    let first = place(&tables, book("alice", "1", "09:00:00"), at(NOW)).await.unwrap();
    place(&tables, book("alice", "2", "09:30:00"), at(NOW)).await.unwrap();
    tables.bookings.put_resource(limited(2), at(NOW)).await.unwrap();
    is_limited(&place(&tables, book("alice", "3", "10:00:00"), at(NOW)).await);
    let (alice, id) = (&first.customer, &first.id);
    tables.bookings.carry_out(alice, id, &cancel(), None, at(NOW)).await.unwrap();
    place(&tables, book("alice", "3", "10:00:00"), at(NOW)).await.unwrap();
    is_limited(&place(&tables, book("alice", "4", "10:00:00"), at(NOW)).await);
}

/// The rule costs a unit; without it a sale costs what it did.
#[tokio::test]
#[expect(clippy::float_cmp, reason = "units come in halves, which are exact")]
async fn the_rule_costs_one_unit() {
    for (resource, extra) in [(room(100), 0.0), (limited(5), 1.0)] {
        let tables = Tables::start();
        tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
        let meter = Meter(&tables.bookings);
        let request = hold("alice", "1", "09:00:00");
        let (held, units) = meter.units(tables.bookings.place(&request, 50, at(NOW))).await;
        assert_eq!(units.written, 6.0 + extra);
        let confirm = confirm();
        let confirmed =
            tables.bookings.carry_out(&held.customer, &held.id, &confirm, None, at(NOW));
        assert_eq!(meter.units(confirmed).await.1.written, 4.0);
        let request = book("alice", "2", "09:00:00");
        let (_, units) = meter.units(tables.bookings.place(&request, 50, at(NOW))).await;
        assert_eq!(units.written, 5.0 + extra);
    }
}

/// A resource of an earlier release asks nothing; a booking of one may be changed until its start.
#[tokio::test]
async fn items_of_an_earlier_release_ask_nothing() {
    let tables = Tables::start();
    let minutes = domain::numbers::RuleMinutes::new(60).unwrap();
    let rules = Rules { cancel_minutes: Some(minutes), ..limited(2).rules };
    let resource = tables.bookings.put_resource(Resource { rules, ..room(1) }, at(NOW)).await;
    let resource = resource.unwrap();
    let booked = place(&tables, book("alice", "1", "10:00:00"), at(NOW)).await.unwrap();
    assert_eq!(booked.deadlines.cancel_by, at("09:00:00"));
    let read = async || {
        let booking = tables.bookings.booking(&booked.customer, &booked.id, at(NOW)).await;
        (tables.bookings.resource(&resource.id).await.unwrap(), booking.unwrap().unwrap())
    };
    assert_eq!(read().await, (resource.clone(), booked.clone()));
    for mut item in tables.raw.scan("bookings").await {
        if item.remove("rules").is_some() | item.remove("cancelBy").is_some() {
            let put = tables.raw.client.put_item().table_name(tables.raw.name("bookings"));
            put.set_item(Some(item)).send().await.unwrap();
        }
    }
    let (asks, old) = read().await;
    assert_eq!(asks.rules, Rules::default());
    assert_eq!(old.deadlines, domain::Deadlines::at_the_start(at("10:00:00")));
}
