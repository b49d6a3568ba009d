//! What a function answers -> the response.
//!
//! An object with a `statusCode` says all of it; whatever else is the body of a 200, as it stands:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
//! That the second need not be an object, and what type a body has that says none, was seen on AWS:
//! <https://github.com/aws/aws-lambda-dotnet/blob/master/Tools/LambdaTestTool-v2/src/Amazon.Lambda.TestTool/Extensions/InvokeResponseExtensions.cs>.

use crate::gateway::status;
use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE,
    TRANSFER_ENCODING,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The type of a body that says none.
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What the connection says of itself.
const OWN: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(deserialize_with = "status")]
    status_code: StatusCode,
    headers: Option<Map<String, Value>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
    cookies: Option<Vec<String>>,
}

/// The response; `None` where there is a `statusCode`, and the rest is not what goes with it.
pub(super) fn response(answer: &[u8]) -> Option<Response> {
    let value: Value = serde_json::from_slice(answer).unwrap_or_default();
    if value.get("statusCode").is_none() {
        let mut response = Response::new(Body::from(answer.to_vec()));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        return Some(response);
    }
    let Answer { status_code, headers, body, is_base64_encoded, cookies } =
        serde_json::from_value(value).ok()?;
    let body = body.unwrap_or_default();
    let body = match is_base64_encoded {
        Some(true) => STANDARD.decode(body).ok()?,
        _ => body.into_bytes(),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status_code;
    let to = response.headers_mut();
    to.insert(CONTENT_TYPE, PLAIN);
    for (name, value) in headers.unwrap_or_default() {
        let name: HeaderName = name.parse().ok()?;
        let value = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return None,
        };
        if !OWN.contains(&name) {
            to.insert(name, value.parse().ok()?);
        }
    }
    for cookie in cookies.unwrap_or_default() {
        to.append(SET_COOKIE, cookie.parse().ok()?);
    }
    Some(response)
}
