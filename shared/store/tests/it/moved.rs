//! Bookings made on a grid that is not their resource's any more: what becomes of them sells no time
//! twice.

use crate::ledger::Ledger;
use domain::{Booking, Calendar, HoldSeconds, NewBooking, Quantity, Resource};
use jiff::{SignedDuration, Timestamp};
use support::fixtures::{NOW, Shortly, at, book, cancel, confirm, grid, hold, room};
use support::proxy::{Fault, Proxy};
use support::{Tables, client};

/// When nobody sells on the former grid any more.
const SETTLED: &str = "08:01:00";

async fn put(tables: &Tables, calendar: Calendar, now: &str) -> Resource {
    tables.bookings.put_resource(Resource { calendar, ..room(1) }, at(now)).await.unwrap()
}

/// No two live bookings of the room share any time.
async fn assert_apart(tables: &Tables, now: Timestamp) {
    let bookings = Ledger::read(tables).await.bookings;
    let live: Vec<Booking> = bookings
        .into_iter()
        .map(|booking| booking.at(now))
        .filter(|booking| booking.places_in(&booking.resource, booking.stretch.start()) > 0)
        .collect();
    for (place, one) in live.iter().enumerate() {
        for other in &live[place + 1..] {
            let apart = !one.stretch.time().overlaps(other.stretch.time());
            assert!(apart, "{one:#?} and {other:#?}");
        }
    }
}

/// A booking that moves to a longer slot of the same start takes the rest of it as well.
#[tokio::test]
async fn a_booking_that_grows_with_the_grid_takes_nobody_elses_time() {
    let (short, long) = (grid("UTC", 30, &["09:00-17:00"]), grid("UTC", 60, &["09:00-17:00"]));
    let tables = Tables::start();
    put(&tables, short, NOW).await;
    let place = async |request| tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    let alice = place(book("alice", "1", "09:00:00")).await;
    place(book("bob", "1", "09:30:00")).await;
    put(&tables, long, NOW).await;
    let to = (at("09:00:00"), None);
    let _ = tables.bookings.reschedule(&alice.customer, &alice.id, to, None, at(SETTLED)).await;
    assert_apart(&tables, at(SETTLED)).await;
}

/// A booking of two short slots that becomes one of a long slot keeps its time, on the former grid
/// too.
#[tokio::test]
async fn a_booking_that_changes_its_slots_gives_none_of_its_time_away() {
    let short = || grid("UTC", 30, &["09:00-17:00"]);
    let tables = Tables::start();
    put(&tables, short(), NOW).await;
    let request = NewBooking { end: Some(at("10:00:00")), ..book("alice", "1", "09:00:00") };
    let alice = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    put(&tables, grid("UTC", 60, &["09:00-17:00"]), NOW).await;
    let to = (at("09:00:00"), None);
    let _ = tables.bookings.reschedule(&alice.customer, &alice.id, to, None, at(SETTLED)).await;
    put(&tables, short(), SETTLED).await;
    let later = at("08:02:00");
    let _ = tables.bookings.place(&book("bob", "1", "09:30:00"), 50, later).await;
    assert_apart(&tables, later).await;
}

/// A hold on the former grid runs out while its confirmation, decided in time, is on its way; then
/// its time is sold on today's grid. One of the two is refused.
#[tokio::test]
async fn a_late_confirmation_on_a_former_grid_meets_a_sale() {
    for start in ["09:15:00", "08:45:00"] {
        let tables = Tables::start();
        put(&tables, grid("UTC", 30, &["09:00-17:00"]), NOW).await;
        let request = hold("alice", "1", "09:00:00");
        let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
        put(&tables, grid("UTC", 30, &["08:45-17:00"]), NOW).await;
        let end = held.hold_expires_at.unwrap();

        let proxy = Proxy::before(&tables.raw.url).await;
        proxy.next([Fault::HeldBack]);
        let store = tables.raw.bookings(&client(&proxy.url));
        let before = end - SignedDuration::from_millis(1);
        let confirmation = tokio::spawn(async move {
            store.carry_out(&held.customer, &held.id, &confirm(), None, before).await
        });
        proxy.arrived().await;
        let sale = tables.bookings.place(&book("bob", "1", start), 50, end).await;
        proxy.release();
        let confirmed = confirmation.await.unwrap();
        assert_apart(&tables, end).await;
        assert!(sale.is_ok() && confirmed.is_err(), "{sale:?} {confirmed:?}");
        Ledger::read(&tables).await.assert_balanced(1, end);
    }
}

/// The same, where a booking is moved to the time that the hold had.
#[tokio::test]
async fn a_late_confirmation_on_a_former_grid_meets_a_move() {
    let tables = Tables::start();
    put(&tables, grid("UTC", 30, &["09:00-17:00"]), NOW).await;
    let place = async |request| tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    let held = place(hold("alice", "1", "09:00:00")).await;
    let bob = place(book("bob", "1", "12:00:00")).await;
    put(&tables, grid("UTC", 30, &["08:45-17:00"]), NOW).await;
    let end = held.hold_expires_at.unwrap();

    let proxy = Proxy::before(&tables.raw.url).await;
    proxy.next([Fault::HeldBack]);
    let store = tables.raw.bookings(&client(&proxy.url));
    let before = end - SignedDuration::from_millis(1);
    let confirmation = tokio::spawn(async move {
        store.carry_out(&held.customer, &held.id, &confirm(), None, before).await
    });
    proxy.arrived().await;
    let to = (at("09:15:00"), None);
    let moved = tables.bookings.reschedule(&bob.customer, &bob.id, to, None, end).await;
    proxy.release();
    let confirmed = confirmation.await.unwrap();
    assert_apart(&tables, end).await;
    assert!(moved.is_ok() && confirmed.is_err(), "{moved:?} {confirmed:?}");
    Ledger::read(&tables).await.assert_balanced(1, end);
}

/// Where holds have had many lengths, a slot has more buckets than one write can name: a booking can
/// be moved there nevertheless.
#[tokio::test]
async fn a_booking_moves_to_where_hundreds_of_holds_have_run_out() {
    let tables = Tables::start();
    for n in 1..=200 {
        let hold_seconds = HoldSeconds::new(n).unwrap();
        let resource = Resource { hold_seconds, ..room(200) };
        tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
        let request = hold(&format!("gone{n}"), "1", "09:00:00");
        tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    }
    let later = at("08:12:00");
    let all = NewBooking { quantity: Quantity::new(200).unwrap(), ..book("all", "1", "10:00:00") };
    let all = tables.bookings.place(&all, 50, later).await.unwrap();
    let proxy = Proxy::before(&tables.raw.url).await;
    let store = tables.raw.bookings(&client(&proxy.url));
    let to = (at("09:00:00"), None);
    store.reschedule(&all.customer, &all.id, to, None, later).await.unwrap();
    Ledger::read(&tables).await.assert_balanced(200, later);
    tables.bookings.carry_out(&all.customer, &all.id, &cancel(), None, later).await.unwrap();
}
