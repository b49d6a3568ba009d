//! What a resource asks of customers, and not of operators.

use crate::stage::Stage;
use e2e::scene::every_day;
use e2e::{Gateway, Room, Value, json, unique};
use jiff::{SignedDuration, Timestamp};

fn instant(of: &Value) -> Timestamp {
    of.as_str().unwrap_or_else(|| panic!("no instant: {of}")).parse().unwrap()
}

fn availability(room: &Room) -> Value {
    json!({"action": "availability", "resource": room.id, "from": room.slot(0), "to": room.slot(12)})
}

/// A room with these rules, and a customer of a stage of their own.
async fn with(stage: &Stage, rules: Value) -> Room {
    Room::with(&stage.gateway, json!({"capacity": 9, "rules": rules})).await
}

#[tokio::test]
async fn too_soon_and_too_far_ahead() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    // The rooms' day is two days ahead.
    for (rules, field) in [
        (json!({"noticeMinutes": 5 * 1440}), "bookableFrom"),
        (json!({"horizonDays": 1}), "bookableTo"),
    ] {
        let mut room = with(&stage, rules.clone()).await;
        let mut owner = room.named_customer(&alice).await;
        for action in ["hold", "book"] {
            stage.refuses(&mut owner, &room.one(action, 0), "closed", None).await;
        }
        // The gateway tells time in milliseconds.
        let before = Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap();
        let told = owner.ok(availability(&room)).await;
        let length = match field {
            "bookableFrom" => SignedDuration::from_mins(5 * 1440),
            _ => SignedDuration::from_hours(24),
        };
        let bound = instant(&told[field]);
        assert!((before + length..=Timestamp::now() + length).contains(&bound), "{told}");
        let other = if field == "bookableFrom" { "bookableTo" } else { "bookableFrom" };
        assert_eq!(told.get(other), None, "{told}");
        assert_eq!(told["slots"].as_array().unwrap().len(), 12, "slots are shown all the same");
        // Operators are exempt, for themselves and for others.
        let told = room.operator.ok(availability(&room)).await;
        assert_eq!((told.get("bookableFrom"), told.get("bookableTo")), (None, None));
        let mut sale = room.one("book", 0);
        room.operator.ok(sale.clone()).await;
        sale["for"] = json!(alice);
        let sold = room.operator.ok(sale).await;
        // A customer's move obeys the rules as they are now, an operator's does not.
        let moved = json!({"action": "reschedule", "booking": sold["id"], "start": room.slot(3)});
        stage.refuses(&mut owner, &moved, "closed", None).await;
        room.operator.ok(moved).await;
    }
    let mut free = with(&stage, json!({})).await;
    let told = free.operator.ok(availability(&free)).await;
    assert_eq!((told.get("bookableFrom"), told.get("bookableTo")), (None, None));
    assert_eq!(free.customer().await.ok(availability(&free)).await.get("bookableTo"), None);
}

#[tokio::test]
async fn slots_and_places_of_a_booking() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let mut room = with(&stage, json!({"minSlots": 2, "maxSlots": 3, "minQuantity": 2})).await;
    let mut owner = room.named_customer(&alice).await;
    let asked = |slots: u32, quantity: u32| {
        let mut request = room.stretch("book", 0, slots);
        request["quantity"] = json!(quantity);
        request
    };
    for (request, field) in [
        (asked(1, 2), "/end"),
        (asked(4, 2), "/end"),
        (asked(2, 1), "/quantity"),
        (room.stretch("book", 0, 2), "/quantity"),
    ] {
        stage.refuses(&mut owner, &request, "bad_request", Some(field)).await;
    }
    let three = owner.ok(asked(3, 2)).await;
    let exempt = asked(1, 1);
    let mut request = room.one("hold", 5);
    request["quantity"] = json!(2);
    let two = owner.ok(request).await;
    assert_eq!((&two["start"], &two["end"]), (&json!(room.slot(5)), &json!(room.slot(7))));
    let mut moved = json!({"action": "reschedule", "booking": three["id"], "start": room.slot(8),
                           "end": room.slot(9)});
    stage.refuses(&mut owner, &moved, "bad_request", Some("/end")).await;
    room.operator.ok(moved.clone()).await;
    moved["end"] = json!(room.slot(10));
    owner.ok(moved).await;
    room.operator.ok(exempt).await;
}

#[tokio::test]
async fn deadlines_are_frozen_when_it_is_sold() {
    let gateway = Gateway::shared();
    let day = 1440;
    let rules = json!({"cancelMinutes": 5 * day, "rescheduleMinutes": 4 * day});
    let fields = json!({"capacity": 9, "rules": rules});
    let mut room = Room::with(gateway, fields).await;
    let mut owner = room.customer().await;
    let booked = owner.ok(room.one("book", 0)).await;
    let held = owner.ok(room.one("hold", 0)).await;
    for booking in [&booked, &held] {
        let before = |minutes| instant(&booking["start"]) - SignedDuration::from_mins(minutes);
        assert_eq!(instant(&booking["cancelBy"]), before(5 * day), "{booking}");
        assert_eq!(instant(&booking["rescheduleBy"]), before(4 * day), "{booking}");
    }
    // Rules that come later change nothing of what is sold.
    let lenient = Room::definition(&room.id, &json!({"capacity": 9}));
    room.operator.ok(json!({"action": "resource.put", "resource": lenient})).await;
    let cancel = json!({"action": "cancel", "booking": booked["id"]});
    let moved = json!({"action": "reschedule", "booking": booked["id"], "start": room.slot(4)});
    for request in [&cancel, &moved] {
        let refused = owner.refused("too_late", request.clone()).await;
        assert_eq!((&refused["current"], &refused["retryable"]), (&booked, &json!(false)));
    }
    // A hold may be given back at any time.
    owner.ok(json!({"action": "cancel", "booking": held["id"]})).await;
    // An operator moves it, and its deadlines are those of its new start, as the rules are now.
    let moved = room.operator.ok(moved).await;
    assert_eq!(moved["cancelBy"], moved["start"]);
    assert_eq!(moved["rescheduleBy"], moved["start"]);
    let again = json!({"action": "reschedule", "booking": booked["id"], "start": room.slot(5)});
    owner.ok(again).await;
    owner.ok(cancel).await;
}

#[tokio::test]
async fn active_bookings_are_bounded_also_at_once() {
    let gateway = Gateway::shared();
    let fields = json!({"capacity": 99, "rules": {"maxActive": 3}});
    let mut room = Room::with(gateway, fields).await;
    let alice = unique("alice");
    let token = gateway.token(&alice).await;
    let attempts = (0..12_u32).map(async |n| {
        let mut client = e2e::Client::connect(gateway, &token).await;
        let request = room.one(if n.is_multiple_of(2) { "hold" } else { "book" }, n % 6);
        client.insist(&request).await
    });
    let answers = futures::future::join_all(attempts).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|frame| frame["type"] == "reply");
    assert_eq!(made.len(), 3, "{answers:?}");
    assert!(refused.iter().all(|frame| frame["error"]["code"] == "limit_exceeded"), "{refused:?}");
    let mut owner = room.named_customer(&alice).await;
    owner.refused("limit_exceeded", room.one("book", 7)).await;
    // An operator is exempt; one that is given back makes room.
    let mut sale = room.one("book", 7);
    sale["for"] = json!(alice);
    let sold = room.operator.ok(sale).await;
    owner.ok(json!({"action": "cancel", "booking": made[0]["result"]["id"]})).await;
    owner.refused("limit_exceeded", room.one("book", 8)).await;
    owner.ok(json!({"action": "cancel", "booking": sold["id"]})).await;
    owner.ok(room.one("book", 8)).await;
    // Another resource counts its own.
    let other = Room::with(gateway, json!({"rules": {"maxActive": 1}})).await;
    owner.ok(other.one("book", 0)).await;
}

#[tokio::test]
async fn every_rule_has_its_range() {
    let stage = Stage::set(&[]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 9})).await;
    let opening = every_day("09:00-12:00");
    let put = |rules: &Value| {
        let fields = json!({"opening": opening, "capacity": 9, "rules": rules});
        json!({"action": "resource.put", "resource": Room::definition(&room.id, &fields)})
    };
    let mut bad = vec![
        (json!({"minSlots": 3, "maxSlots": 2}), "maxSlots".to_owned()),
        (json!({"minQuantity": 10}), "minQuantity".to_owned()),
        (json!({"zzz": 1}), "zzz".to_owned()),
    ];
    for (rule, least, most) in [
        ("noticeMinutes", 0, 527_040),
        ("horizonDays", 1, 1100),
        ("minSlots", 1, 96),
        ("maxSlots", 1, 96),
        ("minQuantity", 1, 10_000),
        ("cancelMinutes", 0, 527_040),
        ("rescheduleMinutes", 0, 527_040),
        ("maxActive", 1, 100),
    ] {
        for value in [json!(least - 1), json!(most + 1), json!("1"), json!(1.5), json!([1])] {
            bad.push((json!({rule: value}), rule.to_owned()));
        }
    }
    for (rules, rule) in &bad {
        let field = format!("/resource/rules/{rule}");
        stage.refuses(&mut room.operator, &put(rules), "bad_request", Some(&field)).await;
    }
    for rules in [json!(7), json!("none"), json!(null)] {
        let field = Some("/resource/rules");
        stage.refuses(&mut room.operator, &put(&rules), "bad_request", field).await;
    }
    let all = json!({"noticeMinutes": 0, "horizonDays": 1100, "minSlots": 1, "maxSlots": 96,
        "minQuantity": 9, "cancelMinutes": 527_040, "rescheduleMinutes": 0, "maxActive": 100});
    assert_eq!(room.operator.ok(put(&all)).await["rules"], all);
}
