//! The key of an attempt: sent again, it finds the same booking.

use e2e::{Gateway, Room, json, unique};

#[tokio::test]
async fn the_same_key_finds_the_same_booking_as_it_is_now() {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    for (slot, action) in [(0, "hold"), (1, "book")] {
        let mut request = room.one(action, slot);
        request["key"] = json!(unique("attempt"));
        let made = alice.ok(request.clone()).await;
        assert_eq!(alice.ok(request.clone()).await, made);
        let next = if action == "hold" { "confirm" } else { "cancel" };
        let changed = alice.ok(json!({"action": next, "booking": made["id"]})).await;
        assert_eq!(alice.ok(request.clone()).await, changed);
        // Somebody else's same key is another attempt.
        let mut bob = room.customer().await;
        request["start"] = json!(room.slot(slot + 6));
        let other = bob.ok(request).await;
        assert_ne!(other["id"], made["id"]);
    }
    assert_eq!(room.free().await, [0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1]);
}

#[tokio::test]
async fn the_same_key_with_other_fields_is_a_mistake() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 5})).await;
    let other = Room::single(gateway).await;
    let mut alice = room.customer().await;
    let mut request = room.one("hold", 0);
    request["key"] = json!("x".repeat(255));
    alice.ok(request.clone()).await;
    for (field, value) in [
        ("action", json!("book")),
        ("resource", json!(other.id)),
        ("start", json!(room.slot(1))),
        ("end", json!(room.slot(2))),
        ("quantity", json!(2)),
    ] {
        let mut different = request.clone();
        different[field] = value;
        alice.refused("idempotency_mismatch", different).await;
    }
    assert_eq!(room.free().await[..2], [4, 5]);
    let mut same = request;
    same["quantity"] = json!(1);
    assert_eq!(alice.ok(same).await["version"], 1);
}

#[tokio::test]
async fn sixteen_windows_send_the_same_key_at_once() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 16})).await;
    let alice = unique("alice");
    for (slot, action) in [(0, "hold"), (3, "book")] {
        let mut request = room.stretch(action, slot, slot + 2);
        request["key"] = json!(format!("attempt {slot}"));
        let mut windows = vec![];
        for _ in 0..16 {
            windows.push(room.named_customer(&alice).await);
        }
        let replies =
            windows.iter_mut().map(async |window| window.insist(&request).await["result"].take());
        let replies = futures::future::join_all(replies).await;
        assert_eq!(replies[0]["version"], 1, "{replies:?}");
        assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    }
    let rows = gateway.tables.bookings(&alice).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(room.free().await[..6], [15, 15, 16, 15, 15, 16]);
}

#[tokio::test]
async fn sixteen_windows_confirm_at_once() {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    let alice = unique("alice");
    let held = room.named_customer(&alice).await.ok(room.one("hold", 0)).await;
    let confirms = (0..16).map(async |_| {
        let mut window = room.named_customer(&alice).await;
        let frame = window.request(json!({"action": "confirm", "booking": held["id"]})).await;
        match frame["error"]["code"].as_str() {
            None => 1,
            Some("invalid_transition" | "busy") => 0,
            Some(_) => panic!("{frame}"),
        }
    });
    let confirmed: u32 = futures::future::join_all(confirms).await.into_iter().sum();
    assert_eq!(confirmed, 1);
    let rows = gateway.tables.bookings(&alice).await;
    assert_eq!((rows.len(), rows[0].version), (1, 2));
    assert_eq!(room.free().await[..2], [0, 1]);
}

#[tokio::test]
async fn without_a_key_every_request_is_an_attempt_of_its_own() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 3})).await;
    let mut alice = room.customer().await;
    let first = alice.ok(room.one("book", 0)).await;
    let second = alice.ok(room.one("book", 0)).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(room.free().await[0], 1);
}
