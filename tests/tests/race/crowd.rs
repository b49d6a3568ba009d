//! People at their windows, all at once.

use e2e::tables::BookingRow;
use e2e::{Client, Gateway, Room, Value};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How many race each other.
pub fn size() -> usize {
    e2e::gateway::crowd(64)
}

/// How often, each time with another seed. It is a sample: `tests/prove` goes on from there, with a checker
/// that looks at every answer.
pub fn seeds() -> u64 {
    if e2e::gateway::is_deployed() { 2 } else { 16 }
}

/// Connects everybody; the same windows serve all seeds.
pub async fn gather(gateway: &Gateway, size: usize) -> Vec<Client> {
    let mut crowd = vec![];
    for number in 0..size {
        let token = gateway.token(&e2e::unique(&format!("racer{number}"))).await;
        crowd.push(Client::connect(gateway, &token).await);
    }
    crowd
}

/// Everybody sends their request at once, again while told that the server is busy. Answers who
/// got what they wanted.
pub async fn race(crowd: &mut [Client], requests: &[Value]) -> Vec<bool> {
    let answers = crowd.iter_mut().zip(requests).map(async |(client, request)| {
        for _ in 0..100 {
            let frame = client.request(request.clone()).await;
            match frame["error"]["code"].as_str() {
                None => return true,
                Some("slot_full") => return false,
                Some("busy") => {}
                Some(_) => panic!("{request} was answered by {frame}"),
            }
        }
        panic!("busy for ever: {request}")
    });
    futures::future::join_all(answers).await
}

/// Places taken in each slot of the room's day, as the bookings' own rows add up. Fails where
/// the slots' rows say something else, or more than there is.
pub async fn sold(
    gateway: &Gateway,
    room: &Room,
    rows: &[BookingRow],
    capacity: u64,
) -> BTreeMap<Timestamp, u64> {
    let hour = SignedDuration::from_hours(1);
    let now = Timestamp::now();
    let mut sold = BTreeMap::new();
    for row in rows.iter().filter(|row| row.takes_capacity(now)) {
        let mut slot = row.start;
        while slot < row.end {
            *sold.entry(slot).or_insert(0) += row.quantity;
            slot += hour;
        }
    }
    let slots = gateway.tables.slots(&room.id).await;
    let taken: BTreeMap<_, _> = slots
        .iter()
        .map(|(start, slot)| (*start, slot.taken_at(now)))
        .filter(|(_, taken)| *taken > 0)
        .collect();
    assert_eq!(sold, taken, "bookings and slots differ in {}", room.id);
    assert!(sold.values().all(|&places| places <= capacity), "oversold: {sold:?}");
    sold
}
