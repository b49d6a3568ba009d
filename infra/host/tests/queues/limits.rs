//! What the endpoint refuses, by the names that the SDK knows.

use crate::world::{QUEUE, World, url};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};

fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    outcome: Result<T, SdkError<E>>,
) -> String {
    outcome.unwrap_err().code().unwrap_or_default().to_owned()
}

async fn quiet() -> (World, Client) {
    let mut world = World::start().await;
    world.stop_mapping();
    let client = world.developer();
    (world, client)
}

fn attribute(kind: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(kind).string_value(value).build().unwrap()
}

#[tokio::test]
async fn messages_that_sqs_does_not_take() {
    let (world, client) = quiet().await;
    let send = |body: &str| client.send_message().queue_url(url(QUEUE)).message_body(body);
    let refused = async |send: SendMessageFluentBuilder| code(send.send().await);
    assert_eq!(refused(send("x").delay_seconds(901)).await, "InvalidParameterValue");
    assert_eq!(refused(send("x").delay_seconds(-1)).await, "InvalidParameterValue");
    assert_eq!(refused(send("")).await, "MissingParameter");
    assert_eq!(refused(send(&"x".repeat(1_048_577))).await, "InvalidParameterValue");
    let with = |name: &str, kind: &str, value: &str| {
        send(&"x".repeat(1_048_570)).message_attributes(name, attribute(kind, value))
    };
    // The limit counts attributes: this is one byte too much, and the next is not.
    assert_eq!(refused(with("a", "Number", "1")).await, "InvalidParameterValue");
    let fits = send(&"x".repeat(1_048_568)).message_attributes("a", attribute("Number", "1"));
    fits.send().await.unwrap();
    send(&"x".repeat(1_048_576)).send().await.unwrap();
    for bad in ["a\u{1}b", "\u{FFFF}", "\u{0}"] {
        assert_eq!(refused(send(bad)).await, "InvalidMessageContents", "{bad:?}");
    }
    send("\t\n\r \u{FFFD}\u{10FFFF}").send().await.unwrap();
    for (name, kind, value) in [
        ("", "String", "x"),
        ("a b", "String", "x"),
        ("AWS.x", "String", "x"),
        (".x", "String", "x"),
        ("a..b", "String", "x"),
        ("a", "Text", "x"),
        ("a", "String", ""),
        ("a", "Number", "many"),
        ("a", "Binary", "x"),
    ] {
        let send = send("x").message_attributes(name, attribute(kind, value));
        assert_eq!(refused(send).await, "InvalidParameterValue", "{name} {kind} {value}");
    }
    let eleven = (0..11).fold(send("x"), |send, number| {
        send.message_attributes(format!("a{number}"), attribute("String", "x"))
    });
    assert_eq!(refused(eleven).await, "InvalidParameterValue");
    let group = send("x").message_group_id("a");
    assert_eq!(refused(group).await, "AWS.SimpleQueueService.UnsupportedOperation");
    assert_eq!(world.queues.count(QUEUE).unwrap().all(), 3);
}

#[tokio::test]
async fn receivers_that_ask_for_too_much() {
    let (_world, client) = quiet().await;
    let receive = || client.receive_message().queue_url(url(QUEUE));
    for most in [0, 11, -1] {
        let outcome = receive().max_number_of_messages(most).send().await;
        assert_eq!(code(outcome), "InvalidParameterValue", "{most}");
    }
    for wait in [-1, 21] {
        let outcome = receive().wait_time_seconds(wait).send().await;
        assert_eq!(code(outcome), "InvalidParameterValue", "{wait}");
    }
    for visibility in [-1, 43_201] {
        let outcome = receive().visibility_timeout(visibility).send().await;
        assert_eq!(code(outcome), "InvalidParameterValue", "{visibility}");
    }
    let names =
        client.get_queue_attributes().queue_url(url(QUEUE)).attribute_names("Colour".into());
    assert_eq!(code(names.send().await), "InvalidAttributeName");
}

#[tokio::test]
async fn queues_and_handles_that_there_are_not() {
    let (_world, client) = quiet().await;
    for queue in [url("Nobody"), "Work".to_owned(), "http://127.0.0.1/1/Work".to_owned()] {
        let error = client.send_message().queue_url(&queue).message_body("x").send().await;
        let error = error.unwrap_err();
        assert_eq!(error.code(), Some("AWS.SimpleQueueService.NonExistentQueue"), "{queue}");
    }
    let error = client.get_queue_url().queue_name("Nobody").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_queue_does_not_exist());
    client
        .send_message()
        .queue_url("http://localhost:1/000000000000/Work")
        .message_body("x")
        .send()
        .await
        .unwrap();
    let error = client.delete_message().queue_url(url(QUEUE)).receipt_handle("x").send().await;
    assert!(error.unwrap_err().as_service_error().unwrap().is_receipt_handle_is_invalid());
    let create = client.create_queue().queue_name("New").send().await;
    assert_eq!(code(create), "UnknownOperationException");
}

#[tokio::test]
async fn batches_that_are_none() {
    let (world, client) = quiet().await;
    let send = |entries: Vec<(&str, usize)>| {
        let entry = |(id, size): (&str, usize)| {
            let entry =
                SendMessageBatchRequestEntry::builder().id(id).message_body("x".repeat(size));
            entry.build().unwrap()
        };
        let entries = entries.into_iter().map(entry).collect();
        client.send_message_batch().queue_url(url(QUEUE)).set_entries(Some(entries)).send()
    };
    let error = send(vec![]).await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_empty_batch_request());
    let ids: Vec<_> = (0..11).map(|number| number.to_string()).collect();
    let error = send(ids.iter().map(|id| (id.as_str(), 1)).collect()).await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_too_many_entries_in_batch_request());
    let error = send(vec![("a", 1), ("a", 1)]).await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_batch_entry_ids_not_distinct());
    let error = send(vec![("a b", 1)]).await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_invalid_batch_entry_id());
    let error = send(vec![("a", 600_000), ("b", 600_000)]).await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_batch_request_too_long());
    assert_eq!(world.queues.count(QUEUE).unwrap().all(), 0);
    let ten = ids[..10].iter().map(|id| (id.as_str(), 100_000)).collect();
    assert_eq!(send(ten).await.unwrap().successful.len(), 10);
}
