//! Holds run out, and bookings are confirmed, moved and given back, all at the same time.

use crate::crowd;
use e2e::{Client, Gateway, Room, Value, json};
use fastrand::Rng;

const CAPACITY: u64 = 2;
const CHANGES: u32 = 40;

/// Does something at random, again and again.
async fn live(client: &mut Client, room: &Room, seed: u64) {
    let mut random = Rng::with_seed(seed);
    let mut mine: Vec<Value> = vec![];
    for _ in 0..CHANGES {
        let first = random.u32(0..5);
        let booking = random.choice(&mine).cloned();
        let request = match (random.u32(0..8), booking) {
            (0..3, _) | (_, None) => room.stretch("hold", first, first + random.u32(1..4)),
            (3 | 4, Some(booking)) => json!({"action": "confirm", "booking": booking}),
            (5, Some(booking)) => json!({"action": "cancel", "booking": booking}),
            (6, Some(booking)) => json!({"action": "extend", "booking": booking}),
            (_, Some(booking)) => {
                let mut request = room.stretch("reschedule", first, first + random.u32(1..4));
                request.as_object_mut().unwrap().remove("resource");
                request["booking"] = booking;
                request
            }
        };
        let frame = client.request(request.clone()).await;
        let code = frame["error"]["code"].as_str().unwrap_or("");
        let known =
            ["", "slot_full", "hold_expired", "invalid_transition", "busy", "limit_exceeded"];
        assert!(known.contains(&code), "{request} was answered by {frame}");
        if code.is_empty() && request["action"] == "hold" {
            mine.push(frame["result"]["id"].clone());
        }
    }
}

#[tokio::test]
async fn whatever_happens_what_is_sold_is_what_is_taken() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": CAPACITY, "holdSeconds": 1})).await;
    let mut crowd = crowd::gather(gateway, 16).await;
    let lives = crowd.iter_mut().zip(0..).map(|(client, seed)| live(client, &room, seed));
    futures::future::join_all(lives).await;
    let all = gateway.tables.all_bookings().await;
    let rows = &all[&room.id];
    // A second more, and all holds have run out.
    let last = rows.iter().filter_map(|row| row.hold_until).max().unwrap();
    e2e::wait::eventually("the last hold to run out", async || {
        let now = room.operator.ok(json!({"action": "ping"})).await;
        (now["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() > last).then_some(())
    })
    .await;
    let sold = crowd::sold(gateway, &room, rows, CAPACITY).await;
    let first: jiff::Timestamp = room.slot(0).parse().unwrap();
    let hour = jiff::SignedDuration::from_hours(1);
    let taken = (0..12).map(|slot| sold.get(&(first + hour * slot)).copied().unwrap_or(0));
    let free: Vec<_> = taken.map(|taken| CAPACITY - taken).collect();
    assert_eq!(room.free().await, free);
}

#[tokio::test]
async fn a_hold_that_runs_out_is_confirmed_or_sold_to_another_and_never_both() {
    let gateway = Gateway::shared();
    let room = Room::with(gateway, json!({"holdSeconds": 1})).await;
    let mut holders = crowd::gather(gateway, 12).await;
    let mut waiting = crowd::gather(gateway, 12).await;
    let pairs =
        holders.iter_mut().zip(&mut waiting).zip(0..12).map(async |((alice, bob), slot)| {
            let held = alice.ok(room.one("hold", slot)).await;
            let until: jiff::Timestamp = held["holdExpiresAt"].as_str().unwrap().parse().unwrap();
            let confirming = async {
                // As late as possible: only the answer tells whether it was too late.
                let left = until.duration_since(jiff::Timestamp::now()).as_millis();
                let left = u64::try_from(left).unwrap_or(0).saturating_sub(u64::from(slot));
                tokio::time::sleep(std::time::Duration::from_millis(left)).await;
                let confirm = json!({"action": "confirm", "booking": held["id"]});
                alice.request(confirm).await["type"] == "reply"
            };
            let booking = async {
                loop {
                    let frame = bob.request(room.one("book", slot)).await;
                    if frame["type"] == "reply" {
                        return true;
                    }
                    if jiff::Timestamp::now() > until + jiff::SignedDuration::from_secs(1) {
                        return false;
                    }
                }
            };
            let (confirmed, booked) = futures::future::join(confirming, booking).await;
            assert!(confirmed != booked, "slot {slot}: confirmed {confirmed}, booked {booked}");
        });
    futures::future::join_all(pairs).await;
    let all = gateway.tables.all_bookings().await;
    let sold = crowd::sold(gateway, &room, &all[&room.id], 1).await;
    assert_eq!(sold.len(), 12);
}
