//! Everybody wants a table, whichever it is.

use crate::crowd;
use e2e::{Gateway, Room, json, unique};
use fastrand::Rng;

#[tokio::test]
async fn as_many_find_a_table_as_there_are() {
    const TABLES: usize = 10;
    let gateway = Gateway::shared();
    let mut crowd = crowd::gather(gateway, crowd::size()).await;
    let mut rooms = vec![];
    for seed in 0..crowd::seeds().div_ceil(5) {
        let mut random = Rng::with_seed(seed);
        let pool = unique("tables");
        let mut tables = vec![];
        for _ in 0..TABLES {
            let fields = json!({"pools": [pool], "rank": random.u32(0..3), "holdSeconds": 900});
            tables.push(Room::with(gateway, fields).await);
        }
        random.shuffle(&mut crowd);
        let request = |hold: bool| {
            let action = if hold { "hold" } else { "book" };
            json!({"action": action, "anyOf": {"pool": pool}, "start": tables[0].slot(0)})
        };
        let requests: Vec<_> = crowd.iter().map(|_| request(random.bool())).collect();
        let got = crowd::race(&mut crowd, &requests).await;
        let found = got.iter().filter(|got| **got).count();
        assert_eq!(found, TABLES.min(crowd.len()), "seed {seed}");
        rooms.extend(tables);
    }
    let all = gateway.tables.all_bookings().await;
    for room in &rooms {
        let sold = crowd::sold(gateway, room, &all[&room.id], 1).await;
        assert_eq!(sold.values().collect::<Vec<_>>(), [&1], "{}", room.id);
    }
}
