//! How much of everything a connection gets.

use std::time::Duration;

/// The quotas of API Gateway, and the few bounds of this host.
///
/// Source of the quotas:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest frame that a client may send, in bytes of payload; a larger one closes with 1009.
    pub frame_bytes: usize,
    /// Largest message either way, in bytes; a larger one from a client closes with 1009, a
    /// larger one posted to `@connections` is answered with 413.
    pub message_bytes: usize,
    /// A connection without a message in either direction for this long is closed with 1001.
    /// Pings are no messages.
    pub idle: Duration,
    /// A connection of this age is closed with 1001.
    pub lifetime: Duration,
    /// How long an authorizer may take; what a route's function may take is in the template.
    pub authorizer: Duration,
    /// Connections at the same time; one more is refused with 503. AWS has no such quota: this is
    /// this host's own, for what the system lets it have open.
    pub connections: usize,
    /// Messages waiting for a client that does not read; one more posted to `@connections` is
    /// answered with 429. AWS has such a bound and does not tell it.
    pub queued_messages: usize,
    /// Calls of `@connections` a second, for all connections together; those beyond are answered with
    /// 429. On AWS they count against the account's quota, which this host has no other use for.
    pub calls_per_second: Option<u32>,
    /// Messages of one connection being answered at the same time; more are not read from the
    /// socket until one is answered. This host's own, against one client filling its memory.
    pub messages_in_flight: usize,
    /// How long a closing connection may take to deliver what is queued and to agree to the
    /// close. This host's own.
    pub closing: Duration,
}

impl Limits {
    /// The limits of API Gateway.
    pub const AWS: Self = Self {
        frame_bytes: 32 * 1024,
        message_bytes: 128 * 1024,
        idle: Duration::from_mins(10),
        lifetime: Duration::from_hours(2),
        authorizer: Duration::from_secs(29),
        connections: usize::MAX,
        queued_messages: 128,
        calls_per_second: None,
        messages_in_flight: 128,
        closing: Duration::from_secs(1),
    };
}
