//! A database that conflicts, fails, or does its work and loses the answer.

use crate::skipped;
use e2e::{Client, Host, Room, Value, json, unique};
use jiff::{SignedDuration, Timestamp};

/// A host in which things can go wrong.
struct Scene {
    host: Host,
    room: Room,
    alice: Client,
    name: String,
}

impl Scene {
    async fn set() -> Self {
        let host = Host::start_faulty(&[]);
        let room = Room::with(&host.gateway, json!({"capacity": 5})).await;
        let name = unique("alice");
        let alice = room.named_customer(&name).await;
        Self { host, room, alice, name }
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
    failing("conflict", "busy").await;
}

#[tokio::test]
async fn a_database_that_is_down_is_unavailable_and_changes_nothing() {
    if skipped("faults::a_database_that_is_down_is_unavailable_and_changes_nothing") {
        return;
    }
    failing("fail", "unavailable").await;
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
    let slow = json!({"seed": 1, "database": {"conflict": 1, "slow": 1, "slowMs": 4000}});
    scene.host.inject(slow).await;
    let error = scene.alice.refused("unavailable", request.clone()).await;
    assert_eq!(error["retryable"], true);
    scene.host.inject(json!({})).await;
    let booked = scene.alice.ok(request).await;
    assert_eq!((&booked["status"], &booked["version"]), (&json!("confirmed"), &json!(1)));
}

async fn failing(fault: &str, code: &str) {
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
    scene.host.inject(json!({"database": {fault: 1}})).await;
    for request in &requests {
        let error = scene.alice.refused(code, request.clone()).await;
        assert!(error["retryable"] == true && error["retryAfterMs"].is_u64(), "{error}");
    }
    let met = scene.host.met().await;
    assert!(met[&format!("database.{fault}")] >= 5, "{met:?}");
    scene.host.inject(json!({})).await;
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
    let lose = json!({"most": 1, "database": {"failAfter": 1}});
    let mut made = vec![];
    for (action, slot) in [("hold", 0), ("book", 1)] {
        let request = scene.keyed(action, slot);
        scene.host.inject(lose.clone()).await;
        let frame = scene.alice.request(request.clone()).await;
        assert_eq!(scene.host.met().await["database.failAfter"], 1);
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
        scene.host.inject(lose.clone()).await;
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

#[tokio::test]
async fn a_plan_that_is_none_stops_the_host_and_names_the_field() {
    if skipped("faults::a_plan_that_is_none_stops_the_host_and_names_the_field") {
        return;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for (plan, named) in [
        (json!({"posts": {"gone": 2}}), "posts.gone: a rate is a number from 0 to 1, not 2"),
        (json!({"clock": {"skew": 2}}), "clock.skew: unknown field `skew`"),
    ] {
        std::fs::write(path, plan.to_string()).unwrap();
        let output = Host::refuses(&["--port", "0", "--faults", path]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && errors.contains(named), "{errors}");
    }
}

#[tokio::test]
async fn an_answer_that_dies_with_its_process_was_work_done_once() {
    if skipped("faults::an_answer_that_dies_with_its_process_was_work_done_once") {
        return;
    }
    let mut scene = Scene::set().await;
    for slot in 0..12 {
        let request = scene.keyed("book", slot);
        scene.host.inject(json!({"most": 1, "functions": {"crashAfter": 1}})).await;
        scene.alice.send(request.clone()).await;
        let frame = scene.alice.answer().await;
        if frame["type"] == "reply" {
            // It was `push` that died, over what came before.
            continue;
        }
        assert_eq!(frame["message"], "Internal server error", "{frame}");
        let booked = scene.alice.ok(request).await;
        assert_eq!(booked["version"], 1);
        scene.alice.booking_pushed(&booked, 1).await;
        return;
    }
    panic!("no answer dies");
}

#[tokio::test]
async fn a_post_that_is_dropped_takes_its_connection_with_it() {
    if skipped("faults::a_post_that_is_dropped_takes_its_connection_with_it") {
        return;
    }
    let mut scene = Scene::set().await;
    let booked = scene.alice.ok(scene.keyed("book", 0)).await;
    scene.alice.booking_pushed(&booked, 1).await;
    scene.host.inject(json!({"most": 1, "posts": {"drop": 1}})).await;
    let cancel = json!({"action": "cancel", "booking": booked["id"]});
    let cancelled = scene.room.operator.ok(cancel).await;
    assert_eq!(e2e::wait::within("the end", scene.alice.frame_or_end()).await, None);
    let mut alice = scene.room.named_customer(&scene.name).await;
    let listed = alice.ok(json!({"action": "list"})).await;
    assert_eq!(listed["bookings"][0]["version"], cancelled["version"]);
}

#[tokio::test]
async fn functions_have_clocks_that_differ() {
    if skipped("faults::functions_have_clocks_that_differ") {
        return;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let plan = json!({"seed": 1, "clock": {"skewMs": 20_000}});
    std::fs::write(file.path(), plan.to_string()).unwrap();
    let host = Host::start(&["--faults", file.path().to_str().unwrap()]);
    let token = host.gateway.token(&unique("alice")).await;
    let mut alice = Client::connect(&host.gateway, &token).await;
    let before = Timestamp::now();
    let now = alice.ok(json!({"action": "ping"})).await["now"].as_str().unwrap().parse();
    let (now, after): (Timestamp, _) = (now.unwrap(), Timestamp::now());
    assert!(now < before || now > after, "{before} .. {now} .. {after}");
    assert!(
        now.duration_since(before).abs() < SignedDuration::from_secs(80),
        "{now}, not {before}"
    );
}
