//! What functions answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A function's answer in the form that proxy integrations ask for.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProxyResponse {
    #[serde(deserialize_with = "status")]
    status_code: StatusCode,
    body: Option<String>,
    headers: Option<Map<String, Value>>,
    multi_value_headers: Option<Map<String, Value>>,
    is_base64_encoded: Option<bool>,
}

impl ProxyResponse {
    /// `None` for what is not of that form.
    pub(super) fn parse(answer: &[u8]) -> Option<Self> {
        let mut response: Self = serde_json::from_slice(answer).ok()?;
        if response.is_base64_encoded == Some(true)
            && let Some(body) = &response.body
        {
            let bytes = STANDARD.decode(body).ok()?;
            response.body = Some(String::from_utf8(bytes).ok()?);
        }
        Some(response)
    }

    /// The status, from 200 to 599.
    pub(super) fn status_code(&self) -> StatusCode {
        self.status_code
    }

    /// The body, unless there is nothing in it.
    pub(super) fn into_body(self) -> Option<String> {
        self.body.filter(|body| !body.is_empty())
    }

    /// A header's value, whatever the case of its name; of several values the last.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.multi_value_headers
            .iter()
            .chain(&self.headers)
            .flatten()
            .filter(|(held, _)| held.eq_ignore_ascii_case(name))
            .find_map(|(_, value)| match value {
                Value::Array(values) => values.last()?.as_str(),
                value => value.as_str(),
            })
    }
}

/// A status that can be the last one of a request, as a number or in digits.
pub(crate) fn status<'de, D: Deserializer<'de>>(from: D) -> Result<StatusCode, D::Error> {
    let status = match Value::deserialize(from)? {
        Value::String(digits) => digits.parse().ok(),
        number => number.as_u64().and_then(|number| u16::try_from(number).ok()),
    };
    let status = status.filter(|status| (200..600).contains(status));
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    status.ok_or_else(|| D::Error::custom("no status from 200 to 599"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(answer: &Value) -> Option<ProxyResponse> {
        ProxyResponse::parse(answer.to_string().as_bytes())
    }

    #[test]
    fn answers_that_are_none() {
        for bad in [
            json!(null),
            json!("ok"),
            json!({}),
            json!({"status": 200}),
            json!({"statusCode": null}),
            json!({"statusCode": "ok"}),
            json!({"statusCode": 99}),
            json!({"statusCode": 101}),
            json!({"statusCode": 600}),
            json!({"statusCode": 200, "body": {"not": "text"}}),
            json!({"statusCode": 200, "headers": []}),
            json!({"statusCode": 200, "body": "?", "isBase64Encoded": true}),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
        assert_eq!(ProxyResponse::parse(b""), None);
    }

    #[test]
    fn status_and_body() {
        assert_eq!(parse(&json!({"statusCode": 301})).unwrap().status_code(), 301);
        assert_eq!(parse(&json!({"statusCode": "204"})).unwrap().status_code(), 204);
        let body = |answer| parse(&answer).unwrap().into_body();
        assert_eq!(body(json!({"statusCode": 200, "body": "hi"})).as_deref(), Some("hi"));
        assert_eq!(body(json!({"statusCode": 200, "body": ""})), None);
        assert_eq!(body(json!({"statusCode": 200, "body": null})), None);
        let encoded = json!({"statusCode": 200, "body": "aGk=", "isBase64Encoded": true});
        assert_eq!(body(encoded).as_deref(), Some("hi"));
    }

    #[test]
    fn headers_in_both_forms() {
        let name = "Sec-WebSocket-Protocol";
        for answer in [
            json!({"statusCode": 200, "headers": {"sec-websocket-protocol": "v1"}}),
            json!({"statusCode": 200, "multiValueHeaders": {"SEC-WEBSOCKET-PROTOCOL": ["v0", "v1"]}}),
            json!({"statusCode": 200, "headers": {name: "v0"}, "multiValueHeaders": {name: ["v1"]}}),
        ] {
            assert_eq!(parse(&answer).unwrap().header(name), Some("v1"), "{answer}");
        }
        assert_eq!(parse(&json!({"statusCode": 200})).unwrap().header(name), None);
    }
}
