//! Remember, forget, subscribe, unsubscribe, refresh.

use super::Connections;
use super::Subscribed;
use super::connection::{Connection, ConnectionId, Decision};
use super::shards::pick;
use super::topic::TopicKey;
use crate::error::Error;
use domain::{Role, VenueId};
use jiff::Timestamp;

impl Connections {
    /// Remembers a connection, and subscribes it to its first topics. A second time it changes
    /// nothing: no two connections have the same id, so the invocation was repeated.
    pub async fn remember(&self, connection: &Connection) -> Result<(), Error> {
        self.commit(None, Some(connection), true).await?;
        Ok(())
    }

    /// Forgets a connection and its subscriptions.
    pub async fn forget(&self, id: &ConnectionId) -> Result<(), Error> {
        self.change(id, None, |_| Decision::End(())).await?;
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
        let subscribed =
            self.change(&read.id, Some(read), |connection| connection.subscribe(topic, shard, now));
        Ok(subscribed.await?.unwrap_or(Subscribed::Gone))
    }

    /// Ends a subscription, if there is one. It is decided first on the connection as read by the
    /// caller.
    pub async fn unsubscribe(&self, read: &Connection, topic: &TopicKey) -> Result<(), Error> {
        self.change(&read.id, Some(read), |connection| connection.unsubscribe(topic)).await?;
        Ok(())
    }

    /// Gives a connection and all its subscriptions the role, venue, issue and end of a new token, and ends the
    /// subscriptions that these may not have. Answers the connection as it then is; `None` where it is gone.
    /// It is decided first on the connection as read by the caller.
    pub async fn refresh(
        &self,
        read: &Connection,
        role: Role,
        venue: Option<&VenueId>,
        issued: Timestamp,
        expires: Timestamp,
    ) -> Result<Option<Connection>, Error> {
        let (issued, expires) = (issued.as_second(), expires.as_second());
        let refresh =
            |connection: &Connection| connection.refresh(role, venue.cloned(), issued, expires);
        self.change(&read.id, Some(read), refresh).await
    }
}
