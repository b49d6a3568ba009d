//! What of buses, pipes and rules a template may say.

use crate::world::{DEAD, QUEUE, arn, only, plan, properties, template};
use host::template::{Outlet, TargetInput};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn the_synthesized_template_has_a_bus_with_a_pipe_and_an_archive() {
    let plan = support::template::plan();
    let (id, bus) = plan.events.buses.first_key_value().unwrap();
    assert_eq!(bus.name, "Booking-events");
    let pipe = plan.events.pipes.values().next().unwrap();
    assert_eq!(pipe.bus, *id);
    assert_eq!((pipe.reader.batch_size, pipe.reader.bisect), (10, true));
    assert_eq!(pipe.reader.record_age, Some(Duration::from_hours(1)));
    assert!(pipe.reader.on_failure.as_ref().unwrap().starts_with("EventsFailures"));
    let archive = plan.events.archives.values().next().unwrap();
    assert_eq!(archive.retention, Some(Duration::from_hours(7 * 24)));
    assert_eq!(archive.bus, *id);
}

#[test]
fn a_rule_is_read_with_the_defaults_of_eventbridge() {
    let plan = plan(&template()).unwrap();
    let rule = &plan.events.rules["ToQueue"];
    assert_eq!(rule.arn, "arn:aws:events:us-east-1:000000000000:rule/Booking-events/ToQueue");
    let target = &rule.targets[0];
    assert_eq!(target.to, Outlet::Queue(QUEUE.to_owned()));
    assert_eq!((&target.input, target.retries), (&TargetInput::Event, 185));
    assert_eq!((target.age, &target.dead_letters), (Duration::from_hours(24), &None));
    assert!(rule.enabled);
}

fn refused(change: impl FnOnce(&mut Value)) -> String {
    let mut template = template();
    change(&mut template);
    let message = plan(&template).unwrap_err();
    assert!(!message.contains('\n'), "{message}");
    message
}

#[test]
fn a_rule_that_this_host_does_not_know_is_refused_by_name() {
    let target = |more: Value| {
        let mut target = json!({"Id": "Target0", "Arn": arn(QUEUE)});
        target.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([target])
    };
    for (property, value, expected) in [
        (
            "EventPattern",
            json!({"detail": {"ip": [{"cidr": "10.0.0.0/8"}]}}),
            "does not know {\"cidr\":\"10.0.0.0/8\"} in a pattern",
        ),
        ("EventPattern", json!({"detail": "x"}), "the field detail of a pattern needs a list"),
        (
            "EventPattern",
            json!({"detail": {"a": [{"like": "x"}]}}),
            "does not know {\"like\":\"x\"}",
        ),
        ("ScheduleExpression", json!("rate(1 minute)"), "unknown field `ScheduleExpression`"),
        ("EventBusName", json!("other"), "other is not an event bus of this template"),
        (
            "State",
            json!("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
            "State: this host does not know",
        ),
        (
            "Targets",
            target(json!({"Arn": "arn:aws:sns:x"})),
            "Targets Target0 Arn: arn:aws:sns:x is not a queue, function or delivery stream",
        ),
        ("Targets", target(json!({"RoleArn": "x"})), "only a delivery stream takes one"),
        ("Targets", target(json!({"SqsParameters": {}})), "unknown field `SqsParameters`"),
        ("Targets", target(json!({"Input": "x", "InputPath": "$.x"})), "one of them at most"),
        ("Targets", target(json!({"InputPath": "$.x[*]"})), "is not a path"),
        (
            "Targets",
            target(json!({"InputTransformer": {"InputTemplate": "<x>"}})),
            "placeholder <x>",
        ),
        ("Targets", target(json!({"RetryPolicy": {"MaximumRetryAttempts": 186}})), "185 at most"),
        (
            "Targets",
            target(json!({"RetryPolicy": {"MaximumEventAgeInSeconds": 59}})),
            "60 to 86400",
        ),
        ("Targets", target(json!({"DeadLetterConfig": {"Arn": "arn:x"}})), "arn:x is not a queue"),
        ("Targets", json!(vec![json!({"Id": "a", "Arn": arn(DEAD)}); 6]), "5 at most"),
    ] {
        let message = refused(|template| properties(template, "ToQueue")[property] = value);
        assert!(message.contains("resource ToQueue (AWS::Events::Rule)"), "{message}");
        assert!(message.contains(expected), "{property}: {message}");
    }
    let message = refused(|template| {
        properties(template, "ToQueue").as_object_mut().unwrap().remove("EventPattern");
    });
    assert!(message.contains("rules with a pattern only"), "{message}");
}

#[test]
fn a_pipe_that_this_host_does_not_know_is_refused_by_name() {
    let id = only(&template(), "AWS::Pipes::Pipe");
    let stream = "/SourceParameters/DynamoDBStreamParameters";
    for (place, property, value, expected) in [
        ("", "Enrichment", json!("arn:x"), "unknown field `Enrichment`"),
        ("", "Source", arn(QUEUE), "is not a stream of a table"),
        ("", "Target", arn(QUEUE), "is not an event bus"),
        ("", "RoleArn", json!("arn:x"), "arn:x is not a role"),
        (stream, "ParallelizationFactor", json!(2), "in order"),
        (stream, "StartingPosition", json!("AT_TIMESTAMP"), "AT_TIMESTAMP"),
        (stream, "DeadLetterConfig", json!({"Arn": "arn:x"}), "arn:x is not a queue"),
        (stream, "OnPartialBatchItemFailure", json!("IGNORE"), "AUTOMATIC_BISECT only"),
        (
            "/TargetParameters",
            "InputTemplate",
            json!("<$.x>"),
            "the detail of an event is an object",
        ),
        ("/TargetParameters", "InputTemplate", json!("{\"a\":<$.x[*]>}"), "is not a path"),
        (
            "/TargetParameters",
            "SqsQueueParameters",
            json!({}),
            "unknown field `SqsQueueParameters`",
        ),
        (
            "/SourceParameters",
            "FilterCriteria",
            json!({"Filters": [{"Pattern": "{\"a\":1}"}]}),
            "needs a list",
        ),
    ] {
        let message = refused(|template| {
            let pipe = properties(template, &id);
            pipe.pointer_mut(place).unwrap()[property] = value;
        });
        assert!(message.contains(&format!("resource {id} (AWS::Pipes::Pipe)")), "{message}");
        assert!(message.contains(expected), "{property}: {message}");
    }
}

#[test]
fn an_invocation_that_lambda_would_not_make_so_is_refused() {
    for (property, value, expected) in [
        ("MaximumRetryAttempts", json!(3), "2 at most"),
        ("MaximumEventAgeInSeconds", json!(59), "between 60 and 21600"),
        ("MaximumEventAgeInSeconds", json!(21_601), "between 60 and 21600"),
        ("Qualifier", json!("1"), "$LATEST only"),
        ("FunctionName", json!("Nobody"), "Nobody is not a function"),
        (
            "DestinationConfig",
            json!({"OnFailure": {"Destination": "arn:x"}}),
            "arn:x is not a queue, function or event bus",
        ),
    ] {
        let message = refused(|template| {
            template["Resources"]["Config"] = json!({
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {"FunctionName": {"Ref": "Worker"}, "Qualifier": "$LATEST"},
            });
            properties(template, "Config")[property] = value;
        });
        assert!(message.contains("resource Config") && message.contains(expected), "{message}");
    }
}
