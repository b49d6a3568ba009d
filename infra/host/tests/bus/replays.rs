//! The endpoint of the buses: events that are put, archives and replays.

use crate::world::{QUEUE, World, properties};
use host::data_dir::DataDir;
use serde_json::{Value, json};
use std::sync::Arc;

const BUS: &str = "arn:aws:events:us-east-1:000000000000:event-bus/Booking-events";
const RULE: &str = "arn:aws:events:us-east-1:000000000000:rule/Booking-events/";

fn archive(world: &World) -> String {
    world.plan.events.archives.values().next().unwrap().arn.clone()
}

fn now() -> f64 {
    jiff::Timestamp::now().as_duration().as_secs_f64()
}

fn replay(world: &World, name: &str, rules: &[&str]) -> Value {
    let rules: Vec<_> = rules.iter().map(|rule| format!("{RULE}{rule}")).collect();
    json!({
        "ReplayName": name, "EventSourceArn": archive(world), "EventStartTime": now() - 3600.0,
        "EventEndTime": now() + 1.0, "Destination": {"Arn": BUS, "FilterArns": rules},
    })
}

async fn until_completed(world: &World, name: &str) -> Value {
    loop {
        let (status, answer) = world.events("DescribeReplay", json!({"ReplayName": name})).await;
        assert_eq!(status, 200, "{answer}");
        if answer["State"] == "COMPLETED" {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_was_delivered_is_delivered_again_by_the_rules_asked_for() {
    let world = World::start().await;
    for number in 0..120 {
        world.put(&format!("b-{number}"), "held").await;
    }
    world.put("f-1", "f-ok").await;
    world.until(|world| world.told() == ["f-1"]).await;
    world.expect(QUEUE, 120).await;
    let (status, started) =
        world.events("StartReplay", replay(&world, "again", &["ToQueue"])).await;
    assert_eq!((status, &started["State"]), (200, &json!("STARTING")));
    let completed = until_completed(&world, "again").await;
    assert!(completed["EventLastReplayedTime"].is_f64() && completed["ReplayEndTime"].is_f64());
    let messages = world.expect(QUEUE, 240).await;
    let (first, second) = messages.split_at(120);
    let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
    assert!(first.iter().map(id).eq(second.iter().map(id)), "the same events in the same order");
    assert!(second.iter().all(|event| event["replay-name"] == "again"));
    // The other rule was not asked for, and what is replayed is not kept again.
    assert_eq!(world.told(), ["f-1"]);
    world.events("StartReplay", replay(&world, "all", &[])).await;
    until_completed(&world, "all").await;
    world.expect(QUEUE, 360).await;
    world.until(|world| world.told() == ["f-1", "f-1"]).await;
    world.stop().await;
}

#[tokio::test]
async fn only_what_happened_in_the_window() {
    let world = World::start().await;
    world.put("b-1", "held").await;
    world.expect(QUEUE, 1).await;
    let mut earlier = replay(&world, "earlier", &[]);
    earlier["EventEndTime"] = json!(now() - 60.0);
    world.events("StartReplay", earlier).await;
    until_completed(&world, "earlier").await;
    assert_eq!(world.messages(QUEUE).len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_replay_that_is_none_is_refused() {
    let world = World::start().await;
    let changed = |property: &str, value: Value| {
        let mut replay = replay(&world, "x", &[]);
        replay[property] = value;
        replay
    };
    let other = "arn:aws:events:us-east-1:000000000000:archive/Other";
    let rule = json!({"Arn": BUS, "FilterArns": [format!("{RULE}Nobody")]});
    for (request, expected) in [
        (changed("EventSourceArn", json!(other)), "ResourceNotFoundException"),
        (changed("Destination", rule), "ResourceNotFoundException"),
        (changed("Destination", json!({"Arn": "arn:x"})), "ValidationException"),
        (changed("EventEndTime", json!(1.0)), "ValidationException"),
        (changed("ReplayName", json!("a b")), "ValidationException"),
        (changed("EventStartTime", json!("today")), "ValidationException"),
    ] {
        let (status, answer) = world.events("StartReplay", request).await;
        assert_eq!((status, &answer["__type"]), (400, &json!(expected)), "{answer}");
    }
    let (_, first) = world.events("StartReplay", replay(&world, "twice", &[])).await;
    assert_eq!(first["State"], "STARTING");
    let (_, second) = world.events("StartReplay", replay(&world, "twice", &[])).await;
    assert_eq!(second["__type"], "ResourceAlreadyExistsException");
    let (_, nobody) = world.events("DescribeReplay", json!({"ReplayName": "nobody"})).await;
    assert_eq!(nobody["__type"], "ResourceNotFoundException");
    world.stop().await;
}

#[tokio::test]
async fn a_replay_goes_on_after_a_restart() {
    let (folder, data) = (Arc::new(tempfile::tempdir().unwrap()), tempfile::tempdir().unwrap());
    let start = async || {
        let kept = crate::durable::open(&data).await;
        World::start_in(Arc::clone(&folder), kept, "{}", |_| {}).await
    };
    let world = start().await;
    for number in 0..150 {
        world.put(&format!("b-{number}"), "held").await;
    }
    world.expect(QUEUE, 150).await;
    let (_, started) = world.events("StartReplay", replay(&world, "again", &[])).await;
    assert_eq!(started["State"], "STARTING");
    world.stop().await;
    let world = start().await;
    until_completed(&world, "again").await;
    // Each of them once more, and not twice.
    world.expect(QUEUE, 300).await;
    world.stop().await;
}

#[tokio::test]
async fn what_an_archive_keeps_no_longer_is_not_replayed() {
    let data = tempfile::tempdir().unwrap();
    let kept = DataDir::open(data.path()).unwrap();
    let world = World::start_in(Arc::new(tempfile::tempdir().unwrap()), kept, "{}", |_| {}).await;
    for id in ["b-1", "b-2"] {
        world.put(id, "held").await;
    }
    world.expect(QUEUE, 2).await;
    let connection = rusqlite::Connection::open(data.path().join("host.sqlite3")).unwrap();
    // Seven days and a second ago.
    let sql = "UPDATE archived SET time_ms = time_ms - 604801000 WHERE event LIKE '%b-1%'";
    assert_eq!(connection.execute(sql, []).unwrap(), 1);
    world.off_the_bus.buses.sweep().unwrap();
    let count = "SELECT COUNT(*) FROM archived";
    assert_eq!(connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    world.stop().await;
}

#[tokio::test]
async fn an_archive_keeps_what_its_pattern_names() {
    let world = World::changed(|template| {
        let id = crate::world::only(template, "AWS::Events::Archive");
        properties(template, &id)["EventPattern"] = json!({"detail": {"id": ["b-2"]}});
    })
    .await;
    for id in ["b-1", "b-2"] {
        world.put(id, "held").await;
    }
    world.expect(QUEUE, 2).await;
    world.events("StartReplay", replay(&world, "some", &[])).await;
    until_completed(&world, "some").await;
    let messages = world.expect(QUEUE, 3).await;
    assert_eq!(messages[2]["detail"]["id"], "b-2");
    world.stop().await;
}

#[tokio::test]
async fn events_may_be_put_by_programs() {
    let world = World::start().await;
    let entry = |source: &str, detail: &str| json!({"EventBusName": "Booking-events", "Source": source, "DetailType": "Test", "Detail": detail});
    let held = r#"{"status":"held","id":"p-1"}"#;
    let entries = json!([
        entry("booking-gateway", held),
        entry("", held),
        entry("booking-gateway", "[1]"),
        {"EventBusName": "Other", "Source": "x", "DetailType": "x", "Detail": "{}"},
    ]);
    let (status, answer) = world.events("PutEvents", json!({ "Entries": entries })).await;
    assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(3)), "{answer}");
    let results = answer["Entries"].as_array().unwrap();
    let codes: Vec<_> = results[1..].iter().map(|it| it["ErrorCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["InvalidArgument", "MalformedDetail", "ResourceNotFoundException"]);
    let event = world.expect(QUEUE, 1).await.remove(0);
    assert_eq!(event["id"], results[0]["EventId"]);
    assert_eq!(event["detail-type"], "Test");
    for entries in [json!([]), json!(vec![entry("x", "{}"); 11])] {
        let (status, answer) = world.events("PutEvents", json!({ "Entries": entries })).await;
        assert_eq!((status, &answer["__type"]), (400, &json!("ValidationException")));
    }
    let large = "x".repeat(600_000);
    let entries = json!([entry(&large, "{}"), entry(&large, "{}")]);
    let (status, _) = world.events("PutEvents", json!({ "Entries": entries })).await;
    assert_eq!(status, 400);
    let (status, answer) = world.events("DeleteRule", json!({})).await;
    assert_eq!((status, &answer["__type"]), (400, &json!("UnknownOperationException")));
    world.stop().await;
}

#[tokio::test]
async fn a_function_needs_the_grants() {
    let world = World::changed(|template| {
        let policies = json!([{"PolicyName": "Some", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS,
        }]}}]);
        properties(template, "WorkerRole")["Policies"] = policies;
    })
    .await;
    let entry = json!({"EventBusName": BUS, "Source": "x", "DetailType": "x", "Detail": "{}"});
    let put = json!({"Entries": [entry]});
    assert_eq!(world.events_of_worker("PutEvents", put).await.0, 200);
    let (status, answer) = world.events_of_worker("StartReplay", replay(&world, "x", &[])).await;
    assert_eq!((status, &answer["__type"]), (400, &json!("AccessDeniedException")));
    world.stop().await;
}
