//! A database that conflicts, fails, or does its work and loses the answer.

use crate::skipped;
use e2e::faults::{Fault, Proxy};
use e2e::template::{Variant, function};
use e2e::{Client, Host, Room, Value, json, unique};

/// A host whose `message` function reaches the database through a proxy.
struct Scene {
    proxy: Proxy,
    host: Host,
    room: Room,
    alice: Client,
    name: String,
}

impl Scene {
    async fn set() -> Self {
        let proxy = Proxy::start();
        let url = proxy.url.clone();
        let template = Variant::edited(|template| {
            let environment = &mut function(template, "message")["Properties"]["Environment"];
            environment["Variables"]["AWS_ENDPOINT_URL_DYNAMODB"] = json!(url);
        });
        // What the function signs names the proxy.
        let name = proxy.url.trim_start_matches("http://").to_owned();
        let host = Host::start(&["--template", &template.path(), "--allow-host", &name]);
        proxy.to(&host.gateway.tables.endpoint);
        let room = Room::with(&host.gateway, json!({"capacity": 5})).await;
        let name = unique("alice");
        let alice = room.named_customer(&name).await;
        Self { proxy, host, room, alice, name }
    }

    fn keyed(&self, action: &str, slot: u32) -> Value {
        let mut request = self.room.one(action, slot);
        request["key"] = json!(unique("attempt"));
        request
    }
}

#[tokio::test]
async fn contention_that_lasts_is_busy_and_changes_nothing() {
    if skipped("faults::contention_that_lasts_is_busy_and_changes_nothing") {
        return;
    }
    failing(Fault::Conflict, "busy").await;
}

#[tokio::test]
async fn a_database_that_is_down_is_unavailable_and_changes_nothing() {
    if skipped("faults::a_database_that_is_down_is_unavailable_and_changes_nothing") {
        return;
    }
    failing(Fault::Down, "unavailable").await;
}

/// Slow enough that all the attempts together take longer than the function may: the client is told
/// in time, by the name of its request.
#[tokio::test]
async fn a_database_that_is_slow_is_unavailable_in_time() {
    if skipped("faults::a_database_that_is_slow_is_unavailable_in_time") {
        return;
    }
    let mut scene = Scene::set().await;
    let request = scene.keyed("book", 0);
    scene.proxy.inject(Fault::SlowConflict);
    let error = scene.alice.refused("unavailable", request.clone()).await;
    assert_eq!(error["retryable"], true);
    scene.proxy.inject(Fault::None);
    let booked = scene.alice.ok(request).await;
    assert_eq!((&booked["status"], &booked["version"]), (&json!("confirmed"), &json!(1)));
}

async fn failing(fault: Fault, code: &str) {
    let mut scene = Scene::set().await;
    let held = scene.alice.ok(scene.keyed("hold", 0)).await;
    let booked = scene.alice.ok(scene.keyed("book", 1)).await;
    let change =
        |action: &str, booking: &Value| json!({"action": action, "booking": booking["id"]});
    let mut reschedule = change("reschedule", &booked);
    reschedule["start"] = json!(scene.room.slot(8));
    let requests = [
        scene.keyed("hold", 2),
        scene.keyed("book", 3),
        change("confirm", &held),
        reschedule,
        change("cancel", &booked),
    ];
    let before = scene.host.gateway.tables.contents().await;
    scene.proxy.inject(fault);
    for request in &requests {
        let error = scene.alice.refused(code, request.clone()).await;
        assert!(error["retryable"] == true && error["retryAfterMs"].is_u64(), "{error}");
    }
    assert!(scene.proxy.hits() >= 5, "the requests did not go through the proxy");
    scene.proxy.inject(Fault::None);
    let after = scene.host.gateway.tables.contents().await;
    assert_eq!(before.difference(&after), Vec::<String>::new());
    for request in requests {
        scene.alice.ok(request).await;
    }
    assert_eq!(scene.room.free().await[..4], [4, 5, 4, 4]);
}

#[tokio::test]
async fn an_answer_lost_after_the_work_was_done_does_it_once() {
    if skipped("faults::an_answer_lost_after_the_work_was_done_does_it_once") {
        return;
    }
    let mut scene = Scene::set().await;
    let mut made = vec![];
    for (action, slot) in [("hold", 0), ("book", 1)] {
        let request = scene.keyed(action, slot);
        scene.proxy.inject(Fault::LoseOneAnswer);
        let frame = scene.alice.request(request.clone()).await;
        assert_eq!(scene.proxy.hits(), 1);
        if frame["type"] == "error" {
            assert_eq!(frame["error"]["code"], "unavailable", "{frame}");
        }
        let found = scene.alice.ok(request).await;
        assert_eq!(found["version"], 1, "{found}");
        made.push(found);
    }
    for (action, booking, version) in
        [("confirm", &made[0], 2), ("cancel", &made[1], 2), ("cancel", &made[0], 3)]
    {
        scene.proxy.inject(Fault::LoseOneAnswer);
        let request = json!({"action": action, "booking": booking["id"]});
        let frame = scene.alice.request(request).await;
        if frame["type"] == "error" {
            assert_eq!(frame["error"]["code"], "unavailable", "{frame}");
        }
        let now = scene.alice.ok(json!({"action": "get", "booking": booking["id"]})).await;
        assert_eq!(now["version"], version, "{action}: {now}");
    }
    assert_eq!(scene.room.free().await, [5; 12]);
    assert_eq!(scene.host.gateway.tables.bookings(&scene.name).await.len(), 2);
}
