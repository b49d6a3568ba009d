//! One key used more than once: with other fields, or by requests that cross.

use crate::ledger::Ledger;
use domain::{NewBooking, Quantity, Rejection};
use store::CommandError;
use support::fixtures::{NOW, Shortly, at, book, hold, room};
use support::proxy::{Fault, Proxy};
use support::{Tables, client};

async fn tables(capacity: u32) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(room(capacity), at(NOW)).await.unwrap();
    tables
}

fn is_limited<T>(answer: &Result<T, CommandError>) -> bool {
    matches!(answer, Err(CommandError::Rejected(Rejection::LimitExceeded(_))))
}

/// A key that is used again with other fields is refused, and its first booking stays open.
#[tokio::test]
async fn a_key_with_other_fields_does_not_lift_the_limit() {
    let tables = tables(10).await;
    let place = async |request: NewBooking| tables.bookings.place(&request, 2, at(NOW)).await;
    for key in ["1", "2"] {
        place(hold("alice", key, "09:00:00")).await.unwrap();
        let other = place(hold("alice", key, "10:00:00")).await;
        assert!(
            matches!(other, Err(CommandError::Rejected(Rejection::IdempotencyMismatch))),
            "{other:?}"
        );
    }
    let third = place(hold("alice", "3", "09:00:00")).await;
    assert!(is_limited(&third), "{third:?}");
}

/// A hold is under way; another attempt of its key is refused meanwhile. The hold counts when it
/// arrives.
#[tokio::test]
async fn an_attempt_that_fails_beside_another_does_not_lift_the_limit() {
    let tables = tables(1).await;
    tables.bookings.place(&book("bob", "1", "10:00:00"), 2, at(NOW)).await.unwrap();
    let proxy = Proxy::before(&tables.raw.url).await;
    proxy.next([Fault::HeldBack]);
    let store = tables.raw.bookings(&client(&proxy.url));
    let first =
        tokio::spawn(async move { store.place(&hold("alice", "1", "09:00:00"), 1, at(NOW)).await });
    proxy.arrived().await;
    let full = tables.bookings.place(&hold("alice", "1", "10:00:00"), 1, at(NOW)).await;
    assert!(matches!(full, Err(CommandError::Rejected(Rejection::SlotFull))), "{full:?}");
    proxy.release();
    first.await.unwrap().unwrap();
    let second = tables.bookings.place(&hold("alice", "2", "09:30:00"), 1, at(NOW)).await;
    assert!(is_limited(&second), "{second:?}");
}

/// Two attempts of one key, the first of which fails after the second has come to rely on its entry:
/// what the second makes counts.
#[tokio::test]
async fn an_attempt_does_not_rest_on_the_entry_of_one_that_fails() {
    let tables = tables(1).await;
    let hold_back = async |start: &'static str| {
        let proxy = Proxy::before(&tables.raw.url).await;
        proxy.next([Fault::HeldBack]);
        let store = tables.raw.bookings(&client(&proxy.url));
        let request = hold("alice", "1", start);
        let sale = tokio::spawn(async move { store.place(&request, 1, at(NOW)).await });
        proxy.arrived().await;
        (proxy, sale)
    };
    let (first_proxy, first) = hold_back("09:00:00").await;
    let (second_proxy, second) = hold_back("10:00:00").await;
    tables.bookings.place(&book("bob", "1", "09:00:00"), 1, at(NOW)).await.unwrap();
    first_proxy.release();
    let full = first.await.unwrap();
    assert!(matches!(full, Err(CommandError::Rejected(Rejection::SlotFull))), "{full:?}");
    second_proxy.release();
    second.await.unwrap().unwrap();
    let third = tables.bookings.place(&hold("alice", "2", "09:30:00"), 1, at(NOW)).await;
    assert!(is_limited(&third), "{third:?}");
}

/// Two requests of one key and other quantities are under way: whichever is written, the limit is
/// kept.
#[tokio::test]
async fn an_attempt_with_other_places_does_not_rest_on_the_entry_of_one_with_few() {
    let tables = tables(50).await;
    tables.bookings.place(&hold("alice", "0", "12:00:00"), 3, at(NOW)).await.unwrap();
    let proxy = Proxy::before(&tables.raw.url).await;
    proxy.next([Fault::HeldBack]);
    let store = tables.raw.bookings(&client(&proxy.url));
    let few =
        tokio::spawn(async move { store.place(&hold("alice", "1", "09:00:00"), 3, at(NOW)).await });
    proxy.arrived().await;
    let many =
        NewBooking { quantity: Quantity::new(50).unwrap(), ..hold("alice", "1", "10:00:00") };
    let many = tables.bookings.place(&many, 3, at(NOW)).await;
    assert!(is_limited(&many), "{many:?}");
    proxy.release();
    few.await.unwrap().unwrap();
}

/// An attempt to hold the last place is sent again while the first is under way, and sees the place
/// gone: to itself. It is answered with the hold.
#[tokio::test]
async fn an_attempt_sent_again_is_not_told_that_somebody_was_faster() {
    let tables = tables(1).await;
    let proxy = Proxy::before(&tables.raw.url).await;
    proxy.hold_back_query();
    let store = tables.raw.bookings(&client(&proxy.url));
    let request = hold("alice", "1", "09:00:00");
    let again = {
        let request = request.clone();
        tokio::spawn(async move { store.place(&request, 50, at(NOW)).await })
    };
    proxy.arrived().await;
    // It has looked for the booking, its resource and what is open; it waits for the slots.
    while proxy.items_read() < 3 {
        tokio::task::yield_now().await;
    }
    let held = tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    proxy.release();
    assert_eq!(again.await.unwrap().unwrap(), held);
    assert_eq!(Ledger::read(&tables).await.bookings, [held]);
}
