//! API Gateway takes few posts a second: everybody is told all the same, and nobody is closed for it.

use crate::skipped;
use e2e::{Client, Host, Room, json};

/// A crowd watches a resource; three changes come at once, and the host lets thirty posts a second
/// through.
#[tokio::test]
async fn a_crowd_is_told_of_each_change_once_and_nobody_is_closed() {
    if skipped("throttled::a_crowd_is_told_of_each_change_once_and_nobody_is_closed") {
        return;
    }
    let host = Host::start(&["--posts-per-second", "30"]);
    let room = Room::with(&host.gateway, json!({"capacity": 9})).await;
    let mut buyer = room.customer().await;
    let mut crowd: Vec<Client> = vec![];
    for _ in 0..60 {
        crowd.push(room.watcher().await);
    }
    for slot in 0..3 {
        buyer.send(room.one("book", slot)).await;
    }
    for _ in 0..3 {
        assert_eq!(buyer.answer().await["type"], "reply");
    }
    for client in &mut crowd {
        for slot in 0..3 {
            client.slot_pushed(&room.id, &room.slot(slot), 8).await;
        }
        // It is still there, and has had nothing twice.
        client.ok(json!({"action": "ping"})).await;
        let mut starts: Vec<String> = vec![];
        for slot in client.pushed_on(&room.topic(), "slots") {
            starts.push(slot["start"].as_str().unwrap().to_owned());
        }
        starts.sort_unstable();
        assert_eq!(starts, [0, 1, 2].map(|slot| room.slot(slot)));
    }
}
