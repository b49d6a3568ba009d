//! What time brings is told, though nobody asks.

use e2e::{Client, Gateway, Room, Value, json};

/// Whether to leave a test out.
fn beyond_ministack(test: &str) -> bool {
    e2e::gateway::beyond_ministack(test, "its pipes carry nothing to a bus")
}

/// Nobody reads the bookings: that it has run out comes by itself.
async fn told(client: &mut Client, booking: &Value, version: u64) -> Value {
    let told = client.booking_pushed(booking, version).await;
    assert_eq!(told["status"], "expired", "{told}");
    told
}

#[tokio::test]
async fn who_watches_hears_that_a_hold_has_run_out() {
    if beyond_ministack("expiry::who_watches_hears_that_a_hold_has_run_out") {
        return;
    }
    let mut room = Room::with(Gateway::shared(), json!({"holdSeconds": 1, "capacity": 3})).await;
    let mut watcher = room.watcher().await;
    let topic = room.bookings_topic();
    room.operator.ok(json!({"action": "subscribe", "topic": topic})).await;
    let mut owner = room.customer().await;
    let held = owner.ok(room.stretch("hold", 0, 2)).await;
    let expired = told(&mut owner, &held, 2).await;
    assert_eq!(expired["updatedAt"], held["holdExpiresAt"], "exactly then");
    let topic = room.bookings_topic();
    let is_expired = |push: &Value| update(push, &topic, "bookings", |it| *it == expired);
    room.operator.pushed("that it expired", is_expired).await;
    let (from, to) = (room.slot(0), room.slot(2));
    let asked = json!({"action": "availability", "resource": room.id, "from": from, "to": to});
    for slot in room.operator.ok(asked).await["slots"].as_array().unwrap() {
        assert_eq!(slot["free"], 3, "{slot}");
        let topic = room.topic();
        let is_it = |it: &Value| {
            let newer = it["version"].as_u64() >= slot["version"].as_u64();
            it["start"] == slot["start"] && it["free"] == 3 && newer
        };
        watcher.pushed("that places are free", |push| update(push, &topic, "slots", is_it)).await;
    }
}

/// Whether a push tells a topic of such a booking or slot.
fn update(push: &Value, topic: &str, list: &str, is_it: impl Fn(&Value) -> bool) -> bool {
    let updates = push["updates"].as_array().unwrap().iter();
    let mut of_topic = updates.filter(|update| update["topic"] == topic);
    of_topic.any(|update| update[list].as_array().is_some_and(|all| all.iter().any(&is_it)))
}

#[tokio::test]
async fn an_extended_hold_ends_later_and_a_confirmed_one_does_not() {
    if beyond_ministack("expiry::an_extended_hold_ends_later_and_a_confirmed_one_does_not") {
        return;
    }
    let fields = json!({"holdSeconds": 2, "maxHoldSeconds": 60, "capacity": 9});
    let room = Room::with(Gateway::shared(), fields).await;
    let (mut owner, mut other) = (room.customer().await, room.customer().await);
    let sold = owner.ok(room.one("hold", 0)).await;
    let extended = owner.ok(room.one("hold", 1)).await;
    let left = other.ok(room.one("hold", 0)).await;
    owner.ok(json!({"action": "confirm", "booking": sold["id"]})).await;
    let first = extended["holdExpiresAt"].clone();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let extended = owner.ok(json!({"action": "extend", "booking": extended["id"]})).await;
    assert_ne!(extended["holdExpiresAt"], first);
    told(&mut other, &left, 2).await;
    let expired = told(&mut owner, &extended, 3).await;
    assert_eq!(expired["updatedAt"], extended["holdExpiresAt"]);
    let sold = owner.ok(json!({"action": "get", "booking": sold["id"]})).await;
    assert_eq!((&sold["status"], &sold["version"]), (&json!("confirmed"), &json!(2)));
}

#[tokio::test]
async fn an_offer_goes_down_the_line_though_nobody_looks() {
    if beyond_ministack("expiry::an_offer_goes_down_the_line_though_nobody_looks") {
        return;
    }
    let mut room = Room::with(Gateway::shared(), json!({"holdSeconds": 1})).await;
    let mut watcher = room.watcher().await;
    let mut line = Vec::new();
    let mut alice = room.customer().await;
    let sold = alice.ok(room.one("book", 0)).await;
    for _ in 0..3 {
        let mut client = room.customer().await;
        let waits = client.ok(room.one("waitlist", 0)).await;
        line.push((client, waits));
    }
    alice.ok(json!({"action": "cancel", "booking": sold["id"]})).await;
    for (client, waits) in &mut line {
        let offered = client.booking_pushed(waits, 2).await;
        assert_eq!(offered["status"], "held", "{offered}");
        let expired = told(client, waits, 3).await;
        assert_eq!(expired["updatedAt"], offered["holdExpiresAt"]);
    }
    watcher.slot_pushed(&room.id, &room.slot(0), 1).await;
    let frees = watcher.pushed_on(&room.topic(), "slots");
    let free: Vec<_> = frees.iter().map(|slot| slot["free"].as_u64().unwrap()).collect();
    let (last, before) = free.split_last().unwrap();
    assert!(before.iter().all(|free| *free == 0) && *last == 1, "never shown as free: {free:?}");
    assert_eq!(room.free().await[0], 1);
}
