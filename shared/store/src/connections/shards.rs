//! How a topic's subscriptions are spread: over a number of shards that only grows, so that
//! whoever subscribed under an older number is in a shard still read.

use super::Connections;
use super::connection::ConnectionId;
use super::topic::TopicKey;
use crate::error::Unavailable;
use crate::keys;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// How many shards a topic grows through.
pub(super) const SHARDS: [u32; 4] = [1, 4, 16, 64];
/// A topic of more subscribers a shard than this grows.
pub(super) const FULL_SHARD: usize = 1000;

/// Spreads connections evenly over a topic's shards.
pub fn pick(connection: &ConnectionId, shards: u32) -> u32 {
    // FNV-1a, 32 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>
    let hash = connection
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % shards
}

impl Connections {
    /// How many shards new subscriptions of this topic are spread over.
    pub async fn shards(&self, topic: &TopicKey) -> Result<u32, Unavailable> {
        let found = self.table.get(keys::shards(topic.as_str())).await?;
        Ok(found.map_or(1, |item| shard_count(&item.into())))
    }

    pub(super) async fn grow(&self, topic: &TopicKey, shards: u32) -> Result<(), Unavailable> {
        let grown = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
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
}

pub(super) fn shard_count(item: &HashMap<String, AttributeValue>) -> u32 {
    let number = item.get("shards").and_then(|shards| shards.as_n().ok());
    number.and_then(|number| number.parse().ok()).unwrap_or(1)
}

fn refused<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
