//! Everybody wants the last place of one slot.

use crate::crowd;
use e2e::{Gateway, Room, json};
use fastrand::Rng;

#[tokio::test]
async fn the_last_place_is_sold_once() {
    let gateway = Gateway::shared();
    let mut crowd = crowd::gather(gateway, crowd::size()).await;
    let mut rooms = vec![];
    for seed in 0..crowd::seeds() {
        let mut random = Rng::with_seed(seed);
        let capacity = random.u64(1..=4);
        let mut room = Room::with(gateway, json!({"capacity": capacity, "holdSeconds": 900})).await;
        if capacity > 1 {
            let mut others = room.one("book", 0);
            others["quantity"] = json!(capacity - 1);
            room.operator.ok(others).await;
        }
        random.shuffle(&mut crowd);
        let requests: Vec<_> = crowd
            .iter()
            .map(|_| room.one(if random.bool() { "hold" } else { "book" }, 0))
            .collect();
        let got = crowd::race(&mut crowd, &requests).await;
        assert_eq!(got.iter().filter(|got| **got).count(), 1, "seed {seed}");
        rooms.push((room, capacity));
    }
    let all = gateway.tables.all_bookings().await;
    for (room, capacity) in &rooms {
        let sold = crowd::sold(gateway, room, &all[&room.id], *capacity).await;
        assert_eq!(sold.values().collect::<Vec<_>>(), [capacity], "{}", room.id);
    }
}
