//! Everybody wants a stretch of several slots, and the stretches overlap.

use crate::crowd;
use e2e::{Gateway, Room, Value, json};
use fastrand::Rng;
use jiff::Timestamp;

#[tokio::test]
async fn overlapping_stretches_fill_what_there_is_and_no_more() {
    let gateway = Gateway::shared();
    let mut crowd = crowd::gather(gateway, crowd::size()).await;
    let mut races = vec![];
    for seed in 0..crowd::seeds() {
        let mut random = Rng::with_seed(seed);
        let capacity = random.u64(1..=3);
        let room = Room::with(gateway, json!({"capacity": capacity, "holdSeconds": 900})).await;
        random.shuffle(&mut crowd);
        let requests: Vec<_> =
            crowd.iter().map(|_| stretch(&room, capacity, &mut random)).collect();
        let got = crowd::race(&mut crowd, &requests).await;
        races.push((room, capacity, requests, got));
    }
    let all = gateway.tables.all_bookings().await;
    for (room, capacity, requests, got) in &races {
        let rows = &all[&room.id];
        assert_eq!(rows.len(), got.iter().filter(|got| **got).count(), "{}", room.id);
        let sold = crowd::sold(gateway, room, rows, *capacity).await;
        // Nothing was ever given back, so whoever was refused still has no room today.
        for (request, _) in requests.iter().zip(got).filter(|(_, got)| !**got) {
            let quantity = request["quantity"].as_u64().unwrap();
            let [start, end] = ["start", "end"]
                .map(|name| request[name].as_str().unwrap().parse::<Timestamp>().unwrap());
            let slots = sold.range(start..end);
            let full = slots.clone().any(|(_, places)| places + quantity > *capacity);
            assert!(full, "{request} was refused, but has room in {sold:?}");
        }
    }
}

fn stretch(room: &Room, capacity: u64, random: &mut Rng) -> Value {
    let first = random.u32(0..9);
    let action = if random.bool() { "hold" } else { "book" };
    let mut request = room.stretch(action, first, first + random.u32(1..=3));
    request["quantity"] = json!(random.u64(1..=capacity));
    request
}
