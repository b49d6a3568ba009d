//! Many at once who take any of several resources: as many as there is room for, each once. Judged by the
//! tables.

use crate::any_of::{audited, places, sell, tables_of};
use crate::pools::{put, table};
use domain::{Booking, Rejection, Resource, Status};
use fastrand::Rng;
use futures::future::join_all;
use std::collections::BTreeSet;
use std::ops::Range;
use store::CommandError;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, cancel, code, customer, hold};

#[tokio::test]
async fn ten_tables_are_sold_to_ten() {
    sell_ten_tables(0..3).await;
}

/// 50 seeds with those above. A seed takes some seconds: each of 64 looks at ten tables.
#[tokio::test]
#[ignore = "it takes some minutes"]
async fn ten_tables_are_sold_to_ten_by_further_seeds() {
    sell_ten_tables(3..50).await;
}

/// Ten tables for one party each, and 64 who want one: ten are sold, to ten of them, and all others are
/// told that it is full.
async fn sell_ten_tables(seeds: Range<u64>) {
    for seed in seeds {
        let tables = Tables::start();
        let mut random = Rng::with_seed(seed);
        for number in 0..10 {
            put(&tables, &Resource { sharing: false, ..table(&format!("t-{number}"), 2) }).await;
        }
        let mut requests: Vec<_> = (0..64)
            .map(|number| {
                let name = format!("c-{number}");
                let one = if random.bool() { hold } else { book };
                tables_of(places(one(&name, "1", "09:00:00"), random.u32(1..=2)))
            })
            .collect();
        random.shuffle(&mut requests);
        let sells = requests.iter().map(|request| sell(&tables, request, at(NOW)));
        let answers = join_all(sells).await;
        let bookings = audited(&tables, at(NOW)).await;
        let taken: BTreeSet<_> = bookings.iter().map(|booking| &booking.resource).collect();
        assert_eq!((bookings.len(), taken.len()), (10, 10), "seed {seed}");
        let told: BTreeSet<_> = answers.iter().flatten().map(|booking| &booking.id).collect();
        assert_eq!(told, bookings.iter().map(|booking| &booking.id).collect(), "seed {seed}");
        for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert!(matches!(answer, CommandError::Rejected(Rejection::SlotFull)), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn everybody_finds_a_table_while_there_is_one() {
    for seed in 0..6 {
        let tables = Tables::start();
        for number in 0..10 {
            put(&tables, &table(&format!("t-{number}"), 2 + number % 3)).await;
        }
        let mut random = Rng::with_seed(seed);
        let one = |number| {
            let name = format!("c-{number}");
            let request = if random.bool() {
                hold(&name, "1", "09:00:00")
            } else {
                book(&name, "1", "09:00:00")
            };
            tables_of(places(request, 2))
        };
        let mut requests: Vec<_> = (0..64).map(one).collect();
        random.shuffle(&mut requests);
        let answers =
            join_all(requests.iter().map(|request| sell(&tables, request, at(NOW)))).await;
        let bookings = audited(&tables, at(NOW)).await;
        // Tables for two, three and four take one party of two, one, and two.
        assert_eq!(bookings.len(), 4 + 3 + 2 * 3, "seed {seed}");
        let told: BTreeSet<_> =
            answers.iter().flatten().map(|booking| booking.id.clone()).collect();
        assert_eq!(told, bookings.iter().map(|booking| booking.id.clone()).collect());
        for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert!(matches!(answer, CommandError::Rejected(Rejection::SlotFull)), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn one_key_many_times_at_once_is_one_booking_at_one_table() {
    for seed in 0..4 {
        let tables = Tables::start();
        for number in 0..5 {
            put(&tables, &table(&format!("t-{number}"), 1)).await;
        }
        // Others take tables meanwhile, so that attempts of one key come to different ones.
        let mut requests: Vec<_> =
            (0..8).map(|_| tables_of(hold("alice", "1", "09:00:00"))).collect();
        requests.extend((0..4).map(|n| tables_of(hold(&format!("c-{n}"), "1", "09:00:00"))));
        Rng::with_seed(seed).shuffle(&mut requests);
        let answers =
            join_all(requests.iter().map(|request| sell(&tables, request, at(NOW)))).await;
        let made: Vec<Booking> = answers.into_iter().map(Result::unwrap).collect();
        let mine: BTreeSet<_> =
            made.iter().filter(|it| it.customer == customer("alice")).map(|it| &it.id).collect();
        assert_eq!(mine.len(), 1, "seed {seed}");
        let bookings = audited(&tables, at(NOW)).await;
        assert_eq!(bookings.len(), 5);
        let at_tables: BTreeSet<_> = bookings.iter().map(|booking| &booking.resource).collect();
        assert_eq!(at_tables.len(), 5);
    }
}

/// Each in turn gives a table back and takes one: there is always one free, and nobody is refused.
#[tokio::test]
async fn what_is_given_back_is_found() {
    let tables = Tables::start();
    for number in 0..3 {
        put(&tables, &table(&format!("t-{number}"), 1)).await;
    }
    let tables = &tables;
    let rounds = (0..2).map(|who| async move {
        for round in 0..10 {
            let request = tables_of(book(&format!("c-{who}"), &round.to_string(), "09:00:00"));
            let made = sell(tables, &request, at(NOW)).await.unwrap();
            let cancel = cancel();
            let back = tables.bookings.carry_out(&made.customer, &made.id, &cancel, None, at(NOW));
            assert_eq!(back.await.unwrap().status, Status::Cancelled);
        }
    });
    join_all(rounds).await;
    audited(tables, at(NOW)).await;
}

/// Attempts that came to nothing leave no entries behind: the customer may have as much open as ever.
#[tokio::test]
async fn lost_races_count_for_nothing() {
    let tables = Tables::start();
    for number in 0..4 {
        put(&tables, &table(&format!("t-{number}"), 1)).await;
    }
    let requests: Vec<_> = (0..32)
        .map(|n| tables_of(hold(&format!("c-{}", n % 4), &n.to_string(), "09:00:00")))
        .collect();
    let code = code();
    let sells = requests.iter().map(|it| tables.bookings.sell_any_of(it, &code, 8, at(NOW)));
    join_all(sells).await;
    let bookings = audited(&tables, at(NOW)).await;
    assert_eq!(bookings.len(), 4);
    for n in 0..4 {
        let name = format!("c-{n}");
        let has = bookings.iter().filter(|booking| booking.customer == customer(&name)).count();
        let rest = 8 - u32::try_from(has).unwrap();
        put(&tables, &table(&format!("large-{n}"), 8)).await;
        let request = tables_of(places(hold(&name, "rest", "10:00:00"), rest));
        tables.bookings.sell_any_of(&request, &code, 8, at(NOW)).await.unwrap();
    }
}
