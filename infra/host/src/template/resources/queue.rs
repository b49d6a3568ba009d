//! Queues.
//!
//! The ranges and defaults are those of SQS:
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use super::Named;
use crate::template::error::TemplateError;
use crate::template::plan::{Queue, Redrive};
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The most that a message may have, attributes included, and what a queue takes that does not say:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const LARGEST_MESSAGE: u64 = 1_048_576;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    queue_name: Option<String>,
    message_retention_period: Option<u64>,
    visibility_timeout: Option<u64>,
    delay_seconds: Option<u64>,
    receive_message_wait_time_seconds: Option<u64>,
    maximum_message_size: Option<u64>,
    redrive_policy: Option<RedrivePolicy>,
    /// Which queues may have this one as their dead-letter queue: those of the template that do.
    _redrive_allow_policy: Option<IgnoredAny>,
    /// The file lies on the user's own disk.
    _sqs_managed_sse_enabled: Option<IgnoredAny>,
    _kms_master_key_id: Option<IgnoredAny>,
    _kms_data_key_reuse_period_seconds: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: Count,
}

/// SQS takes the number as a text too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u64),
    Text(String),
}

/// Reads a queue, without its redrive policy: that refers to another one.
pub(in crate::template) fn read(source: Source<'_>) -> Result<Queue, TemplateError> {
    let properties: Properties = source.properties()?;
    let number = |property: &str, value: Option<u64>, default, range: RangeInclusive<u64>| {
        let value = value.unwrap_or(default);
        let (from, to) = (range.start(), range.end());
        let other = || source.refuse(format!("{property}: {value} is not between {from} and {to}"));
        range.contains(&value).then_some(value).ok_or_else(other)
    };
    let seconds = |property, value, default, range| {
        number(property, value, default, range).map(Duration::from_secs)
    };
    let largest = number(
        "MaximumMessageSize",
        properties.maximum_message_size,
        LARGEST_MESSAGE,
        1024..=LARGEST_MESSAGE,
    )?;
    Ok(Queue {
        name: properties.queue_name.unwrap_or_else(|| source.id.to_owned()),
        retention: seconds(
            "MessageRetentionPeriod",
            properties.message_retention_period,
            345_600,
            60..=1_209_600,
        )?,
        visibility: seconds("VisibilityTimeout", properties.visibility_timeout, 30, 0..=43_200)?,
        delay: seconds("DelaySeconds", properties.delay_seconds, 0, 0..=900)?,
        wait: seconds(
            "ReceiveMessageWaitTimeSeconds",
            properties.receive_message_wait_time_seconds,
            0,
            0..=20,
        )?,
        largest_message: usize::try_from(largest).unwrap_or(usize::MAX),
        redrive: None,
    })
}

/// Gives a queue its redrive policy, once all queues are known.
pub(in crate::template) fn attach_redrive(
    source: Source<'_>,
    named: &mut Named,
) -> Result<(), TemplateError> {
    let properties: Properties = source.properties()?;
    let Some(policy) = properties.redrive_policy else { return Ok(()) };
    let arn = &policy.dead_letter_target_arn;
    let property = "RedrivePolicy.deadLetterTargetArn";
    let queue = source.find(property, arn, "a queue", named.queue(arn))?.to_owned();
    if queue == source.id {
        return Err(source.refuse(format!("{property}: it is the queue itself")));
    }
    let count = match policy.max_receive_count {
        Count::Number(number) => Some(number),
        Count::Text(text) => text.parse().ok(),
    };
    let count = count.and_then(|count| u32::try_from(count).ok());
    let receives = count.filter(|count| (1..=1000).contains(count)).ok_or_else(|| {
        source.refuse("RedrivePolicy.maxReceiveCount: it is a number between 1 and 1000")
    })?;
    if let Some(own) = named.queues.get_mut(source.id) {
        own.redrive = Some(Redrive { queue, receives });
    }
    Ok(())
}
