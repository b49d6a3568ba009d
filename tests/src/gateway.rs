//! The gateway under test: one local host for a whole test binary, or a deployed one.
//!
//! A deployed gateway is named by the environment:
//! - `BOOKING_URL`: its WebSocket address, `ws://...`.
//! - `BOOKING_HTTP_URL`: where requests are posted, `http://.../v1`.
//! - `BOOKING_TOKEN_URL`: an address that answers tokens like the local host's `/dev/token`.
//! - `BOOKING_DYNAMODB_URL`, `BOOKING_TABLE`, `CONNECTIONS_TABLE`: where its tables are.
//!
//! With `BOOKING_TRANSPORT=http` clients send their requests over HTTP. What belongs to a connection, and what is
//! pushed, stays on its socket; so does what a test sends as a frame.

use crate::host::Host;
use crate::tables::Tables;
use std::io::Write;
use std::sync::OnceLock;

/// Where a gateway is, and where the suite can look behind it.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// The WebSocket address.
    pub url: String,
    /// Where requests are posted.
    pub http_url: String,
    /// The address that answers tokens.
    pub token_url: String,
    /// The tables behind the gateway.
    pub tables: Tables,
}

static SHARED: OnceLock<(Gateway, Option<Host>)> = OnceLock::new();

impl Gateway {
    /// The gateway that all tests of this binary share.
    ///
    /// Tests keep out of each other's way by the names of their resources and customers.
    pub fn shared() -> &'static Gateway {
        let start = || {
            if let Ok(url) = std::env::var("BOOKING_URL") {
                return (Gateway::deployed(url), None);
            }
            let host = Host::start_kept();
            (host.gateway.clone(), Some(host))
        };
        &SHARED.get_or_init(start).0
    }

    fn deployed(url: String) -> Self {
        let variable = |name: &str| {
            std::env::var(name).unwrap_or_else(|_| panic!("BOOKING_URL is set, so set {name} too"))
        };
        Self {
            url,
            http_url: variable("BOOKING_HTTP_URL"),
            token_url: variable("BOOKING_TOKEN_URL"),
            tables: Tables {
                endpoint: variable("BOOKING_DYNAMODB_URL"),
                bookings: variable("BOOKING_TABLE"),
                connections: variable("CONNECTIONS_TABLE"),
                key: "test",
            },
        }
    }
}

/// Whether the suite runs against `MiniStack`, which cannot do what this test is about; says so.
#[must_use]
pub fn beyond_ministack(test: &str, reason: &str) -> bool {
    is_ministack() && skipped(test, reason)
}

/// Whether clients send their requests over HTTP.
#[must_use]
pub fn is_over_http() -> bool {
    std::env::var("BOOKING_TRANSPORT").is_ok_and(|transport| transport == "http")
}

/// Whether clients send their requests over HTTP, where this test is about a connection alone; says so.
#[must_use]
pub fn beyond_http(test: &str, reason: &str) -> bool {
    let over_http = is_over_http();
    if over_http {
        say_skipped(test, reason);
    }
    over_http
}

/// The status that refuses whoever brings no good token.
#[must_use]
pub fn unauthorized() -> u16 {
    // The authorizer fails with the word `Unauthorized`, which MiniStack takes for any failure.
    if is_ministack() { 500 } else { 401 }
}

/// The status that refuses whoever brings a token that was revoked.
#[must_use]
pub fn revoked() -> u16 {
    // The function of `$connect` answers 401, and MiniStack refuses with 403 whatever it answers.
    if is_ministack() { 403 } else { 401 }
}

/// Whether the suite runs against a deployed gateway.
#[must_use]
pub fn is_deployed() -> bool {
    std::env::var_os("BOOKING_URL").is_some()
}

/// How many clients act at once: fewer where an emulator starts a process for each of them.
#[must_use]
pub fn crowd(most: usize) -> usize {
    if is_ministack() { most / 4 } else { most }
}

/// Its addresses all have this in them, and API Gateway's have not.
fn is_ministack() -> bool {
    std::env::var("BOOKING_URL").is_ok_and(|url| url.contains("/_aws/execute-api/"))
}

/// Whether the suite runs against a deployed gateway; says so for a test that then cannot run.
///
/// The line goes past the test runner's capture, so that a skipped test is always seen.
#[must_use]
pub fn skipped(test: &str, reason: &str) -> bool {
    let deployed = is_deployed();
    if deployed {
        say_skipped(test, reason);
    }
    deployed
}

fn say_skipped(test: &str, reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped {test}: {reason}");
}
