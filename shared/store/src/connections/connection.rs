//! A connection, and what each change makes of it.

use super::topic::TopicKey;
use domain::{CustomerId, Role, VenueId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// API Gateway ends a connection after two hours; an hour later nothing of it may be left.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_hours(3);
/// Topics that one connection may be subscribed to. No change writes more than them and the connection
/// itself, which one transaction of 100 items has room for.
pub const MAX_TOPICS: usize = 50;
/// The version of a connection that was remembered and not changed since.
pub const FIRST_VERSION: u64 = 1;

/// API Gateway's name for a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(String);

impl ConnectionId {
    /// The connection of this name.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A connected client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Its name.
    pub id: ConnectionId,
    /// Who it is.
    pub customer: CustomerId,
    /// What it may do.
    pub role: Role,
    /// The one venue that an operator is bound to; an operator without one serves all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub venue: Option<VenueId>,
    /// When its token was issued, in seconds since 1970; 0 for a token that does not say. Absent: an
    /// earlier release wrote it, which kept no list of a customer's connections.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issued: Option<i64>,
    /// When its token ends, in seconds since 1970.
    pub expires: i64,
    /// When it connected, in milliseconds since 1970.
    pub connected: i64,
    /// Its topics, and the shard that each subscription is in.
    pub topics: BTreeMap<TopicKey, u32>,
    /// Every change raises it by one. 0: the first release wrote it, which counted no versions and
    /// put no role into subscriptions.
    #[serde(default)]
    pub version: u64,
}

/// What is to become of a connection, and what whoever asked is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<T> {
    /// It stays as it is.
    Keep(T),
    /// It becomes this.
    Change(Connection, T),
    /// It is no more.
    End(T),
    /// It is no more, but its customer's list goes on naming it, until its socket is closed.
    Revoke(T),
}

/// What became of a connection whose customer's tokens are revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It is forgotten. When it connected, in milliseconds since 1970.
    Forgotten(i64),
    /// Its token is newer: it stays.
    Newer,
    /// It was forgotten before.
    Gone,
}

/// Whether a subscription was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribed {
    /// It was, or had been before.
    Yes,
    /// The topic is for a venue's operators, of whom this connection is not one, or no longer.
    Forbidden,
    /// The connection's token has ended.
    Expired,
    /// The connection has as many topics as it may.
    TooMany,
    /// There is no such connection any more.
    Gone,
}

impl Connection {
    /// Whether its token is good at this instant.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now.as_second() < self.expires
    }

    /// When time to live collects it, in seconds since 1970.
    pub(super) fn ttl(&self) -> i64 {
        self.connected / 1000 + LIFETIME.as_secs()
    }

    /// Subscribed to one topic more, if it may be at this instant.
    pub fn subscribe(&self, topic: &TopicKey, shard: u32, now: Timestamp) -> Decision<Subscribed> {
        let known = self.topics.contains_key(topic);
        if !self.is_live(now) {
            Decision::Keep(Subscribed::Expired)
        } else if !topic.is_open_to(self.role, self.venue.as_ref()) {
            Decision::Keep(Subscribed::Forbidden)
        } else if !known && self.topics.len() >= MAX_TOPICS {
            Decision::Keep(Subscribed::TooMany)
        } else if known && self.version > 0 {
            Decision::Keep(Subscribed::Yes)
        } else {
            let mut next = self.next();
            next.topics.entry(topic.clone()).or_insert(shard);
            Decision::Change(next, Subscribed::Yes)
        }
    }

    /// Subscribed to one topic less.
    pub fn unsubscribe(&self, topic: &TopicKey) -> Decision<()> {
        if !self.topics.contains_key(topic) {
            return Decision::Keep(());
        }
        let mut next = self.next();
        next.topics.remove(topic);
        Decision::Change(next, ())
    }

    /// With the role, venue, issue and end of a new token, and without the topics that these may not be told of. Says what
    /// it then is.
    pub fn refresh(
        &self,
        role: Role,
        venue: Option<VenueId>,
        issued: i64,
        expires: i64,
    ) -> Decision<Self> {
        let mut next = Self { role, venue, issued: Some(issued), expires, ..self.next() };
        let bound = next.venue.as_ref();
        next.topics.retain(|topic, _| topic.is_open_to(role, bound));
        Decision::Change(next.clone(), next)
    }

    /// No more, if its token was issued up to this second since 1970.
    pub fn revoke(&self, up_to: i64) -> Decision<Revoked> {
        if self.issued.unwrap_or(0) > up_to {
            return Decision::Keep(Revoked::Newer);
        }
        Decision::Revoke(Revoked::Forgotten(self.connected))
    }

    fn next(&self) -> Self {
        // From its first change on, its customer's list names it.
        let issued = Some(self.issued.unwrap_or(0));
        Self { version: self.version + 1, issued, ..self.clone() }
    }
}
