//! `@connections`.

use crate::host::{Host, Setup, end, patiently, read};
use futures::SinkExt;
use reqwest::{Client as Http, Method, StatusCode};
use serde_json::Value;
use support::signed;
use tokio_tungstenite::tungstenite::Message;

/// The status of a call, its error type if any, and its body.
async fn call(method: Method, url: &str, body: impl Into<Vec<u8>>) -> (u16, String, String) {
    let request = signed::request("execute-api", method, url, body);
    let answer = patiently(Http::new().execute(request)).await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers().get("x-amzn-errortype").cloned();
    let kind = kind.map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, kind, answer.text().await.unwrap())
}

async fn post(host: &Host, id: &str, text: impl Into<Vec<u8>>) -> (u16, String) {
    let (status, kind, _) = call(Method::POST, &host.connections_url(id), text).await;
    (status, kind)
}

fn ok() -> (u16, String) {
    (200, String::new())
}

fn gone() -> (u16, String) {
    (410, "GoneException".to_owned())
}

#[tokio::test]
async fn post_in_all_spellings_of_the_path() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    let encoded = id.replace('=', "%3D");
    for path in [
        format!("@connections/{id}"),
        format!("@connections/{encoded}"),
        format!("%40connections/{encoded}"),
        format!("%40connections/{id}"),
    ] {
        let url = format!("http://{}/live/{path}", host.address);
        let (status, ..) = call(Method::POST, &url, path.clone()).await;
        assert_eq!(status, 200, "{path}");
        assert_eq!(read(&mut client).await, path);
    }
    host.stop().await;
}

#[tokio::test]
async fn what_a_connection_is() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    host.ask(&mut client, "hello").await;
    let (status, _, body) = call(Method::GET, &host.connections_url(&id), "").await;
    assert_eq!(status, 200);
    let body: Value = serde_json::from_str(&body).unwrap();
    let time = |name: &str| {
        let text = body[name].as_str().unwrap();
        assert!(text.len() == "2020-04-30T20:10:33.236Z".len() && text.ends_with('Z'), "{text}");
        text.parse::<jiff::Timestamp>().unwrap()
    };
    assert!(time("connectedAt") <= time("lastActiveAt"));
    assert_eq!(body["identity"]["sourceIp"], "127.0.0.1");
    host.stop().await;
}

#[tokio::test]
async fn refusals() {
    let host = Setup::default().start().await;
    let (_client, id) = host.connect().await;
    for method in [Method::POST, Method::GET, Method::DELETE] {
        for (id, expected) in [
            ("AAAAAAAAAAAAAAA=", (410, "GoneException")),
            ("never-was-one", (400, "BadRequestException")),
        ] {
            let (status, kind, body) = call(method.clone(), &host.connections_url(id), "x").await;
            assert_eq!((status, kind.as_str()), expected);
            assert!(body.starts_with("{\"message\":"), "{body}");
        }
    }
    assert_eq!(post(&host, &id, "x".repeat(128 * 1024)).await, ok());
    for size in [128 * 1024 + 1, 512 * 1024] {
        let too_large = post(&host, &id, "x".repeat(size)).await;
        assert_eq!(too_large, (413, "PayloadTooLargeException".to_owned()));
    }
    let not_text = post(&host, &id, vec![0xff]).await;
    assert_eq!(not_text, (400, "BadRequestException".to_owned()));
    let put = Http::new().put(host.connections_url(&id)).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED);
    host.stop().await;
}

#[tokio::test]
async fn calls_beyond_the_limit_are_refused() {
    let mut setup = Setup::default();
    setup.limits.calls_per_second = Some(1);
    let host = setup.start().await;
    let (mut client, id) = host.connect().await;
    assert_eq!(post(&host, &id, "one").await, ok());
    // The next one is due in a second. By then others are refused, whatever they are for.
    let url = host.connections_url(&id);
    let mut refused = 0;
    loop {
        let (status, kind, _) = call(Method::GET, &url, "").await;
        if status == 200 {
            break;
        }
        assert_eq!((status, kind.as_str()), (429, "LimitExceededException"));
        refused += 1;
    }
    assert!(refused > 0);
    assert_eq!(read(&mut client).await, "one");
    host.stop().await;
}

#[tokio::test]
async fn deleting_closes_with_1000_after_what_was_posted() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    for text in ["one", "two"] {
        assert_eq!(post(&host, &id, text).await, ok());
    }
    let (status, ..) = call(Method::DELETE, &host.connections_url(&id), "").await;
    assert_eq!(status, 204);
    assert_eq!(post(&host, &id, "three").await, gone());
    assert_eq!(read(&mut client).await, "one");
    assert_eq!(read(&mut client).await, "two");
    let frame = end(&mut client).await.unwrap();
    assert_eq!(u16::from(frame.code), 1000);
    let event = host.event("DISCONNECT").await;
    let context = &event["requestContext"];
    assert_eq!(context["connectionId"], id.as_str());
    assert_eq!(context["disconnectStatusCode"], 1000);
    assert_eq!(context["disconnectReason"], "Connection Closed Normally");
    host.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_nobody_up_and_loses_nothing() {
    let mut setup = Setup::default();
    setup.limits.queued_messages = 4;
    let host = setup.start().await;
    let (mut slow, slow_id) = host.connect().await;
    let (mut quick, quick_id) = host.connect().await;

    let mut accepted = 0_u64;
    let full = loop {
        let text = format!("{accepted:060000}");
        match post(&host, &slow_id, text).await {
            (200, _) => accepted += 1,
            other => break other,
        }
    };
    assert_eq!(full, (429, "LimitExceededException".to_owned()));
    assert_eq!(post(&host, &quick_id, "hello").await, ok());
    assert_eq!(read(&mut quick).await, "hello");
    assert_eq!(host.ask(&mut quick, "me too").await, "echo me too");

    for expected in 0..accepted {
        assert_eq!(read(&mut slow).await.parse::<u64>().unwrap(), expected);
    }
    // Its queue has room again, and whatever comes next comes at once.
    let mut next = post(&host, &slow_id, "caught up").await;
    while next.0 == 429 {
        next = post(&host, &slow_id, "caught up").await;
    }
    assert_eq!(read(&mut slow).await, "caught up");
    host.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_can_be_deleted() {
    let mut setup = Setup::default();
    setup.limits.queued_messages = 1;
    setup.limits.closing = std::time::Duration::from_millis(50);
    let host = setup.start().await;
    let (slow, id) = host.connect().await;
    while post(&host, &id, "x".repeat(100_000)).await == ok() {}
    let (status, ..) = call(Method::DELETE, &host.connections_url(&id), "").await;
    assert_eq!(status, 204);
    assert_eq!(post(&host, &id, "x").await, gone());
    assert_eq!(host.event("DISCONNECT").await["requestContext"]["disconnectStatusCode"], 1000);
    drop(slow);
    host.stop().await;
}

#[tokio::test]
async fn replies_and_posts_do_not_mix() {
    let host = Setup::default().start().await;
    let (mut client, id) = host.connect().await;
    let text = "y".repeat(30_000);
    let posts = async {
        for _ in 0..20 {
            assert_eq!(post(&host, &id, text.clone()).await, ok());
        }
    };
    let messages = host.meanwhile(async {
        let (mut echoes, mut posted) = (0, 0);
        for _ in 0..5 {
            client.send(Message::text("z".repeat(30_000))).await.unwrap();
        }
        while echoes < 5 || posted < 20 {
            let got = read(&mut client).await;
            if let Some(rest) = got.strip_prefix("echo ") {
                assert!(rest.len() == 30_000 && rest.bytes().all(|byte| byte == b'z'));
                echoes += 1;
            } else {
                assert_eq!(got, text);
                posted += 1;
            }
        }
    });
    futures::join!(posts, messages);
    host.stop().await;
}
