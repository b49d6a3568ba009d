//! Connections and subscriptions.
//!
//! A connection's item names its topics and the shard of each, so that they can be undone with one
//! read, and so that one condition both bounds their number and refuses a connection that is gone.

use crate::error::Unavailable;
use crate::keys;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{CustomerId, Role};
use futures::future::try_join_all;
use futures::stream::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// API Gateway ends a connection after two hours; an hour later nothing of it may be left.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const LIFETIME: SignedDuration = SignedDuration::from_hours(3);
/// Topics that one connection may be subscribed to.
pub const MAX_TOPICS: usize = 50;
/// How many shards a topic grows through.
const SHARDS: [u32; 4] = [1, 4, 16, 64];
/// A topic of more subscribers a shard than this grows.
const FULL_SHARD: usize = 1000;
/// Calls under way at once on behalf of one connection.
const AT_ONCE: usize = 10;

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

/// A topic as this table knows it: one name for one audience.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicKey(String);

impl TopicKey {
    /// The topic of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A connected client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Its name.
    pub id: ConnectionId,
    /// Who it is.
    pub customer: CustomerId,
    /// What it may do.
    pub role: Role,
    /// When its token ends, in seconds since 1970.
    pub expires: i64,
    /// When it connected, in milliseconds since 1970.
    pub connected: i64,
    /// Its topics, and the shard that each subscription is in.
    pub topics: BTreeMap<TopicKey, u32>,
}

impl Connection {
    /// Whether its token is good at this instant.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now.as_second() < self.expires
    }

    fn ttl(&self) -> i64 {
        self.connected / 1000 + LIFETIME.as_secs()
    }
}

/// One subscription to a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// Whose.
    #[serde(rename = "SK")]
    pub connection: ConnectionId,
    /// When its token ends, in seconds since 1970.
    pub expires: i64,
    /// When it connected, in milliseconds since 1970.
    pub connected: i64,
    /// Which shard it is in.
    #[serde(skip)]
    pub shard: u32,
}

#[derive(Serialize, Deserialize)]
struct ConnectionItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    ttl: i64,
    #[serde(flatten)]
    connection: Connection,
}

/// Whether a subscription was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribed {
    /// It was, or had been before.
    Yes,
    /// The connection has as many topics as it may.
    TooMany,
    /// There is no such connection any more.
    Gone,
}

/// The connections table.
#[derive(Debug, Clone)]
pub struct Connections {
    client: Client,
    table: String,
}

impl Connections {
    /// The table of this name.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Remembers a connection, and subscribes it to its first topics.
    pub async fn remember(&self, connection: &Connection) -> Result<(), Unavailable> {
        let key = keys::connection(connection.id.as_str());
        let ttl = connection.ttl();
        let item = ConnectionItem { pk: key.pk, sk: key.sk, ttl, connection: connection.clone() };
        let put = self.client.put_item().table_name(&self.table);
        put.set_item(Some(serde_dynamo::to_item(item)?)).send().await?;
        for (topic, shard) in &connection.topics {
            self.put_subscription(connection, topic, *shard).await?;
        }
        Ok(())
    }

    /// The connection, if it is still remembered.
    pub async fn get(&self, id: &ConnectionId) -> Result<Option<Connection>, Unavailable> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::connection(id.as_str()).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.item.map(serde_dynamo::from_item).transpose()?)
    }

    /// Forgets a connection and its subscriptions. The connection goes last, so that what was
    /// interrupted can be done again.
    pub async fn forget(&self, id: &ConnectionId) -> Result<(), Unavailable> {
        let Some(connection) = self.get(id).await? else { return Ok(()) };
        futures::stream::iter(connection.topics.iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |(topic, shard)| self.drop(topic, *shard, id))
            .await?;
        self.delete(&keys::connection(id.as_str())).await
    }

    /// Subscribes a connection to a topic.
    pub async fn subscribe(
        &self,
        connection: &Connection,
        topic: &TopicKey,
    ) -> Result<Subscribed, Unavailable> {
        let shard = match connection.topics.get(topic) {
            Some(shard) => *shard,
            None => pick(&connection.id, self.shards(topic).await?),
        };
        let written = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::connection(connection.id.as_str()).attributes()))
            .update_expression("SET topics.#topic = if_not_exists(topics.#topic, :shard)")
            .condition_expression(
                "attribute_exists(PK) AND (size(topics) < :most OR attribute_exists(topics.#topic))",
            )
            .expression_attribute_names("#topic", topic.as_str())
            .expression_attribute_values(":shard", AttributeValue::N(shard.to_string()))
            .expression_attribute_values(":most", AttributeValue::N(MAX_TOPICS.to_string()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let connection: Connection = match written {
            Ok(output) => serde_dynamo::from_item(output.attributes.unwrap_or_default())?,
            Err(error) if refused(&error) => {
                let gone = self.get(&connection.id).await?.is_none();
                return Ok(if gone { Subscribed::Gone } else { Subscribed::TooMany });
            }
            Err(error) => return Err(error.into()),
        };
        let shard = connection.topics.get(topic).copied().unwrap_or(shard);
        self.put_subscription(&connection, topic, shard).await?;
        Ok(Subscribed::Yes)
    }

    /// Ends a subscription, if there is one.
    pub async fn unsubscribe(
        &self,
        connection: &Connection,
        topic: &TopicKey,
    ) -> Result<(), Unavailable> {
        let Some(shard) = connection.topics.get(topic) else { return Ok(()) };
        self.drop(topic, *shard, &connection.id).await?;
        let removed = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::connection(connection.id.as_str()).attributes()))
            .update_expression("REMOVE topics.#topic")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_names("#topic", topic.as_str())
            .send()
            .await;
        match removed {
            Err(error) if !refused(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Gives a connection a new end and role, and all its subscriptions with it; `None` where the
    /// connection is gone.
    pub async fn refresh(
        &self,
        id: &ConnectionId,
        role: Role,
        expires: Timestamp,
    ) -> Result<Option<Connection>, Unavailable> {
        let written = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::connection(id.as_str()).attributes()))
            .update_expression("SET #role = :role, expires = :expires")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":role", serde_dynamo::to_attribute_value(role)?)
            .expression_attribute_values(
                ":expires",
                AttributeValue::N(expires.as_second().to_string()),
            )
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let connection: Connection = match written {
            Ok(output) => serde_dynamo::from_item(output.attributes.unwrap_or_default())?,
            Err(error) if refused(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        futures::stream::iter(connection.topics.iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |(topic, shard)| {
                self.put_subscription(&connection, topic, *shard)
            })
            .await?;
        Ok(Some(connection))
    }

    /// All subscribers of a topic, strongly consistent. A topic that has become large grows, for
    /// subscriptions to come; none is ever moved.
    pub async fn subscribers(&self, topic: &TopicKey) -> Result<Vec<Subscriber>, Unavailable> {
        let (mut subscribers, shards) = self.shard(topic, 0).await?;
        if shards == 1 && subscribers.len() <= FULL_SHARD {
            return Ok(subscribers);
        }
        let others = try_join_all((1..shards).map(|shard| self.shard(topic, shard))).await?;
        subscribers.extend(others.into_iter().flat_map(|(subscribers, _)| subscribers));
        let next = SHARDS.into_iter().find(|next| *next > shards);
        if let Some(next) = next
            && subscribers.len() > FULL_SHARD * usize::try_from(shards).unwrap_or(usize::MAX)
        {
            self.grow(topic, next).await?;
        }
        Ok(subscribers)
    }

    /// Ends the subscription that a connection left in this shard.
    pub async fn drop(
        &self,
        topic: &TopicKey,
        shard: u32,
        id: &ConnectionId,
    ) -> Result<(), Unavailable> {
        self.delete(&keys::subscription(topic.as_str(), shard, id.as_str())).await
    }

    async fn shard(
        &self,
        topic: &TopicKey,
        shard: u32,
    ) -> Result<(Vec<Subscriber>, u32), Unavailable> {
        let partition = keys::topic_partition(topic.as_str(), shard);
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let (mut subscribers, mut shards) = (Vec::new(), 1);
        while let Some(item) = items.next().await {
            let item = item?;
            if item
                .get(keys::SK)
                .and_then(|sort| sort.as_s().ok())
                .is_some_and(|sort| sort == keys::SHARDS)
            {
                shards = shard_count(&item);
            } else {
                let subscriber: Subscriber = serde_dynamo::from_item(item)?;
                subscribers.push(Subscriber { shard, ..subscriber });
            }
        }
        Ok((subscribers, shards))
    }

    /// How many shards new subscriptions of this topic are spread over.
    pub async fn shards(&self, topic: &TopicKey) -> Result<u32, Unavailable> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::shards(topic.as_str()).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.item.as_ref().map_or(1, shard_count))
    }

    /// Only ever upwards: whoever subscribed under an older count is in a shard still read.
    async fn grow(&self, topic: &TopicKey, shards: u32) -> Result<(), Unavailable> {
        let grown = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::shards(topic.as_str()).attributes()))
            .update_expression("SET shards = :shards")
            .condition_expression("attribute_not_exists(shards) OR shards < :shards")
            .expression_attribute_values(":shards", AttributeValue::N(shards.to_string()))
            .send()
            .await;
        match grown {
            Err(error) if !refused(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn put_subscription(
        &self,
        connection: &Connection,
        topic: &TopicKey,
        shard: u32,
    ) -> Result<(), Unavailable> {
        let key = keys::subscription(topic.as_str(), shard, connection.id.as_str());
        let number = |number: i64| AttributeValue::N(number.to_string());
        let put = self.client.put_item().table_name(&self.table).set_item(Some(key.attributes()));
        put.item("expires", number(connection.expires))
            .item("connected", number(connection.connected))
            .item("customer", AttributeValue::S(connection.customer.to_string()))
            .item("ttl", number(connection.ttl()))
            .send()
            .await?;
        Ok(())
    }

    async fn delete(&self, key: &keys::ItemKey) -> Result<(), Unavailable> {
        let delete = self.client.delete_item().table_name(&self.table);
        delete.set_key(Some(key.attributes())).send().await?;
        Ok(())
    }
}

/// Spreads connections evenly over a topic's shards.
pub fn pick(connection: &ConnectionId, shards: u32) -> u32 {
    // FNV-1a, 32 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>
    let hash = connection
        .0
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % shards
}

fn shard_count(item: &HashMap<String, AttributeValue>) -> u32 {
    let number = item.get("shards").and_then(|shards| shards.as_n().ok());
    number.and_then(|number| number.parse().ok()).unwrap_or(1)
}

fn refused<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
