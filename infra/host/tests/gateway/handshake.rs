//! From the upgrade request to its answer.

use crate::host::{Setup, patiently, read};
use futures::SinkExt;
use host::template::Throttling;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn the_client_waits_for_authorizer_and_function() {
    let host = Setup::default().start().await;
    let mut dialing = Box::pin(host.dial(&[("user-agent", "test/1"), ("x-room", "a")]));
    let authorize = tokio::select! {
        _ = &mut dialing => panic!("connected without the authorizer"),
        held = host.hold("AUTHORIZE") => held.go_on(),
    };
    let connect = tokio::select! {
        _ = &mut dialing => panic!("connected without the function"),
        held = host.hold("CONNECT") => held.go_on(),
    };
    let (_, answer) = patiently(dialing).await.unwrap();
    assert_eq!(answer.status(), 101);
    assert!(answer.headers().get("sec-websocket-protocol").is_none());

    assert_eq!(
        authorize["methodArn"],
        "arn:aws:execute-api:us-east-1:000000000000:abcdefghij/live/$connect"
    );
    assert_eq!(authorize["headers"]["X-Room"], "a");
    assert_eq!(authorize["requestContext"]["routeKey"], "$connect");
    assert!(authorize["requestContext"].get("authorizer").is_none());

    let names =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(
        names(&connect),
        ["headers", "isBase64Encoded", "multiValueHeaders", "requestContext"]
    );
    let context = &connect["requestContext"];
    let expected = [
        "apiId",
        "authorizer",
        "connectedAt",
        "connectionId",
        "domainName",
        "eventType",
        "extendedRequestId",
        "identity",
        "messageDirection",
        "requestId",
        "requestTime",
        "requestTimeEpoch",
        "routeKey",
        "stage",
    ];
    assert_eq!(names(context), expected);
    assert_eq!(context["eventType"], "CONNECT");
    assert_eq!(context["messageDirection"], "IN");
    assert_eq!(context["stage"], "live");
    assert_eq!(context["apiId"], "abcdefghij");
    assert_eq!(context["domainName"], host.address.to_string());
    assert_eq!(context["identity"], json!({"sourceIp": "127.0.0.1", "userAgent": "test/1"}));
    assert_eq!(context["requestId"], context["extendedRequestId"]);
    assert_eq!(context["connectedAt"], authorize["requestContext"]["connectedAt"]);
    assert_eq!(
        context["authorizer"],
        json!({"principalId": "alice", "customer": "alice", "exp": "4102444800", "admin": "false"})
    );
    host.stop().await;
}

#[tokio::test]
async fn the_function_chooses_the_subprotocol() {
    let host = Setup::default().start().await;
    for order in ["protocol", "protocols"] {
        let headers =
            [("x-connect", order), ("sec-websocket-protocol", "booking.v1, bearer.a.b.c")];
        let (_, answer) = host.try_connect(&headers).await.unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "booking.v1");
    }
    host.stop().await;
}

#[tokio::test]
async fn refusals() {
    let host = Setup::default().start().await;
    for (order, expected) in
        [("unauthorized", 401), ("deny", 403), ("error", 500), ("nonsense", 500)]
    {
        let (status, body) = host.try_connect(&[("x-authorizer", order)]).await.unwrap_err();
        assert_eq!(status, expected, "{order}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!(body["message"].is_string() && body["connectionId"].is_string(), "{body}");
    }
    for (order, expected) in [
        ("301", 301),
        ("401", 401),
        ("501", 501),
        ("error", 502),
        ("malformed", 502),
        ("exit", 502),
        ("101", 502),
        // The connection's own id is not open before the function has answered.
        ("post", 410),
    ] {
        let (status, body) = host.try_connect(&[("x-connect", order)]).await.unwrap_err();
        assert_eq!(status, expected, "{order}");
        assert_eq!(body == "as the function says", order.parse::<u16>().is_ok() && status != 502);
    }
    // Nobody who was refused is ever told of again.
    assert!(host.remembered.left_over().unwrap().is_empty());
    host.stop().await;
}

#[tokio::test]
async fn a_missing_identity_source_needs_no_authorizer() {
    let mut setup = Setup::default();
    setup.route("$connect").authorizer.as_mut().unwrap().identity_sources =
        vec!["route.request.header.X-Key".to_owned()];
    let host = setup.start().await;
    let (status, _) = patiently(host.dial(&[])).await.unwrap_err();
    assert_eq!(status, 401);
    host.try_connect(&[("x-key", "1")]).await.unwrap();
    host.stop().await;
}

#[tokio::test]
async fn a_function_that_takes_too_long() {
    let mut setup = Setup::default();
    setup.route("$connect").timeout = Duration::from_millis(50);
    let host = setup.start().await;
    let (dialed, _) = futures::join!(patiently(host.dial(&[])), host.event("AUTHORIZE"));
    let (status, body) = dialed.unwrap_err();
    assert_eq!(status, 504);
    assert!(body.contains("Endpoint request timed out"), "{body}");
    // The function is asked all the same, and may take its time.
    host.event("CONNECT").await;
    host.stop().await;
}

#[tokio::test]
async fn throttled_handshakes() {
    let mut setup = Setup::default();
    setup.route("$connect").throttling = Some(Throttling { rate: 0.0, burst: 1 });
    let host = setup.start().await;
    host.try_connect(&[]).await.unwrap();
    let (status, body) = patiently(host.dial(&[])).await.unwrap_err();
    assert_eq!(status, 429);
    assert!(body.contains("Too Many Requests"), "{body}");
    host.stop().await;
}

#[tokio::test]
async fn what_is_no_handshake() {
    let host = Setup::default().start().await;
    let url = format!("http://{}/live", host.address);
    let client = reqwest::Client::new();
    let answer = patiently(client.get(&url).send()).await.unwrap();
    assert_eq!(answer.status(), 400);
    let hint = format!("wscat -c ws://{}/live\n", host.address);
    assert!(answer.text().await.unwrap().ends_with(&hint));
    let handshake = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let status = async |name: &str, value: &str| {
        let mut request = client.get(&url);
        for (known, good) in handshake {
            let value = if known == name { value } else { good };
            request = request.header(known, value);
        }
        patiently(request.send()).await.unwrap().status()
    };
    for (name, value) in [
        ("connection", "keep-alive"),
        ("upgrade", "h2c"),
        ("sec-websocket-version", "12"),
        ("sec-websocket-key", ""),
        ("sec-websocket-key", "short"),
        ("sec-websocket-key", "bm90IHNpeHRlZW4="),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ"),
    ] {
        assert_eq!(status(name, value).await, 400, "{name}: {value}");
    }
    let elsewhere = patiently(client.get(format!("http://{}/other", host.address)).send()).await;
    assert_eq!(elsewhere.unwrap().status(), 404);
    host.stop().await;
}

#[tokio::test]
async fn the_origin_does_not_matter_and_the_query_is_passed_on() {
    let host = Setup::default().start().await;
    let request = "\
        GET /live/?room=a&room=b HTTP/1.1\r\nhost: x\r\norigin: https://evil.example\r\n\
         upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut socket = TcpStream::connect(host.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    host.meanwhile(socket.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 101");
    let event = host.event("CONNECT").await;
    assert_eq!(event["headers"]["Origin"], "https://evil.example");
    assert_eq!(event["queryStringParameters"], json!({"room": "b"}));
    assert_eq!(event["multiValueQueryStringParameters"], json!({"room": ["a", "b"]}));
    host.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_while_it_waits_is_told_of_all_the_same() {
    let host = Setup::default().start().await;
    let mut dialing = Box::pin(host.dial(&[]));
    let connect = tokio::select! {
        _ = &mut dialing => panic!("not yet"),
        held = async { host.event("AUTHORIZE").await; host.hold("CONNECT").await } => held,
    };
    drop(dialing);
    let connect = connect.go_on();
    let disconnect = host.event("DISCONNECT").await;
    let id = |event: &Value| event["requestContext"]["connectionId"].clone();
    assert_eq!(id(&connect), id(&disconnect));
    assert_eq!(disconnect["requestContext"]["disconnectStatusCode"], 1006);
    host.stop().await;
}

#[tokio::test]
async fn an_api_without_connect_route_lets_everybody_in() {
    let mut setup = Setup::default();
    setup.api.routes.remove("$connect");
    let host = setup.start().await;
    let (mut client, _) = patiently(host.dial(&[])).await.unwrap();
    client.send("hello".into()).await.unwrap();
    let event = host.event("MESSAGE").await;
    assert!(event["requestContext"].get("authorizer").is_none());
    assert_eq!(read(&mut client).await, "echo hello");
    host.stop().await;
}
