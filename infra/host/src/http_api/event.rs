//! What a function is told of a request: payload format 2.0.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//! has the shape. Which bodies are in base64 it does not say; that, and that cookies are no header, was seen
//! on AWS: <https://github.com/ministackorg/ministack/pull/766>,
//! <https://github.com/dherault/serverless-offline/pull/1776>.

use super::routes::Route;
use crate::gateway::trace_id;
use crate::template::ACCOUNT;
use axum::extract::Query;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, TRANSFER_ENCODING,
    USER_AGENT,
};
use http::request::Parts;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;

/// Bodies of these types, and of `text/*`, are passed on as they are; all others in base64, those without a type
/// and forms too.
const TEXTS: [&str; 3] = ["application/json", "application/javascript", "application/xml"];

/// A request on its way to a function.
pub(super) struct Call<'a> {
    pub(super) head: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) peer: SocketAddr,
    pub(super) request_id: &'a str,
    pub(super) route: &'a Route,
}

impl Call<'_> {
    pub(super) fn event(&self) -> Value {
        let Self { head, body, route, .. } = self;
        let now = Timestamp::now();
        let path = head.uri.path();
        let host = text(&head.headers, &HOST).unwrap_or_default();
        let prefix = host.split(['.', ':']).next().unwrap_or_default();
        let source_ip = self.peer.ip().to_canonical().to_string();
        let mut event = json!({
            "version": "2.0",
            "routeKey": route.key,
            "rawPath": path,
            "rawQueryString": head.uri.query().unwrap_or_default(),
            "headers": self.headers(&host, &source_ip),
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": route.api_id,
                "domainName": host,
                "domainPrefix": prefix,
                "http": {
                    "method": head.method.as_str(),
                    "path": path,
                    "protocol": format!("{:?}", head.version),
                    "sourceIp": source_ip,
                    "userAgent": text(&head.headers, &USER_AGENT).unwrap_or_default(),
                },
                "requestId": self.request_id,
                "routeKey": route.key,
                "stage": "$default",
                "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                "timeEpoch": now.as_millisecond(),
            },
            "isBase64Encoded": false,
        });
        let cookies: Vec<String> = head.headers.get_all(COOKIE).iter().flat_map(cookies).collect();
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        let query = self.query();
        if !query.is_empty() {
            event["queryStringParameters"] = Value::Object(query);
        }
        if !body.is_empty() {
            // What is no text whatever its type says has no other form; AWS does not say.
            let plain = str::from_utf8(body).ok().filter(|_| is_text(&head.headers));
            event["isBase64Encoded"] = json!(plain.is_none());
            event["body"] = plain.map_or_else(|| json!(STANDARD.encode(body)), |text| json!(text));
        }
        event
    }

    /// In lower case, those of one name in one, with those that the API adds.
    fn headers(&self, host: &str, source_ip: &str) -> Map<String, Value> {
        let headers = &self.head.headers;
        let mut all = Map::new();
        for name in headers.keys() {
            if [CONNECTION, TRANSFER_ENCODING, COOKIE].contains(name) {
                continue;
            }
            all.insert(name.as_str().to_owned(), json!(text(headers, name)));
        }
        let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
        for (name, value) in [
            (CONTENT_LENGTH.as_str(), self.body.len().to_string()),
            ("x-amzn-trace-id", trace_id()),
            ("x-forwarded-for", source_ip.to_owned()),
            ("x-forwarded-port", port.to_owned()),
            ("x-forwarded-proto", "http".to_owned()),
        ] {
            all.insert(name.to_owned(), json!(value));
        }
        all
    }

    /// Decoded; the values of one name joined by commas.
    fn query(&self) -> Map<String, Value> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&self.head.uri);
        let mut all: Map<String, Value> = Map::new();
        for (name, value) in pairs.map(|Query(pairs)| pairs).unwrap_or_default() {
            let joined = match all.get(&name).and_then(Value::as_str) {
                Some(before) => format!("{before},{value}"),
                None => value,
            };
            all.insert(name, json!(joined));
        }
        all
    }
}

/// The values of a header, joined by commas; `None` where there is none.
fn text(headers: &HeaderMap, name: &http::HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter();
    let values: Vec<_> = values.map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// `a=1; b=2` as two.
fn cookies(header: &http::HeaderValue) -> Vec<String> {
    let header = String::from_utf8_lossy(header.as_bytes());
    header.split(';').map(|cookie| cookie.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

fn is_text(headers: &HeaderMap) -> bool {
    let given = text(headers, &CONTENT_TYPE).unwrap_or_default();
    let media = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media.starts_with("text/") || TEXTS.contains(&media.as_str())
}
