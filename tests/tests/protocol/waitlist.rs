//! `waitlist`: the line for slots that are full.

use crate::stage::Stage;
use e2e::{Client, Gateway, Room, Value, json, unique};

async fn get(client: &mut Client, booking: &Value) -> Value {
    client.ok(json!({"action": "get", "booking": booking["id"]})).await
}

fn cancel(booking: &Value) -> Value {
    json!({"action": "cancel", "booking": booking["id"]})
}

#[tokio::test]
async fn in_line_and_then_offered() {
    let mut room = Room::single(Gateway::shared()).await;
    let mut watcher = room.watcher().await;
    let topic = room.bookings_topic();
    room.operator.ok(json!({"action": "subscribe", "topic": topic})).await;
    let (mut alice, mut bob, mut carol) =
        (room.customer().await, room.customer().await, room.customer().await);
    let sold = alice.ok(room.one("book", 0)).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 0).await;

    let mut asked = room.one("waitlist", 0);
    asked["key"] = json!("1");
    let first = bob.ok(asked.clone()).await;
    assert_eq!((&first["status"], &first["position"]), (&json!("waitlisted"), &json!(1)));
    assert_eq!((&first["version"], first.get("holdExpiresAt")), (&json!(1), None));
    assert_eq!(bob.ok(asked.clone()).await, first, "the same key");
    asked["quantity"] = json!(1);
    assert_eq!(bob.ok(asked.clone()).await, first, "the same by default");
    asked["end"] = json!(room.slot(1));
    bob.refused("idempotency_mismatch", asked).await;
    let second = carol.ok(room.one("waitlist", 0)).await;
    assert_eq!(second["position"], 2);
    assert_eq!(bob.booking_pushed(&first, 1).await, first, "told with the position");
    // Owners and operators see it, in lists too.
    assert_eq!(get(&mut room.operator, &second).await, second);
    let own = carol.ok(json!({"action": "list", "status": "waitlisted"})).await;
    assert_eq!(own["bookings"], json!([second]));
    let (from, to) = (room.slot(0), room.slot(1));
    let all = json!({"action": "list", "resource": room.id, "from": from, "to": to});
    let all = room.operator.ok(all).await;
    assert_eq!(all["bookings"].as_array().unwrap().len(), 3);
    for action in ["confirm", "extend", "reschedule", "approve"] {
        let mut request = json!({"action": action, "booking": first["id"]});
        if action == "reschedule" {
            request["start"] = json!(room.slot(1));
        }
        let by = if action == "approve" { &mut room.operator } else { &mut bob };
        by.refused("invalid_transition", request).await;
    }

    // What comes free is offered, and never shown as free.
    alice.ok(cancel(&sold)).await;
    let offered = bob.booking_pushed(&first, 2).await;
    assert_eq!((&offered["status"], offered.get("position")), (&json!("held"), None));
    assert_eq!(get(&mut bob, &first).await, offered);
    assert_eq!(get(&mut carol, &second).await["position"], 1);
    carol.refused("slot_full", room.one("hold", 0)).await;
    let confirmed = bob.ok(json!({"action": "confirm", "booking": first["id"]})).await;
    assert_eq!(confirmed["status"], "confirmed");
    let left = carol.ok(cancel(&second)).await;
    assert_eq!((&left["status"], &left["version"]), (&json!("cancelled"), &json!(2)));
    bob.ok(cancel(&first)).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 1).await;
    let frees = watcher.pushed_on(&room.topic(), "slots");
    let free: Vec<_> = frees.iter().map(|slot| slot["free"].as_u64().unwrap()).collect();
    let (last, before) = free.split_last().unwrap();
    assert!(before.iter().all(|free| *free == 0) && *last == 1, "{free:?}");
}

/// An offer that runs out goes to the next, by whoever looks.
#[tokio::test]
async fn an_offer_that_runs_out() {
    let room = Room::with(Gateway::shared(), json!({"holdSeconds": 1})).await;
    let (mut alice, mut bob, mut carol) =
        (room.customer().await, room.customer().await, room.customer().await);
    let sold = alice.ok(room.one("book", 0)).await;
    let first = bob.ok(room.one("waitlist", 0)).await;
    let second = carol.ok(room.one("waitlist", 0)).await;
    alice.ok(cancel(&sold)).await;
    e2e::wait::eventually("the next in line to be offered the place", async || {
        (get(&mut carol, &second).await["status"] == "held").then_some(())
    })
    .await;
    assert_eq!(get(&mut bob, &first).await["status"], "expired");
    carol.booking_pushed(&second, 2).await;
}

#[tokio::test]
async fn what_nobody_waits_for() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 2})).await;
    let mut owner = room.named_customer(&alice).await;
    let with = |field: &str, value: Value| {
        let mut request = room.one("waitlist", 0);
        request[field] = value;
        request
    };
    for (request, code, field) in [
        (room.one("waitlist", 0), "slot_full", None),
        (with("resource", json!("nowhere")), "not_found", None),
        (with("start", json!("2020-01-01T08:00:00Z")), "closed", None),
        (with("quantity", json!(3)), "bad_request", Some("/quantity")),
        (with("quantity", json!(0)), "bad_request", Some("/quantity")),
        (with("with", json!([])), "bad_request", Some("/with")),
        (with("anyOf", json!([room.id])), "bad_request", Some("/anyOf")),
        (with("for", json!("bob")), "forbidden", Some("/for")),
        (with("note", json!("regular")), "forbidden", Some("/note")),
        (with("end", json!(room.slot(0))), "bad_request", Some("/end")),
        (json!({"action": "waitlist", "resource": room.id}), "bad_request", Some("/start")),
    ] {
        stage.refuses(&mut owner, &request, code, field).await;
    }
    let small = Room::definition(&room.id, &json!({"slotMinutes": 10, "capacity": 2}));
    room.operator.ok(json!({"action": "resource.put", "resource": small})).await;
    let paused = Room::definition(&unique("room"), &json!({"state": "paused"}));
    room.operator.ok(json!({"action": "resource.put", "resource": paused})).await;
    let mut request = room.one("waitlist", 0);
    request["resource"] = paused["id"].clone();
    stage.refuses(&mut owner, &request, "closed", None).await;
}

#[tokio::test]
async fn a_party_for_whom_too_little_is_free() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 2})).await;
    let (mut alice, mut bob) = (room.customer().await, room.customer().await);
    let one = alice.ok(room.one("book", 0)).await;
    let mut two = room.one("waitlist", 0);
    two["quantity"] = json!(2);
    two["details"] = json!({"table": "window"});
    let waits = bob.ok(two).await;
    assert_eq!((&waits["position"], &waits["details"]["table"]), (&json!(1), &json!("window")));
    assert_eq!(room.free().await[0], 1, "which they could not use");
    let told = json!({"action": "customer.erase", "customer": waits["customer"]});
    room.operator.refused("invalid_transition", told).await;
    alice.ok(cancel(&one)).await;
    assert_eq!(get(&mut bob, &waits).await["status"], "held");
    assert_eq!(room.free().await[0], 0);
}

/// A larger capacity and a closure that is lifted make room, too.
#[tokio::test]
async fn a_resource_that_has_more_room() {
    let mut room = Room::single(Gateway::shared()).await;
    let (mut alice, mut bob) = (room.customer().await, room.customer().await);
    alice.ok(room.one("book", 0)).await;
    let waits = bob.ok(room.one("waitlist", 0)).await;
    let closures = json!([{"from": room.slot(0), "to": room.slot(1)}]);
    for (fields, status) in [
        (json!({"capacity": 2, "closures": closures}), "waitlisted"),
        (json!({"capacity": 2, "state": "paused"}), "waitlisted"),
        (json!({"capacity": 2}), "held"),
    ] {
        let resource = Room::definition(&room.id, &fields);
        room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
        assert_eq!(get(&mut bob, &waits).await["status"], status, "{fields}");
    }
}

#[tokio::test]
async fn a_guest_waits_by_an_operator() {
    let mut room = Room::single(Gateway::shared()).await;
    let sold = room.operator.ok(room.one("book", 0)).await;
    let mut asked = room.one("waitlist", 0);
    asked["for"] = json!(format!("guest:{}", unique("Ann")));
    asked["note"] = json!("call her");
    asked["key"] = json!("1");
    let waits = room.operator.ok(asked.clone()).await;
    assert_eq!((&waits["status"], &waits["note"]), (&json!("waitlisted"), &json!("call her")));
    assert_eq!(room.operator.ok(asked).await, waits);
    room.operator.ok(cancel(&sold)).await;
    assert_eq!(get(&mut room.operator, &waits).await["status"], "held");
}

/// A table that has become too small for a party is not offered to it.
#[tokio::test]
async fn a_table_that_is_too_small_now() {
    let table = |capacity: u32| json!({"capacity": capacity, "sharing": false});
    let mut room = Room::with(Gateway::shared(), table(4)).await;
    let (mut alice, mut bob) = (room.customer().await, room.customer().await);
    let sold = alice.ok(room.one("book", 0)).await;
    let mut four = room.one("waitlist", 0);
    four["quantity"] = json!(4);
    let waits = bob.ok(four).await;
    let smaller = Room::definition(&room.id, &table(2));
    room.operator.ok(json!({"action": "resource.put", "resource": smaller})).await;
    alice.ok(cancel(&sold)).await;
    assert_eq!(get(&mut bob, &waits).await["status"], "waitlisted");
    assert_eq!(room.free().await[0], 2);
}
