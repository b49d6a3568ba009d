//! The endpoint, by the real SDK.

use crate::world::{DEAD, QUEUE, World, url};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use std::time::{Duration, Instant};

/// A world in which the queue is the test's own, and a developer's client.
async fn quiet() -> (World, Client) {
    let mut world = World::start().await;
    world.stop_mapping();
    let client = world.developer();
    (world, client)
}

async fn receive(client: &Client, queue: &str, most: i32) -> Vec<Message> {
    let received = client.receive_message().queue_url(url(queue)).max_number_of_messages(most);
    received.send().await.unwrap().messages.unwrap_or_default()
}

fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    outcome: Result<T, SdkError<E>>,
) -> (String, String) {
    let error = outcome.unwrap_err();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (text(error.code()), text(error.message()))
}

#[tokio::test]
async fn a_message_goes_in_comes_out_and_is_gone() {
    let (world, client) = quiet().await;
    let text = MessageAttributeValue::builder().data_type("String").string_value("high");
    let bytes =
        MessageAttributeValue::builder().data_type("Binary.png").binary_value(Blob::new([1, 2]));
    let sent = client
        .send_message()
        .queue_url(url(QUEUE))
        .message_body("hello \u{1F600}")
        .message_attributes("urgency", text.build().unwrap())
        .message_attributes("picture", bytes.build().unwrap())
        .send()
        .await
        .unwrap();
    assert!(sent.md5_of_message_attributes.is_some());
    let received = client
        .receive_message()
        .queue_url(url(QUEUE))
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap()
        .messages
        .unwrap();
    let message = &received[0];
    assert_eq!(message.message_id, sent.message_id);
    assert_eq!(message.md5_of_body, sent.md5_of_message_body);
    assert_eq!(message.md5_of_message_attributes, sent.md5_of_message_attributes);
    assert_eq!(message.body.as_deref(), Some("hello \u{1F600}"));
    let own = message.message_attributes.as_ref().unwrap();
    assert_eq!(own["urgency"].string_value.as_deref(), Some("high"));
    assert_eq!(own["picture"].binary_value, Some(Blob::new([1, 2])));
    let system = message.attributes.as_ref().unwrap();
    assert_eq!(system[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    assert_eq!(system.len(), 4);

    // It is nobody else's, and is gone once it is deleted.
    assert!(receive(&client, QUEUE, 10).await.is_empty());
    let handle = message.receipt_handle.as_deref().unwrap();
    for _ in 0..2 {
        client.delete_message().queue_url(url(QUEUE)).receipt_handle(handle).send().await.unwrap();
    }
    assert_eq!(world.queues.count(QUEUE).unwrap().all(), 0);
}

#[tokio::test]
async fn what_is_not_asked_for_is_not_told() {
    let (_world, client) = quiet().await;
    let value = || MessageAttributeValue::builder().data_type("Number").string_value("1").build();
    let send = client.send_message().queue_url(url(QUEUE)).message_body("x");
    let send = send.message_attributes("a.b", value().unwrap());
    send.message_attributes("c", value().unwrap()).send().await.unwrap();
    let plain = &receive(&client, QUEUE, 1).await[0];
    assert_eq!((&plain.attributes, &plain.message_attributes), (&None, &None));
    let handle = plain.receipt_handle.as_deref();
    let change = client.change_message_visibility().queue_url(url(QUEUE)).visibility_timeout(0);
    change.set_receipt_handle(handle.map(str::to_owned)).send().await.unwrap();
    let some = client.receive_message().queue_url(url(QUEUE)).message_attribute_names("a.*");
    let some = &some.send().await.unwrap().messages.unwrap()[0];
    let names: Vec<_> = some.message_attributes.as_ref().unwrap().keys().collect();
    assert_eq!(names, ["a.b"]);
}

#[tokio::test]
async fn a_long_poll_ends_with_the_message() {
    let (world, client) = quiet().await;
    let start = Instant::now();
    let waits = client.receive_message().queue_url(url(QUEUE)).wait_time_seconds(20).send();
    let sends = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.send("at last");
    };
    let (received, ()) = tokio::join!(waits, sends);
    assert_eq!(received.unwrap().messages.unwrap()[0].body.as_deref(), Some("at last"));
    assert!(start.elapsed() < Duration::from_secs(10), "it hung");
    let start = Instant::now();
    let waits = client.receive_message().queue_url(url(DEAD)).wait_time_seconds(1).send();
    assert_eq!(waits.await.unwrap().messages, None);
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn visibility_is_the_receivers_to_change() {
    let (_world, client) = quiet().await;
    let send = || client.send_message().queue_url(url(QUEUE)).message_body("x");
    send().send().await.unwrap();
    let handle = receive(&client, QUEUE, 1).await[0].receipt_handle.clone().unwrap();
    let change = |handle: &str, seconds| {
        let change = client.change_message_visibility().queue_url(url(QUEUE));
        change.receipt_handle(handle).visibility_timeout(seconds).send()
    };
    // Given back, it is there at once, under another handle.
    change(&handle, 0).await.unwrap();
    let again = receive(&client, QUEUE, 1).await[0].receipt_handle.clone().unwrap();
    let delete = client.delete_message().queue_url(url(QUEUE)).receipt_handle(&handle);
    delete.send().await.unwrap();
    let (code_, _) = code(change(&handle, 0).await);
    assert_eq!(code_, "AWS.SimpleQueueService.MessageNotInflight");
    change(&again, 60).await.unwrap();
    let (code_, message) = code(change(&again, 43_200).await);
    assert_eq!(code_, "InvalidParameterValue", "{message}");
    // It was not deleted by the handle that is no longer its own, and is nobody's to receive.
    let waits = client.receive_message().queue_url(url(QUEUE)).wait_time_seconds(2);
    assert_eq!(waits.send().await.unwrap().messages, None);
    client.delete_message().queue_url(url(QUEUE)).receipt_handle(&again).send().await.unwrap();
}

#[tokio::test]
async fn batches_succeed_and_fail_by_the_entry() {
    let (world, client) = quiet().await;
    let entry = |id: &str, delay| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(id);
        entry.delay_seconds(delay).build().unwrap()
    };
    let sent = client
        .send_message_batch()
        .queue_url(url(QUEUE))
        .entries(entry("a", 0))
        .entries(entry("b", 901))
        .entries(entry("c", 900))
        .send()
        .await
        .unwrap();
    let ids: Vec<_> = sent.successful.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["a", "c"]);
    let failed = &sent.failed[0];
    assert_eq!((failed.id.as_str(), failed.code.as_str()), ("b", "InvalidParameterValue"));
    assert!(failed.sender_fault && failed.message.as_ref().unwrap().contains("<= 900"));
    let counts = world.queues.count(QUEUE).unwrap();
    assert_eq!((counts.visible, counts.delayed, counts.in_flight), (1, 1, 0));

    world.send("d");
    let handles: Vec<_> = receive(&client, QUEUE, 10)
        .await
        .into_iter()
        .map(|it| it.receipt_handle.unwrap())
        .collect();
    let entry = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let change = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id);
        entry.receipt_handle(handle).visibility_timeout(30).build().unwrap()
    };
    let changed = client.change_message_visibility_batch().queue_url(url(QUEUE));
    let changed = changed.entries(change("1", &handles[0])).entries(change("2", "nonsense"));
    let changed = changed.send().await.unwrap();
    assert_eq!((changed.successful.len(), changed.failed.len()), (1, 1));
    let deleted = client
        .delete_message_batch()
        .queue_url(url(QUEUE))
        .entries(entry("1", &handles[0]))
        .entries(entry("2", &handles[1]))
        .entries(entry("3", "nonsense"))
        .send()
        .await
        .unwrap();
    assert_eq!((deleted.successful.len(), deleted.failed.len()), (2, 1));
    assert_eq!(deleted.failed[0].code, "ReceiptHandleIsInvalid");
    assert_eq!(world.queues.count(QUEUE).unwrap().all(), 1);
}

#[tokio::test]
async fn a_queue_says_what_it_is() {
    let (world, client) = quiet().await;
    world.send("x");
    let name = client.get_queue_url().queue_name(QUEUE).send().await.unwrap().queue_url.unwrap();
    assert_eq!(name, url(QUEUE));
    let asked = client.get_queue_attributes().queue_url(&name);
    let all = asked.attribute_names(QueueAttributeName::All).send().await.unwrap();
    let all = all.attributes.unwrap();
    let of = |name: QueueAttributeName| all[&name].as_str();
    assert_eq!(of(QueueAttributeName::ApproximateNumberOfMessages), "1");
    assert_eq!(of(QueueAttributeName::QueueArn), "arn:aws:sqs:us-east-1:000000000000:Work");
    assert_eq!(of(QueueAttributeName::VisibilityTimeout), "1");
    assert_eq!(
        of(QueueAttributeName::RedrivePolicy),
        r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:Dead","maxReceiveCount":2}"#
    );
    let one = client.get_queue_attributes().queue_url(&name);
    let one = one.attribute_names(QueueAttributeName::DelaySeconds).send().await.unwrap();
    assert_eq!(one.attributes.unwrap().len(), 1);
    let listed = client.list_queues().queue_name_prefix("De").send().await.unwrap();
    assert_eq!(listed.queue_urls.unwrap(), [url(DEAD)]);

    client.purge_queue().queue_url(&name).send().await.unwrap();
    assert_eq!(world.queues.count(QUEUE).unwrap().all(), 0);
    let error = client.purge_queue().queue_url(&name).send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_purge_queue_in_progress());
}

#[tokio::test]
async fn a_dead_letter_is_received_from_its_queue() {
    let (_world, client) = quiet().await;
    let send = client.send_message().queue_url(url(QUEUE)).message_body("x");
    send.send().await.unwrap();
    let mut found = Vec::new();
    for _ in 0..3 {
        let receive = client.receive_message().queue_url(url(QUEUE)).visibility_timeout(0);
        found.push(receive.send().await.unwrap().messages.map_or(0, |it| it.len()));
    }
    assert_eq!(found, [1, 1, 0]);
    let dead = client.receive_message().queue_url(url(DEAD));
    let dead = dead.message_system_attribute_names(MessageSystemAttributeName::All);
    let dead = dead.send().await.unwrap().messages.unwrap();
    let attributes = dead[0].attributes.as_ref().unwrap();
    assert_eq!(
        attributes[&MessageSystemAttributeName::DeadLetterQueueSourceArn],
        "arn:aws:sqs:us-east-1:000000000000:Work"
    );
    // A dead letter that was received twice before it died is now received a third time.
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "3");
}

#[tokio::test]
async fn a_function_may_do_what_its_role_allows() {
    let (world, developer) = quiet().await;
    let client = world.worker();
    client.send_message().queue_url(url(QUEUE)).message_body("x").send().await.unwrap();
    let message = &receive(&client, QUEUE, 1).await[0];
    let (name, message_) = code(client.purge_queue().queue_url(url(QUEUE)).send().await);
    assert_eq!(name, "AccessDenied");
    assert!(
        message_.starts_with(
            "User: arn:aws:sts::000000000000:assumed-role/WorkerRole/Worker is not authorized to \
             perform: sqs:PurgeQueue on resource: arn:aws:sqs:us-east-1:000000000000:Work"
        ),
        "{message_}"
    );
    let other = client.send_message().queue_url(url(DEAD)).message_body("x").send().await;
    assert_eq!(code(other).0, "AccessDenied");
    let handle = message.receipt_handle.as_deref().unwrap();
    client.delete_message().queue_url(url(QUEUE)).receipt_handle(handle).send().await.unwrap();
    let told = &world.iam.status()["roles"]["WorkerRole"]["refused"];
    assert_eq!(told.as_array().unwrap().len(), 2);
    developer.send_message().queue_url(url(DEAD)).message_body("x").send().await.unwrap();
}

#[tokio::test]
async fn who_cannot_sign_is_nobody() {
    let (world, _) = quiet().await;
    let wrong = aws_credential_types::Credentials::new("local", "wrong", None, None, "test");
    let client = world.client(wrong);
    let refused = client.get_queue_url().queue_name(QUEUE).send().await;
    assert_eq!(code(refused).0, "InvalidSignatureException");
}

#[tokio::test]
async fn by_a_fault_a_call_fails_before_or_after() {
    for (field, sent) in [("fail", 0), ("failAfter", 3)] {
        let faults = format!(r#"{{"most": 3, "queues": {{"{field}": 1}}}}"#);
        let mut world = World::faulty(&faults).await;
        world.stop_mapping();
        // The SDK asks three times, and then gives up.
        let client = world.worker();
        let outcome = client.send_message().queue_url(url(QUEUE)).message_body("x").send().await;
        assert_eq!(code(outcome).0, "InternalFailure");
        assert_eq!(world.queues.count(QUEUE).unwrap().all(), sent, "{field}");
        client.send_message().queue_url(url(QUEUE)).message_body("x").send().await.unwrap();
    }
}
