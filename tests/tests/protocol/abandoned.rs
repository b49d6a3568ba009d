//! Holds that nobody ended.

use e2e::{Gateway, Room, json};

#[tokio::test]
async fn watchers_are_told_of_a_slot_with_an_abandoned_hold() {
    let room = Room::with(Gateway::shared(), json!({"capacity": 2, "holdSeconds": 1})).await;
    let mut watcher = room.watcher().await;
    room.abandon_hold(0).await;
    let mut customer = room.customer().await;
    let booked = customer.ok(room.one("book", 0)).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 1).await;
    // And they go on being told.
    customer.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 2).await;
}
