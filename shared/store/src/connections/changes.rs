//! Remember, forget, subscribe, unsubscribe, refresh.

use super::Connections;
use super::commit::Decision::{Change, End, Keep};
use super::connection::{Connection, ConnectionId, MAX_TOPICS};
use super::shards::pick;
use super::topic::TopicKey;
use crate::error::Error;
use domain::Role;
use jiff::Timestamp;

/// Whether a subscription was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribed {
    /// It was, or had been before.
    Yes,
    /// The topic is for operators, which this connection's is not, or no longer.
    Forbidden,
    /// The connection's token has ended.
    Expired,
    /// The connection has as many topics as it may.
    TooMany,
    /// There is no such connection any more.
    Gone,
}

impl Connections {
    /// Remembers a connection, and subscribes it to its first topics. A second time it changes
    /// nothing: no two connections have the same id, so the invocation was repeated.
    pub async fn remember(&self, connection: &Connection) -> Result<(), Error> {
        self.commit(None, Some(connection)).await?;
        Ok(())
    }

    /// Forgets a connection and its subscriptions.
    pub async fn forget(&self, id: &ConnectionId) -> Result<(), Error> {
        self.change(id, None, |_| End(())).await?;
        Ok(())
    }

    /// Subscribes a connection to a topic. It is decided first on the connection as read by the
    /// caller.
    pub async fn subscribe(
        &self,
        read: &Connection,
        topic: &TopicKey,
        now: Timestamp,
    ) -> Result<Subscribed, Error> {
        // Shards only grow in number: whichever this is, it stays one that is read.
        let shard = match read.topics.get(topic) {
            Some(shard) => *shard,
            None => pick(&read.id, self.shards(topic).await?),
        };
        let subscribed = self.change(&read.id, Some(read), |connection| {
            let known = connection.topics.contains_key(topic);
            if !connection.is_live(now) {
                Keep(Subscribed::Expired)
            } else if !topic.is_open_to(connection.role) {
                Keep(Subscribed::Forbidden)
            } else if !known && connection.topics.len() >= MAX_TOPICS {
                Keep(Subscribed::TooMany)
            } else if known && connection.version > 0 {
                Keep(Subscribed::Yes)
            } else {
                Change(connection.with_topic(topic, shard), Subscribed::Yes)
            }
        });
        Ok(subscribed.await?.unwrap_or(Subscribed::Gone))
    }

    /// Ends a subscription, if there is one. It is decided first on the connection as read by the
    /// caller.
    pub async fn unsubscribe(&self, read: &Connection, topic: &TopicKey) -> Result<(), Error> {
        let unsubscribed = self.change(&read.id, Some(read), |connection| {
            if connection.topics.contains_key(topic) {
                Change(connection.without_topic(topic), ())
            } else {
                Keep(())
            }
        });
        unsubscribed.await?;
        Ok(())
    }

    /// Gives a connection and all its subscriptions a new role and end, and ends the subscriptions
    /// that this role may not have. Answers the connection as it then is; `None` where it is gone.
    /// It is decided first on the connection as read by the caller.
    pub async fn refresh(
        &self,
        read: &Connection,
        role: Role,
        expires: Timestamp,
    ) -> Result<Option<Connection>, Error> {
        self.change(&read.id, Some(read), |connection| {
            let next = connection.refreshed(role, expires.as_second());
            Change(next.clone(), next)
        })
        .await
    }
}
