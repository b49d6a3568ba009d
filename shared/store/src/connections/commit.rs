//! A change of a connection as one transaction: its item, its place in its customer's list, and the
//! subscriptions that repeat it.

use super::Connections;
use super::connection::{Connection, ConnectionId, Decision};
use super::topic::TopicKey;
use crate::error::{Error, Unavailable};
use crate::keys;
use crate::transact::{Outcome, wait};
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use domain::{CustomerId, Role, VenueId};
use serde::Serialize;

/// Attempts before `Busy`. Only requests of one connection contend with each other: enough for as many
/// of them at once as it may have topics.
const DECISIONS: u32 = 20;

#[derive(Serialize)]
struct ConnectionItem<'a> {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    ttl: i64,
    #[serde(flatten)]
    connection: &'a Connection,
}

/// A connection in its customer's list.
#[derive(Serialize)]
struct ListedItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    ttl: i64,
}

#[derive(Serialize)]
struct SubscriptionItem<'a> {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    ttl: i64,
    customer: &'a CustomerId,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<&'a VenueId>,
    expires: i64,
    connected: i64,
}

impl Connections {
    /// Carries out what `decide` makes of the connection as `read`, or as it is now where that is
    /// older. Answers what the decision that was carried out said; `None` where the connection is
    /// gone.
    pub(super) async fn change<T>(
        &self,
        id: &ConnectionId,
        read: Option<&Connection>,
        decide: impl Fn(&Connection) -> Decision<T>,
    ) -> Result<Option<T>, Error> {
        let mut read = read.cloned();
        for attempt in 0..DECISIONS {
            if let Some(before) = attempt.checked_sub(1) {
                tracing::debug!(connection = %id, attempt, "changed meanwhile, deciding anew");
                wait(before).await;
            }
            let before = match read.take() {
                Some(before) => before,
                None => match self.get(id).await? {
                    Some(before) => before,
                    None => return Ok(None),
                },
            };
            let (after, stays_listed, said) = match decide(&before) {
                Decision::Keep(said) => return Ok(Some(said)),
                Decision::Change(after, said) => (Some(after), true, said),
                Decision::End(said) => (None, false, said),
                Decision::Revoke(said) => (None, true, said),
            };
            let written = self.commit(Some(&before), after.as_ref(), stays_listed).await?;
            if written == Outcome::Written {
                return Ok(Some(said));
            }
        }
        Err(Error::Busy)
    }

    /// Writes what is different after a change, all or nothing. Refused where the connection is not
    /// as it was before, or, where it was not, is there already.
    pub(super) async fn commit(
        &self,
        before: Option<&Connection>,
        after: Option<&Connection>,
        stays_listed: bool,
    ) -> Result<Outcome, Error> {
        let mut writes = Vec::new();
        match (before, after) {
            (_, Some(after)) => writes.push(self.put_connection(before, after)?),
            (Some(before), None) => writes.push(self.delete_connection(before)?),
            (None, None) => {}
        }
        let was_listed = before.is_some_and(|before| before.issued.is_some());
        if let Some(connection) = after.or(before) {
            if !stays_listed {
                writes.push(self.delete_from_list(connection)?);
            } else if !was_listed {
                writes.push(self.put_in_list(connection)?);
            }
        }
        for difference in differences(before, after) {
            writes.push(match difference {
                Difference::Put(connection, topic, shard) => {
                    self.put_subscription(connection, topic, shard)?
                }
                Difference::Delete(connection, topic, shard) => {
                    self.delete_subscription(connection, topic, shard)?
                }
            });
        }
        self.table.transact(writes).await
    }

    fn put_connection(
        &self,
        before: Option<&Connection>,
        after: &Connection,
    ) -> Result<TransactWriteItem, Unavailable> {
        let key = keys::connection(after.id.as_str());
        let item = ConnectionItem { pk: key.pk, sk: key.sk, ttl: after.ttl(), connection: after };
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(serde_dynamo::to_item(item)?))
            .condition_expression(before.map_or("attribute_not_exists(PK)", as_read))
            .set_expression_attribute_values(before.and_then(version_read))
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn delete_connection(&self, before: &Connection) -> Result<TransactWriteItem, Unavailable> {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::connection(before.id.as_str()).attributes()))
            .condition_expression(as_read(before))
            .set_expression_attribute_values(version_read(before))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn put_in_list(&self, connection: &Connection) -> Result<TransactWriteItem, Unavailable> {
        let key = keys::connection_of_customer(&connection.customer, connection.id.as_str());
        let item = ListedItem { pk: key.pk, sk: key.sk, ttl: connection.ttl() };
        let item = serde_dynamo::to_item(item)?;
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item)).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn delete_from_list(&self, connection: &Connection) -> Result<TransactWriteItem, Unavailable> {
        self.delete(&keys::connection_of_customer(&connection.customer, connection.id.as_str()))
    }

    fn delete(&self, key: &keys::ItemKey) -> Result<TransactWriteItem, Unavailable> {
        let delete = Delete::builder().table_name(&self.table.name);
        let delete = delete.set_key(Some(key.attributes())).build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn delete_subscription(
        &self,
        connection: &Connection,
        topic: &TopicKey,
        shard: u32,
    ) -> Result<TransactWriteItem, Unavailable> {
        self.delete(&keys::subscription(topic.as_str(), shard, connection.id.as_str()))
    }

    fn put_subscription(
        &self,
        connection: &Connection,
        topic: &TopicKey,
        shard: u32,
    ) -> Result<TransactWriteItem, Unavailable> {
        let key = keys::subscription(topic.as_str(), shard, connection.id.as_str());
        let item = SubscriptionItem {
            pk: key.pk,
            sk: key.sk,
            ttl: connection.ttl(),
            customer: &connection.customer,
            role: connection.role,
            venue: connection.venue.as_ref(),
            expires: connection.expires,
            connected: connection.connected,
        };
        let item = serde_dynamo::to_item(item)?;
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item)).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// A write of a subscription: of this connection, to this topic, in this shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference<'a> {
    /// It is to repeat what the connection says.
    Put(&'a Connection, &'a TopicKey, u32),
    /// It is to go.
    Delete(&'a Connection, &'a TopicKey, u32),
}

/// What has to be written of a connection's subscriptions when it changes from `before` (nothing: it
/// is new) to `after` (nothing: it is no more).
pub fn differences<'a>(
    before: Option<&'a Connection>,
    after: Option<&'a Connection>,
) -> Vec<Difference<'a>> {
    let gone = subscriptions(before)
        .filter(|(_, topic, shard)| after.and_then(|it| it.topics.get(topic)) != Some(shard));
    let written = subscriptions(after).filter(|(connection, topic, shard)| {
        !before.is_some_and(|before| {
            before.topics.get(topic) == Some(shard) && repeat_the_same(before, connection)
        })
    });
    let delete = |(connection, topic, shard)| Difference::Delete(connection, topic, shard);
    let put = |(connection, topic, shard)| Difference::Put(connection, topic, shard);
    gone.map(delete).chain(written.map(put)).collect()
}

fn subscriptions(of: Option<&Connection>) -> impl Iterator<Item = (&Connection, &TopicKey, u32)> {
    of.into_iter().flat_map(|connection| {
        connection.topics.iter().map(move |(topic, shard)| (connection, topic, *shard))
    })
}

/// Whether subscriptions of the one are as subscriptions of the other.
fn repeat_the_same(before: &Connection, after: &Connection) -> bool {
    let repeated = |it: &Connection| (it.role, it.venue.clone(), it.expires);
    before.version > 0 && repeated(before) == repeated(after)
}

/// The condition that nobody has changed the connection since.
fn as_read(connection: &Connection) -> &'static str {
    if connection.version > 0 {
        "version = :read"
    } else {
        "attribute_exists(PK) AND attribute_not_exists(version)"
    }
}

fn version_read(
    connection: &Connection,
) -> Option<std::collections::HashMap<String, AttributeValue>> {
    let version = AttributeValue::N(connection.version.to_string());
    (connection.version > 0).then(|| [(":read".to_owned(), version)].into())
}
