//! The limits.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>

use super::error::SqsError;
use crate::queues::{Attribute, LONGEST_VISIBILITY, NewMessage};
use crate::template::Queue;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

/// What the messages of one batch may have together, in bytes.
pub(super) const LARGEST_BATCH: usize = 1_048_576;
const MOST_ENTRIES: usize = 10;
const MOST_ATTRIBUTES: usize = 10;
const LONGEST_NAME: usize = 256;
const LONGEST_ENTRY_ID: usize = 80;
const LONGEST_DELAY: i64 = 900;
const LONGEST_WAIT: i64 = 20;

/// What its sender says of a message.
pub(super) struct Parts {
    pub(super) body: Option<String>,
    pub(super) attributes: BTreeMap<String, Attribute>,
    pub(super) delay: Option<i64>,
}

/// A message that its queue takes.
pub(super) fn message(parts: Parts, queue: &Queue, sender: &str) -> Result<NewMessage, SqsError> {
    let Parts { body, attributes, delay } = parts;
    let body = body.filter(|body| !body.is_empty()).ok_or(SqsError::Missing("MessageBody"))?;
    let delay = delay.map(|delay| seconds("DelaySeconds", delay, 0..=LONGEST_DELAY)).transpose()?;
    if !body.chars().all(is_allowed) {
        return Err(SqsError::Characters);
    }
    check_attributes(&attributes)?;
    if size(&body, &attributes) > queue.largest_message {
        let most = queue.largest_message;
        return Err(SqsError::Invalid(format!("Message must be shorter than {most} bytes.")));
    }
    Ok(NewMessage { body, attributes, delay, sender: sender.to_owned() })
}

/// What counts towards the limit: the text, and the names, types and values of the attributes.
pub(super) fn size(body: &str, attributes: &BTreeMap<String, Attribute>) -> usize {
    let length = |value: &Option<String>| value.as_ref().map_or(0, String::len);
    let sizes = attributes.iter().map(|(name, it)| {
        let binary = length(&it.binary_value) / 4 * 3;
        name.len() + it.data_type.len() + length(&it.string_value) + binary
    });
    body.len() + sizes.sum::<usize>()
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn check_attributes(attributes: &BTreeMap<String, Attribute>) -> Result<(), SqsError> {
    if attributes.len() > MOST_ATTRIBUTES {
        let count = attributes.len();
        return Err(SqsError::Invalid(format!(
            "Number of message attributes [{count}] exceeds the allowed maximum [{MOST_ATTRIBUTES}]."
        )));
    }
    for (name, attribute) in attributes {
        let allowed = |it: char| it.is_ascii_alphanumeric() || "_-.".contains(it);
        let reserved = ["aws.", "amazon."].iter().any(|it| name.to_lowercase().starts_with(it));
        let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
        if name.is_empty()
            || name.len() > LONGEST_NAME
            || !name.chars().all(allowed)
            || reserved
            || dots
        {
            return Err(SqsError::Invalid(format!(
                "The message attribute name '{name}' is invalid."
            )));
        }
        let Attribute { data_type, string_value, binary_value } = attribute;
        let kind = data_type.split('.').next().unwrap_or_default();
        let value = match kind {
            "String" | "Number" => string_value.as_ref(),
            "Binary" => binary_value.as_ref(),
            _ => {
                return Err(SqsError::Invalid(format!(
                    "The type of message (user) attribute '{name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String."
                )));
            }
        };
        if value.is_none_or(String::is_empty) {
            return Err(SqsError::Invalid(format!(
                "The message attribute '{name}' must contain a non-empty message attribute value for message attribute type '{data_type}'."
            )));
        }
        if kind == "Number" && string_value.as_ref().is_some_and(|it| it.parse::<f64>().is_err()) {
            return Err(SqsError::Invalid(format!(
                "Could not cast message attribute '{name}' value to number."
            )));
        }
    }
    Ok(())
}

/// A number of seconds in its range.
pub(super) fn seconds(
    name: &'static str,
    value: i64,
    range: RangeInclusive<i64>,
) -> Result<Duration, SqsError> {
    number(name, value, range).map(Duration::from_secs)
}

/// A number in its range.
pub(super) fn number(
    name: &'static str,
    value: i64,
    range: RangeInclusive<i64>,
) -> Result<u64, SqsError> {
    if range.contains(&value) {
        return Ok(value.unsigned_abs());
    }
    let reason = format!("{name} must be >= {} and <= {}.", range.start(), range.end());
    Err(SqsError::Value { name, value: value.to_string(), reason })
}

/// How long a message stays invisible.
pub(super) fn visibility(value: i64) -> Result<Duration, SqsError> {
    let longest = i64::try_from(LONGEST_VISIBILITY.as_secs()).unwrap_or(i64::MAX);
    seconds("VisibilityTimeout", value, 0..=longest)
}

/// How long a receiver waits.
pub(super) fn wait(value: i64) -> Result<Duration, SqsError> {
    seconds("WaitTimeSeconds", value, 0..=LONGEST_WAIT)
}

/// The ids of a batch's entries.
pub(super) fn entries<'a>(
    kind: &'static str,
    ids: impl ExactSizeIterator<Item = &'a str>,
) -> Result<(), SqsError> {
    match ids.len() {
        0 => return Err(SqsError::EmptyBatch(kind)),
        count if count > MOST_ENTRIES => return Err(SqsError::TooManyEntries(count)),
        _ => {}
    }
    let mut seen = BTreeSet::new();
    for id in ids {
        let allowed = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if id.is_empty() || id.len() > LONGEST_ENTRY_ID || !id.chars().all(allowed) {
            return Err(SqsError::EntryId);
        }
        if !seen.insert(id) {
            return Err(SqsError::RepeatedId(id.to_owned()));
        }
    }
    Ok(())
}
