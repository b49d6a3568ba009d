//! Bookings of several resources and moves, many at once: all of one or nothing of it, and nothing sold
//! twice, whoever is faster.

use domain::calendar::{Closure, Closures};
use domain::{
    Booking, Calendar, NewBooking, Period, Quantity, Rejection, Reschedule, Resource, ResourceId,
    Status, With,
};
use fastrand::Rng;
use futures::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::CommandError;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, hold, room};

const SEEDS: std::ops::Range<u64> = 0..50;

fn is_full(error: &CommandError) -> bool {
    matches!(error, CommandError::Rejected(rejection) if rejection.is_full())
}

async fn put(tables: &Tables, name: &str, capacity: u32) -> ResourceId {
    let id = ResourceId::parse(name).unwrap();
    let resource = Resource { id: id.clone(), ..room(capacity) };
    tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    id
}

/// How many places are taken in a slot of each resource, as the table says.
async fn taken(tables: &Tables, resources: &[ResourceId], start: Timestamp) -> Vec<u32> {
    let mut taken = Vec::new();
    for resource in resources {
        let end = start + SignedDuration::from_secs(1);
        let slots = tables.bookings.slots(resource, start, end).await.unwrap();
        taken.push(slots.get(&start).map_or(0, |slot| slot.taken));
    }
    taken
}

/// Any two of the pairs have a resource in common, and each has one place: one pair is sold.
#[tokio::test]
async fn overlapping_combinations_are_sold_once() {
    for seed in SEEDS {
        let tables = Tables::start();
        let mut random = Rng::with_seed(seed);
        let mut resources = Vec::new();
        for name in ["doctor", "nurse", "theatre"] {
            resources.push(put(&tables, name, 1).await);
        }
        let mut requests = Vec::new();
        for n in 0..18 {
            let (one, other) = (n % 3, (n + 1) % 3);
            let with = vec![With { resource: resources[other].clone(), quantity: Quantity::ONE }];
            let resource = resources[one].clone();
            requests.push(NewBooking { resource, with, ..hold(&format!("c{n}"), "1", "09:00:00") });
        }
        random.shuffle(&mut requests);
        let answers =
            join_all(requests.iter().map(|it| tables.bookings.place(it, 50, at(NOW)))).await;
        let sold: Vec<&Booking> = answers.iter().flatten().collect();
        assert_eq!(sold.len(), 1, "seed {seed}");
        assert!(answers.iter().filter_map(|it| it.as_ref().err()).all(is_full), "seed {seed}");
        let mut expected = vec![0; 3];
        for of in sold[0].resources() {
            expected[resources.iter().position(|it| it == of).unwrap()] += 1;
        }
        let there = taken(&tables, &resources, at("09:00:00")).await;
        assert_eq!((there.iter().sum::<u32>(), there), (2, expected), "seed {seed}");
    }
}

/// Bookings change places with each other and go to the one that is free, all at once.
#[tokio::test]
async fn moves_lose_nothing_and_sell_nothing_twice() {
    let starts = ["09:00:00", "09:30:00", "10:00:00", "10:30:00"].map(at);
    for seed in SEEDS {
        let tables = Tables::start();
        let resources = [put(&tables, "one", 1).await, put(&tables, "two", 1).await];
        let mut bookings = Vec::new();
        for (n, start) in starts.iter().enumerate().take(3) {
            for resource in &resources {
                let name = format!("{resource}{n}");
                let request = NewBooking {
                    resource: resource.clone(),
                    start: *start,
                    ..book(&name, "1", "09:00:00")
                };
                bookings.push(tables.bookings.place(&request, 50, at(NOW)).await.unwrap());
            }
        }
        let mut random = Rng::with_seed(seed);
        let moves: Vec<(Booking, Reschedule)> = (0..24)
            .map(|_| {
                let booking = bookings[random.usize(..bookings.len())].clone();
                let to = Reschedule {
                    start: Some(starts[random.usize(..starts.len())]),
                    resource: Some(resources[random.usize(..2)].clone()),
                    ..Reschedule::default()
                };
                (booking, to)
            })
            .collect();
        let moved = join_all(moves.into_iter().map(|(booking, to)| {
            let tables = &tables;
            async move {
                let to = Intent::Reschedule(to, 50);
                let Booking { customer, id, .. } = &booking;
                tables.bookings.carry_out(customer, id, &to, None, at(NOW)).await
            }
        }));
        for refused in moved.await.iter().filter_map(|it| it.as_ref().err()) {
            let busy = matches!(refused, CommandError::Failed(store::Error::Busy));
            assert!(busy || is_full(refused), "seed {seed}: {refused}");
        }
        let mut there: BTreeMap<(ResourceId, Timestamp), u32> = BTreeMap::new();
        for booking in &bookings {
            let read = tables.bookings.booking(&booking.customer, &booking.id, at(NOW)).await;
            let read = read.unwrap().unwrap();
            assert_eq!(read.status, Status::Confirmed);
            *there.entry((read.resource.clone(), read.stretch.start())).or_default() += 1;
        }
        assert_eq!(there.len(), bookings.len(), "seed {seed}: each has a place of its own");
        for start in starts {
            for (resource, taken) in resources.iter().zip(taken(&tables, &resources, start).await) {
                let expected = there.get(&(resource.clone(), start)).copied().unwrap_or(0);
                assert_eq!(taken, expected, "seed {seed}: {resource} at {start}");
            }
        }
    }
}

/// A closure is put while holds come in: whoever was faster is held, and counts as stranded; from then on
/// nothing is sold there.
#[tokio::test]
async fn a_closure_meets_holds() {
    for seed in SEEDS {
        let tables = Tables::start();
        tables.bookings.put_resource(room(20), at(NOW)).await.unwrap();
        let time = Period { start: at("09:00:00"), end: at("09:30:00") };
        let closures = Closures::new(vec![Closure { time, reason: None }]).unwrap();
        let calendar = Calendar { closures, ..room(20).calendar };
        let closed = Resource { calendar, ..room(20) };
        let requests: Vec<_> =
            (0..12).map(|n| hold(&format!("c{seed}-{n}"), "1", "09:00:00")).collect();
        let holds = join_all(requests.iter().map(|it| tables.bookings.place(it, 50, at(NOW))));
        let put = tables.bookings.put_resource(closed, at(NOW));
        let (holds, put) = join(holds, put).await;
        let closed = put.unwrap();
        let held = holds.iter().flatten().count();
        for refused in holds.iter().filter_map(|it| it.as_ref().err()) {
            let is_closed = matches!(refused, CommandError::Rejected(Rejection::NotWhole(_)));
            assert!(is_closed, "seed {seed}: {refused}");
        }
        let stranded = tables.bookings.stranded(&closed, at(NOW)).await.unwrap();
        assert_eq!(usize::try_from(stranded).unwrap(), held, "seed {seed}");
        let late = tables.bookings.place(&hold("late", "1", "09:00:00"), 50, at(NOW)).await;
        assert!(matches!(late, Err(CommandError::Rejected(Rejection::NotWhole(_)))), "{late:?}");
    }
}
