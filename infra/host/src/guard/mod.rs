//! Whose requests are answered.
//!
//! A developer's browser sends requests to this machine's ports for any page that asks it to, and a
//! page whose name is made to resolve to 127.0.0.1 (DNS rebinding) may even read the answers. What
//! such a page cannot do is choose the headers by which a browser says whose page it is:
//!
//! - `Host`: the name under which the page reached us. Its own name, where the name was rebound.
//! - `Origin` and `Sec-Fetch-Site`: the site of the page that sends the request.
//!
//! So every listener answers only requests that name it, as an address of this machine with the
//! right port ([`Guard::host`]), and all but the WebSocket endpoint and HTTP APIs only those that no
//! other site's page sends ([`Guard::own`]). No answer of this host carries a CORS header.
//!
//! Those endpoints take every `Origin`, as API Gateway does: a front end in development has an origin of
//! its own, such as `http://localhost:5173`, and another site's page has no token.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, ORIGIN};
use http::{StatusCode, Uri};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

/// What a browser says of the page that sends a request.
/// <https://www.w3.org/TR/fetch-metadata/>
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// By which the AWS SDKs tell errors apart.
pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// What is repeated of a header in a refusal.
const SHOWN_CHARS: usize = 100;

/// A name that a listener has beside its address: `HOST`, for any port, or `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName {
    name: String,
    port: Option<u16>,
}

/// A text that is no host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected HOST or HOST:PORT, such as booking.test or localhost:5173")]
pub struct NoHostName;

impl FromStr for HostName {
    type Err = NoHostName;

    fn from_str(text: &str) -> Result<Self, NoHostName> {
        let (name, port) = split(text).ok_or(NoHostName)?;
        Ok(Self { name: name.to_owned(), port })
    }
}

/// Tells the requests of this machine's own programs and pages from those of foreign pages. Clones
/// guard the same listener.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Listener>);

#[derive(Debug)]
struct Listener {
    address: SocketAddr,
    also: Vec<HostName>,
}

/// Why a request is not answered. Whoever sees the message can be a developer with a wrong URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Foreign {
    /// No `Host`, several of them, or a request line for another host.
    #[error("this request does not name one host: it must have one Host header, {here}")]
    NoHost {
        /// What names this listener.
        here: SocketAddr,
    },
    /// The request is for another host or another port.
    #[error(
        "this request is for the host {named:?}, which is not this one: use http://{here}, or \
         start with --allow-host if clients know this host by that name"
    )]
    Host {
        /// What the request names.
        named: String,
        /// What names this listener.
        here: SocketAddr,
    },
    /// A page of another origin sends the request.
    #[error(
        "this request comes from a page of {named:?}: only pages of http://{here} itself and \
         programs such as curl are answered"
    )]
    Origin {
        /// What the request says of itself.
        named: String,
        /// What names this listener.
        here: SocketAddr,
    },
}

impl Guard {
    /// The guard of what listens on `address`, which has these names as well.
    pub fn new(address: SocketAddr, also: Vec<HostName>) -> Self {
        Self(Arc::new(Listener { address, also }))
    }

    /// Lets a router answer only what names this listener.
    pub fn host(&self, router: Router) -> Router {
        self.layer(router, Self::check_host)
    }

    /// Lets a router answer only what names this listener and no foreign page sends.
    pub fn own(&self, router: Router) -> Router {
        self.layer(router, Self::check)
    }

    fn layer(&self, router: Router, check: Check) -> Router {
        router.layer(middleware::from_fn_with_state((self.clone(), check), admit))
    }

    /// The request names this listener, and nothing else.
    pub fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        let here = reachable(self.0.address);
        let host = only(headers, &HOST).filter(|host| !host.is_empty());
        let host = host.ok_or(Foreign::NoHost { here })?;
        // A request line with a host of its own overrides the header (RFC 9112, 3.2.2).
        if uri.authority().is_some_and(|authority| authority.as_str() != host) {
            return Err(Foreign::NoHost { here });
        }
        let named = || Foreign::Host { named: shown(host), here };
        let (name, port) = split(host).ok_or_else(named)?;
        if self.is_called(name, port.unwrap_or(80)) { Ok(()) } else { Err(named()) }
    }

    /// The request names this listener, and is no foreign page's.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        self.check_host(uri, headers)?;
        let foreign =
            |named: &str| Foreign::Origin { named: shown(named), here: reachable(self.0.address) };
        if let Some(origin) = only(headers, &ORIGIN)
            && !self.is_own_origin(origin)
        {
            return Err(foreign(origin));
        }
        // Requests without `Origin`: pictures, scripts and frames of foreign pages. Following a
        // link to here is not one of them.
        let is = |name: &HeaderName, value: &str| headers.get(name).is_some_and(|it| it == value);
        let followed = is(&MODE, "navigate") && is(&DESTINATION, "document");
        if (is(&SITE, "cross-site") || is(&SITE, "same-site")) && !followed {
            return Err(foreign("another site"));
        }
        Ok(())
    }

    fn is_called(&self, name: &str, port: u16) -> bool {
        (port == self.0.address.port() && self.is_address(name)) || self.is_also(name, port)
    }

    /// Names that resolve on this machine alone, and addresses. A page can be served under a name
    /// that somebody made resolve to here, but not under an address that is ours.
    fn is_address(&self, name: &str) -> bool {
        let listens = self.0.address.ip().to_canonical();
        let everywhere = listens.is_unspecified();
        let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match ip.map(|ip| ip.to_canonical()) {
            Ok(ip) if ip.is_loopback() => listens.is_loopback() || everywhere,
            Ok(ip) => ip == listens || everywhere,
            Err(_) => {
                name.eq_ignore_ascii_case("localhost") && (listens.is_loopback() || everywhere)
            }
        }
    }

    fn is_also(&self, name: &str, port: u16) -> bool {
        let is = |also: &HostName| {
            also.name.eq_ignore_ascii_case(name) && also.port.is_none_or(|it| it == port)
        };
        self.0.also.iter().any(is)
    }

    /// `https` is what a proxy before this listener speaks, under a name that was allowed.
    fn is_own_origin(&self, origin: &str) -> bool {
        let plain = origin.strip_prefix("http://").and_then(split);
        let secure = origin.strip_prefix("https://").and_then(split);
        plain.is_some_and(|(name, port)| self.is_called(name, port.unwrap_or(80)))
            || secure.is_some_and(|(name, port)| self.is_also(name, port.unwrap_or(443)))
    }
}

/// What a guard asks of a request.
type Check = fn(&Guard, &Uri, &HeaderMap) -> Result<(), Foreign>;

async fn admit(
    State((guard, check)): State<(Guard, Check)>,
    request: Request,
    next: Next,
) -> Response {
    match check(&guard, request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(foreign) => {
            tracing::warn!(path = request.uri().path(), "refused: {foreign}");
            foreign.into_response()
        }
    }
}

/// An address at which this machine reaches a listener on that one.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = address.ip();
    SocketAddr::new(if ip.is_unspecified() { loopback(ip) } else { ip }, address.port())
}

/// This machine itself, in the same version of the protocol.
pub(crate) fn loopback(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

impl IntoResponse for Foreign {
    fn into_response(self) -> Response {
        let headers = [(CONTENT_TYPE, "application/json"), (ERROR_TYPE, "ForbiddenException")];
        let body = json!({"message": self.to_string()});
        (StatusCode::FORBIDDEN, headers, format!("{body}\n")).into_response()
    }
}

/// The value of a header, if there is one: an empty one for several, and for what is not text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).into_iter();
    let first = values.next()?;
    let value = first.to_str().ok().filter(|_| values.next().is_none());
    Some(value.unwrap_or_default())
}

/// `name`, `name:port`, `[v6]` or `[v6]:port`.
fn split(host: &str) -> Option<(&str, Option<u16>)> {
    let end = if host.starts_with('[') { host.find(']')? + 1 } else { 0 };
    let colon = host[end..].find(':').map_or(host.len(), |at| end + at);
    let (name, port) = host.split_at(colon);
    let plain = |char: char| char.is_ascii_alphanumeric() || "-._[]:".contains(char);
    if name.is_empty() || !name.chars().all(plain) || (end > 0 && end != colon) {
        return None;
    }
    match port.strip_prefix(':') {
        None => Some((name, None)),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((name, Some(digits.parse().ok()?)))
        }
        Some(_) => None,
    }
}

fn shown(value: &str) -> String {
    value.chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests;
