//! From the stream to the bus.

use crate::world::{QUEUE, World, only, properties};
use serde_json::{Value, json};

fn pipe(template: &mut Value) -> &mut Value {
    let id = only(template, "AWS::Pipes::Pipe");
    properties(template, &id)
}

#[tokio::test]
async fn a_change_becomes_an_event_in_eventbridges_envelope() {
    let world = World::start().await;
    world.put("b-1", "held").await;
    let event = &world.expect(QUEUE, 1).await[0];
    let mut members: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    let expected = [
        "account",
        "detail",
        "detail-type",
        "id",
        "region",
        "resources",
        "source",
        "time",
        "version",
    ];
    assert_eq!(members, expected);
    assert_eq!((&event["version"], &event["account"]), (&json!("0"), &json!("000000000000")));
    assert_eq!(
        (&event["source"], &event["detail-type"]),
        (&json!("booking-gateway"), &json!("Change"))
    );
    assert_eq!((&event["region"], &event["resources"]), (&json!("us-east-1"), &json!([])));
    assert_eq!(event["id"].as_str().unwrap().len(), 36);
    let time = event["time"].as_str().unwrap();
    assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    let time: jiff::Timestamp = time.parse().unwrap();
    assert!(time <= world.logged("b-1").await.at, "{time} is yet to come");
    // What the item has, numbers within quotes as text, and what it has not as an empty text.
    assert_eq!(
        event["detail"],
        json!({
            "event": "INSERT", "kind": "B#b-1", "id": "b-1", "version": "3", "status": "held",
            "resource": "", "start": "", "end": "", "quantity": "", "holdUntil": "",
            "pendingUntil": "", "updated": "",
        })
    );
    world.stop().await;
}

#[tokio::test]
async fn what_the_filter_keeps_back_is_no_event() {
    let world = World::start().await;
    for sort in ["S#2099-06-01T09:00:00Z", "x", "B#last"] {
        let item = json!({"PK": {"S": "R#1"}, "SK": {"S": sort}, "id": {"S": sort}});
        world.put_item(item).await;
    }
    world.logged("B#last").await;
    assert_eq!(world.off_the_bus.buses.latest().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn source_and_detail_type_may_be_the_records() {
    let world = World::changed(|template| {
        let parameters = json!({"EventBridgeEventBusParameters": {
            "Source": "$.dynamodb.NewImage.status.S", "DetailType": "$.eventName",
            "Resources": ["arn:x"],
        }});
        pipe(template)["TargetParameters"] = parameters;
    })
    .await;
    world.put("b-1", "held").await;
    world.until(|world| !world.off_the_bus.buses.latest().is_empty()).await;
    let event = world.off_the_bus.buses.latest()[0].event.clone();
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("held"), &json!("INSERT")));
    assert_eq!(event["resources"], json!(["arn:x"]));
    // Without a template it is the whole record.
    assert_eq!(event["detail"]["eventSource"], "aws:dynamodb");
    world.stop().await;
}

#[tokio::test]
async fn what_makes_no_event_is_given_up_alone_and_told() {
    let world = World::changed(|template| {
        let pipe = pipe(template);
        pipe["TargetParameters"]["EventBridgeEventBusParameters"]["DetailType"] =
            json!("$.dynamodb.NewImage.status.S");
        pipe["SourceParameters"]["DynamoDBStreamParameters"]["MaximumRetryAttempts"] = json!(0);
    })
    .await;
    let poison = json!({"PK": {"S": "a"}, "SK": {"S": "B#poison"}, "id": {"S": "poison"}});
    world.put("b-1", "held").await;
    world.put_item(poison).await;
    world.put("b-2", "held").await;
    world.logged("b-2").await;
    let ids: Vec<_> = world
        .off_the_bus
        .buses
        .latest()
        .iter()
        .map(|it| it.event["detail"]["id"].clone())
        .collect();
    assert_eq!(ids, ["b-2", "b-1"]);
    let failures = world.plan.queues.keys().find(|id| id.starts_with("EventsFailures")).unwrap();
    let told = &world.expect(failures, 1).await[0];
    let arn = told["context"]["partnerResourceArn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:pipes:us-east-1:000000000000:pipe/"), "{told}");
    assert_eq!(told["context"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(told["DDBStreamBatchInfo"]["batchSize"], 1);
    world.stop().await;
}

#[tokio::test]
async fn a_pipe_that_is_stopped_carries_nothing() {
    let world = World::changed(|template| pipe(template)["DesiredState"] = json!("STOPPED")).await;
    assert!(world.plan.events.pipes.is_empty());
    world.stop().await;
}
