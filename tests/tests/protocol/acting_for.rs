//! An operator acts for a customer, or for a guest who has no token.

use crate::stage::Stage;
use e2e::{Gateway, Room, Value, json, unique};

/// A request for one slot, for somebody.
fn for_somebody(room: &Room, action: &str, slot: u32, customer: &str) -> Value {
    let mut request = room.one(action, slot);
    request["for"] = json!(customer);
    request
}

#[tokio::test]
async fn what_is_sold_for_a_customer_is_theirs() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 9})).await;
    let alice = unique("alice");
    let mut owner = room.named_customer(&alice).await;
    let held = room.operator.ok(for_somebody(&room, "hold", 0, &alice)).await;
    assert_eq!((&held["customer"], &held["status"]), (&json!(alice), &json!("held")));
    assert_ne!(held["createdBy"], json!(alice));
    assert_eq!(held["createdBy"], held["updatedBy"]);
    assert_eq!(owner.booking_pushed(&held, 1).await, held);
    assert_eq!(owner.ok(json!({"action": "list"})).await["bookings"], json!([held]));
    let confirmed = owner.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!(
        (&confirmed["createdBy"], &confirmed["updatedBy"]),
        (&held["createdBy"], &json!(alice))
    );
    // The operator is not told as if it were theirs.
    let listed = room.operator.ok(json!({"action": "list"})).await;
    assert_eq!(listed["bookings"], json!([]));
    assert_eq!(room.operator.pushed_on("me", "bookings"), Vec::<Value>::new());
    // Without it, it is their own.
    let own = room.operator.ok(room.one("hold", 1)).await;
    assert_eq!(own["customer"], own["createdBy"]);
}

#[tokio::test]
async fn a_guest_has_a_name_and_no_token() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 2})).await;
    let guest = format!("guest:{}", unique("Ann of Cleves"));
    let mut watcher = room.watcher().await;
    let booked = room.operator.ok(for_somebody(&room, "book", 0, &guest)).await;
    assert_eq!((&booked["customer"], &booked["status"]), (&json!(guest), &json!("confirmed")));
    let get = json!({"action": "get", "booking": booked["id"]});
    assert_eq!(room.operator.ok(get.clone()).await, booked);
    let cancel = json!({"action": "cancel", "booking": booked["id"], "reason": "went home"});
    room.operator.ok(cancel).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 2).await;
    watcher.refused("not_found", get).await;
    assert!(!format!("{:?}", watcher.pushes()).contains(&guest));
}

#[tokio::test]
async fn only_operators_act_for_others() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 2})).await;
    let mut owner = room.named_customer(&alice).await;
    for action in ["hold", "book"] {
        for customer in ["bob", &alice, "guest:Ann"] {
            let request = for_somebody(&room, action, 0, customer);
            stage.refuses(&mut owner, &request, "forbidden", Some("/for")).await;
        }
        let long = "x".repeat(129);
        for nobody in ["", " ", "guest:", "guest: ", "a\nb", &long] {
            let request = for_somebody(&room, action, 0, nobody);
            stage.refuses(&mut room.operator, &request, "bad_request", Some("/for")).await;
        }
        let mut request = room.one(action, 0);
        request["for"] = json!(7);
        stage.refuses(&mut room.operator, &request, "bad_request", Some("/for")).await;
        // Capacity and opening hours hold for operators too.
        let mut request = for_somebody(&room, action, 0, "guest:Ann");
        request["quantity"] = json!(3);
        stage.refuses(&mut room.operator, &request, "bad_request", Some("/quantity")).await;
        let request = for_somebody(&room, action, 13, "guest:Ann");
        stage.refuses(&mut room.operator, &request, "closed", None).await;
    }
    let mut both = for_somebody(&room, "book", 0, &alice);
    both["quantity"] = json!(2);
    room.operator.ok(both).await;
    let full = for_somebody(&room, "hold", 0, "guest:Ann");
    stage.refuses(&mut room.operator, &full, "slot_full", None).await;
}

#[tokio::test]
async fn the_key_of_a_sale_for_somebody_is_the_operators() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 99})).await;
    let mut elsewhere = Room::with(gateway, json!({"capacity": 99})).await;
    let (alice, bob) = (unique("alice"), unique("bob"));
    let mut owner = room.named_customer(&alice).await;
    let keyed = |mut request: Value| {
        request["key"] = json!("1");
        request
    };
    let own = owner.ok(keyed(room.one("hold", 0))).await;
    let sale = keyed(for_somebody(&room, "hold", 0, &alice));
    let sold = room.operator.ok(sale.clone()).await;
    assert_ne!(sold["id"], own["id"]);
    assert_eq!(room.operator.ok(sale.clone()).await, sold);
    assert_eq!(owner.ok(keyed(room.one("hold", 0))).await, own);
    // Another operator's key is another.
    let others = elsewhere.operator.ok(sale.clone()).await;
    assert!(others["id"] != sold["id"] && others["id"] != own["id"]);
    // The same key with other fields, whichever.
    let mut dearer = sale.clone();
    dearer["quantity"] = json!(2);
    let mut noted = sale.clone();
    noted["note"] = json!("regular");
    let later = keyed(for_somebody(&room, "hold", 1, &alice));
    let for_bob = keyed(for_somebody(&room, "hold", 0, &bob));
    let elsewhere_for_bob = keyed(for_somebody(&elsewhere, "book", 3, &bob));
    for other in [dearer, noted, later, for_bob.clone(), elsewhere_for_bob] {
        room.operator.refused("idempotency_mismatch", other).await;
    }
    // What was refused has used no key.
    let full = Room::single(gateway).await;
    let mut taker = full.customer().await;
    taker.ok(full.one("book", 0)).await;
    let mut request = for_somebody(&full, "book", 0, &alice);
    request["key"] = json!("2");
    room.operator.refused("slot_full", request.clone()).await;
    request["for"] = json!(bob);
    request["resource"] = json!(room.id);
    assert_eq!(room.operator.ok(request).await["customer"], json!(bob));
}

/// An operator sends the same sale many times at once, for two customers: one booking comes of it.
#[tokio::test]
async fn a_key_is_used_for_one_customer_however_many_ask_at_once() {
    let gateway = Gateway::shared();
    let room = Room::with(gateway, json!({"capacity": 99})).await;
    let (alice, bob, operator) = (unique("alice"), unique("bob"), unique("operator"));
    let token = gateway.operator_token(&operator).await;
    let attempts = (0..12).map(async |n: usize| {
        let mut client = e2e::Client::connect(gateway, &token).await;
        let customer = if n.is_multiple_of(2) { &alice } else { &bob };
        let mut request = for_somebody(&room, "book", 0, customer);
        request["key"] = json!("1");
        client.insist(&request).await
    });
    let answers = futures::future::join_all(attempts).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|frame| frame["type"] == "reply");
    assert_eq!((made.len(), refused.len()), (6, 6), "{answers:?}");
    assert!(made.iter().all(|frame| frame["result"] == made[0]["result"]), "{made:?}");
    let mismatch = |frame: &&Value| frame["error"]["code"] == "idempotency_mismatch";
    assert!(refused.iter().all(mismatch), "{refused:?}");
}

#[tokio::test]
async fn the_limit_on_holds_is_the_customers_own() {
    let mut room = Room::with(Gateway::shared(), json!({"capacity": 1000})).await;
    let alice = unique("alice");
    let mut owner = room.named_customer(&alice).await;
    let mut held = 0;
    let refused = loop {
        let frame = owner.request(room.one("hold", 0)).await;
        if frame["type"] == "error" {
            break frame;
        }
        held += 1;
    };
    assert_eq!(refused["error"]["code"], "limit_exceeded", "{refused}");
    for slot in 0..3 {
        room.operator.ok(for_somebody(&room, "hold", slot, &alice)).await;
    }
    // What an operator holds for a customer leaves them what they may hold themselves.
    let bob = unique("bob");
    let mut other = room.named_customer(&bob).await;
    for slot in 0..3 {
        room.operator.ok(for_somebody(&room, "hold", slot, &bob)).await;
    }
    for _ in 0..held {
        other.ok(room.one("hold", 0)).await;
    }
    other.refused("limit_exceeded", room.one("hold", 0)).await;
}
