//! The topic of a venue, and what becomes of it when an operator changes the venue.

use super::{ids, operator, put, subscribe, token};
use e2e::{Client, Gateway, Room, Value, json, unique};

/// Whether a topic was pushed this booking.
fn tells(push: &Value, topic: &str, booking: &Value) -> bool {
    push["updates"].as_array().unwrap().iter().any(|update| {
        let bookings = update["bookings"].as_array();
        update["topic"] == json!(topic)
            && bookings.is_some_and(|all| all.iter().any(|it| it["id"] == booking["id"]))
    })
}

#[tokio::test]
async fn a_venues_topic_tells_of_all_its_resources_and_of_no_others() {
    let gateway = Gateway::shared();
    let (harbour, airport) = (unique("harbour"), unique("airport"));
    let rooms = [
        Room::with(gateway, json!({"venue": harbour, "capacity": 9})).await,
        Room::with(gateway, json!({"venue": harbour, "capacity": 9})).await,
    ];
    let elsewhere = Room::with(gateway, json!({"venue": airport, "capacity": 9})).await;
    let mut alice = rooms[0].customer().await;
    let before = [alice.ok(rooms[0].one("book", 0)).await, alice.ok(rooms[1].one("book", 0)).await];
    alice.ok(elsewhere.one("book", 0)).await;
    let topic = format!("venue:{harbour}/bookings");
    let mut olga = operator(gateway, Some(&harbour)).await;
    let snapshot = olga.ok(subscribe(&topic)).await;
    assert_eq!(snapshot["topic"], json!(topic));
    assert_eq!(ids(&snapshot).len(), 2);
    assert!(before.iter().all(|it| ids(&snapshot).contains(&it["id"].as_str().unwrap())));
    // Of a window in which nothing is.
    let mut later = subscribe(&topic);
    later["from"] = json!(rooms[0].slot(3));
    later["to"] = json!(rooms[0].slot(4));
    assert_eq!(olga.ok(later).await["bookings"], json!([]));
    olga.ok(subscribe(&rooms[1].bookings_topic())).await;

    let other = alice.ok(elsewhere.one("book", 1)).await;
    for room in &rooms {
        let made = alice.ok(room.one("book", 1)).await;
        olga.pushed("the venue's booking", |push| tells(push, &topic, &made)).await;
    }
    // A resource made after the subscription is the venue's, too.
    let new = Room::with(gateway, json!({"venue": harbour})).await;
    let made = alice.ok(new.one("book", 1)).await;
    olga.pushed("the new resource's booking", |push| tells(push, &topic, &made)).await;
    let last = alice.ok(rooms[1].one("book", 2)).await;
    let both =
        |push: &Value| tells(push, &topic, &last) && tells(push, &rooms[1].bookings_topic(), &last);
    olga.pushed("the booking on both topics, in one frame", both).await;
    assert!(olga.pushes().iter().all(|push| !tells(push, &topic, &other)));
}

/// A token of another venue ends what only the venue before may be told, and nothing else.
#[tokio::test]
async fn a_refresh_with_another_venue_moves_the_operator() {
    let gateway = Gateway::shared();
    let (harbour, airport) = (unique("harbour"), unique("airport"));
    let here = Room::with(gateway, json!({"venue": harbour, "capacity": 9})).await;
    let there = Room::with(gateway, json!({"venue": airport, "capacity": 9})).await;
    let mut alice = here.customer().await;
    let name = unique("olga");
    let mut olga = Client::connect(gateway, &token(gateway, &name, Some(&harbour)).await).await;
    let (at_harbour, at_airport) =
        (format!("venue:{harbour}/bookings"), format!("venue:{airport}/bookings"));
    for topic in [&at_harbour, &here.bookings_topic(), &here.topic(), &there.topic()] {
        olga.ok(subscribe(topic)).await;
    }
    olga.refused("forbidden", subscribe(&at_airport)).await;
    let first = alice.ok(here.one("book", 0)).await;
    olga.pushed("a booking at the harbour", |push| tells(push, &at_harbour, &first)).await;

    let refresh = async |olga: &mut Client, venue| {
        let token = token(gateway, &name, venue).await;
        olga.ok(json!({"action": "refresh", "token": token})).await;
    };
    refresh(&mut olga, Some(&airport)).await;
    olga.refused("not_found", json!({"action": "get", "booking": first["id"]})).await;
    olga.refused("forbidden", subscribe(&at_harbour)).await;
    olga.refused("forbidden", put(&here.id, &json!({"venue": harbour}))).await;
    olga.ok(subscribe(&at_airport)).await;
    olga.ok(subscribe(&there.bookings_topic())).await;
    let second = alice.ok(here.one("book", 1)).await;
    olga.slot_pushed(&here.id, &here.slot(1), 8).await;
    let third = alice.ok(there.one("book", 1)).await;
    olga.pushed("a booking at the airport", |push| tells(push, &at_airport, &third)).await;
    let all = format!("{:?}", olga.pushes());
    assert!(!all.contains(second["id"].as_str().unwrap()), "{all}");

    // Of all venues, the topics stay; as a customer, none does.
    refresh(&mut olga, None).await;
    olga.ok(subscribe(&at_harbour)).await;
    let made = alice.ok(there.one("book", 2)).await;
    olga.pushed("a booking at the airport", |push| tells(push, &at_airport, &made)).await;
    let made = alice.ok(here.one("book", 2)).await;
    olga.pushed("a booking at the harbour", |push| tells(push, &at_harbour, &made)).await;
    let customer = gateway.token(&name).await;
    olga.ok(json!({"action": "refresh", "token": customer})).await;
    let made = [alice.ok(here.one("book", 3)).await, alice.ok(there.one("book", 3)).await];
    olga.slot_pushed(&here.id, &here.slot(3), 8).await;
    olga.slot_pushed(&there.id, &there.slot(3), 8).await;
    let all = format!("{:?}", olga.pushes());
    assert!(made.iter().all(|it| !all.contains(it["id"].as_str().unwrap())), "{all}");
}
