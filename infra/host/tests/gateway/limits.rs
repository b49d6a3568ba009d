//! What a connection may not do.

use crate::host::{Client, Host, Setup, end_code, patiently};
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

const FRAME: usize = 32 * 1024;

fn fragment(bytes: usize, first: bool, last: bool) -> Message {
    let code = if first { Data::Text } else { Data::Continue };
    Message::Frame(Frame::message(vec![b'x'; bytes], OpCode::Data(code), last))
}

/// Sends fragments of one message; the gateway may end the connection in the middle of it.
async fn send_fragments(client: &mut Client, sizes: &[usize]) {
    for (n, size) in sizes.iter().enumerate() {
        let last = n + 1 == sizes.len();
        if client.send(fragment(*size, n == 0, last)).await.is_err() {
            return;
        }
    }
}

async fn told(host: &Host) -> (i64, String) {
    let event = host.event("DISCONNECT").await;
    let context = &event["requestContext"];
    let reason = context["disconnectReason"].as_str().unwrap().to_owned();
    (context["disconnectStatusCode"].as_i64().unwrap(), reason)
}

#[tokio::test]
async fn the_largest_frame_and_the_largest_message_pass() {
    let host = Setup::default().start().await;
    let (mut client, _) = host.connect().await;
    let text = "x".repeat(FRAME);
    assert_eq!(host.ask(&mut client, &text).await.len(), FRAME + "echo ".len());
    let almost = 4 * FRAME - "echo ".len();
    let (a, rest) = (FRAME, almost - 3 * FRAME);
    host.meanwhile(async {
        send_fragments(&mut client, &[a, a, a, rest]).await;
        assert_eq!(crate::host::read(&mut client).await.len(), 4 * FRAME);
    })
    .await;
    host.stop().await;
}

#[tokio::test]
async fn a_larger_frame_closes_with_1009() {
    let host = Setup::default().start().await;
    for size in [FRAME + 1, 8 * FRAME, 1024 * FRAME] {
        let (mut client, _) = host.connect().await;
        // The rest of a large frame may find the connection closed.
        let _ = patiently(client.send(Message::text("x".repeat(size)))).await;
        assert_eq!(end_code(&mut client).await, 1009, "{size}");
        assert_eq!(told(&host).await.0, 1009);
    }
    host.stop().await;
}

#[tokio::test]
async fn a_larger_message_closes_with_1009() {
    let host = Setup::default().start().await;
    let (mut client, _) = host.connect().await;
    patiently(send_fragments(&mut client, &[FRAME, FRAME, FRAME, FRAME, 1])).await;
    assert_eq!(end_code(&mut client).await, 1009);
    assert_eq!(told(&host).await.0, 1009);
    host.stop().await;
}

#[tokio::test]
async fn binary_closes_with_1003() {
    let host = Setup::default().start().await;
    let (mut client, _) = host.connect().await;
    client.send(Message::binary(b"{}".to_vec())).await.unwrap();
    assert_eq!(end_code(&mut client).await, 1003);
    assert_eq!(told(&host).await.0, 1003);
    host.stop().await;
}

#[tokio::test]
async fn text_that_is_none_closes_with_1007() {
    let host = Setup::default().start().await;
    let (mut client, _) = host.connect().await;
    let frame = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    client.send(Message::Frame(frame)).await.unwrap();
    assert_eq!(end_code(&mut client).await, 1007);
    assert_eq!(told(&host).await.0, 1007);
    host.stop().await;
}

#[tokio::test]
async fn a_continuation_of_nothing_closes_with_1002() {
    let host = Setup::default().start().await;
    let (mut client, _) = host.connect().await;
    client.send(fragment(1, false, true)).await.unwrap();
    assert_eq!(end_code(&mut client).await, 1002);
    assert_eq!(told(&host).await.0, 1002);
    host.stop().await;
}

#[tokio::test]
async fn pings_are_answered_and_do_not_keep_a_connection() {
    let mut setup = Setup::default();
    setup.limits.idle = Duration::from_millis(300);
    let host = setup.start().await;
    let (mut client, _) = host.connect().await;
    let mut pongs = 0;
    let code = loop {
        client.send(Message::Ping(vec![7].into())).await.unwrap();
        match patiently(client.next()).await {
            Some(Ok(Message::Pong(payload))) => {
                assert_eq!(payload.as_ref(), [7]);
                pongs += 1;
            }
            Some(Ok(Message::Close(frame))) => break frame.unwrap().code,
            other => panic!("{other:?}"),
        }
    };
    while client.next().await.is_some() {}
    assert!(pongs > 0);
    assert_eq!(u16::from(code), 1001);
    assert_eq!(told(&host).await, (1001, "Going away".to_owned()));
    host.stop().await;
}

#[tokio::test]
async fn a_lively_connection_ends_all_the_same() {
    let mut setup = Setup::default();
    setup.limits.lifetime = Duration::from_millis(500);
    let host = setup.start().await;
    let (mut client, _) = host.connect().await;
    let code = host
        .meanwhile(async {
            loop {
                if client.send(Message::text("hello")).await.is_err() {
                    break end_code(&mut client).await;
                }
                match client.next().await {
                    Some(Ok(Message::Text(_))) => {}
                    Some(Ok(Message::Close(frame))) => {
                        while client.next().await.is_some() {}
                        break frame.unwrap().code.into();
                    }
                    other => panic!("{other:?}"),
                }
            }
        })
        .await;
    assert_eq!(code, 1001);
    assert_eq!(told(&host).await, (1001, "Going away".to_owned()));
    host.stop().await;
}
