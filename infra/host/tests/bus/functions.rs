//! Invocations that nobody waits for.

use crate::world::{DEAD, QUEUE, RETRY, World, arn, bus, properties, queue_policy};
use serde_json::{Value, json};

/// What becomes of the function's invocations.
fn configure(template: &mut Value, config: &Value) {
    template["Resources"]["Config"] =
        json!({"Type": "AWS::Lambda::EventInvokeConfig", "Properties": config.clone()});
    properties(template, "Config")["FunctionName"] = json!({"Ref": "Worker"});
    properties(template, "Config")["Qualifier"] = json!("$LATEST");
}

fn failures_to(destination: &Value) -> Value {
    json!({"DestinationConfig": {"OnFailure": {"Destination": destination}}})
}

#[tokio::test]
async fn a_function_is_invoked_with_the_event() {
    let world = World::start().await;
    world.put("b-1", "f-ok").await;
    world.until(|world| world.told() == ["b-1"]).await;
    world.until_done().await;
    let event = world.invocations()[0]["event"].clone();
    assert_eq!(event, world.logged("b-1").await.event);
    world.stop().await;
}

#[tokio::test]
async fn what_failed_is_tried_twice_more_after_one_pause_and_a_longer_one() {
    let world = World::changed(|template| configure(template, &failures_to(&arn(DEAD)))).await;
    world.put("b-1", "f-fail").await;
    let told = world.expect(DEAD, 1).await.remove(0);
    world.until_done().await;
    let times: Vec<_> = world.invocations().iter().map(|it| it["at"].as_i64().unwrap()).collect();
    assert_eq!(times.len(), 3);
    let pause = i64::try_from(RETRY.as_millis()).unwrap();
    assert!(times[1] - times[0] >= pause && times[2] - times[1] >= 2 * pause, "{times:?}");

    assert_eq!(told["version"], "1.0");
    let context = &told["requestContext"];
    assert_eq!(context["condition"], "RetriesExhausted");
    assert_eq!(context["approximateInvokeCount"], 3);
    assert_eq!(
        context["functionArn"],
        "arn:aws:lambda:us-east-1:000000000000:function:Worker:$LATEST"
    );
    assert_eq!(told["requestPayload"], world.logged("b-1").await.event);
    let response =
        json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"});
    assert_eq!(told["responseContext"], response);
    assert_eq!(told["responsePayload"]["errorMessage"], "poison");
    world.stop().await;
}

#[tokio::test]
async fn as_often_as_the_template_says() {
    let world = World::changed(|template| {
        let mut config = failures_to(&arn(DEAD));
        config["MaximumRetryAttempts"] = json!(0);
        configure(template, &config);
    })
    .await;
    world.put("b-1", "f-fail").await;
    world.expect(DEAD, 1).await;
    assert_eq!(world.told(), ["b-1"]);
    world.stop().await;
}

#[tokio::test]
async fn one_that_fails_once_or_dies_is_made_again() {
    for status in ["f-once", "f-exit"] {
        let world = World::changed(|template| configure(template, &failures_to(&arn(DEAD)))).await;
        world.put("b-1", status).await;
        world.until(|world| world.told() == ["b-1", "b-1"]).await;
        world.until_done().await;
        assert!(world.messages(DEAD).is_empty(), "{status}");
        world.stop().await;
    }
}

#[tokio::test]
async fn success_is_told_to_a_bus_whose_rules_go_on() {
    let world = World::changed(|template| {
        let bus = bus(template);
        let success = json!({"OnSuccess": {"Destination": arn(&bus)}});
        configure(template, &json!({"DestinationConfig": success}));
        properties(template, "ToQueue")["EventPattern"] = json!({"source": ["lambda"]});
    })
    .await;
    world.put("b-1", "f-ok").await;
    let event = &world.expect(QUEUE, 1).await[0];
    assert_eq!(event["detail-type"], "Lambda Function Invocation Result - Success");
    assert_eq!(event["detail"]["requestContext"]["condition"], "Success");
    assert_eq!(event["detail"]["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(event["detail"]["responsePayload"], json!({"did": "b-1"}));
    let resources = [
        "arn:aws:lambda:us-east-1:000000000000:function:Worker",
        "arn:aws:events:us-east-1:000000000000:event-bus/Booking-events",
    ];
    assert_eq!(event["resources"], json!(resources));
    world.stop().await;
}

#[tokio::test]
async fn failure_is_told_to_another_function() {
    let world = World::changed(|template| {
        let mut other = template["Resources"]["Worker"].clone();
        other["Properties"]["Handler"] = json!("other");
        other["Properties"]["Environment"] = json!({"Variables": {}});
        template["Resources"]["Other"] = other;
        let mut config = failures_to(&arn("Other"));
        config["MaximumRetryAttempts"] = json!(0);
        configure(template, &config);
    })
    .await;
    world.put("b-1", "f-fail").await;
    world.until(|world| world.told() == ["b-1"]).await;
    // It has nowhere to write, and fails: but it was asked, and by itself.
    world
        .until(|world| {
            let counts = world.off_the_bus.invocations.counts().unwrap();
            counts.get("Other") == Some(&1) && !counts.contains_key("Worker")
        })
        .await;
    world.stop().await;
}

#[tokio::test]
async fn a_function_that_is_too_busy_is_asked_until_it_has_time() {
    let world = World::changed(|template| {
        properties(template, "Worker")["ReservedConcurrentExecutions"] = json!(1);
        configure(template, &failures_to(&arn(DEAD)));
    })
    .await;
    for id in ["b-1", "b-2", "b-3"] {
        world.put(id, "f-slow").await;
    }
    world.until(|world| world.told().len() == 3).await;
    world.until_done().await;
    assert!(world.messages(DEAD).is_empty());
    world.stop().await;
}

#[tokio::test]
async fn hundreds_are_all_made() {
    let world = World::changed(|template| {
        template["Resources"]["DeadPolicy"] = queue_policy(DEAD, &["ToQueue"]);
    })
    .await;
    for number in 0..300 {
        world.put(&format!("b-{number}"), "f-ok").await;
    }
    world.until(|world| world.told().len() >= 300).await;
    world.until_done().await;
    let mut told = world.told();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 300);
    world.stop().await;
}
