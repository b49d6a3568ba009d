//! A customer's connections, and their end where the customer's tokens are revoked.
//!
//! Who connects is remembered, and looks then whether the token is revoked; who revokes writes that down
//! (`Bookings::revoke`), and looks then who is remembered. So either sees the other.

use super::Connections;
use super::connection::{Connection, ConnectionId, Revoked};
use super::topic::TopicKey;
use crate::error::{Error, Unavailable};
use crate::keys::{self, CONNECTION_SORTS};
use crate::table::{Range, sort_key};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::CustomerId;
use std::collections::BTreeSet;

impl Connections {
    /// Connections of a customer, at most `limit`, and whether there may be more. Strongly consistent:
    /// whoever was remembered before this was called is among them, or there are more.
    ///
    /// An earlier release kept no list of them. What it remembered is found by its subscription to
    /// `own`, the topic that every connection begins with: all but what has unsubscribed from it, and
    /// has asked for no other change of its topics or token since this release is there, which would
    /// have listed it. Three hours after the deployment there is none left.
    pub async fn of_customer(
        &self,
        customer: &CustomerId,
        own: &TopicKey,
        limit: usize,
    ) -> Result<(BTreeSet<ConnectionId>, bool), Unavailable> {
        let mut found = BTreeSet::new();
        let mut more =
            self.names_in(keys::connections_partition(customer), limit, &mut found).await?;
        for shard in 0..self.shards(own).await? {
            if found.len() >= limit {
                return Ok((found, true));
            }
            let partition = keys::topic_partition(own.as_str(), shard);
            more |= self.names_in(partition, limit, &mut found).await?;
        }
        Ok((found, more))
    }

    /// Adds the connections that a partition names, at most so many of them. Whether there may be more.
    async fn names_in(
        &self,
        partition: String,
        limit: usize,
        found: &mut BTreeSet<ConnectionId>,
    ) -> Result<bool, Unavailable> {
        let (from, to) = CONNECTION_SORTS;
        let range = Range { partition, from: from.to_owned(), to: to.to_owned() };
        let (items, more) = self.table.page(&range, limit).await?;
        found.extend(items.iter().filter_map(sort_key).map(ConnectionId::new));
        Ok(more)
    }

    /// Forgets a connection and its subscriptions, if its token was issued up to this second since 1970.
    /// Its customer's list goes on naming it, for whoever goes on where this ends: [`Self::unlist`] is
    /// for when its socket is closed.
    pub async fn revoke(&self, id: &ConnectionId, up_to: i64) -> Result<Revoked, Error> {
        let revoked = self.change(id, None, |connection| connection.revoke(up_to)).await?;
        Ok(revoked.unwrap_or(Revoked::Gone))
    }

    /// Takes a connection that is closed from its customer's list.
    pub async fn unlist(
        &self,
        customer: &CustomerId,
        id: &ConnectionId,
    ) -> Result<(), Unavailable> {
        let key = keys::connection_of_customer(customer, id.as_str());
        self.table.delete_if(key, keys::SK, AttributeValue::S(id.to_string())).await
    }

    /// Forgets a connection that has just been remembered and whose client is refused. Where it is not as it
    /// was remembered, somebody else has forgotten it: nobody makes requests before they are connected.
    pub async fn take_back(&self, connection: &Connection) -> Result<(), Error> {
        self.commit(Some(connection), None, false).await?;
        Ok(())
    }
}
