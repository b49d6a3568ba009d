//! How connections end, and who is told.

use crate::host::{Client, Host, Setup, end_code, patiently};
use futures::SinkExt;
use serde_json::Value;
use support::signed;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

async fn told(host: &Host) -> (Value, i64, String) {
    let mut event = host.event("DISCONNECT").await;
    let context = event["requestContext"].take();
    let code = context["disconnectStatusCode"].as_i64().unwrap();
    (
        context["connectionId"].clone(),
        code,
        context["disconnectReason"].as_str().unwrap().to_owned(),
    )
}

async fn post(host: &Host, id: &str) -> u16 {
    let request =
        signed::request("execute-api", reqwest::Method::POST, &host.connections_url(id), "hello");
    patiently(reqwest::Client::new().execute(request)).await.unwrap().status().as_u16()
}

/// Ends the TCP connection with a reset, as the system does for a process that was killed with
/// unread input.
fn reset(client: Client) {
    let MaybeTlsStream::Plain(stream) = client.into_inner() else { panic!("not plain") };
    stream.set_zero_linger().unwrap();
    drop(stream);
}

#[tokio::test]
async fn the_event_of_a_clients_close() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    let frame = CloseFrame { code: 4001.into(), reason: "enough".into() };
    client.close(Some(frame)).await.unwrap();
    assert_eq!(end_code(&mut client).await, 4001);
    let event = host.event("DISCONNECT").await;
    let names: Vec<_> = event.as_object().unwrap().keys().collect();
    assert_eq!(names, ["headers", "isBase64Encoded", "multiValueHeaders", "requestContext"]);
    assert_eq!(event["headers"]["Host"], host.address.to_string());
    let context = &event["requestContext"];
    assert_eq!(context["eventType"], "DISCONNECT");
    assert_eq!(context["routeKey"], "$disconnect");
    assert_eq!(context["connectionId"], id.as_str());
    assert_eq!(context["disconnectStatusCode"], 4001);
    assert_eq!(context["disconnectReason"], "enough");
    assert_eq!(context["authorizer"]["customer"], "alice");
    assert_eq!(post(&host, &id).await, 410);
    host.stop().await;
}

#[tokio::test]
async fn a_close_without_code() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    client.close(None).await.unwrap();
    assert_eq!(end_code(&mut client).await, 1005);
    let expected = "Client-side close frame status not set".to_owned();
    assert_eq!(told(&host).await, (Value::from(id), 1005, expected));
    host.stop().await;
}

#[tokio::test]
async fn a_client_that_is_gone_without_a_word() {
    let host = Setup::default().start().await;
    let (client, id) = host.connect().await;
    drop(client);
    let (who, code, _) = told(&host).await;
    assert_eq!((who, code), (Value::from(id.clone()), 1006));
    assert_eq!(post(&host, &id).await, 410);

    let (client, id) = host.connect().await;
    reset(client);
    let (who, code, _) = told(&host).await;
    assert_eq!((who, code), (Value::from(id.clone()), 1006));
    assert_eq!(post(&host, &id).await, 410);
    host.stop().await;
}

#[tokio::test]
async fn a_client_that_is_gone_while_its_question_is_answered() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    client.send(Message::text("hello")).await.unwrap();
    let question = host.hold("MESSAGE").await;
    reset(client);
    assert_eq!(told(&host).await.0, Value::from(id));
    question.go_on();
    // Nobody is there for the reply, and nobody minds.
    let (mut other, _) = host.connect().await;
    assert_eq!(host.ask(&mut other, "hello").await, "echo hello");
    host.stop().await;
}

#[tokio::test]
async fn what_is_open_is_remembered_until_its_end_was_told() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    let left_over = host.remembered.left_over().unwrap();
    assert_eq!(left_over.len(), 1);
    assert_eq!(left_over[0].0, id);
    let event: Value = serde_json::from_slice(&left_over[0].1).unwrap();
    let context = &event["requestContext"];
    assert_eq!(context["eventType"], "DISCONNECT");
    assert_eq!(context["connectionId"], id.as_str());
    assert_eq!(context["disconnectStatusCode"], 1006);

    client.close(None).await.unwrap();
    let last = host.hold("DISCONNECT").await;
    assert_eq!(host.remembered.left_over().unwrap().len(), 1, "not before the function answered");
    last.go_on();
    host.gateway.close().await;
    assert!(host.remembered.left_over().unwrap().is_empty());
    host.stop().await;
}

#[tokio::test]
async fn stopping_closes_everything_with_1001() {
    let host = Setup::default().start().await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(host.connect().await);
    }
    let clients_end = async {
        for (client, _) in &mut clients {
            assert_eq!(end_code(client).await, 1001);
        }
    };
    let ending = async { futures::join!(host.gateway.close(), clients_end) };
    host.meanwhile(ending).await;
    let mut ended = Vec::new();
    for _ in 0..3 {
        let (id, code, reason) = told(&host).await;
        assert_eq!((code, reason.as_str()), (1001, "Going away"));
        ended.push(id);
    }
    for (_, id) in &clients {
        assert!(ended.contains(&Value::from(id.as_str())));
        assert_eq!(post(&host, id).await, 410);
    }
    assert!(host.remembered.left_over().unwrap().is_empty());
    let (status, _) = patiently(host.dial(&[])).await.unwrap_err();
    assert_eq!(status, 503);
    host.stop().await;
}
