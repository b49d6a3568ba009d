//! From a queue to a function.

use crate::world::{DEAD, QUEUE, World, properties};
use host::queues::{Attribute, NewMessage};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_message_arrives_in_lambdas_shape_and_is_deleted() {
    let world = World::start().await;
    let attribute = Attribute {
        data_type: "String".to_owned(),
        string_value: Some("high".to_owned()),
        binary_value: None,
    };
    let message = NewMessage {
        attributes: [("urgency".to_owned(), attribute)].into(),
        ..NewMessage::of_service("hello")
    };
    let id = world.queues.send_message(QUEUE, &message).unwrap();
    world.until_empty().await;
    let event = world.events()[0]["event"].clone();
    let record = &event["Records"][0];
    let mut members: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "attributes",
            "awsRegion",
            "body",
            "eventSource",
            "eventSourceARN",
            "md5OfBody",
            "md5OfMessageAttributes",
            "messageAttributes",
            "messageId",
            "receiptHandle",
        ]
    );
    assert_eq!(record["messageId"], id);
    assert_eq!(record["body"], "hello");
    assert_eq!(record["md5OfBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], "arn:aws:sqs:us-east-1:000000000000:Work");
    assert_eq!(record["awsRegion"], "us-east-1");
    let expected = json!({"urgency": {
        "stringValue": "high", "stringListValues": [], "binaryListValues": [], "dataType": "String",
    }});
    assert_eq!(record["messageAttributes"], expected);
    let attributes = &record["attributes"];
    assert_eq!(attributes["ApproximateReceiveCount"], "1");
    assert_eq!(attributes["SenderId"], "000000000000");
    for instant in ["SentTimestamp", "ApproximateFirstReceiveTimestamp"] {
        assert!(attributes[instant].as_str().unwrap().parse::<i64>().unwrap() > 0, "{record}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_delay_is_kept_to_the_millisecond() {
    let world = World::start().await;
    let sent = jiff::Timestamp::now().as_millisecond();
    world.send_later("late", Duration::from_millis(1500));
    world.send("early");
    world.until(|world| world.events().len() == 2).await;
    assert_eq!(world.batches(), [["early"], ["late"]]);
    let waited = world.events()[1]["at"].as_i64().unwrap() - sent;
    assert!(waited >= 1500, "it came after {waited} ms");
    world.until_empty().await;
    world.stop().await;
}

#[tokio::test]
async fn what_failed_comes_again_when_its_visibility_ends() {
    for body in ["fail once", "exit once", "report once", "hang once"] {
        let world = World::start().await;
        world.send(body);
        world.until_empty().await;
        let events = world.events();
        assert_eq!(world.batches(), [[body], [body]]);
        let count = |event: &Value| {
            event["event"]["Records"][0]["attributes"]["ApproximateReceiveCount"].clone()
        };
        assert_eq!(events.iter().map(count).collect::<Vec<_>>(), ["1", "2"]);
        let between = events[1]["at"].as_i64().unwrap() - events[0]["at"].as_i64().unwrap();
        // The first is written down a moment after it was received.
        assert!(between >= 500, "{body} came again after {between} ms");
        assert_eq!(world.queues.count(DEAD).unwrap().all(), 0);
        world.stop().await;
    }
}

#[tokio::test]
async fn a_message_that_always_fails_ends_as_a_dead_letter_and_holds_up_no_other() {
    let world = World::changed(|template| {
        properties(template, "Mapping")["BatchSize"] = json!(1);
    })
    .await;
    let poison = [world.send("fail"), world.send("report")];
    for number in 0..20 {
        world.send(&number.to_string());
    }
    world.until_empty().await;
    let dead = world.queues.messages(DEAD).unwrap().unwrap();
    let ids: Vec<_> = dead.iter().map(|it| it.message_id.as_str()).collect();
    assert!(poison.iter().all(|id| ids.contains(&id.as_str())) && dead.len() == 2, "{dead:?}");
    let from = Some("arn:aws:sqs:us-east-1:000000000000:Work");
    assert!(dead.iter().all(|it| it.receives == 2 && it.dead_from.as_deref() == from), "{dead:?}");
    let given = world.batches().concat();
    assert_eq!(given.iter().filter(|it| *it == "fail").count(), 2);
    assert_eq!(given.iter().filter(|it| it.parse::<u32>().is_ok()).count(), 20);
    world.stop().await;
}

#[tokio::test]
async fn of_a_batch_only_what_is_reported_stays() {
    let mut world = World::start().await;
    // They come together, as they are there before anybody looks.
    world.stop_mapping();
    drop(world);
    let world = World::changed(|template| {
        properties(template, "Mapping")["MaximumBatchingWindowInSeconds"] = json!(1);
        properties(template, "Mapping")["BatchSize"] = json!(3);
        properties(template, QUEUE)["VisibilityTimeout"] = json!(2);
    })
    .await;
    for body in ["a", "report once", "c"] {
        world.send(body);
    }
    world.until_empty().await;
    assert_eq!(world.batches(), [vec!["a", "report once", "c"], vec!["report once"]]);
    world.stop().await;
}

#[tokio::test]
async fn a_batching_window_gathers_up_to_the_batch_size() {
    let world = World::changed(|template| {
        properties(template, "Mapping")["MaximumBatchingWindowInSeconds"] = json!(60);
        properties(template, "Mapping")["BatchSize"] = json!(25);
        properties(template, QUEUE)["VisibilityTimeout"] = json!(120);
    })
    .await;
    for number in 0..50 {
        world.send(&number.to_string());
    }
    world.until_empty().await;
    let sizes: Vec<_> = world.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [25, 25]);
    world.stop().await;
}

#[tokio::test]
async fn what_no_filter_lets_through_is_deleted() {
    let world = World::changed(|template| {
        let pattern = |pattern: Value| json!({"Pattern": pattern.to_string()});
        properties(template, "Mapping")["FilterCriteria"] = json!({"Filters": [
            pattern(json!({"body": {"kind": ["wanted"]}})),
            pattern(json!({"body": ["plain"]})),
        ]});
    })
    .await;
    let wanted = r#"{"kind":"wanted"}"#;
    for body in [wanted, r#"{"kind":"other"}"#, "text", "plain", r#"["plain"]"#] {
        world.send(body);
    }
    world.until_empty().await;
    let mut given = world.batches().concat();
    given.sort();
    assert_eq!(given, ["plain", wanted]);
    world.stop().await;
}

#[tokio::test]
async fn several_batches_at_once_and_no_more_than_the_template_says() {
    let most = async |concurrency: usize| {
        let world = World::changed(|template| {
            properties(template, "Mapping")["BatchSize"] = json!(1);
            properties(template, "Mapping")["ScalingConfig"] =
                json!({ "MaximumConcurrency": concurrency });
        })
        .await;
        for _ in 0..8 {
            world.send("slow");
        }
        world.until_empty().await;
        let starts: Vec<_> =
            world.events().iter().map(|event| event["at"].as_i64().unwrap()).collect();
        world.stop().await;
        // Each takes 300 ms: those that began within it were at work together.
        let together =
            |at: &i64| starts.iter().filter(|other| (0..300).contains(&(at - **other))).count();
        starts.iter().map(together).max().unwrap()
    };
    assert_eq!(most(2).await, 2);
    let more = most(4).await;
    assert!((3..=4).contains(&more), "{more} at once");
}

#[tokio::test]
async fn a_message_that_is_not_due_is_sent_back_by_the_function_itself() {
    let world = World::start().await;
    world.send("later");
    world.until(|world| world.batches().len() == 2).await;
    world.until_empty().await;
    assert_eq!(world.batches(), [["later"], ["back"]]);
    let events = world.events();
    let between = events[1]["at"].as_i64().unwrap() - events[0]["at"].as_i64().unwrap();
    assert!(between >= 1000, "it came back after {between} ms");
    let sender = &events[1]["event"]["Records"][0]["attributes"]["SenderId"];
    assert_eq!(sender, "WorkerRole:Worker");
    world.stop().await;
}

#[tokio::test]
async fn ten_thousand_messages() {
    let world = World::changed(|template| {
        properties(template, QUEUE)["VisibilityTimeout"] = json!(120);
    })
    .await;
    let start = Instant::now();
    for number in 0..10_000 {
        world.send(&number.to_string());
    }
    let sent = start.elapsed();
    world.until(|world| world.queues.count(QUEUE).unwrap().all() == 0).await;
    println!("10,000 messages: sent in {sent:?}, delivered after {:?}", start.elapsed());
    let mut given: Vec<u32> =
        world.batches().concat().iter().map(|it| it.parse().unwrap()).collect();
    given.sort_unstable();
    assert!(given.into_iter().eq(0..10_000), "each of them once");
    world.stop().await;
}

#[tokio::test]
async fn large_messages_come_in_several_events() {
    let world = World::changed(|template| {
        properties(template, "Mapping")["MaximumBatchingWindowInSeconds"] = json!(60);
        properties(template, "Mapping")["BatchSize"] = json!(8);
        properties(template, "Worker")["Timeout"] = json!(60);
        properties(template, QUEUE)["VisibilityTimeout"] = json!(120);
    })
    .await;
    for number in 0..8 {
        world.send(&format!("{number}{}", "x".repeat(1_000_000)));
    }
    world.until_empty().await;
    let sizes: Vec<_> = world.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [6, 2]);
    world.stop().await;
}

#[tokio::test]
async fn by_a_fault_a_message_comes_twice_and_late() {
    let world = World::faulty(r#"{"queues": {"duplicate": 1, "late": 1, "lateMs": 400}}"#).await;
    for number in 0..10 {
        world.send(&number.to_string());
    }
    world.until(|world| world.batches().concat().len() == 20).await;
    let given = world.batches().concat();
    let mut sorted = given.clone();
    sorted.sort();
    let expected: Vec<_> =
        (0..10).flat_map(|number| [number.to_string(), number.to_string()]).collect();
    assert_eq!(sorted, expected);
    assert_ne!(given, expected, "and not in order");
    world.until_empty().await;
    world.stop().await;
}
