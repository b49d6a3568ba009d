//! Much at once: what is larger than a frame comes in several.

use crate::skipped;
use e2e::processes::thaw;
use e2e::{Host, Room, Value, json};

#[tokio::test]
async fn a_batch_larger_than_a_frame_is_pushed_in_several() {
    if skipped("large::a_batch_larger_than_a_frame_is_pushed_in_several") {
        return;
    }
    let host = Host::start(&[]);
    let mut room = Room::with(&host.gateway, json!({"capacity": 200})).await;
    let topic = room.bookings_topic();
    let mut alice = room.customer().await;
    let mut bookings = vec![];
    for _ in 0..90 {
        bookings.push(alice.ok(room.one("book", 0)).await);
    }
    alice.booking_pushed(&bookings[89], 1).await;
    room.operator.ok(json!({"action": "subscribe", "topic": topic})).await;
    let frozen = host.freeze("push").await;
    // In JSON, each of these characters takes six: together 270 KB.
    let reason = "\u{1}".repeat(500);
    for booking in &bookings {
        alice.ok(json!({"action": "cancel", "booking": booking["id"], "reason": reason})).await;
    }
    thaw(&frozen);
    for booking in &bookings {
        alice.booking_pushed(booking, 2).await;
        let told = |push: &Value| push.to_string().contains(booking["id"].as_str().unwrap());
        room.operator.pushed("the cancelled booking", told).await;
    }

    // Nor does a list or a snapshot outgrow a frame; each frame's size is checked as it comes.
    let mut later = room.customer().await;
    let of_alice = json!({"action": "list", "limit": 100});
    let window = json!({"from": room.slot(0), "to": room.slot(12)});
    let mut of_room = json!({"action": "list", "resource": room.id, "limit": 100});
    let mut snapshot = json!({"action": "subscribe", "topic": topic});
    for request in [&mut of_room, &mut snapshot] {
        request["from"] = window["from"].clone();
        request["to"] = window["to"].clone();
    }
    for mut request in [of_alice, of_room, snapshot] {
        let own = request.get("from").is_none();
        let client = if own { &mut alice } else { &mut room.operator };
        let (mut pages, mut seen) = (0, 0);
        loop {
            let mut page = client.ok(request.clone()).await;
            seen += page["bookings"].as_array().unwrap().len();
            pages += 1;
            match page.get_mut("cursor") {
                Some(cursor) => request["cursor"] = cursor.take(),
                None => break,
            }
        }
        assert_eq!(seen, 90, "{request}");
        assert!(pages > 2, "{request}");
    }
    // The request's id comes back, however long it is.
    later.send_text(json!({"action": "ping", "id": "i".repeat(30_000)}).to_string()).await;
    assert_eq!(later.answer().await["type"], "reply");
}

#[tokio::test]
async fn many_large_resources_are_listed_in_pages_that_fit() {
    if skipped("large::many_large_resources_are_listed_in_pages_that_fit") {
        return;
    }
    let host = Host::start(&[]);
    let mut room = Room::single(&host.gateway).await;
    let hours: Vec<_> = (0..24).map(|hour| format!("{hour:02}:00-{hour:02}:59")).collect();
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let opening: serde_json::Map<_, _> =
        days.into_iter().map(|day| (day.to_owned(), json!(hours))).collect();
    let fields = json!({"name": "\u{1}".repeat(200), "opening": opening});
    for number in 0..60 {
        let resource = Room::definition(&format!("large-{number}"), &fields);
        room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    }
    let mut request = json!({"action": "resource.list", "limit": 100});
    let mut seen = 0;
    loop {
        let mut page = room.operator.ok(request.clone()).await;
        seen += page["resources"].as_array().unwrap().len();
        match page.get_mut("cursor") {
            Some(cursor) => request["cursor"] = cursor.take(),
            None => break,
        }
    }
    assert_eq!(seen, 61);
}
