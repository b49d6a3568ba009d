//! What of queues and their mappings a template may say.

use crate::world::{DEAD, QUEUE, plan, properties, template};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_queue_is_read_with_the_defaults_of_sqs() {
    let plan = plan(&template()).unwrap();
    let queue = &plan.queues[DEAD];
    assert_eq!(queue.visibility, Duration::from_secs(30));
    assert_eq!(queue.retention, Duration::from_hours(96));
    assert_eq!((queue.delay, queue.wait), (Duration::ZERO, Duration::ZERO));
    assert_eq!((queue.largest_message, &queue.redrive), (1_048_576, &None));
    let redrive = plan.queues[QUEUE].redrive.as_ref().unwrap();
    assert_eq!((redrive.queue.as_str(), redrive.receives), (DEAD, 2));
    let mapping = &plan.queue_mappings["Mapping"];
    assert_eq!((mapping.queue.as_str(), mapping.function.as_str()), (QUEUE, "Worker"));
    assert_eq!((mapping.batch_size, mapping.concurrency), (10, 5));
    assert!(mapping.reports_failures && mapping.batching_window.is_zero());
}

#[test]
fn a_mapping_that_is_switched_off_is_left_out() {
    let mut template = template();
    properties(&mut template, "Mapping")["Enabled"] = json!(false);
    assert!(plan(&template).unwrap().queue_mappings.is_empty());
}

#[test]
fn what_sqs_and_lambda_do_not_take_is_refused_by_name() {
    for (id, property, value, expected) in [
        (
            QUEUE,
            "VisibilityTimeout",
            json!(43_201),
            "VisibilityTimeout: 43201 is not between 0 and 43200",
        ),
        (QUEUE, "DelaySeconds", json!(901), "DelaySeconds: 901"),
        (QUEUE, "MessageRetentionPeriod", json!(59), "MessageRetentionPeriod: 59"),
        (QUEUE, "ReceiveMessageWaitTimeSeconds", json!(21), "ReceiveMessageWaitTimeSeconds: 21"),
        (QUEUE, "MaximumMessageSize", json!(1_048_577), "MaximumMessageSize: 1048577"),
        (QUEUE, "FifoQueue", json!(true), "unknown field `FifoQueue`"),
        (
            QUEUE,
            "RedrivePolicy",
            json!({"deadLetterTargetArn": "arn:x", "maxReceiveCount": 1}),
            "arn:x is not a queue of this template",
        ),
        (
            QUEUE,
            "RedrivePolicy",
            json!({"deadLetterTargetArn": {"Fn::GetAtt": [DEAD, "Arn"]}, "maxReceiveCount": 0}),
            "between 1 and 1000",
        ),
        (
            QUEUE,
            "RedrivePolicy",
            json!({"deadLetterTargetArn": {"Fn::GetAtt": [QUEUE, "Arn"]}, "maxReceiveCount": 1}),
            "it is the queue itself",
        ),
        ("Mapping", "BatchSize", json!(11), "need a MaximumBatchingWindowInSeconds of at least 1"),
        ("Mapping", "BatchSize", json!(10_001), "not between 1 and 10000"),
        ("Mapping", "MaximumBatchingWindowInSeconds", json!(301), "not between 0 and 300"),
        ("Mapping", "ScalingConfig", json!({"MaximumConcurrency": 1}), "between 2 and 1000"),
        ("Mapping", "StartingPosition", json!("LATEST"), "StartingPosition: only a stream has one"),
        ("Mapping", "MaximumRetryAttempts", json!(1), "only a stream has one"),
        ("Mapping", "DestinationConfig", json!({}), "only a stream has one"),
        (
            "Mapping",
            "EventSourceArn",
            json!("arn:x"),
            "arn:x is not a stream of a table, or a queue",
        ),
        ("Worker", "Timeout", json!(2), "is less than the Timeout of the function"),
    ] {
        let mut template = template();
        properties(&mut template, id)[property] = value;
        let message = plan(&template).unwrap_err();
        assert!(message.contains(expected) && !message.contains('\n'), "{property}: {message}");
    }
}

#[test]
fn a_mapping_needs_its_functions_role_to_receive() {
    for action in ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] {
        let mut plan = plan(&template()).unwrap();
        plan.roles.get_mut("WorkerRole").unwrap().grants.retain(|grant| grant.action != action);
        let iam = host::iam::Iam::new(&plan.functions, &plan.roles, None).unwrap();
        let message = iam.check_mappings(&plan).unwrap_err().to_string();
        assert!(message.contains("WorkerRole") && message.contains(action), "{message}");
    }
}
