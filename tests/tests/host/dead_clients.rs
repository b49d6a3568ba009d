//! Clients that vanish without a word.

use crate::skipped;
use e2e::processes::thaw;
use e2e::wait::eventually;
use e2e::{Client, Host, Room, json, unique};

struct Meeting {
    host: Host,
    room: Room,
    alice: String,
    /// Alice's phone, about to vanish.
    phone: Client,
    /// Its connection id.
    connection: String,
    laptop: Client,
    watcher: Client,
}

impl Meeting {
    async fn of_three() -> Self {
        let host = Host::start(&[]);
        let room = Room::with(&host.gateway, json!({"capacity": 9})).await;
        let alice = unique("alice");
        let mut phone = room.named_customer(&alice).await;
        for topic in [room.topic(), "me".into()] {
            phone.ok(json!({"action": "subscribe", "topic": topic})).await;
        }
        let connections = host.gateway.tables.connections_of(&alice).await;
        assert_eq!(connections.len(), 1, "{connections:?}");
        let connection = connections.into_iter().next().unwrap();
        let laptop = room.named_customer(&alice).await;
        let watcher = room.watcher().await;
        Self { host, room, alice, phone, connection, laptop, watcher }
    }
}

#[tokio::test]
async fn a_vanished_client_is_forgotten_and_the_others_are_told() {
    if skipped("dead_clients::a_vanished_client_is_forgotten_and_the_others_are_told") {
        return;
    }
    let meeting = Meeting::of_three().await;
    let Meeting { host, room, alice, phone, connection, mut laptop, mut watcher } = meeting;
    let tables = &host.gateway.tables;
    assert!(tables.traces_of(&connection).await.len() >= 3);
    phone.vanish();
    let booked = laptop.ok(room.one("book", 0)).await;
    laptop.booking_pushed(&booked, 1).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 8).await;
    eventually("the connection to be forgotten", async || {
        tables.traces_of(&connection).await.is_empty().then_some(())
    })
    .await;
    assert_eq!(tables.connections_of(&alice).await.len(), 1);
}

#[tokio::test]
async fn pushing_forgets_a_client_that_nobody_said_is_gone() {
    if skipped("dead_clients::pushing_forgets_a_client_that_nobody_said_is_gone") {
        return;
    }
    let meeting = Meeting::of_three().await;
    let Meeting { host, room, alice, phone, connection, mut laptop, mut watcher } = meeting;
    let tables = &host.gateway.tables;
    // `$disconnect` is only a hint: here it never comes through.
    room.customer().await.close().await;
    eventually("a process of the function", async || {
        (host.invocations("disconnect").await > 0).then_some(())
    })
    .await;
    let frozen = host.freeze("disconnect").await;
    phone.vanish();
    host.busy("disconnect").await;
    let traces = tables.traces_of(&connection).await;
    assert!(traces.len() >= 3);

    // One that is as new as this may still be opening, and is not forgotten.
    let booked = laptop.ok(room.one("book", 0)).await;
    laptop.booking_pushed(&booked, 1).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 8).await;
    assert_eq!(tables.traces_of(&connection).await, traces);
    tables.age_connection(&connection).await;
    laptop.ok(json!({"action": "cancel", "booking": booked["id"]})).await;
    watcher.slot_pushed(&room.id, &room.slot(0), 9).await;
    eventually("the connection to be forgotten", async || {
        tables.traces_of(&connection).await.is_empty().then_some(())
    })
    .await;
    assert_eq!(tables.connections_of(&alice).await.len(), 1);
    thaw(&frozen);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_holds_nobody_up() {
    if skipped("dead_clients::a_client_that_does_not_read_is_closed_and_holds_nobody_up") {
        return;
    }
    let host = Host::start(&[]);
    let room = Room::with(&host.gateway, json!({"capacity": 10})).await;
    let tables = &host.gateway.tables;
    let alice = unique("alice");
    let token = host.gateway.token(&alice).await;
    let mut deaf = Client::connect_deaf(&host.gateway, &token).await;
    let connection = tables.connections_of(&alice).await.into_iter().next().unwrap();
    let mut laptop = Client::connect(&host.gateway, &token).await;
    // In JSON, each of these characters takes six.
    let reason = "\u{1}".repeat(500);
    eventually("the connection to be given up", async || {
        let mut booked = vec![];
        for _ in 0..10 {
            laptop.send(room.one("book", 0)).await;
        }
        for _ in 0..10 {
            booked.push(laptop.answer().await["result"]["id"].take());
        }
        for id in &booked {
            let cancel = json!({"action": "cancel", "booking": id, "reason": reason});
            laptop.send(cancel).await;
        }
        for _ in &booked {
            assert_eq!(laptop.answer().await["type"], "reply");
        }
        for id in &booked {
            laptop.booking_pushed(&json!({"id": id}), 1).await;
        }
        tables.traces_of(&connection).await.is_empty().then_some(())
    })
    .await;
    // Its client learns of it, and so that it has to come back and catch up.
    deaf.hear();
    deaf.closed().await;
    let mut back = Client::connect(&host.gateway, &token).await;
    let snapshot = back.ok(json!({"action": "subscribe", "topic": "me"})).await;
    assert!(!snapshot["bookings"].as_array().unwrap().is_empty());
}
