//! Whom to tell.

use super::Connections;
use super::connection::{ConnectionId, LIFETIME};
use super::shards::{FULL_SHARD, SHARDS, shard_count};
use super::topic::TopicKey;
use crate::error::Unavailable;
use crate::keys;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Role, VenueId};
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One subscription to a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subscriber {
    /// Whose.
    #[serde(rename = "SK")]
    pub connection: ConnectionId,
    /// What it may do. The first release did not write it: nobody is taken for an operator who is
    /// not known to be one.
    #[serde(default = "unknown_role")]
    pub role: Role,
    /// The one venue that an operator is bound to; an operator without one serves all.
    #[serde(default)]
    pub venue: Option<VenueId>,
    /// When its token ends, in seconds since 1970.
    pub expires: i64,
    /// When it connected, in milliseconds since 1970.
    pub connected: i64,
    /// Which shard it is in.
    #[serde(skip)]
    pub shard: u32,
}

impl Subscriber {
    /// Whether it may be told of this topic at this instant: its role and venue allow it, its token is good,
    /// and it is not one that time to live has yet to collect.
    pub fn may_be_told(&self, topic: &TopicKey, now: Timestamp) -> bool {
        let now = now.as_second();
        topic.is_open_to(self.role, self.venue.as_ref())
            && now < self.expires
            && now < self.connected / 1000 + LIFETIME.as_secs()
    }
}

fn unknown_role() -> Role {
    Role::Customer
}

impl Connections {
    /// All subscribers of a topic, strongly consistent: whoever subscribed before this was called is
    /// among them. As many as there are: pages of a shard are read one after the other, shards at
    /// the same time. A topic that has become large grows, for subscriptions to come; none is ever
    /// moved.
    pub async fn subscribers(&self, topic: &TopicKey) -> Result<Vec<Subscriber>, Unavailable> {
        // How many shards there are is in the first of them. Who subscribes in a shard has read
        // before that it exists, so whoever is there already is in one that is counted here.
        let (mut subscribers, shards) = self.shard(topic, 0).await?;
        if shards == 1 && subscribers.len() <= FULL_SHARD {
            return Ok(subscribers);
        }
        let others = try_join_all((1..shards).map(|shard| self.shard(topic, shard))).await?;
        subscribers.extend(others.into_iter().flat_map(|(subscribers, _)| subscribers));
        let next = SHARDS.into_iter().find(|next| *next > shards);
        if let Some(next) = next
            && subscribers.len() > FULL_SHARD * usize::try_from(shards).unwrap_or(usize::MAX)
            && let Err(error) = self.grow(topic, next).await
        {
            // Whoever reads next tries again.
            tracing::warn!(
                topic = topic.as_str(),
                error = &error as &dyn std::error::Error,
                "a topic could not grow"
            );
        }
        Ok(subscribers)
    }

    async fn shard(
        &self,
        topic: &TopicKey,
        shard: u32,
    ) -> Result<(Vec<Subscriber>, u32), Unavailable> {
        let partition = keys::topic_partition(topic.as_str(), shard);
        let mut items = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
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
}
