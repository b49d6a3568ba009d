//! `hold` and `book` of any of several resources.

use super::Tables;
use crate::stage::Stage;
use crate::venues::operator;
use e2e::{Client, Gateway, Room, Value, json, unique};

fn of(mut request: Value, quantity: u64) -> Value {
    request["quantity"] = json!(quantity);
    request
}

#[tokio::test]
async fn the_smallest_that_fits_then_the_rank_then_the_id() {
    let gateway = Gateway::shared();
    let mut tables = Tables::with(gateway, &[6, 4, 4, 2], &json!({"sharing": false})).await;
    tables.put(1, 4, &json!({"sharing": false, "rank": 1})).await;
    let by_number = |tables: &Tables, booking: &Value| {
        tables.rooms.iter().position(|room| booking["resource"] == json!(room.id)).unwrap()
    };
    let mut came_to = Vec::new();
    // Each table takes one party, so those that are taken are full to parties of their size.
    for quantity in [2, 4, 4, 6] {
        let mut alice = tables.customer().await;
        let booking = alice.ok(of(tables.one("book", 0), quantity)).await;
        assert_eq!(booking["status"], json!("confirmed"));
        assert_eq!(booking["quantity"], json!(quantity));
        came_to.push(by_number(&tables, &booking));
    }
    assert_eq!(came_to, [3, 2, 1, 0]);
    let mut bob = tables.customer().await;
    bob.refused("slot_full", of(tables.one("book", 0), 4)).await;
    bob.refused("slot_full", of(tables.one("hold", 0), 7)).await;
    // By name, in whatever order.
    let mut named = of(tables.one("hold", 1), 3);
    named["anyOf"] = json!([tables.rooms[0].id, tables.rooms[1].id]);
    let held = bob.ok(named).await;
    assert_eq!((by_number(&tables, &held), &held["status"]), (1, &json!("held")));
    let confirmed = bob.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!(confirmed["status"], json!("confirmed"));
    let got = bob.ok(json!({"action": "get", "booking": held["id"]})).await;
    assert_eq!(got, confirmed);
    bob.booking_pushed(&held, 2).await;
}

#[tokio::test]
async fn what_any_of_names() {
    let stage = Stage::set(&[]);
    let tables = Tables::with(&stage.gateway, &[1], &json!({})).await;
    let mut alice = tables.customer().await;
    let id = &tables.rooms[0].id;
    let many: Vec<String> = (0..21).map(|n| format!("a-{n}")).collect();
    let cases = [
        (json!([]), "bad_request", "/anyOf"),
        (json!(many), "bad_request", "/anyOf"),
        (json!([id, id]), "bad_request", "/anyOf/1"),
        (json!([id, "Table"]), "bad_request", "/anyOf/1"),
        (json!([id, 7]), "bad_request", "/anyOf/1"),
        (json!("tables"), "bad_request", "/anyOf"),
        (json!(7), "bad_request", "/anyOf"),
        (json!({}), "bad_request", "/anyOf/pool"),
        (json!({"venue": "main"}), "bad_request", "/anyOf/pool"),
        (json!({"pool": "Tables"}), "bad_request", "/anyOf/pool"),
        (json!({"pool": "tables", "venue": "Main"}), "bad_request", "/anyOf/venue"),
        (json!({"pool": "tables", "more": 1}), "bad_request", "/anyOf/more"),
        (json!([id, unique("none")]), "not_found", "/anyOf/1"),
        (json!([unique("none"), id]), "not_found", "/anyOf/0"),
        (json!({"pool": unique("none")}), "not_found", "/anyOf"),
        (json!({"pool": tables.pool, "venue": "pier"}), "not_found", "/anyOf"),
    ];
    let window =
        json!({"action": "search", "from": tables.rooms[0].slot(0), "to": tables.rooms[0].slot(2)});
    for (any_of, code, field) in cases {
        for request in [tables.one("hold", 0), tables.one("book", 0), window.clone()] {
            let mut request = request;
            request["anyOf"] = any_of.clone();
            stage.refuses(&mut alice, &request, code, Some(field)).await;
        }
    }
    let mut both = tables.one("hold", 0);
    both["resource"] = json!(id);
    stage.refuses(&mut alice, &both, "bad_request", Some("/anyOf")).await;
    let neither = json!({"action": "book", "start": tables.rooms[0].slot(0)});
    stage.refuses(&mut alice, &neither, "bad_request", Some("/resource")).await;
}

#[tokio::test]
async fn what_it_comes_to_where_none_has_it() {
    let stage = Stage::set(&[]);
    let gateway = &stage.gateway;
    let mut tables = Tables::with(gateway, &[2, 2, 1], &json!({})).await;
    let mut alice = tables.customer().await;
    tables.put(1, 2, &json!({"state": "paused"})).await;
    let early = json!({"action": "hold", "anyOf": tables.any_of, "start": "2035-01-08T03:00:00Z"});
    stage.refuses(&mut alice, &early, "closed", None).await;
    let past = json!({"action": "hold", "anyOf": tables.any_of, "start": "2020-01-06T09:00:00Z"});
    stage.refuses(&mut alice, &past, "closed", None).await;
    stage.refuses(&mut alice, &of(tables.one("hold", 0), 3), "slot_full", None).await;
    alice.ok(of(tables.one("book", 0), 2)).await;
    stage.refuses(&mut alice, &of(tables.one("hold", 0), 2), "slot_full", None).await;
    // An operator's sale for somebody is exempt from `paused`, one of their own is not.
    let mut olga = operator(gateway, None).await;
    let own = of(tables.one("book", 0), 2);
    stage.refuses(&mut olga, &own, "slot_full", None).await;
    let mut for_bob = own;
    for_bob["for"] = json!("bob");
    assert_eq!(olga.ok(for_bob).await["resource"], json!(tables.rooms[1].id));
    // All archived: they are there, and passed over.
    for number in 0..3 {
        tables.put(number, 2, &json!({"state": "archived"})).await;
    }
    stage.refuses(&mut alice, &tables.one("hold", 5), "slot_full", None).await;
    // What rules ask of the whole booking.
    let strict =
        Tables::with(gateway, &[2], &json!({"rules": {"minQuantity": 2, "maxSlots": 1}})).await;
    stage.refuses(&mut alice, &strict.one("hold", 0), "slot_full", None).await;
    let mut long = of(strict.one("hold", 0), 2);
    long["end"] = json!(strict.rooms[0].slot(2));
    stage.refuses(&mut alice, &long, "bad_request", Some("/end")).await;
    let paid = Tables::with(gateway, &[2], &json!({"confirmBy": "operator"})).await;
    stage.refuses(&mut alice, &paid.one("book", 0), "forbidden", None).await;
    alice.ok(paid.one("hold", 0)).await;
}

#[tokio::test]
async fn a_repeated_key_is_the_same_booking_of_the_same_resource() {
    let gateway = Gateway::shared();
    let mut tables = Tables::with(gateway, &[1, 1, 1], &json!({})).await;
    let mut alice = tables.customer().await;
    let mut request = tables.one("hold", 0);
    request["key"] = json!("dinner");
    let made = alice.ok(request.clone()).await;
    assert_eq!(alice.ok(request.clone()).await, made);
    let number = tables.rooms.iter().position(|it| made["resource"] == json!(it.id)).unwrap();
    for fields in [json!({"state": "archived"}), json!({"pools": []}), json!({"pools": ["others"]})]
    {
        tables.put(number, 1, &fields).await;
        assert_eq!(alice.ok(request.clone()).await, made, "{fields}");
    }
    for other in (0..3).filter(|it| *it != number) {
        tables.put(other, 1, &json!({"pools": []})).await;
    }
    assert_eq!(alice.ok(request.clone()).await, made);
    for (name, value) in [
        ("anyOf", json!([made["resource"]])),
        ("anyOf", json!({"pool": "others"})),
        ("start", json!(tables.rooms[0].slot(1))),
        ("quantity", json!(2)),
        ("action", json!("book")),
    ] {
        let mut other = request.clone();
        other[name] = value;
        alice.refused("idempotency_mismatch", other).await;
    }
    let mut by_name = tables.rooms[number].one("hold", 0);
    by_name["key"] = json!("dinner");
    alice.refused("idempotency_mismatch", by_name).await;
    // `main` is what is meant where no venue is said.
    let mut said = request.clone();
    said["anyOf"]["venue"] = json!("main");
    assert_eq!(alice.ok(said).await, made);
    // As it stands now.
    let cancelled = alice.ok(json!({"action": "cancel", "booking": made["id"]})).await;
    assert_eq!(alice.ok(request).await, cancelled);
}

/// Sent at once on many connections, a key makes one booking.
#[tokio::test]
async fn a_key_at_once_makes_one_booking() {
    let gateway = Gateway::shared();
    let tables = Tables::with(gateway, &[1; 6], &json!({})).await;
    let alice = unique("alice");
    let mut windows = Vec::new();
    for _ in 0..6 {
        windows.push(tables.rooms[0].named_customer(&alice).await);
    }
    for slot in 0..6 {
        let mut request = tables.one("book", slot);
        request["key"] = json!(slot.to_string());
        let answers = windows.iter_mut().map(async |window| window.insist(&request).await);
        let answers = futures::future::join_all(answers).await;
        let first = &answers[0]["result"];
        assert!(answers.iter().all(|answer| answer["result"]["id"] == first["id"]), "{answers:?}");
    }
    let all = windows[0].ok(json!({"action": "list"})).await;
    assert_eq!(all["bookings"].as_array().unwrap().len(), 6);
}

/// An operator of another venue is a customer there: free to choose, bound by rules.
#[tokio::test]
async fn an_operator_chooses_as_a_customer_at_other_venues() {
    let stage = Stage::set(&[]);
    let gateway = &stage.gateway;
    let (harbour, airport) = (unique("harbour"), unique("airport"));
    let rules = json!({"venue": harbour, "rules": {"minQuantity": 2}});
    let here = Tables::with(gateway, &[4], &rules).await;
    let there =
        Tables::with(gateway, &[4], &json!({"venue": airport, "rules": {"minQuantity": 2}})).await;
    let mut olga = operator(gateway, Some(&harbour)).await;
    let window = |tables: &Tables| {
        let (from, to) = (tables.rooms[0].slot(0), tables.rooms[0].slot(3));
        json!({"action": "search", "anyOf": tables.any_of, "from": from, "to": to})
    };
    let count = async |olga: &mut Client, request: Value| {
        olga.ok(request).await["found"].as_array().unwrap().len()
    };
    // At their own venue they are exempt, and act for others.
    assert_eq!(count(&mut olga, window(&here)).await, 3);
    let mut for_alice = here.one("book", 0);
    for_alice["for"] = json!("alice");
    for_alice["note"] = json!("by phone");
    assert_eq!(olga.ok(for_alice).await["note"], json!("by phone"));
    let mut named = here.one("book", 1);
    named["anyOf"] = json!(here.ids());
    olga.ok(named).await;
    // Elsewhere they are not.
    assert_eq!(count(&mut olga, window(&there)).await, 0);
    stage.refuses(&mut olga, &there.one("hold", 0), "slot_full", None).await;
    assert_eq!(olga.ok(of(there.one("hold", 0), 2)).await["venue"], json!(airport));
    for (name, pointer) in [("for", "/for"), ("note", "/note")] {
        let mut request = of(there.one("hold", 0), 2);
        request[name] = json!("alice");
        stage.refuses(&mut olga, &request, "forbidden", Some(pointer)).await;
    }
    // Some here and some there: as a customer.
    let mut both = here.one("hold", 2);
    both["anyOf"] = json!([here.rooms[0].id, there.rooms[0].id]);
    stage.refuses(&mut olga, &both, "slot_full", None).await;
    olga.ok(of(both, 2)).await;
    // By name it is as ever: another venue's resource is another's.
    let room = &there.rooms[0];
    stage.refuses(&mut olga, &of(room.one("hold", 1), 2), "forbidden", None).await;
}

/// What is chosen is a booking like any other to those who run the place.
#[tokio::test]
async fn it_is_in_the_lists_of_its_resource() {
    let gateway = Gateway::shared();
    let mut tables = Tables::with(gateway, &[2, 4], &json!({"approval": "manual"})).await;
    let mut alice = tables.customer().await;
    let made = alice.ok(of(tables.one("book", 0), 3)).await;
    assert_eq!(
        (&made["status"], &made["resource"]),
        (&json!("pending"), &json!(tables.rooms[1].id))
    );
    let room: &mut Room = &mut tables.rooms[1];
    let list =
        json!({"action": "list", "resource": room.id, "from": room.slot(0), "to": room.slot(2)});
    let listed = room.operator.ok(list).await;
    assert_eq!(listed["bookings"][0]["id"], made["id"]);
    let approved = room.operator.ok(json!({"action": "approve", "booking": made["id"]})).await;
    assert_eq!(approved["status"], json!("confirmed"));
    alice.booking_pushed(&made, 2).await;
}
