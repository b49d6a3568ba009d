//! The request of a handshake, in the form that functions see it.

use axum::extract::Query;
use http::Uri;
use http::header::{CONNECTION, HOST, HeaderMap, HeaderValue, UPGRADE, USER_AGENT};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Values by their name.
type Groups = BTreeMap<String, Vec<String>>;

/// The head of a request that is a WebSocket handshake.
#[derive(Debug)]
pub(super) struct Head {
    /// The host that the client asked for.
    pub(super) domain_name: String,
    pub(super) source_ip: String,
    pub(super) user_agent: Option<String>,
    headers: Groups,
    query: Groups,
}

impl Head {
    pub(super) fn read(uri: &Uri, headers: &HeaderMap, peer: SocketAddr) -> Self {
        let header = |name| headers.get(name).map(text);
        let source_ip = peer.ip().to_canonical().to_string();
        let domain_name = header(HOST).unwrap_or_default();
        let query = Query::<Vec<_>>::try_from_uri(uri).map(|Query(pairs)| pairs);
        Self {
            headers: forwarded(headers, &domain_name, &source_ip),
            query: grouped(query.unwrap_or_default()),
            domain_name,
            source_ip,
            user_agent: header(USER_AGENT),
        }
    }

    /// `headers` and `multiValueHeaders`, and the same for the query where there is one.
    pub(super) fn describe(&self, event: &mut Value) {
        event["headers"] = last_values(&self.headers);
        event["multiValueHeaders"] = json!(self.headers);
        if !self.query.is_empty() {
            event["queryStringParameters"] = last_values(&self.query);
            event["multiValueQueryStringParameters"] = json!(self.query);
        }
    }

    /// Whether an authorizer's identity source is there, such as
    /// `route.request.header.Authorization` or `route.request.querystring.token`.
    pub(super) fn has(&self, identity_source: &str) -> bool {
        let values = if let Some(name) = identity_source.strip_prefix("route.request.header.") {
            self.headers.get(&title_case(&name.to_ascii_lowercase()))
        } else {
            let name = identity_source.strip_prefix("route.request.querystring.");
            name.and_then(|name| self.query.get(name))
        };
        values.is_some_and(|values| values.iter().any(|value| !value.is_empty()))
    }
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// The headers as API Gateway passes them on: in title case, without those of the connection
/// itself, with those of a proxy. Seen in events of real APIs, for example in
/// <https://github.com/typelevel/feral> (`ApiGatewayV2WebSocketEventSuite`).
fn forwarded(headers: &HeaderMap, host: &str, source_ip: &str) -> Groups {
    let given = headers.iter().filter(|(name, _)| *name != CONNECTION && *name != UPGRADE);
    let given = given.map(|(name, value)| (title_case(name.as_str()), text(value)));
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    let added = [
        ("X-Amzn-Trace-Id", trace_id()),
        ("X-Forwarded-For", source_ip.to_owned()),
        ("X-Forwarded-Port", port.to_owned()),
        ("X-Forwarded-Proto", "http".to_owned()),
    ];
    grouped(given.chain(added.map(|(name, value)| (name.to_owned(), value))))
}

/// An id by which a request is followed through AWS.
pub(crate) fn trace_id() -> String {
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

fn grouped(pairs: impl IntoIterator<Item = (String, String)>) -> Groups {
    let mut groups = Groups::new();
    for (name, value) in pairs {
        groups.entry(name).or_default().push(value);
    }
    groups
}

fn last_values(groups: &Groups) -> Value {
    groups.iter().map(|(name, values)| (name.clone(), json!(values.last()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    const HANDSHAKE: [(&str, &str); 5] = [
        ("host", "127.0.0.1:8080"),
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn read(uri: &str, headers: &[(&str, &str)]) -> Head {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let peer = "[::ffff:192.0.2.1]:4711".parse().unwrap();
        Head::read(&uri.parse().unwrap(), &map, peer)
    }

    #[test]
    fn headers_and_query_as_functions_see_them() {
        let mut headers = HANDSHAKE.to_vec();
        headers.extend([("x-room", "a"), ("x-room", "b"), ("user-agent", "test/1")]);
        let head = read("/live?a=1&b=x%20y&a=2", &headers);
        assert_eq!(head.source_ip, "192.0.2.1");
        assert_eq!(head.user_agent.as_deref(), Some("test/1"));
        let mut event = json!({});
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
        let mut event = json!({});
        read("/live", &HANDSHAKE).describe(&mut event);
        assert!(event.get("queryStringParameters").is_none());
    }

    #[test]
    fn identity_sources() {
        let mut headers = HANDSHAKE.to_vec();
        headers.extend([("authorization", "x"), ("x-empty", "")]);
        let head = read("/live?token=t&empty=", &headers);
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
