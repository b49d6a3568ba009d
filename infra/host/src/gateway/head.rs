//! The request of a handshake, in the form that functions see it.

use std::net::SocketAddr;

use axum::extract::Query;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
    USER_AGENT,
};
use http::{Method, Uri, Version};
use serde_json::{Map, Value, json};

/// Why a request is no WebSocket handshake.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoHandshake {
    #[error("This is a WebSocket endpoint: connect with a WebSocket client")]
    NoUpgrade,
    #[error("Sec-WebSocket-Version must be 13")]
    Version,
    #[error("Sec-WebSocket-Key must be 16 bytes in base64")]
    Key,
}

/// The head of a request that is a WebSocket handshake.
#[derive(Debug)]
pub(super) struct Head {
    /// The client's challenge.
    pub(super) key: String,
    /// The host that the client asked for.
    pub(super) domain_name: String,
    pub(super) source_ip: String,
    pub(super) user_agent: Option<String>,
    headers: Vec<(String, Vec<String>)>,
    query: Vec<(String, Vec<String>)>,
}

impl Head {
    pub(super) fn read(
        method: &Method,
        version: Version,
        uri: &Uri,
        headers: &HeaderMap,
        peer: SocketAddr,
    ) -> Result<Self, NoHandshake> {
        let upgrade = *method == Method::GET
            && version == Version::HTTP_11
            && names(headers, &UPGRADE, "websocket")
            && names(headers, &CONNECTION, "upgrade");
        if !upgrade {
            return Err(NoHandshake::NoUpgrade);
        }
        if !names(headers, &SEC_WEBSOCKET_VERSION, "13") {
            return Err(NoHandshake::Version);
        }
        let key = text(headers, &SEC_WEBSOCKET_KEY).ok_or(NoHandshake::Key)?;
        if STANDARD.decode(&key).ok().is_none_or(|bytes| bytes.len() != 16) {
            return Err(NoHandshake::Key);
        }
        let source_ip = peer.ip().to_canonical().to_string();
        let domain_name = text(headers, &HOST).unwrap_or_default();
        Ok(Self {
            key,
            headers: forwarded(headers, &domain_name, &source_ip),
            query: grouped(
                Query::<Vec<(String, String)>>::try_from_uri(uri)
                    .map(|pairs| pairs.0)
                    .unwrap_or_default(),
            ),
            domain_name,
            source_ip,
            user_agent: text(headers, &USER_AGENT),
        })
    }

    /// `headers` and `multiValueHeaders`, and the same for the query where there is one.
    pub(super) fn describe(&self, event: &mut Map<String, Value>) {
        event.insert("headers".to_owned(), last_values(&self.headers));
        event.insert("multiValueHeaders".to_owned(), all_values(&self.headers));
        if !self.query.is_empty() {
            event.insert("queryStringParameters".to_owned(), last_values(&self.query));
            event.insert("multiValueQueryStringParameters".to_owned(), all_values(&self.query));
        }
    }

    /// Whether an authorizer's identity source is there, such as
    /// `route.request.header.Authorization` or `route.request.querystring.token`.
    pub(super) fn has(&self, identity_source: &str) -> bool {
        let given = |values: &[(String, Vec<String>)], same: &dyn Fn(&str) -> bool| {
            values.iter().any(|(name, values)| same(name) && values.iter().any(|v| !v.is_empty()))
        };
        if let Some(name) = identity_source.strip_prefix("route.request.header.") {
            given(&self.headers, &|held| held.eq_ignore_ascii_case(name))
        } else if let Some(name) = identity_source.strip_prefix("route.request.querystring.") {
            given(&self.query, &|held| held == name)
        } else {
            false
        }
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether a header's list of words has this one.
fn names(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|held| held.trim().eq_ignore_ascii_case(word))
}

/// The headers as API Gateway passes them on: in title case, without those of the connection
/// itself, with those of a proxy. Seen in events of real APIs, for example in
/// <https://github.com/typelevel/feral> (`ApiGatewayV2WebSocketEventSuite`).
fn forwarded(headers: &HeaderMap, host: &str, source_ip: &str) -> Vec<(String, Vec<String>)> {
    let given = headers.iter().filter(|(name, _)| *name != CONNECTION && *name != UPGRADE);
    let mut pairs: Vec<(String, String)> = given
        .map(|(name, value)| {
            (title_case(name.as_str()), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    for (name, value) in [
        ("X-Amzn-Trace-Id", trace_id()),
        ("X-Forwarded-For", source_ip.to_owned()),
        ("X-Forwarded-Port", port.to_owned()),
        ("X-Forwarded-Proto", "http".to_owned()),
    ] {
        pairs.push((name.to_owned(), value));
    }
    grouped(pairs)
}

fn trace_id() -> String {
    let now = jiff::Timestamp::now().as_second();
    format!("Root=1-{now:08x}-{:024x}", fastrand::u128(..) >> 32)
}

/// `sec-websocket-key` as `Sec-WebSocket-Key`.
fn title_case(name: &str) -> String {
    let mut title = String::with_capacity(name.len());
    for word in name.split('-') {
        if !title.is_empty() {
            title.push('-');
        }
        if word == "websocket" {
            title.push_str("WebSocket");
        } else {
            let mut letters = word.chars();
            title.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
            title.push_str(letters.as_str());
        }
    }
    title
}

fn grouped(pairs: Vec<(String, String)>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        match groups.iter_mut().find(|(held, _)| *held == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    groups
}

fn last_values(groups: &[(String, Vec<String>)]) -> Value {
    groups.iter().map(|(name, values)| (name.clone(), json!(values.last()))).collect()
}

fn all_values(groups: &[(String, Vec<String>)]) -> Value {
    groups.iter().map(|(name, values)| (name.clone(), json!(values))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDSHAKE: [(&str, &str); 5] = [
        ("host", "127.0.0.1:8080"),
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn read(uri: &str, headers: &[(&str, &str)]) -> Result<Head, NoHandshake> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let peer = "[::ffff:192.0.2.1]:4711".parse().unwrap();
        Head::read(&Method::GET, Version::HTTP_11, &uri.parse().unwrap(), &map, peer)
    }

    fn without(name: &str) -> Vec<(&str, &str)> {
        HANDSHAKE.into_iter().filter(|(held, _)| *held != name).collect()
    }

    #[test]
    fn what_is_no_handshake() {
        for name in ["upgrade", "connection"] {
            assert_eq!(read("/live", &without(name)).unwrap_err(), NoHandshake::NoUpgrade);
        }
        let version = without("sec-websocket-version");
        assert_eq!(read("/live", &version).unwrap_err(), NoHandshake::Version);
        for key in ["", "short", "bm90IHNpeHRlZW4=", "dGhlIHNhbXBsZSBub25jZQ"] {
            let mut headers = without("sec-websocket-key");
            headers.push(("sec-websocket-key", key));
            assert_eq!(read("/live", &headers).unwrap_err(), NoHandshake::Key, "{key}");
        }
    }

    #[test]
    fn headers_and_query_as_functions_see_them() {
        let mut headers = HANDSHAKE.to_vec();
        headers.extend([("x-room", "a"), ("x-room", "b"), ("user-agent", "test/1")]);
        let head = read("/live?a=1&b=x%20y&a=2", &headers).unwrap();
        assert_eq!(head.source_ip, "192.0.2.1");
        assert_eq!(head.user_agent.as_deref(), Some("test/1"));
        let mut event = Map::new();
        head.describe(&mut event);
        let headers = &event["headers"];
        assert_eq!(headers["Host"], "127.0.0.1:8080");
        assert_eq!(headers["Sec-WebSocket-Version"], "13");
        assert_eq!(headers["User-Agent"], "test/1");
        assert_eq!(headers["X-Room"], "b");
        assert_eq!(headers["X-Forwarded-For"], "192.0.2.1");
        assert_eq!(headers["X-Forwarded-Port"], "8080");
        assert!(headers["X-Amzn-Trace-Id"].as_str().unwrap().starts_with("Root=1-"));
        assert!(headers.get("Upgrade").is_none() && headers.get("Connection").is_none());
        assert_eq!(event["multiValueHeaders"]["X-Room"], json!(["a", "b"]));
        assert_eq!(event["queryStringParameters"], json!({"a": "2", "b": "x y"}));
        assert_eq!(
            event["multiValueQueryStringParameters"],
            json!({"a": ["1", "2"], "b": ["x y"]})
        );
        let mut event = Map::new();
        read("/live", &HANDSHAKE).unwrap().describe(&mut event);
        assert!(!event.contains_key("queryStringParameters"));
    }

    #[test]
    fn identity_sources() {
        let mut headers = HANDSHAKE.to_vec();
        headers.extend([("authorization", "x"), ("x-empty", "")]);
        let head = read("/live?token=t&empty=", &headers).unwrap();
        assert!(head.has("route.request.header.Authorization"));
        assert!(head.has("route.request.querystring.token"));
        for absent in [
            "route.request.header.X-Empty",
            "route.request.header.Cookie",
            "route.request.querystring.empty",
            "route.request.querystring.Token",
            "stageVariables.x",
        ] {
            assert!(!head.has(absent), "{absent}");
        }
    }
}
