//! Who may connect, and what the upgrade says.

use e2e::client::Refused;
use e2e::gateway::{beyond_ministack, unauthorized};
use e2e::{Client, Gateway, json, tokens, unique};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

#[tokio::test]
async fn a_native_client_brings_its_token_in_a_header() {
    let gateway = Gateway::shared();
    let token = gateway.token(&unique("alice")).await;
    for scheme in ["Bearer", "bearer"] {
        let header = format!("{scheme} {token}");
        let (mut client, picked) =
            Client::open(gateway, &[("authorization", &header)]).await.unwrap();
        assert_eq!(picked, None);
        client.ok(json!({"action": "ping"})).await;
    }
}

#[tokio::test]
async fn a_browser_brings_its_token_as_a_subprotocol_and_never_gets_it_back() {
    if beyond_ministack(
        "a_browser_brings_its_token_as_a_subprotocol_and_never_gets_it_back",
        "it answers no subprotocol",
    ) {
        return;
    }
    let gateway = Gateway::shared();
    let token = gateway.token(&unique("alice")).await;
    for offer in [format!("booking.v1, bearer.{token}"), format!("bearer.{token}, booking.v1")] {
        let headers = [("sec-websocket-protocol", offer.as_str())];
        let (mut client, picked) = Client::open(gateway, &headers).await.unwrap();
        assert_eq!(picked.as_deref(), Some("booking.v1"));
        client.ok(json!({"action": "ping"})).await;
    }
}

#[tokio::test]
async fn a_native_client_may_ask_for_the_subprotocol_too() {
    if beyond_ministack(
        "a_native_client_may_ask_for_the_subprotocol_too",
        "it answers no subprotocol",
    ) {
        return;
    }
    let gateway = Gateway::shared();
    let token = format!("Bearer {}", gateway.token(&unique("alice")).await);
    let headers = [("authorization", token.as_str()), ("sec-websocket-protocol", "booking.v1")];
    let (_, picked) = Client::open(gateway, &headers).await.unwrap();
    assert_eq!(picked.as_deref(), Some("booking.v1"));
}

#[tokio::test]
async fn nobody_connects_without_a_token_that_verifies() {
    let gateway = Gateway::shared();
    let customer = unique("mallory");
    let good = gateway.token(&customer).await;
    let parameters = [("sub", customer.as_str()), ("role", "operator")];
    let with = |name, value| [parameters[0], parameters[1], (name, value)];
    let cases = [
        ("an empty token", String::new()),
        ("no token", "token".into()),
        ("three dots", "..".into()),
        ("alg none", tokens::unsigned(&good)),
        ("another sub", tokens::altered(&good, "sub", json!("alice"))),
        ("another role", tokens::altered(&good, "role", json!("operator"))),
        ("a cut signature", tokens::cut(&good)),
        ("another key", tokens::signed_by_another(&good)),
        ("a key of its own", tokens::with_own_key(&good)),
        ("expired", gateway.token_with(&with("ttl", "-60")).await),
        ("another issuer", gateway.token_with(&with("issuer", "https://issuer.invalid")).await),
        ("another audience", gateway.token_with(&with("audience", "somebody-else")).await),
    ];
    for (what, token) in cases {
        for headers in [
            vec![("authorization", format!("Bearer {token}"))],
            vec![("sec-websocket-protocol", format!("booking.v1, bearer.{token}"))],
        ] {
            if token.is_empty() && headers[0].0 == "sec-websocket-protocol" {
                continue;
            }
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let refused = Client::open(gateway, &headers).await.err();
            assert_eq!(refused, Some(Refused { status: unauthorized() }), "{what}");
        }
    }
    for (what, headers) in [
        ("nothing", vec![]),
        ("the subprotocol alone", vec![("sec-websocket-protocol", "booking.v1")]),
        ("another scheme", vec![("authorization", "Basic YWxpY2U6YWxpY2U=")]),
    ] {
        let refused = Client::open(gateway, &headers).await.err();
        assert_eq!(refused, Some(Refused { status: unauthorized() }), "{what}");
    }
    assert_eq!(gateway.tables.connections_of(&customer).await.len(), 0);
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    if e2e::gateway::skipped("a_public_key_is_no_secret", "the key set's address is not known") {
        return;
    }
    let gateway = Gateway::shared();
    let token = gateway.token(&unique("mallory")).await;
    let keys = gateway.token_url.replace("/dev/token", "/dev/.well-known/jwks.json");
    let keys = reqwest::get(keys).await.unwrap().text().await.unwrap();
    let keys: e2e::Value = serde_json::from_str(&keys).unwrap();
    let forged = tokens::signed_with_public_key(&token, &keys["keys"][0]);
    let header = format!("Bearer {forged}");
    let refused = Client::open(gateway, &[("authorization", &header)]).await.err();
    assert_eq!(refused, Some(Refused { status: unauthorized() }));
}

#[tokio::test]
async fn a_query_string_carries_no_token() {
    let mut gateway = Gateway::shared().clone();
    let token = gateway.token(&unique("alice")).await;
    let url = gateway.url.clone();
    for name in ["token", "access_token", "authorization", "Authorization"] {
        gateway.url = format!("{url}?{name}={token}");
        let refused = Client::open(&gateway, &[]).await.err();
        assert_eq!(refused, Some(Refused { status: unauthorized() }), "{name}");
    }
}

#[tokio::test]
async fn a_good_token_of_somebody_unusable_is_barred() {
    let gateway = Gateway::shared();
    let long = "x".repeat(129);
    for sub in ["", " ", "\u{a0}\u{2003}", "\u{200b}", "guest:", "guest:ann", &long, "a\nb"] {
        for role in ["customer", "operator"] {
            let token = gateway.token_with(&[("sub", sub), ("role", role)]).await;
            let header = format!("Bearer {token}");
            let refused = Client::open(gateway, &[("authorization", &header)]).await.err();
            assert_eq!(refused, Some(Refused { status: 403 }), "{sub:?}");
        }
    }
    // The contract names these letters and no others.
    for sub in [unique("GUEST:ann"), unique("guest")] {
        Client::connect(gateway, &gateway.token(&sub).await).await.close().await;
    }
}

#[tokio::test]
async fn a_closed_connection_leaves_nothing() {
    let gateway = Gateway::shared();
    let customer = unique("alice");
    let mut client = Client::connect(gateway, &gateway.token(&customer).await).await;
    client.ok(json!({"action": "ping"})).await;
    assert_eq!(gateway.tables.connections_of(&customer).await.len(), 1);
    client.close().await;
    e2e::wait::eventually("the connection to be forgotten", async || {
        gateway.tables.connections_of(&customer).await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection() {
    if beyond_ministack("a_frame_over_the_limit_ends_the_connection", "it has no limits") {
        return;
    }
    let gateway = Gateway::shared();
    let mut client = Client::connect(gateway, &gateway.token(&unique("alice")).await).await;
    // What API Gateway does; no function ever sees the frame.
    client.send_text("x".repeat(33 * 1024)).await;
    assert_eq!(client.closed().await, Some(1009));
}

#[tokio::test]
async fn a_binary_frame_is_no_request() {
    if beyond_ministack("a_binary_frame_is_no_request", "it passes binary frames on as text") {
        return;
    }
    let gateway = Gateway::shared();
    let mut client = Client::connect(gateway, &gateway.token(&unique("alice")).await).await;
    client.send_message(Message::binary(r#"{"action":"ping"}"#)).await;
    // API Gateway itself refuses it, with a close of the code that says so; where a gateway
    // passes it on, the function does.
    match client.frame_or_close().await {
        Err(code) => assert_eq!(code, Some(1003)),
        Ok(frame) => {
            assert_eq!(frame["error"]["code"], "bad_request", "{frame}");
            client.ok(json!({"action": "ping"})).await;
        }
    }
}

#[tokio::test]
async fn a_message_in_pieces_is_one_request() {
    let gateway = Gateway::shared();
    let mut client = Client::connect(gateway, &gateway.token(&unique("alice")).await).await;
    let whole = format!(r#"{{"action":"ping","id":"{}"}}"#, "x".repeat(20 * 1024));
    let (head, tail) = whole.split_at(11 * 1024);
    let first = Frame::message(head.to_owned(), OpCode::Data(Data::Text), false);
    let last = Frame::message(tail.to_owned(), OpCode::Data(Data::Continue), true);
    for frame in [first, last] {
        client.send_message(Message::Frame(frame)).await;
    }
    assert_eq!(client.answer().await["type"], "reply");
}
