//! What is kept with a booking: details, for its owner and operators; a note, for operators alone; and
//! who wrote what.

use crate::stage::Stage;
use e2e::{Client, Gateway, Room, Value, json, unique};

/// The booking of a topic's push or snapshot.
fn find<'a>(bookings: &'a [Value], booking: &Value, version: u64) -> Option<&'a Value> {
    bookings.iter().find(|it| it["id"] == booking["id"] && it["version"] == version)
}

/// Waits until an operator's topic tells of this version of a booking.
async fn told(operator: &mut Client, topic: &str, booking: &Value, version: u64) -> Value {
    loop {
        if let Some(found) = find(&operator.pushed_on(topic, "bookings"), booking, version) {
            return found.clone();
        }
        operator.next_push().await;
    }
}

#[tokio::test]
async fn a_note_is_for_operators_and_details_for_the_owner_too() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 9})).await;
    let alice = unique("alice");
    let mut owner = room.named_customer(&alice).await;
    let mut watcher = room.watcher().await;
    let topic = room.bookings_topic();
    room.operator.ok(json!({"action": "subscribe", "topic": topic})).await;

    let (secret, details) = (unique("secret"), json!({"table": 7, "half": 0.5, "vip": true}));
    let mut hold = room.one("hold", 0);
    hold["details"] = details.clone();
    let held = owner.ok(hold).await;
    assert_eq!((&held["details"], held.get("note")), (&details, None));
    assert_eq!((&held["createdBy"], &held["updatedBy"]), (&json!(alice), &json!(alice)));
    assert_eq!(owner.booking_pushed(&held, 1).await, held);
    assert_eq!(told(&mut room.operator, &topic, &held, 1).await, held);

    let update = json!({"action": "update", "booking": held["id"], "note": secret,
                        "details": {"table": "eight"}});
    let noted = room.operator.ok(update).await;
    assert_eq!((&noted["note"], &noted["details"]), (&json!(secret), &json!({"table": "eight"})));
    assert_eq!((&noted["status"], &noted["version"]), (&json!("held"), &json!(2)));
    assert_eq!(noted["holdExpiresAt"], held["holdExpiresAt"]);
    let operator = noted["updatedBy"].clone();
    assert_ne!(operator, json!(alice));
    assert_eq!(noted["createdBy"], json!(alice));

    // To the owner, all but the note.
    let mut seen = noted.clone();
    seen.as_object_mut().unwrap().remove("note");
    assert_eq!(owner.booking_pushed(&held, 2).await, seen);
    let get = json!({"action": "get", "booking": held["id"]});
    assert_eq!(owner.ok(get.clone()).await, seen);
    let stale = json!({"action": "confirm", "booking": held["id"], "ifVersion": 1});
    assert_eq!(owner.refused("version_conflict", stale.clone()).await["current"], seen);
    assert_eq!(owner.ok(json!({"action": "list"})).await["bookings"], json!([seen]));
    let snapshot = owner.ok(json!({"action": "subscribe", "topic": "me"})).await;
    assert_eq!(snapshot["bookings"], json!([seen]));

    // To operators, all.
    assert_eq!(told(&mut room.operator, &topic, &held, 2).await, noted);
    assert_eq!(room.operator.ok(get).await, noted);
    assert_eq!(room.operator.refused("version_conflict", stale).await["current"], noted);
    let list = json!({"action": "list", "resource": room.id, "from": room.slot(0),
                      "to": room.slot(9)});
    assert_eq!(room.operator.ok(list).await["bookings"], json!([noted]));
    let snapshot = json!({"action": "subscribe", "topic": topic, "from": room.slot(0),
                          "to": room.slot(9)});
    assert_eq!(room.operator.ok(snapshot).await["bookings"], json!([noted]));

    // An update tells the owner again, who has seen no more than that; whoever watches saw neither.
    let confirmed = owner.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!(confirmed["details"], json!({"table": "eight"}));
    owner.booking_pushed(&held, 3).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 8).await;
    for (client, words) in [(&owner, vec![&secret]), (&watcher, vec![&secret, &alice])] {
        let pushes = format!("{:?}", client.pushes());
        assert!(words.iter().all(|word| !pushes.contains(*word)), "{pushes}");
    }
    assert!(!format!("{:?}", watcher.pushes()).contains("eight"));

    // An empty note is none, empty details are none.
    let clear = json!({"action": "update", "booking": held["id"], "note": "", "details": {}});
    let cleared = room.operator.ok(clear).await;
    assert_eq!((cleared.get("note"), cleared.get("details")), (None, None));
}

#[tokio::test]
async fn an_operators_own_booking_has_its_note_in_replies_but_not_in_me() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 9})).await;
    let mut book = room.one("book", 0);
    book["note"] = json!("keep the door shut");
    let booked = room.operator.ok(book).await;
    assert_eq!(booked["note"], "keep the door shut");
    assert_eq!(room.operator.booking_pushed(&booked, 1).await.get("note"), None);
    let snapshot = room.operator.ok(json!({"action": "subscribe", "topic": "me"})).await;
    assert_eq!(snapshot["bookings"][0].get("note"), None);
    let listed = room.operator.ok(json!({"action": "list"})).await;
    assert_eq!(listed["bookings"], json!([booked]));
}

#[tokio::test]
async fn an_update_is_for_who_may_under_the_version_and_key_that_it_names() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 9})).await;
    let mut owner = room.named_customer(&alice).await;
    let booked = owner.ok(room.one("book", 0)).await;
    let update = |fields: Value| {
        let mut request = json!({"action": "update", "booking": booked["id"]});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        request
    };
    let mut stranger = room.customer().await;
    let details = json!({"a": 1});
    stage.refuses(&mut stranger, &update(json!({"details": details})), "not_found", None).await;
    for note in ["psst", ""] {
        let noted = update(json!({"details": details, "note": note}));
        stage.refuses(&mut owner, &noted, "forbidden", Some("/note")).await;
        for action in ["hold", "book"] {
            let mut request = room.one(action, 0);
            request["note"] = json!(note);
            stage.refuses(&mut owner, &request, "forbidden", Some("/note")).await;
        }
    }
    let stale = update(json!({"details": details, "ifVersion": 7}));
    stage.refuses(&mut owner, &stale, "version_conflict", None).await;
    let keyed = update(json!({"details": details, "key": "u1"}));
    let once = owner.ok(keyed.clone()).await;
    assert_eq!(once["version"], 2);
    assert_eq!(owner.ok(keyed).await, once);
    let other = update(json!({"details": {"a": 2}, "key": "u1"}));
    stage.refuses(&mut owner, &other, "idempotency_mismatch", None).await;
    // What is over can still be told apart.
    owner.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
    let late = owner.ok(update(json!({"details": {"why": "rain"}}))).await;
    assert_eq!((&late["status"], &late["details"]["why"]), (&json!("cancelled"), &json!("rain")));
    assert_eq!(room.free().await[0], 9);
}

#[tokio::test]
async fn details_are_part_of_what_a_key_names() {
    let room = Room::with(Gateway::shared(), json!({"capacity": 9})).await;
    let mut owner = room.customer().await;
    let mut hold = room.one("hold", 0);
    hold["key"] = json!("h1");
    hold["details"] = json!({"a": 1, "b": "x"});
    let held = owner.ok(hold.clone()).await;
    hold["details"] = json!({"b": "x", "a": 1});
    assert_eq!(owner.ok(hold.clone()).await, held, "in another order");
    for other in [json!({"a": 1}), json!({"a": "1", "b": "x"}), json!({}), json!(null)] {
        hold["details"] = other;
        owner.refused("idempotency_mismatch", hold.clone()).await;
    }
}

#[tokio::test]
async fn details_that_are_too_much_or_not_flat() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 9})).await;
    let mut owner = room.named_customer(&alice).await;
    let booked = owner.ok(room.one("book", 0)).await;
    let keys = |count: usize| {
        let keys = (0..count).map(|n| (format!("key-{n}"), json!(n)));
        Value::Object(keys.collect())
    };
    let long = |length| json!({"k": "x".repeat(length)});
    let cases = [
        (json!({"a": [1]}), "/details/a"),
        (json!({"a": {"b": 1}}), "/details/a"),
        (json!({"a": 1, "b/c": null}), "/details/b~1c"),
        (json!("a"), "/details"),
        (json!([]), "/details"),
        (json!(7), "/details"),
        (keys(17), "/details"),
        (long(1024), "/details"),
        (json!({"k": "\u{1F600}".repeat(256)}), "/details"),
    ];
    for (details, field) in cases {
        for action in ["hold", "book", "update"] {
            let mut request = room.one(action, 0);
            if action == "update" {
                request = json!({"action": action, "booking": booked["id"]});
            }
            request["details"] = details.clone();
            stage.refuses(&mut owner, &request, "bad_request", Some(field)).await;
        }
        let resource = Room::definition(&room.id, &json!({"details": details}));
        let put = json!({"action": "resource.put", "resource": resource});
        let field = format!("/resource{field}");
        stage.refuses(&mut room.operator, &put, "bad_request", Some(&field)).await;
    }
    // The largest and the oddest come back as they are.
    let numbers = json!({"large": 1e300, "small": -5e-324, "whole": i64::MIN, "zero": -0.0,
                         "above": 9_223_372_036_854_775_808_u64});
    for details in [keys(16), long(1023), json!({"": "", "\u{1}\u{7f}": "\u{1F600}"}), numbers] {
        let update = json!({"action": "update", "booking": booked["id"], "details": details});
        let updated = owner.ok(update).await;
        let get = json!({"action": "get", "booking": booked["id"]});
        assert_eq!(owner.ok(get).await, updated);
        for (key, value) in details.as_object().unwrap() {
            let kept = &updated["details"][key];
            assert!(kept == value || kept.as_f64() == value.as_f64(), "{key}: {kept} {value}");
        }
    }
}

#[tokio::test]
async fn the_details_of_a_resource_are_public() {
    let details = json!({"floor": 2, "view": "garden"});
    let mut room = Room::with(Gateway::shared(), json!({"details": details})).await;
    let mut customer = room.customer().await;
    let get = json!({"action": "resource.get", "resource": room.id});
    assert_eq!(customer.ok(get.clone()).await["details"], details);
    let resource = Room::definition(&room.id, &json!({}));
    room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    assert_eq!(customer.ok(get).await["details"], json!({}));
}
