//! `reschedule`: to another time, resource and number of places at once, from what is held, pending and
//! confirmed.

use crate::stage::Stage;
use e2e::{Gateway, Room, Value, json, unique};

/// A room of the same operator's, with these fields.
async fn another(room: &mut Room, fields: Value) -> String {
    let id = unique("room");
    let resource = Room::definition(&id, &fields);
    room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    id
}

fn moved(booking: &Value, fields: &Value) -> Value {
    let mut request = json!({"action": "reschedule", "booking": booking["id"]});
    request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn time_resource_and_quantity_at_once() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 3})).await;
    let rules = json!({"capacity": 5, "rules": {"cancelMinutes": 60}});
    let other = another(&mut room, rules).await;
    let bookings = |resource: &str| format!("resource:{resource}/bookings");
    for resource in [&room.id, &other] {
        let topic = bookings(resource);
        room.operator.ok(json!({"action": "subscribe", "topic": topic})).await;
    }
    let mut alice = room.customer().await;
    let booked = alice.ok(room.one("book", 0)).await;
    let to = json!({"start": room.slot(2), "end": room.slot(4), "resource": other, "quantity": 4});
    let mut request = moved(&booked, &to);
    request["key"] = json!("move");
    let there = alice.ok(request.clone()).await;
    assert_eq!(alice.ok(request).await, there, "the same key");
    assert_eq!((&there["resource"], &there["quantity"]), (&json!(other), &json!(4)));
    assert_eq!((&there["start"], &there["end"]), (&json!(room.slot(2)), &json!(room.slot(4))));
    assert_eq!((&there["id"], &there["version"]), (&booked["id"], &json!(2)));
    assert_eq!(there["cancelBy"], json!(room.slot(1)), "the deadlines are those of the resource");
    assert_eq!(room.free().await[0], 3);
    // Whoever watches either calendar is told, and lists agree.
    for resource in [&room.id, &other] {
        let topic = bookings(resource);
        let told = |push: &Value| {
            let mut updates = push["updates"].as_array().unwrap().iter();
            updates.any(|it| it["topic"] == json!(topic) && it["bookings"] == json!([there]))
        };
        room.operator.pushed("the booking that moved", told).await;
        let (from, to) = (room.slot(0), room.slot(12));
        let list = json!({"action": "list", "resource": resource, "from": from, "to": to});
        let expected = if *resource == other { json!([there]) } else { json!([]) };
        assert_eq!(room.operator.ok(list).await["bookings"], expected);
    }
    assert_eq!(alice.ok(json!({"action": "get", "booking": booked["id"]})).await, there);
    // One field alone.
    let fewer = alice.ok(moved(&there, &json!({"quantity": 1}))).await;
    assert_eq!((&fewer["start"], &fewer["quantity"]), (&there["start"], &json!(1)));
    let shorter = alice.ok(moved(&there, &json!({"end": room.slot(3)}))).await;
    assert_eq!((&shorter["start"], &shorter["end"]), (&json!(room.slot(2)), &json!(room.slot(3))));
    let back = alice.ok(moved(&there, &json!({"resource": room.id}))).await;
    assert_eq!((&back["start"], &back["resource"]), (&json!(room.slot(2)), &json!(room.id)));
    assert_eq!(room.free().await[..3], [3, 3, 2]);
    alice.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
    assert_eq!(room.free().await[..3], [3, 3, 3]);
}

#[tokio::test]
async fn what_is_held_or_pending_moves_as_it_is() {
    let manual = json!({"capacity": 2, "approval": "manual", "pendingMinutes": 30});
    let mut room = Room::with(Gateway::shared(), manual).await;
    let mut alice = room.customer().await;
    let held = alice.ok(room.one("hold", 0)).await;
    let to = json!({"start": room.slot(1), "quantity": 2});
    let there = alice.ok(moved(&held, &to)).await;
    assert_eq!((&there["status"], &there["version"]), (&json!("held"), &json!(2)));
    assert_eq!(there["holdExpiresAt"], held["holdExpiresAt"], "a move is no extension");
    assert_eq!(room.free().await[..2], [2, 0]);
    let pending = alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    let there = alice.ok(moved(&pending, &json!({"start": room.slot(2)}))).await;
    assert_eq!(there["status"], "pending");
    assert_eq!(there["pendingExpiresAt"], pending["pendingExpiresAt"]);
    assert_eq!(room.free().await[..3], [2, 2, 0]);
    let approve = json!({"action": "approve", "booking": held["id"]});
    assert_eq!(room.operator.ok(approve).await["status"], "confirmed");
    let there = alice.ok(moved(&there, &json!({"start": room.slot(0)}))).await;
    assert_eq!(there["status"], "confirmed", "it is approved once");
    assert_eq!(room.free().await[..3], [0, 2, 2]);
}

#[tokio::test]
async fn what_a_move_cannot_be() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 3})).await;
    let full = another(&mut room, json!({"capacity": 3})).await;
    let archived = another(&mut room, json!({"state": "archived"})).await;
    let elsewhere = another(&mut room, json!({"venue": "harbour"})).await;
    let mut all = room.one("book", 0);
    all["resource"] = json!(full);
    all["quantity"] = json!(3);
    room.operator.ok(all).await;
    let mut owner = room.named_customer(&alice).await;
    let with = another(&mut room, json!({})).await;
    let mut request = room.one("book", 0);
    request["with"] = json!([{"resource": with}]);
    let booked = owner.ok(request).await;
    for (fields, code, field) in [
        (json!({}), "bad_request", Some("/start")),
        (json!({"resource": "nowhere"}), "not_found", Some("/resource")),
        (json!({"resource": full}), "slot_full", None),
        (json!({"resource": archived}), "closed", None),
        (json!({"resource": elsewhere}), "bad_request", Some("/resource")),
        (json!({"resource": with}), "bad_request", Some("/resource")),
        (json!({"quantity": 4}), "bad_request", Some("/quantity")),
        (json!({"quantity": 0}), "bad_request", Some("/quantity")),
        (json!({"end": room.slot(0)}), "bad_request", Some("/end")),
        (json!({"start": room.slot(1), "end": room.slot(1)}), "bad_request", Some("/end")),
        (json!({"with": []}), "bad_request", Some("/with")),
    ] {
        stage.refuses(&mut owner, &moved(&booked, &fields), code, field).await;
    }
}

/// A hold that meets a full slot where it wants to go stays what it is: it has not run out.
#[tokio::test]
async fn a_hold_that_cannot_move_is_still_held() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 1})).await;
    let (mut alice, mut bob) = (room.customer().await, room.customer().await);
    bob.ok(room.one("book", 1)).await;
    let held = alice.ok(room.one("hold", 0)).await;
    alice.refused("slot_full", moved(&held, &json!({"start": room.slot(1)}))).await;
    let confirmed = alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!((&confirmed["status"], &confirmed["version"]), (&json!("confirmed"), &json!(2)));
    assert_eq!(room.free().await[..2], [0, 0]);
}
