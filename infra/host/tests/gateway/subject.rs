//! The function that the tests run, for every route and as the authorizer. It does what headers,
//! messages and bodies tell it, and reports each event to the test before it answers.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use reqwest::Method;
use serde_json::{Value, json};
use support::signed;

/// A body of more bytes is not reported.
const LONG: usize = 100_000;

pub fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(lambda_runtime::run(service_fn(subject))).unwrap();
}

async fn subject(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let event = event.payload;
    // The test answers this report once it lets the function go on.
    let report = format!("{}/events", std::env::var("TEST")?);
    let mut brief = event.clone();
    if brief["body"].as_str().is_some_and(|body| body.len() > LONG) {
        brief["body"] = json!("long");
    }
    reqwest::Client::new().post(report).json(&brief).send().await?.error_for_status()?;
    if event["type"] == "REQUEST" {
        return authorize(&event);
    }
    if event["version"] == "2.0" {
        return http(&event);
    }
    match event["requestContext"]["eventType"].as_str() {
        Some("CONNECT") => connect(&event).await,
        Some("MESSAGE") => message(&event),
        _ => Ok(json!({"statusCode": 200})),
    }
}

fn authorize(event: &Value) -> Result<Value, Error> {
    let effect = match event["headers"]["X-Authorizer"].as_str() {
        None => "Allow",
        Some("deny") => "Deny",
        Some("unauthorized") => return Err("Unauthorized".into()),
        Some("error") => return Err("out of cheese".into()),
        Some("nonsense") => return Ok(json!("yes")),
        Some(other) => return Err(format!("unknown order {other}").into()),
    };
    Ok(json!({
        "principalId": "alice",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]},
            ],
        },
        "context": {"customer": "alice", "exp": 4_102_444_800_i64, "admin": false},
    }))
}

async fn connect(event: &Value) -> Result<Value, Error> {
    let order = event["headers"]["X-Connect"].as_str().unwrap_or("200");
    match order {
        "error" => Err("out of cheese".into()),
        "exit" => std::process::exit(7),
        "malformed" => Ok(json!({"ok": true})),
        "protocol" => Ok(json!({
            "statusCode": 200, "headers": {"sec-websocket-protocol": "booking.v1"},
        })),
        "protocols" => Ok(json!({
            "statusCode": 200, "multiValueHeaders": {"Sec-WebSocket-Protocol": ["booking.v1"]},
        })),
        "post" => {
            let context = &event["requestContext"];
            let text = |name: &str| context[name].as_str().unwrap_or_default().to_owned();
            let (domain, stage, id) = (text("domainName"), text("stage"), text("connectionId"));
            let url = format!("http://{domain}/{stage}/@connections/{id}");
            let request = signed::request("execute-api", Method::POST, &url, "too early");
            let answer = reqwest::Client::new().execute(request).await?;
            Ok(json!({"statusCode": answer.status().as_u16()}))
        }
        status => Ok(json!({"statusCode": status, "body": "as the function says"})),
    }
}

/// Without an order, what is in the body is the answer.
fn http(event: &Value) -> Result<Value, Error> {
    match event["headers"]["x-order"].as_str() {
        Some("event") => Ok(json!({"statusCode": 200, "body": event.to_string()})),
        Some("error") => Err("out of cheese".into()),
        Some("exit") => std::process::exit(7),
        Some(status) => Ok(json!({"statusCode": status})),
        None => Ok(serde_json::from_str(event["body"].as_str().unwrap_or_default())?),
    }
}

fn message(event: &Value) -> Result<Value, Error> {
    let body = event["body"].as_str().unwrap_or_default();
    let order: Value = serde_json::from_str(body).unwrap_or_default();
    match order["do"].as_str() {
        Some("event") => Ok(json!({"statusCode": 200, "body": event.to_string()})),
        Some("refuse") => Ok(json!({"statusCode": 500, "body": "refused"})),
        Some("nothing") => Ok(json!({"statusCode": 200})),
        Some("malformed") => Ok(json!({"statusCode": 200, "body": {"not": "text"}})),
        Some("long") => Ok(json!({"statusCode": 200, "body": "x".repeat(128 * 1024 + 1)})),
        Some("error") => Err("out of cheese".into()),
        Some("exit") => std::process::exit(7),
        _ => Ok(json!({"statusCode": 200, "body": format!("echo {body}")})),
    }
}
