//! Names that could be taken for something else.

use e2e::{Client, Gateway, Room, json, unique};

#[tokio::test]
async fn customers_with_odd_names_are_themselves_and_nobody_else() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 99})).await;
    let base = unique("alice");
    let names = [
        base.clone(),
        format!("{base}#0"),
        format!("{base}#0#0"),
        format!("{base}/bookings"),
        format!("me:{base}"),
        format!("resource:{}", room.id),
        format!("resource:{}/bookings", room.id),
        format!("R#{}", room.id),
        format!("B#{base}"),
        format!("auth0|{base}"),
        format!("{base} with spaces"),
        format!("{base} \u{e9}\u{1F600}"),
        format!("{base}\"quoted\\"),
        format!("{base:x<128}"),
    ];
    let mut people = vec![];
    for name in &names {
        let mut client = Client::connect(gateway, &gateway.token(name).await).await;
        let booked = client.ok(room.one("book", 0)).await;
        assert_eq!(booked["customer"], json!(name));
        people.push((client, booked));
    }
    for (client, booked) in &mut people {
        client.booking_pushed(booked, 1).await;
        let listed = client.ok(json!({"action": "list"})).await;
        assert_eq!(listed["bookings"], json!([booked]));
        client.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
        client.booking_pushed(booked, 2).await;
        for pushed in client.pushed_on("me", "bookings") {
            assert_eq!(pushed["id"], booked["id"]);
        }
    }
    assert_eq!(room.free().await[0], 99);
}

#[tokio::test]
async fn texts_come_back_as_they_were_sent() {
    let gateway = Gateway::shared();
    let mut room = Room::single(gateway).await;
    let mut alice = room.customer().await;
    let text = "\"\\/\u{8}\t\r\n\u{1}\u{7f}\u{2028}\u{e9}\u{1F469}\u{200D}\u{1F680} </script>";
    let resource = Room::definition(&room.id, &json!({"name": text}));
    let put = room.operator.ok(json!({"action": "resource.put", "resource": resource})).await;
    assert_eq!(put["name"], text);
    let mut request = room.one("book", 0);
    request["key"] = json!(text);
    let booked = alice.ok(request.clone()).await;
    assert_eq!(alice.ok(request).await, booked);
    let cancel = json!({"action": "cancel", "booking": booked["id"], "reason": text});
    assert_eq!(alice.ok(cancel).await["reason"], text);
    assert_eq!(alice.booking_pushed(&booked, 2).await["reason"], text);
}

#[tokio::test]
async fn requests_sent_without_waiting_are_each_answered_once() {
    let gateway = Gateway::shared();
    let room = Room::with(gateway, json!({"capacity": 10})).await;
    let mut alice = room.customer().await;
    let mut open = std::collections::BTreeSet::new();
    for number in 0..60 {
        let request = match number % 3 {
            0 => json!({"action": "ping"}),
            1 => json!({"action": "fly"}),
            _ => room.one("book", number % 12),
        };
        open.insert(alice.send(request).await.as_u64().unwrap());
    }
    while !open.is_empty() {
        let frame = alice.answer().await;
        let id = frame["id"].as_u64().unwrap();
        assert!(open.remove(&id), "answered twice or never asked: {frame}");
    }
}
