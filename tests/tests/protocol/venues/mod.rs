//! Venues: what belongs to one, and what operators may who are bound to one.

mod lists;
mod topics;

use crate::stage::Stage;
use e2e::client::Refused;
use e2e::{Client, Gateway, Room, Value, json, unique};

/// An operator's token, bound to this venue or to none.
pub async fn token(gateway: &Gateway, operator: &str, venue: Option<&str>) -> String {
    let mut parameters = vec![("sub", operator), ("role", "operator")];
    parameters.extend(venue.map(|venue| ("venue", venue)));
    gateway.token_with(&parameters).await
}

/// A connection of an operator, bound to this venue or to none.
pub async fn operator(gateway: &Gateway, venue: Option<&str>) -> Client {
    Client::connect(gateway, &token(gateway, &unique("operator"), venue).await).await
}

pub fn put(id: &str, fields: &Value) -> Value {
    json!({"action": "resource.put", "resource": Room::definition(id, fields)})
}

pub fn list(what: &str, name: &str, room: &Room) -> Value {
    json!({"action": "list", what: name, "from": room.slot(0), "to": room.slot(12)})
}

pub fn subscribe(topic: &str) -> Value {
    json!({"action": "subscribe", "topic": topic})
}

pub fn ids(bookings: &Value) -> Vec<&str> {
    let bookings = bookings["bookings"].as_array().unwrap().iter();
    bookings.map(|booking| booking["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_resource_and_its_bookings_name_their_venue() {
    let gateway = Gateway::shared();
    let venue = unique("harbour");
    let mut room = Room::with(gateway, json!({"venue": venue})).await;
    let read = room.operator.ok(json!({"action": "resource.get", "resource": room.id})).await;
    assert_eq!(read["venue"], json!(venue));
    let mut alice = room.customer().await;
    let held = alice.ok(room.one("hold", 0)).await;
    assert_eq!(held["venue"], json!(venue));
    let sold = alice.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!(sold["venue"], json!(venue));
    let main = Room::single(gateway).await;
    assert_eq!(alice.ok(main.one("book", 0)).await["venue"], json!("main"));
}

#[tokio::test]
async fn a_resource_stays_at_its_venue() {
    let stage = Stage::set(&[]);
    let venue = unique("harbour");
    let mut room = Room::with(&stage.gateway, json!({"venue": venue})).await;
    for other in [json!({"venue": unique("airport")}), json!({"venue": "main"}), json!({})] {
        let put = put(&room.id, &other);
        let operator = &mut room.operator;
        stage.refuses(operator, &put, "bad_request", Some("/resource/venue")).await;
    }
    let fields = json!({"venue": venue, "name": "Another name"});
    assert_eq!(room.operator.ok(put(&room.id, &fields)).await["version"], json!(2));
}

/// What an operator may at their own venue, and every operator who is bound to none.
#[tokio::test]
async fn at_their_own_venue_they_do_all_that_operators_do() {
    let gateway = Gateway::shared();
    let harbour = unique("harbour");
    for bound in [Some(harbour.as_str()), None] {
        let fields = json!({"venue": harbour, "capacity": 9, "approval": "manual"});
        let room = Room::with(gateway, fields.clone()).await;
        let mut olga = operator(gateway, bound).await;
        let name = unique("alice");
        let mut alice = room.named_customer(&name).await;
        assert_eq!(olga.ok(put(&room.id, &fields)).await["version"], json!(2));
        assert_eq!(olga.ok(put(&unique("quay"), &fields)).await["venue"], json!(harbour));

        let mut pending = Vec::new();
        for _ in 0..3 {
            pending.push(alice.ok(room.one("book", 0)).await["id"].clone());
        }
        let held = alice.ok(room.one("hold", 1)).await["id"].clone();
        for (action, booking, status) in [
            ("get", &held, "held"),
            ("extend", &held, "held"),
            ("confirm", &held, "pending"),
            ("approve", &held, "confirmed"),
            ("approve", &pending[0], "confirmed"),
            ("decline", &pending[1], "declined"),
            ("cancel", &pending[2], "cancelled"),
        ] {
            let done = olga.ok(json!({"action": action, "booking": booking})).await;
            assert_eq!(done["status"], json!(status), "{action} by {bound:?}");
        }
        let to = json!({"action": "reschedule", "booking": held, "start": room.slot(5)});
        assert_eq!(olga.ok(to).await["start"], json!(room.slot(5)));
        // It has not begun: that it is told so shows that it was reached.
        for action in ["complete", "noShow"] {
            let request = json!({"action": action, "booking": held});
            olga.refused("invalid_transition", request).await;
        }
        let own = olga.ok(room.one("book", 7)).await;
        assert_eq!(own["status"], json!("pending"));

        let all = olga.ok(list("resource", &room.id, &room)).await;
        assert_eq!(ids(&all).len(), 5, "{all}");
        let of_venue = olga.ok(list("venue", &harbour, &room)).await;
        assert!(ids(&all).iter().all(|id| ids(&of_venue).contains(id)), "{of_venue}");
        let of_alice = olga.ok(json!({"action": "list", "customer": name})).await;
        assert_eq!(ids(&of_alice).len(), 4, "{of_alice}");
        for topic in [room.bookings_topic(), format!("venue:{harbour}/bookings"), room.topic()] {
            olga.ok(subscribe(&topic)).await;
            olga.ok(json!({"action": "unsubscribe", "topic": topic})).await;
        }
    }
}

/// Every action and every topic, at a venue that is not theirs.
#[tokio::test]
async fn at_another_venue_they_are_like_anyone_and_see_no_bookings() {
    let (harbour, airport) = (unique("harbour"), unique("airport"));
    let name = unique("alice");
    let stage = Stage::set(&[&name]);
    let gateway = &stage.gateway;
    let fields = json!({"venue": airport, "capacity": 9, "approval": "manual"});
    let mut room = Room::with(gateway, fields.clone()).await;
    let mut alice = room.named_customer(&name).await;
    let held = alice.ok(room.one("hold", 0)).await["id"].clone();
    let pending = alice.ok(room.one("book", 0)).await["id"].clone();
    let confirmed = alice.ok(room.one("book", 0)).await["id"].clone();
    room.operator.ok(json!({"action": "approve", "booking": confirmed})).await;
    let mut olga = operator(gateway, Some(&harbour)).await;

    let commands = [
        "get",
        "extend",
        "confirm",
        "cancel",
        "reschedule",
        "update",
        "approve",
        "decline",
        "complete",
        "noShow",
    ];
    for booking in [&held, &pending, &confirmed] {
        for action in commands {
            let mut request = json!({"action": action, "booking": booking});
            if action == "reschedule" {
                request["start"] = json!(room.slot(3));
            }
            if action == "update" {
                request["note"] = json!("theirs");
            }
            stage.refuses(&mut olga, &request, "not_found", None).await;
            // Neither a version nor a key tells more.
            if action != "get" {
                request["ifVersion"] = json!(77);
                request["key"] = json!("k");
                stage.refuses(&mut olga, &request, "not_found", None).await;
            }
        }
    }
    for request in [
        put(&room.id, &fields),
        put(&unique("gate"), &fields),
        // Somebody else's id, said to be one's own.
        put(&room.id, &json!({"venue": harbour})),
        put(&unique("gate"), &json!({})),
        room.one("hold", 4),
        room.one("book", 4),
        list("resource", &room.id, &room),
        list("venue", &airport, &room),
        list("venue", "main", &room),
        subscribe(&room.bookings_topic()),
        subscribe(&format!("venue:{airport}/bookings")),
        subscribe("venue:main/bookings"),
    ] {
        stage.refuses(&mut olga, &request, "forbidden", None).await;
    }
    let nowhere = json!({"action": "hold", "resource": unique("no"), "start": room.slot(0)});
    stage.refuses(&mut olga, &nowhere, "not_found", None).await;

    // What anyone may.
    let read = olga.ok(json!({"action": "resource.get", "resource": room.id})).await;
    assert_eq!(read["venue"], json!(airport));
    let listed = olga.ok(json!({"action": "resource.list", "venue": airport})).await;
    assert_eq!(listed["resources"], json!([read]));
    let free = json!({
        "action": "availability", "resource": room.id, "from": room.slot(0), "to": room.slot(1),
    });
    assert_eq!(olga.ok(free).await["slots"][0]["free"], json!(6));
    olga.ok(subscribe(&room.topic())).await;
    // A customer's bookings, but for those at other venues.
    let of_alice = json!({"action": "list", "customer": name});
    assert_eq!(olga.ok(of_alice.clone()).await["bookings"], json!([]));
    let own = Room::with(gateway, json!({"venue": harbour})).await;
    let here = alice.ok(own.one("book", 0)).await;
    assert_eq!(olga.ok(of_alice.clone()).await["bookings"], json!([here]));
    let mut chief = operator(gateway, None).await;
    assert_eq!(ids(&chief.ok(of_alice).await).len(), 4);
}

/// An operator of one venue remains a customer everywhere: what they have booked before is theirs.
#[tokio::test]
async fn what_an_operator_has_at_another_venue_they_have_as_a_customer() {
    let gateway = Gateway::shared();
    let (harbour, name) = (unique("harbour"), unique("olga"));
    let fields = json!({"capacity": 9, "approval": "manual"});
    let mut room = Room::with(gateway, fields).await;
    let mut customer = room.named_customer(&name).await;
    let pending = customer.ok(room.one("book", 0)).await["id"].clone();
    let other = customer.ok(room.one("hold", 1)).await["id"].clone();
    let mut olga = Client::connect(gateway, &token(gateway, &name, Some(&harbour)).await).await;
    for action in ["approve", "decline", "complete", "noShow"] {
        olga.refused("not_found", json!({"action": action, "booking": pending})).await;
    }
    assert_eq!(ids(&olga.ok(json!({"action": "list"})).await).len(), 2);
    let note = json!({"action": "update", "booking": other, "note": "watch out"});
    olga.refused("not_found", note.clone()).await;
    room.operator.ok(note).await;
    let got = olga.ok(json!({"action": "get", "booking": other})).await;
    assert_eq!((&got["status"], got.get("note")), (&json!("held"), None));
    let listed = olga.ok(json!({"action": "list"})).await;
    assert!(!listed.to_string().contains("watch out"), "{listed}");
    let late = json!({"action": "cancel", "booking": other, "ifVersion": 1});
    let current = olga.refused("version_conflict", late).await["current"].take();
    assert_eq!(current.get("note"), None, "{current}");
    let cancelled = olga.ok(json!({"action": "cancel", "booking": other})).await;
    assert_eq!(cancelled["status"], json!("cancelled"));
    room.operator.ok(json!({"action": "approve", "booking": pending})).await;
}

#[tokio::test]
async fn who_is_no_operator_gets_no_more_by_naming_a_venue() {
    let stage = Stage::set(&[]);
    let gateway = &stage.gateway;
    let room = Room::single(gateway).await;
    let bound = [("sub", "mallory"), ("role", "customer"), ("venue", "main")];
    let mut mallory = Client::connect(gateway, &gateway.token_with(&bound).await).await;
    for request in [
        put(&room.id, &json!({})),
        list("resource", &room.id, &room),
        list("venue", "main", &room),
        json!({"action": "list", "customer": "mallory"}),
        subscribe("venue:main/bookings"),
        subscribe(&room.bookings_topic()),
    ] {
        stage.refuses(&mut mallory, &request, "forbidden", None).await;
    }
    // A customer's bound is of no meaning, whatever it says.
    let odd = [("sub", "mallory"), ("venue", "The harbour!")];
    Client::connect(gateway, &gateway.token_with(&odd).await).await;
}

#[tokio::test]
async fn whose_bound_cannot_be_read_serves_no_venue_at_all() {
    let stage = Stage::set(&[]);
    let gateway = &stage.gateway;
    let name = unique("olga");
    let mut olga = Client::connect(gateway, &token(gateway, &name, Some("main")).await).await;
    for venue in ["", "The harbour", "MAIN", "main ", &"x".repeat(64)] {
        let token = token(gateway, &name, Some(venue)).await;
        let header = format!("Bearer {token}");
        let refused = Client::open(gateway, &[("authorization", &header)]).await.map(|_| ());
        assert_eq!(refused, Err(Refused { status: 403 }), "{venue:?}");
        let refresh = json!({"action": "refresh", "token": token});
        stage.refuses(&mut olga, &refresh, "unauthenticated", Some("/token")).await;
    }
}
