//! One table as the reads of this crate use it: strongly consistent, and counted.

use crate::error::{Error, Unavailable};
use crate::keys::{self, ItemKey};
use crate::transact::{Outcome, TRIES, Units, transact, wait};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnConsumedCapacity, TransactWriteItem,
};
use serde_dynamo::Item;

/// DynamoDB reads no more items than this in one batch.
const BATCH: usize = 100;

/// What passes: somebody else is writing the item, or the table is throttled.
const PASSING: [&str; 4] = [
    "TransactionConflictException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
];

/// A table.
///
/// The SDK's futures are large: each is put on the heap here, so that those of whole commands, which
/// hold many of them, stay small.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub client: Client,
    pub name: String,
    pub units: Units,
}

/// A part of one partition: sort keys from one to another, both included.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    pub partition: String,
    pub from: String,
    pub to: String,
}

impl Range {
    /// The part of this range that comes after a sort key.
    #[must_use]
    pub fn after(self, sort: &str) -> Self {
        // No text lies between one and the same with a zero character behind it.
        let after = format!("{sort}\0");
        Self { from: if after > self.from { after } else { self.from }, ..self }
    }

    fn is_empty(&self) -> bool {
        self.from > self.to
    }
}

impl Table {
    pub async fn get(&self, key: ItemKey) -> Result<Option<Item>, Unavailable> {
        let found = Box::pin(
            self.client
                .get_item()
                .table_name(&self.name)
                .set_key(Some(key.attributes()))
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await?;
        self.units.read(found.consumed_capacity());
        Ok(found.item.map(Item::from))
    }

    /// The first items of a range, in order: at most `limit`, and whether there may be more.
    pub async fn page(
        &self,
        range: &Range,
        limit: usize,
    ) -> Result<(Vec<Item>, bool), Unavailable> {
        if range.is_empty() {
            return Ok((Vec::new(), false));
        }
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let page = Box::pin(
            self.client
                .query()
                .table_name(&self.name)
                .key_condition_expression("PK = :pk AND SK BETWEEN :from AND :to")
                .expression_attribute_values(":pk", text(&range.partition))
                .expression_attribute_values(":from", text(&range.from))
                .expression_attribute_values(":to", text(&range.to))
                .consistent_read(true)
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await?;
        self.units.read(page.consumed_capacity());
        let more = page.last_evaluated_key.is_some();
        Ok((page.items.unwrap_or_default().into_iter().map(Item::from).collect(), more))
    }

    /// Every item of a range; the caller bounds how many there can be.
    pub async fn all(&self, mut range: Range) -> Result<Vec<Item>, Unavailable> {
        let mut items = Vec::new();
        loop {
            let (page, more) = self.page(&range, i32::MAX as usize).await?;
            let last = page.last().and_then(sort_key).map(ToOwned::to_owned);
            items.extend(page);
            match last {
                Some(last) if more => range = range.after(&last),
                _ => return Ok(items),
            }
        }
    }

    /// The items of these keys, in no order; what is not there is left out.
    pub async fn batch(&self, keys: Vec<ItemKey>) -> Result<Vec<Item>, Unavailable> {
        let mut missing: Vec<_> = keys.iter().map(ItemKey::attributes).collect();
        let (mut items, mut attempt) = (Vec::new(), 0);
        while !missing.is_empty() {
            let batch = missing.split_off(missing.len().saturating_sub(BATCH));
            let wanted =
                KeysAndAttributes::builder().set_keys(Some(batch)).consistent_read(true).build()?;
            let output = Box::pin(
                self.client
                    .batch_get_item()
                    .request_items(&self.name, wanted)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send(),
            )
            .await?;
            output.consumed_capacity().iter().for_each(|used| self.units.read(Some(used)));
            let found = output.responses.unwrap_or_default().into_values().flatten();
            items.extend(found.map(Item::from));
            // What a throttled table left out; how often is bounded by the request's deadline.
            let unread = output.unprocessed_keys.unwrap_or_default();
            if !unread.is_empty() {
                wait(attempt).await;
                attempt += 1;
            }
            missing.extend(unread.into_values().flat_map(|keys| keys.keys));
        }
        Ok(items)
    }

    /// Writes an item, where `condition` holds; whether it did. A write meets transactions on its
    /// item, and waits for them as those wait for each other.
    pub async fn put(
        &self,
        item: Item,
        condition: Option<(&str, &[(&str, AttributeValue)])>,
    ) -> Result<bool, Error> {
        let mut put = self.client.put_item().table_name(&self.name).set_item(Some(item.into()));
        if let Some((condition, values)) = condition {
            put = put.condition_expression(condition);
            for (name, value) in values {
                put = put.expression_attribute_values(*name, value.clone());
            }
        }
        let put = put.return_consumed_capacity(ReturnConsumedCapacity::Total);
        for attempt in 0..TRIES {
            if let Some(before) = attempt.checked_sub(1) {
                wait(before).await;
            }
            match Box::pin(put.clone().send()).await {
                Ok(output) => {
                    self.units.written(output.consumed_capacity());
                    return Ok(true);
                }
                Err(error) => match code(&error) {
                    Some("ConditionalCheckFailedException") => return Ok(false),
                    Some(code) if PASSING.contains(&code) => {}
                    _ => return Err(error.into()),
                },
            }
        }
        Err(Error::Busy)
    }

    /// Deletes an item if an attribute of it has this value.
    pub async fn delete_if(
        &self,
        key: ItemKey,
        attribute: &str,
        value: AttributeValue,
    ) -> Result<(), Unavailable> {
        let deleted = Box::pin(
            self.client
                .delete_item()
                .table_name(&self.name)
                .set_key(Some(key.attributes()))
                .condition_expression("#attribute = :value")
                .expression_attribute_names("#attribute", attribute)
                .expression_attribute_values(":value", value)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await;
        match deleted {
            Ok(output) => self.units.written(output.consumed_capacity()),
            Err(error) if is_refused(&error) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Writes all or nothing.
    pub async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Outcome, Error> {
        Box::pin(transact(&self.client, &self.units, writes)).await
    }
}

/// An item's sort key.
pub(crate) fn sort_key(item: &Item) -> Option<&str> {
    match item.get(keys::SK) {
        Some(serde_dynamo::AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

fn is_refused<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    code(error) == Some("ConditionalCheckFailedException")
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}
