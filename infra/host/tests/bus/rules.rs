//! From the bus to targets.

use crate::world::{DEAD, QUEUE, World, arn, properties, queue_policy};
use host::data_dir::DataDir;
use host::events::Outcome;
use serde_json::{Value, json};
use std::sync::Arc;

fn target(template: &mut Value) -> &mut Value {
    &mut properties(template, "ToQueue")["Targets"][0]
}

#[tokio::test]
async fn a_rule_delivers_what_it_matches_and_it_can_be_looked_at() {
    let world = World::start().await;
    world.put("b-1", "held").await;
    world.put("b-2", "confirmed").await;
    let held = world.logged("b-1").await;
    let confirmed = world.logged("b-2").await;
    assert_eq!(held.event, world.expect(QUEUE, 1).await[0]);
    let message = world.off_the_bus.queues.messages(QUEUE).unwrap().unwrap()[0].message_id.clone();
    let delivery = &held.deliveries[0];
    assert_eq!(
        (delivery.rule.as_str(), delivery.kind, delivery.to.as_str()),
        ("ToQueue", "queue", QUEUE)
    );
    assert_eq!(delivery.outcome, Outcome::Delivered { id: message });
    assert!(held.from.starts_with("EventsPipe") && held.bus.starts_with("EventsBus"));
    assert!(confirmed.deliveries.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_rule_that_is_disabled_does_nothing() {
    let world = World::changed(|template| {
        properties(template, "ToQueue")["State"] = json!("DISABLED");
    })
    .await;
    world.put("b-1", "held").await;
    assert!(world.logged("b-1").await.deliveries.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_target_gets_of_the_event_what_it_asks_for() {
    let of = async |input: Value| {
        let world = World::changed(|template| {
            target(template).as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        })
        .await;
        world.put("b-1", "held").await;
        let message = world.expect(QUEUE, 1).await.remove(0);
        world.stop().await;
        message
    };
    assert_eq!(of(json!({"Input": "{\"a\":1}"})).await, json!({"a": 1}));
    assert_eq!(of(json!({"InputPath": "$.detail.status"})).await, "held");
    assert_eq!(of(json!({"InputPath": "$.detail"})).await["id"], "b-1");
    let transformer = json!({"InputTransformer": {
        "InputPathsMap": {"id": "$.detail.id", "version": "$.detail.version", "no": "$.detail.x"},
        "InputTemplate": "{\"id\":<id>,\"text\":\"<id> at <version>\",\"no\":\"<no>\",\"rule\":<aws.events.rule-name>}",
    }});
    let expected = json!({"id": "b-1", "text": "b-1 at 3", "no": "", "rule": "ToQueue"});
    assert_eq!(of(transformer).await, expected);
    let text = json!({"InputTransformer": {
        "InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": "booking <id>",
    }});
    assert_eq!(of(text).await, "booking b-1");
}

#[tokio::test]
async fn a_delayed_queue_delays() {
    let world = World::changed(|template| {
        properties(template, QUEUE)["DelaySeconds"] = json!(60);
    })
    .await;
    world.put("b-1", "held").await;
    world.logged("b-1").await;
    let counts = world.off_the_bus.queues.count(QUEUE).unwrap();
    assert_eq!((counts.visible, counts.delayed), (0, 1));
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_delivered_is_a_dead_letter_with_the_reason() {
    let world = World::changed(|template| {
        properties(template, QUEUE)["MaximumMessageSize"] = json!(1024);
        target(template)["Input"] = json!("x".repeat(1025));
        target(template)["DeadLetterConfig"] = json!({"Arn": arn(DEAD)});
        template["Resources"]["DeadPolicy"] = queue_policy(DEAD, &["ToQueue"]);
    })
    .await;
    world.put("b-1", "held").await;
    let event = world.expect(DEAD, 1).await.remove(0);
    assert_eq!(event["detail"]["id"], "b-1");
    let received = world.off_the_bus.queues.receive(DEAD, 1, None, None).unwrap().remove(0);
    let of = |name: &str| received.attributes[name].string_value.clone().unwrap();
    assert_eq!(of("RULE_ARN"), "arn:aws:events:us-east-1:000000000000:rule/Booking-events/ToQueue");
    assert_eq!(of("TARGET_ID"), "Target0");
    assert!(of("ERROR_MESSAGE").contains("1 to 1024 bytes, not of 1025"));
    let logged = world.logged("b-1").await;
    assert!(
        matches!(&logged.deliveries[0].outcome, Outcome::DeadLetter { queue, .. } if queue == DEAD)
    );
    assert!(world.messages(QUEUE).is_empty());
    world.stop().await;
}

#[tokio::test]
async fn by_a_fault_an_event_comes_twice_and_late() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let faults = r#"{"bus": {"duplicate": 1, "late": 1, "lateMs": 300}}"#;
    let world = World::start_in(folder, DataDir::temporary().unwrap(), faults, |_| {}).await;
    for number in 0..10 {
        world.put(&number.to_string(), "f-ok").await;
    }
    world.until(|world| world.told().len() == 20).await;
    let told = world.told();
    let mut sorted = told.clone();
    sorted.sort();
    let expected: Vec<_> = (0..10).flat_map(|it| [it.to_string(), it.to_string()]).collect();
    assert_eq!(sorted, expected);
    assert_ne!(told, expected, "and not in order");
    world.until_done().await;
    world.stop().await;
}
