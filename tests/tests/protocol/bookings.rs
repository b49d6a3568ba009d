//! A booking's life: held, booked, confirmed, moved, given back.

use e2e::{Gateway, Room, Value, json};
use jiff::Timestamp;

fn instant(of: &Value, name: &str) -> Timestamp {
    of[name].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_hold_keeps_its_places_until_it_is_confirmed() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 5, "holdSeconds": 120})).await;
    let mut alice = room.customer().await;
    let mut request = room.stretch("hold", 2, 5);
    request["quantity"] = json!(2);
    let held = alice.ok(request).await;
    assert_eq!(held["status"], "held", "{held}");
    assert_eq!((&held["start"], &held["end"]), (&json!(room.slot(2)), &json!(room.slot(5))));
    assert_eq!((&held["quantity"], &held["version"]), (&json!(2), &json!(1)));
    // Rounded up by at most a 64th.
    let lasts = instant(&held, "holdExpiresAt").duration_since(instant(&held, "createdAt"));
    assert!((120_000..=121_875).contains(&lasts.as_millis()), "{held}");
    assert_eq!(room.free().await, [5, 5, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5]);

    let confirmed = alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!((&confirmed["status"], &confirmed["version"]), (&json!("confirmed"), &json!(2)));
    assert_eq!(confirmed["createdAt"], held["createdAt"]);
    assert!(instant(&confirmed, "updatedAt") >= instant(&held, "updatedAt"));
    assert_eq!(room.free().await, [5, 5, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5]);
    let read = alice.ok(json!({"action": "get", "booking": held["id"]})).await;
    assert_eq!(read, confirmed);
}

#[tokio::test]
async fn a_booking_is_confirmed_at_once_or_waits_for_an_operator() {
    let gateway = Gateway::shared();
    let room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    let booked = alice.ok(room.one("book", 0)).await;
    assert_eq!((&booked["status"], &booked["version"]), (&json!("confirmed"), &json!(1)));
    assert_eq!(booked["end"], json!(room.slot(1)));

    let mut manual = Room::with(gateway, json!({"approval": "manual"})).await;
    let pending = alice.ok(manual.one("book", 0)).await;
    assert_eq!(pending["status"], "pending", "{pending}");
    let held = alice.ok(manual.one("hold", 1)).await;
    let confirmed = alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!(confirmed["status"], "pending", "{confirmed}");

    let approve = json!({"action": "approve", "booking": pending["id"], "reason": "welcome"});
    let approved = manual.operator.ok(approve).await;
    assert_eq!((&approved["status"], &approved["version"]), (&json!("confirmed"), &json!(2)));
    assert_eq!(approved["reason"], "welcome");
    alice.booking_pushed(&pending, 2).await;

    let decline = json!({"action": "decline", "booking": confirmed["id"], "reason": "closed"});
    let declined = manual.operator.ok(decline).await;
    assert_eq!((&declined["status"], &declined["version"]), (&json!("declined"), &json!(3)));
    assert_eq!(manual.free().await[..2], [0, 1]);
}

#[tokio::test]
async fn a_cancelled_booking_gives_its_places_back() {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    for (slot, action) in [(0, "hold"), (2, "book")] {
        let made = alice.ok(room.stretch(action, slot, slot + 2)).await;
        let reason = json!({"action": "cancel", "booking": made["id"], "reason": "rain \u{2614}"});
        let cancelled = alice.ok(reason).await;
        assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
        assert_eq!(cancelled["reason"], "rain \u{2614}");
        assert_eq!(room.free().await, [1; 12]);
        alice.ok(room.stretch("book", slot, slot + 2)).await;
        let by_operator = alice.ok(room.one("book", slot + 6)).await;
        let cancel = json!({"action": "cancel", "booking": by_operator["id"]});
        room.operator.ok(cancel).await;
        alice.booking_pushed(&by_operator, 2).await;
        let list = alice.ok(json!({"action": "list", "status": "confirmed"})).await;
        for booking in list["bookings"].as_array().unwrap() {
            alice.ok(json!({"action": "cancel", "booking": booking["id"]})).await;
        }
    }
}

#[tokio::test]
async fn a_move_takes_the_new_places_and_frees_the_old_ones_or_does_nothing() {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    let mut bob = room.customer().await;
    let booked = alice.ok(room.stretch("book", 0, 3)).await;
    bob.ok(room.one("book", 5)).await;

    let to = |first: u32, end: u32| {
        json!({
            "action": "reschedule",
            "booking": booked["id"],
            "start": room.slot(first),
            "end": room.slot(end),
        })
    };
    let (overlapping, taken, shorter) = (to(1, 4), to(4, 6), to(8, 9));
    let closed = to(11, 13);
    let mut one_slot = shorter.clone();
    one_slot.as_object_mut().unwrap().remove("end");
    one_slot["start"] = json!(room.slot(10));

    let moved = alice.ok(overlapping).await;
    assert_eq!((&moved["status"], &moved["version"]), (&json!("confirmed"), &json!(2)));
    assert_eq!(moved["confirmationCode"], booked["confirmationCode"]);
    assert_eq!(room.free().await, [1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1]);
    alice.refused("slot_full", taken).await;
    alice.refused("closed", closed).await;
    assert_eq!(room.free().await, [1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1]);
    let read = alice.ok(json!({"action": "get", "booking": booked["id"]})).await;
    assert_eq!(read, moved);
    room.operator.ok(shorter).await;
    assert_eq!(room.free().await, [1, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1]);
    let moved = alice.ok(one_slot).await;
    assert_eq!((&moved["version"], &moved["end"]), (&json!(4), &json!(room.slot(11))));
    assert_eq!(room.free().await, [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1]);
}

#[tokio::test]
async fn a_hold_is_out_the_moment_it_runs_out() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"holdSeconds": 1})).await;
    let mut alice = room.customer().await;
    let held = alice.ok(room.stretch("hold", 0, 2)).await;
    let held_in_vain = alice.ok(room.one("hold", 4)).await;
    let ends = instant(&held_in_vain, "holdExpiresAt");
    e2e::wait::eventually("the server's clock to pass the hold's end", async || {
        let now = alice.ok(json!({"action": "ping"})).await;
        (instant(&now, "now") > ends).then_some(())
    })
    .await;
    assert_eq!(room.free().await, [1; 12]);
    let read = alice.ok(json!({"action": "get", "booking": held["id"]})).await;
    assert_eq!(read["status"], "expired", "{read}");
    let listed = alice.ok(json!({"action": "list"})).await;
    let statuses = listed["bookings"].as_array().unwrap().iter().map(|it| &it["status"]);
    assert!(statuses.eq(["expired", "expired"]), "{listed}");
    alice.refused("hold_expired", json!({"action": "confirm", "booking": held["id"]})).await;

    let mut bob = room.customer().await;
    let booked = bob.ok(room.stretch("book", 0, 2)).await;
    assert_eq!(booked["status"], "confirmed");
    alice.refused("hold_expired", json!({"action": "confirm", "booking": held["id"]})).await;
    let cancel = json!({"action": "cancel", "booking": held["id"]});
    alice.refused("invalid_transition", cancel).await;
    assert_eq!(room.free().await[..4], [0, 0, 1, 1]);
}

#[tokio::test]
async fn a_change_for_another_version_is_refused_with_the_booking_as_it_is() {
    let gateway = Gateway::shared();
    let room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    let held = alice.ok(room.one("hold", 0)).await;
    let confirm =
        |version: u32| json!({"action": "confirm", "booking": held["id"], "ifVersion": version});
    let error = alice.refused("version_conflict", confirm(2)).await;
    assert_eq!(error["current"], held);
    let confirmed = alice.ok(confirm(1)).await;
    for mut change in
        [json!({"action": "cancel"}), json!({"action": "reschedule", "start": room.slot(1)})]
    {
        change["booking"] = held["id"].clone();
        change["ifVersion"] = json!(1);
        let error = alice.refused("version_conflict", change).await;
        assert_eq!(error["current"], confirmed);
    }
    let cancel = json!({"action": "cancel", "booking": held["id"], "ifVersion": 2});
    assert_eq!(alice.ok(cancel).await["version"], 3);
}

#[tokio::test]
async fn of_sixteen_changes_at_one_version_one_is_done() {
    let gateway = Gateway::shared();
    let room = Room::with(gateway, json!({"capacity": 2})).await;
    let alice = e2e::unique("alice");
    let booked = room.named_customer(&alice).await.ok(room.one("book", 0)).await;
    let changes = (0..16).map(async |number: u32| {
        let mut window = room.named_customer(&alice).await;
        let change = json!({
            "action": "reschedule",
            "booking": booked["id"],
            "start": room.slot(1 + number % 8),
            "ifVersion": 1,
        });
        let frame = window.request(change).await;
        match frame["error"]["code"].as_str() {
            None => 1,
            Some("version_conflict" | "busy") => 0,
            Some(_) => panic!("{frame}"),
        }
    });
    let done: u32 = futures::future::join_all(changes).await.into_iter().sum();
    assert_eq!(done, 1);
    let rows = gateway.tables.bookings(&alice).await;
    assert_eq!((rows.len(), rows[0].version), (1, 2));
}
