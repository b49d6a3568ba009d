//! Whose request it is.

use crate::world::{World, local};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::{Method, Request};
use serde_json::Value;
use std::time::{Duration, SystemTime};
use support::signed;

/// What the SDK makes of the answer to a call with these keys.
async fn refusal(world: &World, keys: Credentials) -> String {
    let client = world.dynamodb(keys);
    let get = client
        .get_item()
        .table_name(world.table("Bookings"))
        .key("PK", AttributeValue::S("x".into()))
        .key("SK", AttributeValue::S("x".into()));
    let error = get.send().await.unwrap_err();
    assert!(matches!(&error, SdkError::ServiceError(it) if it.raw().status().as_u16() == 400));
    error.code().unwrap().to_owned()
}

/// A request to list the tables, signed by a developer at that time.
fn list_tables(world: &World, time: SystemTime) -> Request {
    let mut request = Request::new(Method::POST, world.database.parse().unwrap());
    let headers = request.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.0".parse().unwrap());
    headers.insert("x-amz-target", "DynamoDB_20120810.ListTables".parse().unwrap());
    signed::add_signature(&mut request, &local(), "dynamodb", b"{}", time);
    *request.body_mut() = Some("{}".into());
    request
}

/// The status, the type of the error and its message.
async fn send(request: Request) -> (u16, String, String) {
    let answer = reqwest::Client::new().execute(request).await.unwrap();
    let status = answer.status().as_u16();
    assert!(answer.headers().contains_key("x-amzn-requestid"));
    assert!(answer.headers().contains_key("x-amz-crc32"));
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    let body: Value = answer.json().await.unwrap();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let kind = text("__type").replace("com.amazon.coral.service#", "");
    (status, kind, text("message"))
}

#[tokio::test]
async fn functions_and_developers_are_known_and_nobody_else() {
    let world = World::start().await;
    for keys in [world.keys_of("message"), local()] {
        let table = world.table("Bookings");
        let query = world.dynamodb(keys).query().table_name(table);
        let query = query.key_condition_expression("PK = :x");
        query
            .expression_attribute_values(":x", AttributeValue::S("x".into()))
            .send()
            .await
            .unwrap();
    }
    let own = world.keys_of("message");
    let others = world.keys_of("push");
    assert_ne!(own.access_key_id(), others.access_key_id());
    let with = |key: &str, secret: &str, token: Option<&str>| {
        Credentials::new(key, secret, token.map(str::to_owned), None, "test")
    };
    let (key, secret, token) = (own.access_key_id(), own.secret_access_key(), own.session_token());
    for (keys, expected) in [
        (with("local", "wrong", None), "InvalidSignatureException"),
        (with(key, others.secret_access_key(), token), "InvalidSignatureException"),
        (with("nobody", "nobody", None), "UnrecognizedClientException"),
        (with(key, secret, None), "UnrecognizedClientException"),
        (with(key, secret, others.session_token()), "UnrecognizedClientException"),
        (with("local", "local", token), "UnrecognizedClientException"),
    ] {
        assert_eq!(refusal(&world, keys).await, expected);
    }
}

#[tokio::test]
async fn a_request_is_signed_as_it_is_and_now() {
    let world = World::start().await;
    let now = SystemTime::now();
    let (status, ..) = send(list_tables(&world, now)).await;
    assert_eq!(status, 200);

    let mismatch = |(status, kind, message): (u16, String, String)| {
        assert_eq!((status, kind.as_str()), (400, "InvalidSignatureException"));
        assert!(message.starts_with("The request signature we calculated does not"), "{message}");
    };
    let mut request = list_tables(&world, now);
    *request.body_mut() = Some(r#"{"Limit":1}"#.into());
    mismatch(send(request).await);
    let mut request = list_tables(&world, now);
    let other = "DynamoDB_20120810.DeleteTable".parse().unwrap();
    request.headers_mut().insert("x-amz-target", other);
    mismatch(send(request).await);
    let mut request = list_tables(&world, now);
    request.url_mut().set_query(Some("a=b"));
    mismatch(send(request).await);
    let mut request = list_tables(&world, now);
    // Another of this machine's names, which is not the one that was signed.
    let host = format!("localhost:{}", request.url().port().unwrap());
    request.headers_mut().insert("host", host.parse().unwrap());
    mismatch(send(request).await);

    let day = Duration::from_hours(24);
    let (status, kind, message) = send(list_tables(&world, now - day)).await;
    assert_eq!((status, kind.as_str()), (400, "InvalidSignatureException"));
    assert!(message.starts_with("Signature expired: ") && message.ends_with("- 5 min.)"));
    let (status, kind, message) = send(list_tables(&world, now + day)).await;
    assert_eq!((status, kind.as_str()), (400, "InvalidSignatureException"));
    assert!(message.starts_with("Signature not yet current: "), "{message}");
}

#[tokio::test]
async fn a_request_without_a_whole_signature_is_refused() {
    let world = World::start().await;
    let mut request = list_tables(&world, SystemTime::now());
    request.headers_mut().remove("authorization");
    let expected = "Request is missing Authentication Token";
    let missing = (400, "MissingAuthenticationTokenException".to_owned(), expected.to_owned());
    assert_eq!(send(request).await, missing);

    for authorization in [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=local/20270101/us-east-1/dynamodb/aws4_request",
        "AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=0",
    ] {
        let mut request = list_tables(&world, SystemTime::now());
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        let (status, kind, _) = send(request).await;
        assert_eq!((status, kind.as_str()), (400, "IncompleteSignatureException"));
    }
    let mut request = list_tables(&world, SystemTime::now());
    request.headers_mut().insert("authorization", "Bearer x".parse().unwrap());
    assert_eq!(send(request).await, missing);
}

#[tokio::test]
async fn the_signature_of_another_service_is_none() {
    let world = World::start().await;
    let mut request = signed::request("execute-api", Method::POST, &world.database, "{}");
    let target = "DynamoDB_20120810.ListTables".parse().unwrap();
    request.headers_mut().insert("x-amz-target", target);
    let (status, kind, message) = send(request).await;
    assert_eq!((status, kind.as_str()), (400, "InvalidSignatureException"));
    assert_eq!(message, "Credential should be scoped to correct service: 'dynamodb'.");
}

#[tokio::test]
async fn anybody_may_ask_how_it_is_and_nothing_else() {
    let world = World::start().await;
    let http = reqwest::Client::new();
    let answer = http.get(&world.database).send().await.unwrap();
    assert!(answer.text().await.unwrap().starts_with("healthy: dynamodb."));
    for method in [Method::OPTIONS, Method::PUT, Method::DELETE] {
        let request = http.request(method, &world.database).header("origin", "http://evil.example");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 403);
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
    let mut request = list_tables(&world, SystemTime::now());
    let partiql = "DynamoDB_20120810.ExecuteStatement".parse().unwrap();
    request.headers_mut().insert("x-amz-target", partiql);
    let (status, kind, _) = send(request).await;
    assert_eq!((status, kind.as_str()), (400, "UnknownOperationException"));
}
