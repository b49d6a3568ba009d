//! Lists of a venue: its resources and its bookings.

use super::{ids, list, operator, subscribe};
use crate::stage::Stage;
use e2e::{Client, Gateway, Room, Value, json, unique};

#[tokio::test]
async fn what_may_be_listed_is_one_thing() {
    let stage = Stage::set(&[]);
    let mut room = Room::single(&stage.gateway).await;
    let list = |fields: Value| {
        let mut request = json!({"action": "list"});
        for (name, value) in fields.as_object().unwrap() {
            request[name] = value.clone();
        }
        request
    };
    let (from, to) = (room.slot(0), room.slot(1));
    for (fields, pointer) in [
        (json!({"venue": "main"}), "/from"),
        (json!({"venue": "main", "from": from}), "/to"),
        (json!({"venue": "main", "to": to}), "/from"),
        (json!({"venue": "main", "from": to, "to": from}), "/to"),
        (json!({"venue": "Main", "from": from, "to": to}), "/venue"),
        (json!({"venue": "main", "resource": room.id, "from": from, "to": to}), "/venue"),
        (json!({"customer": "alice", "venue": "main", "from": from, "to": to}), "/venue"),
        (json!({"customer": "alice", "resource": room.id, "from": from, "to": to}), "/resource"),
        (json!({"customer": "alice", "from": from, "to": to}), "/from"),
        (json!({"customer": "alice", "to": to}), "/to"),
        (json!({"customer": ""}), "/customer"),
        (json!({"customer": 7}), "/customer"),
        (json!({"customer": "a\nb"}), "/customer"),
        (json!({"customer": "x".repeat(129)}), "/customer"),
        (json!({"to": to}), "/to"),
    ] {
        let request = list(fields);
        stage.refuses(&mut room.operator, &request, "bad_request", Some(pointer)).await;
    }
    for topic in
        ["venue:main", "venue:/bookings", "venue:Main/bookings", "venue:main/bookings@main"]
    {
        let operator = &mut room.operator;
        stage.refuses(operator, &subscribe(topic), "bad_request", Some("/topic")).await;
    }
    let resources = json!({"action": "resource.list", "venue": "Main"});
    stage.refuses(&mut room.operator, &resources, "bad_request", Some("/venue")).await;
}

/// Page after page of a list; the pages that had something.
async fn pages(client: &mut Client, mut request: Value, entries: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    loop {
        let page = client.ok(request.clone()).await;
        let found = page[entries].as_array().unwrap().clone();
        assert!(found.len() <= 3, "{page}");
        pages.extend((!found.is_empty()).then_some(found));
        let Some(cursor) = page.get("cursor") else { return pages };
        request["cursor"] = cursor.clone();
    }
}

#[tokio::test]
async fn the_resources_and_bookings_of_a_venue_page_by_page() {
    let gateway = Gateway::shared();
    let (harbour, airport) = (unique("harbour"), unique("airport"));
    let mut rooms = Vec::new();
    for number in 0..5 {
        let fields = json!({"venue": harbour, "capacity": 9, "name": format!("Quay {number}")});
        rooms.push(Room::with(gateway, fields).await);
    }
    rooms.sort_by(|one, other| one.id.cmp(&other.id));
    let elsewhere = Room::with(gateway, json!({"venue": airport})).await;
    let mut alice = rooms[0].customer().await;
    alice.ok(elsewhere.one("book", 0)).await;
    let (mut all, mut held) = (Vec::new(), Vec::new());
    // Nothing is booked in the third; in the others, by start.
    for (number, room) in rooms.iter().enumerate().filter(|(number, _)| *number != 2) {
        for slot in 0..=u32::try_from(number).unwrap() {
            let action = if slot == 1 { "hold" } else { "book" };
            let made = alice.ok(room.one(action, slot)).await;
            held.extend((slot == 1).then(|| made["id"].clone()));
            all.push(made["id"].clone());
        }
    }
    let mut olga = operator(gateway, Some(&harbour)).await;
    let mut request = list("venue", &harbour, &rooms[0]);
    request["limit"] = json!(3);
    let id = |booking: Value| booking["id"].clone();
    let listed = pages(&mut olga, request.clone(), "bookings").await;
    assert_eq!(listed.concat().into_iter().map(id).collect::<Vec<_>>(), all);
    request["status"] = json!("held");
    let listed = pages(&mut olga, request.clone(), "bookings").await;
    assert_eq!(listed.concat().into_iter().map(id).collect::<Vec<_>>(), held);
    // What begins before the window and is not over is in it; what ends where it begins is not.
    let start: jiff::Timestamp = rooms[0].slot(1).parse().unwrap();
    let half = (start - jiff::SignedDuration::from_mins(30)).to_string();
    let window = json!({
        "action": "list", "venue": harbour, "from": half, "to": rooms[0].slot(1),
    });
    assert_eq!(ids(&olga.ok(window).await).len(), 4);

    let request = json!({"action": "resource.list", "venue": harbour, "limit": 3});
    let listed = pages(&mut olga, request.clone(), "resources").await;
    let names: Vec<_> = rooms.iter().map(|room| json!(room.id)).collect();
    assert_eq!(listed.concat().into_iter().map(id).collect::<Vec<_>>(), names);
    // A cursor is good for its own list only.
    let cursor = olga.ok(request).await["cursor"].clone();
    for venue in [json!({"venue": airport}), json!({})] {
        let mut other = json!({"action": "resource.list", "limit": 3, "cursor": cursor});
        if let Some(venue) = venue.get("venue") {
            other["venue"] = venue.clone();
        }
        assert_eq!(olga.refused("bad_request", other).await["field"], json!("/cursor"));
    }
    let nowhere = json!({"action": "resource.list", "venue": unique("nowhere")});
    assert_eq!(olga.ok(nowhere).await["resources"], json!([]));
    let mut chief = operator(gateway, None).await;
    let empty = chief.ok(list("venue", &unique("nowhere"), &rooms[0])).await;
    assert_eq!(empty["bookings"], json!([]));
}
