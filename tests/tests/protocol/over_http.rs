//! `POST /v1`: what is HTTP about it. That it is the same contract, the other tests show: all of them run over
//! HTTP too, with `BOOKING_TRANSPORT=http`.

use crate::stage::Stage;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use e2e::gateway::beyond_ministack;
use e2e::http::{Answer, post, send};
use e2e::reqwest::{Body, Method};
use e2e::{Client, Gateway, Room, Value, json, tokens, unique};
use futures::future::join_all;

const JSON: (&str, &str) = ("content-type", "application/json");
const PING: &str = r#"{"action":"ping","id":"p-1"}"#;

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Posts a request with a token; answers the status and the frame.
async fn ask(gateway: &Gateway, token: &str, request: &Value) -> (u16, Value) {
    let authorization = bearer(token);
    let headers = [JSON, ("authorization", authorization.as_str())];
    let answer = post(gateway, &headers, request.to_string()).await;
    (answer.status, answer.frame())
}

/// Posts a body with a good token and these headers.
async fn with_token(gateway: &Gateway, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let authorization = bearer(&gateway.token(&unique("server")).await);
    let headers = [headers, &[("authorization", authorization.as_str())]].concat();
    post(gateway, &headers, body).await
}

#[tokio::test]
async fn each_code_comes_with_its_status() {
    let gateway = Gateway::shared();
    let fields = json!({"capacity": 10_000, "rules": {"cancelMinutes": 20_000}});
    let mut room = Room::with(gateway, fields).await;
    let single = Room::with(gateway, json!({"holdSeconds": 1, "maxHoldSeconds": 1})).await;
    let alice = gateway.token(&unique("alice")).await;
    let bob = gateway.token(&unique("bob")).await;
    let ask = async |token: &str, request: Value| {
        let (status, frame) = ask(gateway, token, &request).await;
        assert_eq!(frame["action"], request["action"]);
        let result = if status == 200 { "result" } else { "error" };
        (status, frame[result]["code"].as_str().unwrap_or_default().to_owned(), frame)
    };
    let expect = async |token: &str, request: Value, status: u16, code: &str| {
        let (got, said, frame) = ask(token, request).await;
        assert_eq!((got, said.as_str()), (status, code), "{frame}");
        frame
    };
    let held = expect(&alice, single.one("hold", 0), 200, "").await["result"].clone();
    expect(&bob, single.one("hold", 0), 409, "slot_full").await;
    let mut keyed = room.one("book", 1);
    keyed["key"] = json!("k");
    let booked = expect(&alice, keyed.clone(), 200, "").await["result"].clone();
    keyed["quantity"] = json!(2);
    expect(&alice, keyed, 409, "idempotency_mismatch").await;
    let id = &booked["id"];
    expect(&alice, json!({"action": "get"}), 400, "bad_request").await;
    expect(&alice, json!({"action": "approve", "booking": id}), 403, "forbidden").await;
    expect(&bob, json!({"action": "get", "booking": id}), 404, "not_found").await;
    let mut off = room.one("book", 0);
    off["start"] = json!(off["start"].as_str().unwrap().replace(":00:00Z", ":00:01Z"));
    expect(&alice, off, 409, "closed").await;
    expect(&alice, json!({"action": "cancel", "booking": id}), 409, "too_late").await;
    let again = json!({"action": "confirm", "booking": id});
    let error = expect(&alice, again.clone(), 409, "invalid_transition").await;
    assert_eq!(error["error"]["current"]["id"], *id);
    let mut other = json!({"action": "update", "booking": id, "details": {}, "ifVersion": 9});
    other["id"] = json!(17);
    assert_eq!(expect(&alice, other, 409, "version_conflict").await["id"], 17);
    let mut many = room.one("hold", 2);
    many["quantity"] = json!(500);
    expect(&bob, many.clone(), 200, "").await;
    expect(&bob, many, 429, "limit_exceeded").await;
    // The hold of a second has run out by now, or soon.
    let confirm = json!({"action": "confirm", "booking": held["id"]});
    let end: jiff::Timestamp = held["holdExpiresAt"].as_str().unwrap().parse().unwrap();
    let left = jiff::Timestamp::now().duration_until(end);
    if left.is_positive() {
        tokio::time::sleep(left.unsigned_abs()).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    expect(&alice, confirm, 409, "hold_expired").await;
    assert_eq!(room.free().await[1], 9_999);
}

#[tokio::test]
async fn what_belongs_to_a_connection_is_no_request_over_http() {
    let gateway = Gateway::shared();
    let token = gateway.token(&unique("alice")).await;
    for request in [
        json!({"action": "subscribe", "topic": "me", "id": 1}),
        json!({"action": "unsubscribe", "topic": "me", "id": 1}),
        json!({"action": "refresh", "token": token, "id": 1}),
    ] {
        let (status, frame) = ask(gateway, &token, &request).await;
        assert_eq!((status, &frame["error"]["field"]), (400, &json!("/action")), "{frame}");
        assert_eq!((&frame["id"], &frame["action"]), (&json!(1), &request["action"]));
    }
}

#[tokio::test]
async fn whoever_brings_no_good_token_is_told_so_in_a_frame() {
    let alice = unique("alice");
    let stage = Stage::set(&[&alice]);
    let gateway = &stage.gateway;
    let good = gateway.token(&alice).await;
    let with = |name, value| [("sub", alice.as_str()), (name, value)];
    let bad = [
        None,
        Some(String::new()),
        Some(good.clone()),
        Some("Bearer".into()),
        Some("Bearer ".into()),
        Some(format!("Basic {good}")),
        Some(format!("Bearer{good}")),
        Some(bearer("token")),
        Some(bearer(&format!("{good}x"))),
        Some(bearer(&tokens::unsigned(&good))),
        Some(bearer(&tokens::altered(&good, "role", json!("operator")))),
        Some(bearer(&tokens::signed_by_another(&good))),
        Some(bearer(&tokens::with_own_key(&good))),
        Some(bearer(&gateway.token_with(&with("ttl", "-60")).await)),
        Some(bearer(&gateway.token_with(&with("issuer", "https://issuer.invalid")).await)),
        Some(bearer(&gateway.token_with(&with("audience", "somebody-else")).await)),
    ];
    let before = stage.contents().await;
    for authorization in &bad {
        let headers = authorization.iter().map(|it| ("authorization", it.as_str()));
        let headers: Vec<_> = headers.chain([JSON]).collect();
        let asked = json!({"action": "book", "id": "b", "resource": "room-1", "start": 7});
        let answer = post(gateway, &headers, asked.to_string()).await;
        let frame = answer.frame();
        assert_eq!(answer.status, 401, "{authorization:?}: {frame}");
        assert_eq!((&frame["id"], &frame["action"]), (&json!("b"), &json!("book")));
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert!(!answer.text.contains(&good[20..]), "a token in {frame}");
        // Whatever they say.
        assert_eq!(post(gateway, &headers, "{").await.status, 401);
    }
    // A token elsewhere than in the header is none.
    let path = format!("/v1?token={good}&authorization=Bearer%20{good}");
    let protocol = format!("booking.v1, bearer.{good}");
    let elsewhere = [JSON, ("sec-websocket-protocol", protocol.as_str())];
    assert_eq!(send(gateway, (Method::POST, &path), &elsewhere, PING).await.status, 401);
    assert_eq!(before.difference(&stage.contents().await), Vec::<String>::new());
    for scheme in ["bearer", "BEARER"] {
        let authorization = format!("{scheme} {good}");
        let headers = [JSON, ("authorization", authorization.as_str())];
        assert_eq!(post(gateway, &headers, PING).await.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn whoever_is_barred_is_told_so_in_a_frame() {
    let gateway = Gateway::shared();
    let ping = json!({"action": "ping", "id": 3});
    let of = async |sub: &str, role: &str, venue: &str| {
        let parameters = [("sub", sub), ("role", role), ("venue", venue)];
        ask(gateway, &gateway.token_with(&parameters).await, &ping).await
    };
    for (sub, role, venue) in [
        (unique("guest:ann").as_str(), "customer", "main"),
        (" ", "operator", "main"),
        (unique("olga").as_str(), "operator", "The harbour"),
        (unique("olga").as_str(), "operator", ""),
    ] {
        let (status, frame) = of(sub, role, venue).await;
        assert_eq!((status, &frame["error"]["code"]), (403, &json!("forbidden")), "{frame}");
        assert_eq!((&frame["id"], &frame["action"]), (&json!(3), &json!("ping")));
    }
    // A customer is one at every venue.
    assert_eq!(of(&unique("alice"), "customer", "The harbour").await.0, 200);
}

#[tokio::test]
async fn a_ping_tells_when_the_token_of_the_request_ends() {
    let gateway = Gateway::shared();
    let token = gateway.token_with(&[("sub", &unique("alice")), ("ttl", "600")]).await;
    let (_, frame) = ask(gateway, &token, &json!({"action": "ping"})).await;
    let end: jiff::Timestamp = frame["result"]["tokenExpiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(end.as_second(), tokens::claims(&token)["exp"].as_i64().unwrap());
    assert_eq!(frame.get("id"), None);
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_sockets_are_closed_from_here_too() {
    let gateway = Gateway::shared();
    let alice = unique("alice");
    let token = gateway.token(&alice).await;
    let operator = gateway.operator_token(&unique("olga")).await;
    let mut windows =
        [Client::connect(gateway, &token).await, Client::connect(gateway, &token).await];
    let ping = json!({"action": "ping"});
    assert_eq!(ask(gateway, &token, &ping).await.0, 200);
    let revoke = json!({"action": "customer.revoke", "customer": alice});
    assert_eq!(ask(gateway, &token, &revoke).await.0, 403);
    let (_, frame) = ask(gateway, &operator, &revoke).await;
    assert_eq!(frame["result"], json!({"closed": 2}));
    for window in &mut windows {
        window.closed().await;
    }
    let (status, frame) = ask(gateway, &token, &ping).await;
    assert_eq!((status, &frame["error"]["code"]), (401, &json!("unauthenticated")), "{frame}");
    // Who revokes their own has no connection that would have to be spared.
    let olga = unique("olga");
    let own = gateway.operator_token(&olga).await;
    let mut window = Client::connect(gateway, &own).await;
    let revoke = json!({"action": "customer.revoke", "customer": olga});
    let (_, frame) = ask(gateway, &own, &revoke).await;
    assert_eq!(frame["result"], json!({"closed": 1}));
    window.closed().await;
    assert_eq!(ask(gateway, &own, &ping).await.0, 401);
}

/// The release before this one kept no list of a customer's connections: one that it remembered is put there first.
#[tokio::test]
async fn a_connection_of_an_earlier_release_is_ended_from_here_too() {
    let gateway = Gateway::shared();
    let alice = unique("alice");
    let id = URL_SAFE.encode([(); 11].map(|()| fastrand::u8(..)));
    gateway.tables.leave_connection(&id, &alice).await;
    let operator = gateway.operator_token(&unique("olga")).await;
    let revoke = json!({"action": "customer.revoke", "customer": alice});
    let (_, frame) = ask(gateway, &operator, &revoke).await;
    assert_eq!(frame["result"], json!({"closed": 1}));
    assert_eq!(gateway.tables.traces_of(&id).await, Vec::<String>::new());
}

#[tokio::test]
async fn fifty_servers_send_the_same_key_at_once() {
    let gateway = Gateway::shared();
    let mut room = Room::with(gateway, json!({"capacity": 50})).await;
    let alice = unique("alice");
    let token = gateway.token(&alice).await;
    for (slot, action) in [(0, "book"), (3, "hold")] {
        let mut request = room.stretch(action, slot, slot + 2);
        request["key"] = json!(format!("order {slot}"));
        let one = async || loop {
            let (status, mut frame) = ask(gateway, &token, &request).await;
            if frame["error"]["code"] != "busy" {
                assert_eq!(status, 200, "{frame}");
                return frame["result"].take();
            }
        };
        let replies = join_all((0..e2e::gateway::crowd(50)).map(|_| one())).await;
        assert_eq!(replies[0]["version"], 1, "{replies:?}");
        assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    }
    assert_eq!(gateway.tables.bookings(&alice).await.len(), 2);
    assert_eq!(room.free().await[..6], [49, 49, 50, 49, 49, 50]);
}

#[tokio::test]
async fn who_watches_over_a_socket_is_told_of_what_a_server_does() {
    let gateway = Gateway::shared();
    let room = Room::single(gateway).await;
    let alice = unique("alice");
    let mut watcher = room.watcher().await;
    let mut own = room.named_customer(&alice).await;
    let (_, frame) = ask(gateway, &gateway.token(&alice).await, &room.one("book", 4)).await;
    own.booking_pushed(&frame["result"], 1).await;
    watcher.slot_pushed(&room.id, &room.slot(4), 0).await;
}

/// `curl -d` says that it sends a form, and the gateway hands that on in base64.
#[tokio::test]
async fn a_body_is_read_whatever_type_it_says_it_has() {
    let gateway = Gateway::shared();
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "multipart/form-data",
        "nonsense",
        "",
    ] {
        let headers = if kind.is_empty() { vec![] } else { vec![("content-type", kind)] };
        let answer = with_token(gateway, &headers, PING).await;
        assert_eq!((answer.status, &answer.frame()["id"]), (200, &json!("p-1")), "{kind}");
        let text = format!(r#"{{"action":"get","booking":"zoë-{}"}}"#, unique("é"));
        assert_eq!(with_token(gateway, &headers, text).await.status, 404, "{kind}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_request_is_a_bad_one() {
    let gateway = Gateway::shared();
    let bodies: [&[u8]; 7] = [b"", b" ", b"{", b"[]", b"7", b"null", b"\xff\xfe\x00"];
    for body in bodies {
        for kind in [JSON, ("content-type", "application/octet-stream")] {
            let answer = with_token(gateway, &[kind], body.to_vec()).await;
            let frame = answer.frame();
            assert_eq!((answer.status, &frame["error"]["code"]), (400, &json!("bad_request")));
            assert_eq!((frame.get("id"), frame.get("action")), (None, None), "{frame}");
        }
    }
    // JSON but for one byte.
    let answer = with_token(gateway, &[], b"{\"action\":\"ping\xff\"}".to_vec()).await;
    assert!(answer.frame()["error"]["message"].to_string().contains("UTF-8"), "{}", answer.text);
}

#[tokio::test]
async fn a_body_has_the_bound_of_a_frame() {
    let gateway = Gateway::shared();
    let ping = |bytes: usize| PING.to_owned() + &" ".repeat(bytes - PING.len());
    for kind in [JSON, ("content-type", "application/x-www-form-urlencoded")] {
        assert_eq!(with_token(gateway, &[kind], ping(32 * 1024)).await.status, 200);
        for bytes in [32 * 1024 + 1, 44_000, 1 << 20] {
            let answer = with_token(gateway, &[kind], ping(bytes)).await;
            let message = answer.frame()["error"]["message"].to_string();
            assert_eq!(answer.status, 400, "{bytes} bytes: {message}");
            assert!(message.contains("at most 32 KiB"), "{message}");
        }
    }
    if beyond_ministack("over_http::a_body_has_the_bound_of_a_frame", "it has no limits") {
        return;
    }
    // What is larger than a function may be told, the gateway refuses by itself; and what it takes at all.
    for bytes in [7 << 20, 11 << 20] {
        let answer = with_token(gateway, &[JSON], ping(bytes)).await;
        assert_eq!(answer.status, 413, "{}", answer.text);
        assert_eq!(answer.text, r#"{"message":"Request Entity Too Large"}"#);
    }
}

#[tokio::test]
async fn there_is_one_route() {
    if beyond_ministack("over_http::there_is_one_route", "it has words of its own") {
        return;
    }
    let gateway = Gateway::shared();
    let headers = [JSON];
    for (method, path) in [
        (Method::GET, "/v1"),
        (Method::PUT, "/v1"),
        (Method::PATCH, "/v1"),
        (Method::DELETE, "/v1"),
        (Method::OPTIONS, "/v1"),
        (Method::POST, "/v1/"),
        (Method::POST, "/V1"),
        (Method::POST, "/v2"),
        (Method::POST, "/v1/ping"),
        (Method::DELETE, "/v0"),
    ] {
        let answer = send(gateway, (method.clone(), path), &headers, PING).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
        assert_eq!(answer.text, r#"{"message":"Not Found"}"#, "{method} {path}");
    }
    let answer = send(gateway, (Method::HEAD, "/v1"), &headers, "").await;
    assert_eq!((answer.status, answer.text.as_str()), (404, ""));
    // Neither a query nor cookies mean anything, and no page of another origin is let in.
    let authorization = bearer(&gateway.token(&unique("server")).await);
    let headers = [
        JSON,
        ("authorization", authorization.as_str()),
        ("cookie", "a=1; b=2"),
        ("origin", "https://elsewhere.example"),
    ];
    let answer = send(gateway, (Method::POST, "/v1?action=book&x"), &headers, PING).await;
    assert_eq!(answer.frame()["action"], "ping");
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
    assert!(answer.headers.contains_key("apigw-requestid"));
}
