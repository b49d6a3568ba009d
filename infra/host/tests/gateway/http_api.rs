//! An HTTP API: what its function is told, and what becomes of its answer.

use crate::host::{Host, Setup};
use host::template::Throttling;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::Duration;

const JSON: (&str, &str) = ("content-type", "application/json");

/// Sends a request and lets the function go on.
async fn send(
    host: &Host,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> (u16, String, Response) {
    let mut request =
        reqwest::Client::new().request(method, format!("http://{}{path}", host.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = host.meanwhile(request.body(body).send()).await.unwrap();
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    (response.status().as_u16(), String::from_utf8(text).unwrap(), response)
}

/// Has the function answer so.
async fn order(host: &Host, order: &Value) -> (u16, String, Response) {
    send(host, Method::POST, "/v1", &[JSON], order.to_string()).await
}

/// The event that the function got.
async fn event(host: &Host, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
    let headers = [headers, &[("x-order", "event")]].concat();
    let (status, text, _) = send(host, Method::POST, path, &headers, body.to_vec()).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn the_event_of_a_request() {
    let host = Setup::default().start().await;
    let headers = [
        JSON,
        ("X-Room", "a"),
        ("X-Room", "b"),
        ("cookie", "c=1; d=2"),
        ("user-agent", "test/1"),
        ("connection", "close"),
    ];
    let event = event(&host, "/v1?b=2&a=1&b=x%20y&c", &headers, br#"{"a":1}"#).await;
    assert_eq!(
        event.as_object().unwrap().keys().collect::<Vec<_>>(),
        [
            "body",
            "cookies",
            "headers",
            "isBase64Encoded",
            "queryStringParameters",
            "rawPath",
            "rawQueryString",
            "requestContext",
            "routeKey",
            "version",
        ]
    );
    assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("POST /v1")));
    assert_eq!(event["rawPath"], "/v1");
    assert_eq!(event["rawQueryString"], "b=2&a=1&b=x%20y&c");
    assert_eq!(event["queryStringParameters"], json!({"a": "1", "b": "2,x y", "c": ""}));
    assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(r#"{"a":1}"#), &json!(false)));
    let headers = &event["headers"];
    assert_eq!(headers["x-room"], "a,b");
    assert_eq!(
        (&headers["content-type"], &headers["content-length"]),
        (&json!(JSON.1), &json!("7"))
    );
    assert_eq!(headers["host"], host.address.to_string());
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert!(headers["x-amzn-trace-id"].as_str().unwrap().starts_with("Root=1-"));
    assert!(headers.get("cookie").is_none() && headers.get("connection").is_none(), "{headers}");
    let context = &event["requestContext"];
    assert_eq!((&context["stage"], &context["routeKey"]), (&json!("$default"), &json!("POST /v1")));
    assert_eq!(
        (&context["apiId"], &context["domainPrefix"]),
        (&json!("httpapiid0"), &json!("127"))
    );
    assert_eq!(context["domainName"], host.address.to_string());
    assert_eq!(context["requestId"].as_str().unwrap().len(), 16);
    assert!(context["timeEpoch"].is_i64() && context["time"].as_str().unwrap().ends_with(" +0000"));
    assert_eq!(
        context["http"],
        json!({
            "method": "POST", "path": "/v1", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
            "userAgent": "test/1",
        })
    );
    host.stop().await;
}

#[tokio::test]
async fn a_body_is_text_or_base64_by_its_type() {
    let host = Setup::default().start().await;
    for (kind, body, told, is_base64) in [
        ("application/json", &b"{}"[..], "{}", false),
        ("Application/JSON; charset=utf-8", b"{}", "{}", false),
        ("text/csv", "a,é".as_bytes(), "a,é", false),
        ("application/xml", b"<a/>", "<a/>", false),
        ("application/javascript", b"1", "1", false),
        ("application/x-www-form-urlencoded", b"hello world", "aGVsbG8gd29ybGQ=", true),
        ("application/vnd.api+json", b"{}", "e30=", true),
        ("application/octet-stream", b"\xff\x00", "/wA=", true),
        ("application/json", b"\xff\x00", "/wA=", true),
        ("", b"{}", "e30=", true),
    ] {
        let headers = if kind.is_empty() { vec![] } else { vec![("content-type", kind)] };
        let event = event(&host, "/v1", &headers, body).await;
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(told), &json!(is_base64)));
    }
    let event = event(&host, "/v1", &[], b"").await;
    assert_eq!((event.get("body"), &event["isBase64Encoded"]), (None, &json!(false)));
    for absent in ["cookies", "queryStringParameters"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
    assert_eq!(event["rawQueryString"], "");
    host.stop().await;
}

#[tokio::test]
async fn a_function_says_what_the_response_is() {
    let host = Setup::default().start().await;
    let answer = json!({
        "statusCode": 418, "body": "dGVh", "isBase64Encoded": true, "cookies": ["a=1", "b=2; Secure"],
        "headers": {"X-Number": 7, "content-type": "text/tea", "content-length": "99"},
    });
    let (status, text, response) = order(&host, &answer).await;
    assert_eq!((status, text.as_str()), (418, "tea"));
    let headers = response.headers();
    assert_eq!(headers["x-number"], "7");
    assert_eq!(headers["content-type"], "text/tea");
    let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2; Secure"]);
    assert_eq!(headers["apigw-requestid"].len(), 16);

    let (status, text, response) = order(&host, &json!({"statusCode": "201"})).await;
    assert_eq!((status, text.as_str()), (201, ""));
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");

    // Without a status, all of it is the body.
    for bare in [json!({"no": "status"}), json!([1]), json!("text"), json!(null)] {
        let (status, text, response) = order(&host, &bare).await;
        assert_eq!((status, text), (200, bare.to_string()));
        assert_eq!(response.headers()["content-type"], "application/json");
    }
    host.stop().await;
}

#[tokio::test]
async fn what_a_function_cannot_say_is_an_internal_error() {
    let host = Setup::default().start().await;
    for answer in [
        json!({"statusCode": 99}),
        json!({"statusCode": "ok"}),
        json!({"statusCode": 200, "body": {"not": "text"}}),
        json!({"statusCode": 200, "headers": {"a b": "c"}}),
        json!({"statusCode": 200, "headers": {"a": ["b"]}}),
        json!({"statusCode": 200, "body": "?", "isBase64Encoded": true}),
    ] {
        let (status, text, _) = order(&host, &answer).await;
        assert_eq!(
            (status, text.as_str()),
            (500, r#"{"message":"Internal Server Error"}"#),
            "{answer}"
        );
    }
    for how in ["error", "exit"] {
        let (status, text, _) = send(&host, Method::POST, "/v1", &[("x-order", how)], "").await;
        assert_eq!(
            (status, text.as_str()),
            (500, r#"{"message":"Internal Server Error"}"#),
            "{how}"
        );
    }
    host.stop().await;
}

#[tokio::test]
async fn what_has_no_route_is_not_found() {
    let host = Setup::default().start().await;
    for (method, path) in [(Method::GET, "/v1"), (Method::DELETE, "/v1"), (Method::OPTIONS, "/v1")]
    {
        let (status, text, response) = send(&host, method, path, &[], "").await;
        assert_eq!((status, text.as_str()), (404, r#"{"message":"Not Found"}"#));
        assert_eq!(response.headers()["content-type"], "application/json");
    }
    host.stop().await;
}

#[tokio::test]
async fn a_function_that_is_late_goes_on_and_is_not_waited_for() {
    let mut setup = Setup::default();
    setup.http_route().timeout = Duration::from_millis(100);
    let host = setup.start().await;
    let request = reqwest::Client::new().post(format!("http://{}/v1", host.address)).send();
    let (response, held) = tokio::join!(request, host.hold(""));
    let response = response.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.text().await.unwrap(), r#"{"message":"Service Unavailable"}"#);
    held.go_on();
    host.stop().await;
}

#[tokio::test]
async fn a_route_has_a_limit_of_its_own() {
    let mut setup = Setup::default();
    setup.http_route().throttling = Some(Throttling { rate: 0.001, burst: 2 });
    let host = setup.start().await;
    for _ in 0..2 {
        assert_eq!(order(&host, &json!({"statusCode": 200})).await.0, 200);
    }
    let (status, text, _) = order(&host, &json!({"statusCode": 200})).await;
    assert_eq!((status, text.as_str()), (429, r#"{"message":"Too Many Requests"}"#));
    // What has no route counts against none.
    assert_eq!(send(&host, Method::GET, "/v1", &[], "").await.0, 404);
    host.stop().await;
}

#[tokio::test]
async fn a_request_has_ten_megabytes_and_an_event_six() {
    let host = Setup::default().start().await;
    let mebi = |count: usize| "x".repeat(count << 20);
    for (bytes, status) in [(5, 200), (7, 413), (11, 413)] {
        let headers = [("content-type", "text/plain"), ("x-order", "200")];
        let (got, text, _) = send(&host, Method::POST, "/v1", &headers, mebi(bytes)).await;
        assert_eq!(got, status, "{bytes} MiB: {text}");
        if status == 413 {
            assert_eq!(text, r#"{"message":"Request Entity Too Large"}"#);
        }
    }
    host.stop().await;
}
