//! `POST /v1` on this machine: what goes wrong, how much is let through, and whose requests are answered.

use crate::skipped;
use e2e::http::{Answer, post};
use e2e::template::{Variant, function};
use e2e::{Host, Room, Value, json, unique};

/// Posts a request with a token.
async fn ask(host: &Host, token: &str, request: &Value) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    post(&host.gateway, &headers, request.to_string()).await
}

/// A template whose HTTP API's resource of this type is so.
fn with(kind: &str, property: &str, value: &Value) -> Variant {
    Variant::edited(|template| {
        let resources = template["Resources"].as_object_mut().unwrap();
        let wanted =
            |(id, it): &(&String, &mut Value)| id.starts_with("Http") && it["Type"] == kind;
        let (_, resource) = resources.iter_mut().find(wanted).unwrap();
        resource["Properties"][property] = value.clone();
    })
}

#[tokio::test]
async fn what_is_worth_another_try_says_when() {
    if skipped("http::what_is_worth_another_try_says_when") {
        return;
    }
    let host = Host::start_faulty(&[]);
    let mut room = Room::single(&host.gateway).await;
    let token = host.gateway.token(&unique("alice")).await;
    let mut request = room.one("book", 0);
    (request["key"], request["id"]) = (json!("order"), json!("o-1"));
    for (fault, status, code) in [("conflict", 429, "busy"), ("fail", 503, "unavailable")] {
        host.inject(json!({"database": {fault: 1}})).await;
        let answer = ask(&host, &token, &request).await;
        let frame = answer.frame();
        assert_eq!((answer.status, &frame["error"]["code"]), (status, &json!(code)), "{frame}");
        assert_eq!((&frame["id"], &frame["error"]["retryable"]), (&json!("o-1"), &json!(true)));
        assert_eq!(answer.headers["retry-after"], "1");
    }
    host.inject(json!({})).await;
    assert_eq!(room.free().await[0], 1);
    assert_eq!(ask(&host, &token, &request).await.status, 200);
    assert_eq!(room.free().await[0], 0);
}

/// Slow enough that all the attempts together take longer than a request may.
#[tokio::test]
async fn a_database_that_is_slow_is_unavailable_in_time() {
    if skipped("http::a_database_that_is_slow_is_unavailable_in_time") {
        return;
    }
    let host = Host::start_faulty(&[]);
    let room = Room::single(&host.gateway).await;
    let token = host.gateway.token(&unique("alice")).await;
    let slow = json!({"seed": 1, "database": {"conflict": 1, "slow": 1, "slowMs": 4000}});
    host.inject(slow).await;
    let answer = ask(&host, &token, &room.one("book", 0)).await;
    assert_eq!((answer.status, &answer.frame()["action"]), (503, &json!("book")));
}

#[tokio::test]
async fn a_function_that_fails_or_may_not_run_is_the_gateways_to_tell() {
    if skipped("http::a_function_that_fails_or_may_not_run_is_the_gateways_to_tell") {
        return;
    }
    let variant = Variant::edited(|template| {
        let properties = &mut function(template, "http")["Properties"];
        (properties["Timeout"], properties["ReservedConcurrentExecutions"]) = (json!(2), json!(1));
    });
    let host = Host::start(&["--template", &variant.path()]);
    let token = host.gateway.token(&unique("alice")).await;
    let ping = json!({"action": "ping"});
    host.freeze("http").await;
    let second = async {
        host.busy("http").await;
        ask(&host, &token, &ping).await
    };
    let (late, throttled) = tokio::join!(ask(&host, &token, &ping), second);
    let told = |answer: &Answer| (answer.status, answer.text.clone());
    assert_eq!(told(&throttled), (503, r#"{"message":"Service Unavailable"}"#.to_owned()));
    assert_eq!(told(&late), (500, r#"{"message":"Internal Server Error"}"#.to_owned()));
    // The process that was stopped has been ended for its time; another comes.
    assert_eq!(ask(&host, &token, &ping).await.status, 200);
}

#[tokio::test]
async fn the_stage_lets_through_what_the_template_says() {
    if skipped("http::the_stage_lets_through_what_the_template_says") {
        return;
    }
    let limits = json!({"ThrottlingRateLimit": 0.01, "ThrottlingBurstLimit": 2});
    let variant = with("AWS::ApiGatewayV2::Stage", "DefaultRouteSettings", &limits);
    let host = Host::start(&["--template", &variant.path()]);
    let token = host.gateway.token(&unique("alice")).await;
    for status in [200, 200, 429] {
        let answer = ask(&host, &token, &json!({"action": "ping"})).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        if status == 429 {
            assert_eq!(answer.text, r#"{"message":"Too Many Requests"}"#);
        }
    }
}

#[test]
fn a_route_does_not_stand_where_something_else_does() {
    if skipped("http::a_route_does_not_stand_where_something_else_does") {
        return;
    }
    for (route, place) in [
        ("POST /live", "/live"),
        ("GET /", "at /"),
        ("POST /health", "/health"),
        ("ANY /dev/x", "/dev"),
    ] {
        let variant = with("AWS::ApiGatewayV2::Route", "RouteKey", &json!(route));
        let output = Host::refuses(&["--port", "0", "--template", &variant.path()]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(route), "{errors}");
        assert!(errors.contains(place) && errors.contains("HttpApi"), "{errors}");
    }
}

/// As for the WebSocket endpoint: a page under another name is refused, and one of another origin has no
/// token.
#[tokio::test]
async fn a_foreign_web_page_gets_nothing() {
    if skipped("http::a_foreign_web_page_gets_nothing") {
        return;
    }
    let host = Host::start(&[]);
    let authorization = format!("Bearer {}", host.gateway.token(&unique("alice")).await);
    let token = ("authorization", authorization.as_str());
    let ping = r#"{"action":"ping"}"#;
    for name in ["evil.example", "evil.example:80", "127.0.0.1:1"] {
        let answer = post(&host.gateway, &[token, ("host", name)], ping).await;
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert!(answer.text.contains(r#""message":"this request "#), "{}", answer.text);
    }
    let page = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(post(&host.gateway, &page, ping).await.status, 401);
    let answer = post(&host.gateway, &[&[token][..], &page].concat(), ping).await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}
