//! `--data`: what one run leaves to the next.

use crate::skipped;
use e2e::{Client, Gateway, Host, Room, Value, json, scene, unique};

struct Before {
    folder: tempfile::TempDir,
    host: Host,
    alice: String,
    window: Client,
    room: Room,
}

impl Before {
    /// A first run with a bit of everything in it.
    async fn run() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::start(&["--data", folder.path().to_str().unwrap()]);
        let room = Room::with(&host.gateway, json!({"capacity": 4, "holdSeconds": 900})).await;
        let alice = unique("alice");
        let mut window = room.named_customer(&alice).await;
        window.ok(json!({"action": "subscribe", "topic": room.topic()})).await;
        window.ok(room.stretch("book", 0, 3)).await;
        window.ok(room.one("hold", 1)).await;
        let given_back = window.ok(room.one("book", 5)).await;
        window.ok(json!({"action": "cancel", "booking": given_back["id"]})).await;
        window.booking_pushed(&given_back, 2).await;
        Self { folder, host, alice, window, room }
    }
}

/// All that clients can see of it.
async fn seen(gateway: &Gateway, alice: &str, room: &str) -> Vec<Value> {
    let mut window = Client::connect(gateway, &gateway.token(alice).await).await;
    let day = scene::day();
    let availability = json!({
        "action": "availability",
        "resource": room,
        "from": format!("{day}T00:00:00Z"),
        "to": format!("{day}T23:59:59Z"),
    });
    let mut seen = vec![];
    for request in [
        json!({"action": "list"}),
        json!({"action": "resource.get", "resource": room}),
        availability,
    ] {
        seen.push(window.ok(request).await);
    }
    window.close().await;
    seen
}

#[tokio::test]
async fn everything_is_there_after_a_stop_and_old_connections_are_not() {
    if skipped("data::everything_is_there_after_a_stop_and_old_connections_are_not") {
        return;
    }
    for graceful in [true, false] {
        let before = Before::run().await;
        let expected = seen(&before.host.gateway, &before.alice, &before.room.id).await;
        assert_eq!(expected[0]["bookings"].as_array().unwrap().len(), 3, "{expected:?}");
        let connections = before.host.gateway.tables.connections_of(&before.alice).await;
        let open: Vec<_> = connections.into_iter().collect();
        assert!(!open.is_empty());

        let Before { folder, host, alice, room, window: _window } = before;
        if graceful {
            host.interrupt();
        } else {
            host.kill();
        }
        let host = Host::start(&["--data", folder.path().to_str().unwrap()]);
        for connection in &open {
            let traces = host.gateway.tables.traces_of(connection).await;
            assert!(traces.is_empty(), "graceful {graceful}: {traces:?}");
        }
        assert_eq!(seen(&host.gateway, &alice, &room.id).await, expected, "graceful {graceful}");
    }
}

#[tokio::test]
async fn what_was_begun_in_one_run_goes_on_in_the_next() {
    if skipped("data::what_was_begun_in_one_run_goes_on_in_the_next") {
        return;
    }
    let Before { folder, host, alice, mut window, room } = Before::run().await;
    let list = json!({"action": "list", "status": "held"});
    let held = window.ok(list).await["bookings"][0].take();
    host.kill();

    let host = Host::start(&["--data", folder.path().to_str().unwrap()]);
    let mut window = Client::connect(&host.gateway, &host.gateway.token(&alice).await).await;
    let confirmed = window.ok(json!({"action": "confirm", "booking": held["id"]})).await;
    assert_eq!(confirmed["version"], 2);
    window.booking_pushed(&held, 2).await;
    let mut watcher = Client::connect(&host.gateway, &host.gateway.token("bob").await).await;
    watcher.ok(json!({"action": "subscribe", "topic": room.topic()})).await;
    window.ok(room.one("book", 7)).await;
    watcher.slot_pushed(&room.id, &room.slot(7), 3).await;
}

#[tokio::test]
async fn without_it_every_run_begins_empty() {
    if skipped("data::without_it_every_run_begins_empty") {
        return;
    }
    let first = Host::start(&[]);
    Room::single(&first.gateway).await;
    first.interrupt();
    let second = Host::start(&[]);
    let token = second.gateway.token("alice").await;
    let mut client = Client::connect(&second.gateway, &token).await;
    let listed = client.ok(json!({"action": "resource.list"})).await;
    assert_eq!(listed, json!({"resources": []}));
    drop(second);
}
