//! What was written about a customer is removed.

use crate::stage::Stage;
use e2e::{Room, Value, json, unique};

#[tokio::test]
async fn what_was_written_about_a_customer_is_removed() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 9})).await;
    let mut owner = room.named_customer(&alice).await;
    let erase = json!({"action": "customer.erase", "customer": alice});
    assert_eq!(room.operator.ok(erase.clone()).await, json!({"erased": 0}));
    let secret = unique("secret");
    let mut bookings = vec![];
    for (action, slot) in [("book", 0), ("hold", 1)] {
        let mut request = room.one(action, slot);
        request["details"] = json!({"allergy": secret});
        bookings.push(owner.ok(request).await);
    }
    let mut noted = room.one("book", 2);
    noted["for"] = json!(alice);
    noted["note"] = json!(secret);
    bookings.push(room.operator.ok(noted).await);
    bookings.push(owner.ok(room.one("book", 3)).await);

    stage.refuses(&mut owner, &erase, "forbidden", None).await;
    let mut nobody = erase.clone();
    nobody["customer"] = json!("");
    stage.refuses(&mut room.operator, &nobody, "bad_request", Some("/customer")).await;
    for booking in &bookings {
        // Each of them stands in the way while it is active.
        let refused = stage.refuses(&mut room.operator, &erase, "invalid_transition", None).await;
        assert!(bookings.iter().any(|it| it["id"] == refused["current"]["id"]), "{refused}");
        let cancel = json!({"action": "cancel", "booking": booking["id"], "reason": secret});
        owner.ok(cancel).await;
    }
    assert_eq!(room.operator.ok(erase.clone()).await, json!({"erased": 4}));
    let list = json!({"action": "list", "resource": room.id, "from": room.slot(0),
                      "to": room.slot(9)});
    let listed = room.operator.ok(list).await;
    assert_eq!(listed["bookings"].as_array().unwrap().len(), 4);
    assert!(!listed.to_string().contains(&secret), "{listed}");
    for booking in &bookings {
        let told = owner.booking_pushed(booking, 3).await;
        let gone = ["details", "note", "reason"].map(|field| told.get(field));
        assert_eq!(gone, [None::<&Value>; 3], "{told}");
        assert_eq!(told["status"], "cancelled");
    }
    assert_eq!(room.operator.ok(erase).await, json!({"erased": 0}));
}
