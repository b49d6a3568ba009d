//! Holds that last for longer because somebody asks for it.

use e2e::{Client, Gateway, Room, Value, json, unique, wait};
use jiff::{SignedDuration, Timestamp};

fn instant(of: &Value, name: &str) -> Timestamp {
    of[name].as_str().unwrap().parse().unwrap()
}

fn extend(booking: &Value) -> Value {
    json!({"action": "extend", "booking": booking["id"]})
}

/// Until the server's clock has passed this instant.
async fn passed(client: &mut Client, end: Timestamp) {
    wait::eventually("the server's clock to pass the hold's end", async || {
        let ping = client.ok(json!({"action": "ping"})).await;
        (instant(&ping, "now") > end).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_hold_is_extended_by_its_owner_or_an_operator() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 5, "holdSeconds": 120})).await;
    let name = unique("alice");
    let mut alice = room.named_customer(&name).await;
    let mut phone = room.named_customer(&name).await;
    let mut before = alice.ok(room.stretch("hold", 2, 5)).await;
    for operator in [false, true] {
        let by = if operator { &mut room.operator } else { &mut alice };
        // Holds end at 64 instants within their length: at another one, a while after the last.
        let extended = wait::eventually("the end to move", async || {
            let extended = by.ok(extend(&before)).await;
            let moved = instant(&extended, "holdExpiresAt") > instant(&before, "holdExpiresAt");
            let version = before["version"].as_u64().unwrap() + 1;
            let mut expected = before.clone();
            for name in ["holdExpiresAt", "updatedAt", "updatedBy"] {
                expected[name] = extended[name].clone();
            }
            expected["version"] = json!(version);
            assert_eq!(extended, expected, "nothing else is changed");
            before = extended;
            moved.then(|| before.clone())
        })
        .await;
        // From then on as long as a new hold, rounded up by at most a 64th.
        let lasts = instant(&extended, "holdExpiresAt")
            .duration_since(instant(&extended, "updatedAt"))
            .as_millis();
        assert!((120_000..=121_875).contains(&lasts), "{extended}");
        let version = extended["version"].as_u64().unwrap();
        phone.booking_pushed(&extended, version).await;
        assert_eq!(alice.ok(json!({"action": "get", "booking": before["id"]})).await, extended);
    }
    assert_eq!(room.free().await, [5, 5, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5]);
    let confirmed = alice.ok(json!({"action": "confirm", "booking": before["id"]})).await;
    assert_eq!(confirmed["status"], "confirmed");
    assert_eq!(room.free().await, [5, 5, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5]);
    let refused = alice.refused("invalid_transition", extend(&before)).await;
    assert_eq!(refused["current"], confirmed);
}

#[tokio::test]
async fn it_lasts_past_its_first_end_and_runs_out_at_its_last() {
    let gateway = Gateway::shared();
    let most = json!({"holdSeconds": 2, "maxHoldSeconds": 4});
    let mut room = Room::with(gateway, most).await;
    let (mut alice, mut bob) = (room.customer().await, room.customer().await);
    let held = alice.ok(room.one("hold", 0)).await;
    let (made, first) = (instant(&held, "createdAt"), instant(&held, "holdExpiresAt"));
    // Again and again, until it may not last any longer.
    let mut last = first;
    let whole = SignedDuration::from_secs(4);
    let extended = wait::eventually("the hold to last as long as it may", async || {
        let extended = alice.ok(extend(&held)).await;
        let end = instant(&extended, "holdExpiresAt");
        assert!(end >= last, "cut short: {extended}");
        // Longer by the rounding, a 64th of two seconds.
        let rounding = SignedDuration::from_millis(32);
        assert!(end.duration_since(made) <= whole + rounding, "too long: {extended}");
        last = end;
        (end.duration_since(made) >= whole).then_some(extended)
    })
    .await;
    passed(&mut alice, first).await;
    let booked = bob.request(room.one("book", 0)).await;
    if booked["type"] == "reply" {
        // A machine so slow that the hold has run out meanwhile.
        passed(&mut alice, last).await;
    } else {
        assert_eq!(booked["error"]["code"], "slot_full", "{booked}");
        passed(&mut alice, last).await;
        assert_eq!(room.free().await[0], 1);
        bob.ok(room.one("book", 0)).await;
    }
    alice.refused("hold_expired", extend(&extended)).await;
    let read = alice.ok(json!({"action": "get", "booking": held["id"]})).await;
    assert_eq!(read["status"], "expired");
    assert_eq!(read["version"], extended["version"].as_u64().unwrap() + 1);
}

#[tokio::test]
async fn what_may_not_last_longer_keeps_its_end() {
    let gateway = Gateway::shared();
    for most in [1, 60, 120] {
        let fields = json!({"holdSeconds": 120, "maxHoldSeconds": most});
        let room = Room::with(gateway, fields).await;
        let mut alice = room.customer().await;
        let held = alice.ok(room.one("hold", 0)).await;
        let extended = alice.ok(extend(&held)).await;
        assert_eq!(extended["holdExpiresAt"], held["holdExpiresAt"], "{most}");
        assert_eq!((&extended["status"], &extended["version"]), (&json!("held"), &json!(2)));
    }
}

#[tokio::test]
async fn an_extension_that_is_sent_again_is_answered_with_what_it_did() {
    let room = Room::single(Gateway::shared()).await;
    let mut alice = room.customer().await;
    let held = alice.ok(room.one("hold", 0)).await;
    let mut request = extend(&held);
    request["key"] = json!("e1");
    request["ifVersion"] = json!(1);
    let extended = alice.ok(request.clone()).await;
    for _ in 0..2 {
        assert_eq!(alice.ok(request.clone()).await, extended);
    }
    let confirm = json!({"action": "confirm", "booking": held["id"], "key": "e1"});
    alice.refused("idempotency_mismatch", confirm).await;
    request["key"] = json!("e2");
    let error = alice.refused("version_conflict", request.clone()).await;
    assert_eq!(error["current"], extended);
    request["ifVersion"] = json!(2);
    assert_eq!(alice.ok(request).await["version"], 3);
}
