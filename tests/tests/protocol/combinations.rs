//! A booking of several resources, and resources that one booking has for itself.

use crate::stage::Stage;
use e2e::{Client, Gateway, Room, Value, json, unique};

/// A room of the same operator's, with these fields.
async fn another(room: &mut Room, fields: Value) -> String {
    let id = unique("room");
    let resource = Room::definition(&id, &fields);
    room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    id
}

fn together(room: &Room, action: &str, slot: u32, with: Value) -> Value {
    let mut request = room.one(action, slot);
    request["with"] = with;
    request
}

async fn free(client: &mut Client, resource: &str, room: &Room) -> Vec<u64> {
    let (from, to) = (room.slot(0), room.slot(12));
    let asked = json!({"action": "availability", "resource": resource, "from": from, "to": to});
    let slots = client.ok(asked).await;
    let slots = slots["slots"].as_array().unwrap().iter();
    slots.map(|slot| slot["free"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn all_of_it_or_nothing() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 3})).await;
    // On its own grid: two slots of half an hour.
    let second = another(&mut room, json!({"slotMinutes": 30, "capacity": 2})).await;
    let mut alice = room.customer().await;
    let mut watcher = room.customer().await;
    watcher.ok(json!({"action": "subscribe", "topic": format!("resource:{second}")})).await;
    let topics = [room.bookings_topic(), format!("resource:{second}/bookings")];
    for topic in &topics {
        room.operator.ok(json!({"action": "subscribe", "topic": topic})).await;
    }
    let with = json!([{"resource": second, "quantity": 2}]);
    let mut asked = together(&room, "hold", 0, with.clone());
    asked["key"] = json!("1");
    let held = alice.ok(asked.clone()).await;
    assert_eq!((&held["with"], &held["resource"]), (&with, &json!(room.id)));
    assert_eq!(alice.ok(asked.clone()).await, held, "the same key");
    asked["with"][0]["quantity"] = json!(1);
    alice.refused("idempotency_mismatch", asked).await;
    watcher.slot_pushed(&second, &room.slot(0), 0).await;
    assert_eq!(free(&mut alice, &second, &room).await[..3], [0, 0, 2]);
    assert_eq!(room.free().await[..2], [2, 3]);
    // Its operators see it in the calendar of each, told and listed; a venue's list has it once.
    for (topic, resource) in topics.iter().zip([&room.id, &second]) {
        let told = room.operator.pushed("the booking", |push| {
            let mut updates = push["updates"].as_array().unwrap().iter();
            updates.any(|it| it["topic"] == json!(topic) && it["bookings"] == json!([held]))
        });
        told.await;
        let (from, to) = (room.slot(0), room.slot(1));
        let list = json!({"action": "list", "resource": resource, "from": from, "to": to});
        assert_eq!(room.operator.ok(list).await["bookings"], json!([held]));
    }
    // What is full refuses all of it.
    let mut bob = room.customer().await;
    let refused = bob.refused("slot_full", together(&room, "book", 0, with.clone())).await;
    assert_eq!(refused["field"], "/with/0");
    assert_eq!(room.free().await[0], 2, "nothing of it is taken");
    // Confirmed, moved and given back together.
    let confirmed = alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!((&confirmed["with"], &confirmed["status"]), (&with, &json!("confirmed")));
    let moved = json!({"action": "reschedule", "booking": held["id"], "start": room.slot(1)});
    let moved = alice.ok(moved).await;
    assert_eq!(free(&mut alice, &second, &room).await[..4], [2, 2, 0, 0]);
    assert_eq!(room.free().await[..2], [3, 2]);
    alice.ok(json!({"action": "cancel", "booking": moved["id"]})).await;
    assert_eq!(free(&mut alice, &second, &room).await[..4], [2, 2, 2, 2]);
    assert_eq!(room.free().await[..2], [3, 3]);
    bob.ok(together(&room, "book", 1, with)).await;
}

#[tokio::test]
async fn what_cannot_go_together() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 3})).await;
    let other = another(&mut room, json!({"capacity": 2})).await;
    let paused = another(&mut room, json!({"state": "paused"})).await;
    let elsewhere = another(&mut room, json!({"venue": "harbour"})).await;
    let off_grid = another(&mut room, json!({"slotMinutes": 45})).await;
    let ruled = another(&mut room, json!({"capacity": 2, "rules": {"minQuantity": 2}})).await;
    let mut owner = room.named_customer(&alice).await;
    let ten: Vec<Value> = (0..10).map(|n| json!({"resource": format!("r-{n}")})).collect();
    for (with, code, field) in [
        (json!([{"resource": "nowhere"}]), "not_found", "/with/0"),
        (json!([{"resource": other}, {"resource": "nowhere"}]), "not_found", "/with/1"),
        (json!([{"resource": paused}]), "closed", "/with/0"),
        (json!([{"resource": off_grid}]), "closed", "/with/0"),
        (json!([{"resource": elsewhere}]), "bad_request", "/with/0"),
        (json!([{"resource": room.id}]), "bad_request", "/with/0"),
        (json!([{"resource": other, "quantity": 3}]), "bad_request", "/with/0"),
        (json!([{"resource": ruled}]), "bad_request", "/with/0"),
        (json!([{"resource": other}, {"resource": other}]), "bad_request", "/with"),
        (json!(ten), "bad_request", "/with"),
        (json!({"resource": other}), "bad_request", "/with"),
        (json!([{"resource": other, "quantity": 0}]), "bad_request", "/with/0/quantity"),
        (json!([{"resource": "No Name"}]), "bad_request", "/with/0/resource"),
        (json!([{"quantity": 1}]), "bad_request", "/with/0/resource"),
        (json!([{"resource": other, "start": room.slot(1)}]), "bad_request", "/with/0/start"),
    ] {
        let field = Some(field);
        stage.refuses(&mut owner, &together(&room, "hold", 0, with), code, field).await;
    }
    // No more slots together than one booking has.
    let small = another(&mut room, json!({"slotMinutes": 6})).await;
    let mut long = room.stretch("hold", 0, 10);
    long["with"] = json!([{"resource": small}]);
    stage.refuses(&mut owner, &long, "limit_exceeded", Some("/with/0")).await;
    let halves = json!({"slotMinutes": 12});
    let (one, other) = (another(&mut room, halves.clone()).await, another(&mut room, halves).await);
    long["with"] = json!([{"resource": one}, {"resource": other}]);
    stage.refuses(&mut owner, &long, "limit_exceeded", None).await;
    owner.ok(together(&room, "hold", 0, json!([]))).await;
}

#[tokio::test]
async fn a_table_is_one_partys() {
    let table = json!({"capacity": 4, "sharing": false});
    let mut room = Room::with(Gateway::shared(), table).await;
    let mut watcher = room.watcher().await;
    let (mut alice, mut bob) = (room.customer().await, room.customer().await);
    let mut two = room.one("hold", 0);
    two["quantity"] = json!(2);
    let held = alice.ok(two.clone()).await;
    assert_eq!(held["quantity"], 2);
    watcher.slot_pushed(&room.id, &room.slot(0), 0).await;
    assert_eq!(room.free().await[..2], [0, 4]);
    bob.refused("slot_full", room.one("book", 0)).await;
    let confirmed = alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    // Another number of people is no other number of tables.
    let of = |quantity| json!({"action": "reschedule", "booking": confirmed["id"], "quantity": quantity});
    assert_eq!(alice.ok(of(4)).await["quantity"], 4);
    assert_eq!(alice.ok(of(1)).await["quantity"], 1);
    let large = alice.refused("bad_request", of(5)).await;
    assert_eq!(large["field"], "/quantity");
    assert_eq!(room.free().await[..2], [0, 4]);
    // A larger table is still one party's.
    let larger = Room::definition(&room.id, &json!({"capacity": 6, "sharing": false}));
    room.operator.ok(json!({"action": "resource.put", "resource": larger})).await;
    assert_eq!(room.free().await[..2], [0, 6]);
    bob.refused("slot_full", room.one("book", 0)).await;
    alice.ok(json!({"action": "cancel", "booking": confirmed["id"]})).await;
    assert_eq!(room.free().await[..2], [6, 6]);
    bob.ok(room.one("book", 0)).await;
}

/// What is sold together is confirmed as the strictest of it says, and nothing is moved past whoever
/// confirms it.
#[tokio::test]
async fn the_strictest_confirms() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 9})).await;
    let paid = another(&mut room, json!({"capacity": 9, "confirmBy": "operator"})).await;
    let manual = another(&mut room, json!({"capacity": 9, "approval": "manual"})).await;
    let mut alice = room.customer().await;
    let with = |resource: &str| json!([{"resource": resource}]);
    alice.refused("forbidden", together(&room, "book", 0, with(&paid))).await;
    let held = alice.ok(together(&room, "hold", 0, with(&paid))).await;
    let confirm = json!({"action": "confirm", "booking": held["id"]});
    alice.refused("forbidden", confirm.clone()).await;
    assert_eq!(room.operator.ok(confirm).await["status"], "confirmed");
    assert_eq!(alice.ok(together(&room, "book", 0, with(&manual))).await["status"], "pending");
    let booked = alice.ok(room.one("book", 1)).await;
    let there = json!({"action": "reschedule", "booking": booked["id"], "resource": paid});
    alice.refused("forbidden", there.clone()).await;
    room.operator.ok(there).await;
}
