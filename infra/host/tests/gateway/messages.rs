//! Messages and their replies.

use crate::host::{Setup, patiently, read};
use futures::SinkExt;
use host::template::Throttling;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// A frame of the gateway's own: the message in it, once its form is checked to the letter.
fn notice(frame: &str, connection_id: &str) -> String {
    let value: Value = serde_json::from_str(frame).unwrap();
    let (message, request) =
        (value["message"].as_str().unwrap(), value["requestId"].as_str().unwrap());
    assert_eq!(request.len(), 16);
    assert_eq!(
        frame,
        format!(
            "{{\"message\": \"{message}\", \"connectionId\":\"{connection_id}\", \
             \"requestId\":\"{request}\"}}"
        )
    );
    message.to_owned()
}

#[tokio::test]
async fn the_event_of_a_message() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    let reply = host.ask(&mut client, r#"{"do":"event"}"#).await;
    let event: Value = serde_json::from_str(&reply).unwrap();
    let names: Vec<_> = event.as_object().unwrap().keys().collect();
    assert_eq!(names, ["body", "isBase64Encoded", "requestContext"]);
    assert_eq!(event["body"], r#"{"do":"event"}"#);
    assert_eq!(event["isBase64Encoded"], false);
    let context = &event["requestContext"];
    assert_eq!(context["eventType"], "MESSAGE");
    assert_eq!(context["routeKey"], "$default");
    assert_eq!(context["connectionId"], id.as_str());
    assert_eq!(context["authorizer"]["principalId"], "alice");
    assert_eq!(context["requestId"], context["extendedRequestId"]);
    assert_eq!(context["messageId"].as_str().unwrap().len(), 16);
    assert!(context["connectedAt"].as_i64() <= context["requestTimeEpoch"].as_i64());
    host.stop().await;
}

#[tokio::test]
async fn routes() {
    let host = Setup::default().start().await;
    let (mut client, _) = host.connect().await;
    for (message, route) in [
        (r#"{"action":"named","do":"event"}"#, "named"),
        (r#"{"action":"unheard","do":"event"}"#, "$default"),
        (r#"{"action":"$connect","do":"event"}"#, "$default"),
        (r#"{"action":"$disconnect","do":"event"}"#, "$default"),
        (r#"{"action":7,"do":"event"}"#, "$default"),
        (r#"{"do":"event"}"#, "$default"),
    ] {
        let reply: Value = serde_json::from_str(&host.ask(&mut client, message).await).unwrap();
        assert_eq!(reply["requestContext"]["routeKey"], route, "{message}");
    }
    for message in ["not JSON", "[]", "{", "", "ÄÖ✓"] {
        assert_eq!(host.ask(&mut client, message).await, format!("echo {message}"));
    }
    host.stop().await;
}

#[tokio::test]
async fn only_a_route_response_sends_the_body_back() {
    let host = Setup::default().start().await;
    let (mut client, _) = host.connect().await;
    // Neither a route without response nor an answer without body says anything, so that the
    // first frame is that of the last message.
    for silent in [r#"{"action":"quiet"}"#, r#"{"do":"nothing"}"#] {
        client.send(Message::text(silent)).await.unwrap();
        host.event("MESSAGE").await;
    }
    assert_eq!(host.ask(&mut client, "hello").await, "echo hello");
    // A function's status means nothing for a message.
    assert_eq!(host.ask(&mut client, r#"{"do":"refuse"}"#).await, "refused");
    host.stop().await;
}

#[tokio::test]
async fn a_function_that_fails_does_not_end_the_connection() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    for order in ["error", "malformed", "long", "exit", "error"] {
        let frame = host.ask(&mut client, &json!({"do": order}).to_string()).await;
        assert_eq!(notice(&frame, &id), "Internal server error", "{order}");
    }
    assert_eq!(host.ask(&mut client, "still here").await, "echo still here");
    host.stop().await;
}

#[tokio::test]
async fn a_function_that_takes_too_long() {
    let mut setup = Setup::default();
    setup.route("named").timeout = Duration::from_millis(50);
    let host = setup.start().await;
    let (mut client, id) = host.connect().await;
    client.send(Message::text(r#"{"action":"named"}"#)).await.unwrap();
    let held = host.hold("MESSAGE").await;
    assert_eq!(notice(&read(&mut client).await, &id), "Endpoint request timed out");
    held.go_on();
    assert_eq!(host.ask(&mut client, "next").await, "echo next");
    host.stop().await;
}

#[tokio::test]
async fn messages_are_answered_at_the_same_time() {
    let host = Setup::default().start().await;
    let (mut client, _) = host.connect().await;
    let mut held = Vec::new();
    for text in ["one", "two", "three"] {
        client.send(Message::text(text)).await.unwrap();
        held.push(host.hold("MESSAGE").await);
    }
    while let Some(last) = held.pop() {
        let text = last.go_on()["body"].as_str().unwrap().to_owned();
        assert_eq!(read(&mut client).await, format!("echo {text}"));
    }
    host.stop().await;
}

#[tokio::test]
async fn a_client_with_too_many_questions_waits() {
    let mut setup = Setup::default();
    setup.limits.messages_in_flight = 2;
    let host = setup.start().await;
    let (mut client, _) = host.connect().await;
    for n in 0..5 {
        client.send(Message::text(n.to_string())).await.unwrap();
    }
    let (first, second) = (host.hold("MESSAGE").await, host.hold("MESSAGE").await);
    // The gateway reads no further, and answers another client all the same.
    let (mut other, _) = host.connect().await;
    assert_eq!(host.ask(&mut other, "me too").await, "echo me too");
    let (first, second) = (first.go_on(), second.go_on());
    let mut replies = Vec::new();
    for _ in 0..5 {
        replies.push(host.meanwhile(read(&mut client)).await);
    }
    let early: Vec<_> = [first, second].iter().map(|event| event["body"].clone()).collect();
    assert!(early.contains(&json!("0")) && early.contains(&json!("1")), "{early:?}");
    replies.sort();
    assert_eq!(replies, ["echo 0", "echo 1", "echo 2", "echo 3", "echo 4"]);
    host.stop().await;
}

#[tokio::test]
async fn no_route_at_all_is_forbidden() {
    let mut setup = Setup::default();
    setup.api.routes.remove("$default");
    let host = setup.start().await;
    let (mut client, id) = host.connect().await;
    for message in ["hello", r#"{"action":"unheard"}"#] {
        client.send(Message::text(message)).await.unwrap();
        assert_eq!(notice(&read(&mut client).await, &id), "Forbidden");
    }
    let reply = host.ask(&mut client, r#"{"action":"named"}"#).await;
    assert_eq!(reply, r#"echo {"action":"named"}"#);
    host.stop().await;
}

#[tokio::test]
async fn throttled_messages() {
    let mut setup = Setup::default();
    setup.api.throttling = Some(Throttling { rate: 0.0, burst: 2 });
    setup.route("named").throttling = Some(Throttling { rate: 0.0, burst: 1 });
    let host = setup.start().await;
    let (mut client, id) = host.connect().await;
    for text in ["one", "two"] {
        assert_eq!(host.ask(&mut client, text).await, format!("echo {text}"));
    }
    client.send(Message::text("three")).await.unwrap();
    assert_eq!(notice(&patiently(read(&mut client)).await, &id), "Too Many Requests");
    // Each route has a bucket of its own.
    let named = r#"{"action":"named"}"#;
    assert_eq!(host.ask(&mut client, named).await, format!("echo {named}"));
    client.send(Message::text(named)).await.unwrap();
    assert_eq!(notice(&read(&mut client).await, &id), "Too Many Requests");
    host.stop().await;
}
