//! One change, in the shape in which Lambda hands it to a function.

use crate::template::{Pattern, REGION};
use dynoxide::AttributeValue;
use dynoxide::actions::get_records::Record;
use serde_json::json;
use std::collections::HashMap;

/// A change to an item.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its place in the stream.
    pub sequence_number: String,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// The record as JSON.
    pub json: String,
}

impl Change {
    /// The record as Lambda writes it; `None` if no filter of the mapping lets it through, or if the
    /// item is as it was before. DynamoDB has no record of a write that changes nothing, the embedded
    /// database does.
    pub fn read(
        record: &Record,
        stream_arn: &str,
        filters: &[Pattern],
    ) -> Result<Option<Self>, serde_json::Error> {
        let change = &record.dynamodb;
        if let (Some(old), Some(new)) = (&change.old_image, &change.new_image)
            && same_item(old, new)
        {
            return Ok(None);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the library has whole seconds")]
        let created = change.approximate_creation_date_time as i64;
        let mut event = serde_json::to_value(record)?;
        event["awsRegion"] = json!(REGION);
        event["eventSourceARN"] = json!(stream_arn);
        event["dynamodb"]["ApproximateCreationDateTime"] = json!(created);
        if !filters.is_empty() && !filters.iter().any(|filter| filter.matches(&event)) {
            return Ok(None);
        }
        Ok(Some(Self {
            sequence_number: change.sequence_number.clone(),
            created,
            json: event.to_string(),
        }))
    }
}

/// The event of a batch.
pub fn event(changes: &[Change]) -> Vec<u8> {
    let size = changes.iter().map(|change| change.json.len() + 1).sum::<usize>() + 16;
    let mut event = Vec::with_capacity(size);
    event.extend_from_slice(br#"{"Records":["#);
    for (index, change) in changes.iter().enumerate() {
        if index > 0 {
            event.push(b',');
        }
        event.extend_from_slice(change.json.as_bytes());
    }
    event.extend_from_slice(b"]}");
    event
}

fn same_item(old: &HashMap<String, AttributeValue>, new: &HashMap<String, AttributeValue>) -> bool {
    old.len() == new.len()
        && old.iter().all(|(name, value)| new.get(name).is_some_and(|other| same(value, other)))
}

/// Whether two values are equal; the members of a set have no order.
fn same(left: &AttributeValue, right: &AttributeValue) -> bool {
    use AttributeValue::{BS, L, M, NS, SS};
    match (left, right) {
        (SS(left), SS(right)) | (NS(left), NS(right)) => same_members(left, right),
        (BS(left), BS(right)) => same_members(left, right),
        (L(left), L(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (M(left), M(right)) => same_item(left, right),
        _ => left == right,
    }
}

fn same_members<T: Ord>(left: &[T], right: &[T]) -> bool {
    let (mut left, mut right): (Vec<_>, Vec<_>) = (left.iter().collect(), right.iter().collect());
    left.sort_unstable();
    right.sort_unstable();
    left == right
}
