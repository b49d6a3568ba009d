//! What of a queue and of a message is told to whoever asks for it.

use super::error::SqsError;
use crate::queues::{Attribute, Counts, Received};
use crate::template::{Queue, queue_arn};
use serde_json::json;
use std::collections::BTreeMap;

const ALL: &str = "All";

/// The attributes of a queue that have these names:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>
pub(super) fn of_queue(
    queue: &Queue,
    dead_letters: Option<&Queue>,
    counts: Counts,
    names: &[String],
) -> Result<BTreeMap<&'static str, String>, SqsError> {
    let seconds = |duration: std::time::Duration| duration.as_secs().to_string();
    let mut known = BTreeMap::from([
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("DelaySeconds", seconds(queue.delay)),
        ("MaximumMessageSize", queue.largest_message.to_string()),
        ("MessageRetentionPeriod", seconds(queue.retention)),
        ("QueueArn", queue_arn(&queue.name)),
        ("ReceiveMessageWaitTimeSeconds", seconds(queue.wait)),
        ("SqsManagedSseEnabled", true.to_string()),
        ("VisibilityTimeout", seconds(queue.visibility)),
    ]);
    let asked: Vec<_> = names.iter().map(String::as_str).collect();
    let is_known = |name: &&str| {
        [ALL, "RedrivePolicy", "CreatedTimestamp", "LastModifiedTimestamp", "Policy"].contains(name)
            || known.contains_key(*name)
    };
    if let Some(unknown) = asked.iter().find(|name| !is_known(name)) {
        return Err(SqsError::UnknownAttribute((*unknown).to_owned()));
    }
    if let (Some(redrive), Some(dead_letters)) = (&queue.redrive, dead_letters) {
        let policy = json!({
            "deadLetterTargetArn": queue_arn(&dead_letters.name),
            "maxReceiveCount": redrive.receives,
        });
        known.insert("RedrivePolicy", policy.to_string());
    }
    known.retain(|name, _| asked.contains(&ALL) || asked.contains(name));
    Ok(known)
}

/// The attributes that SQS gives a message, of which these are asked for.
pub(super) fn of_message(message: &Received, names: &[String]) -> BTreeMap<&'static str, String> {
    let mut known = BTreeMap::from([
        ("ApproximateFirstReceiveTimestamp", message.first_received_ms.to_string()),
        ("ApproximateReceiveCount", message.receives.to_string()),
        ("SenderId", message.sender.clone()),
        ("SentTimestamp", message.sent_ms.to_string()),
    ]);
    if let Some(queue) = &message.dead_from {
        known.insert("DeadLetterQueueSourceArn", queue.clone());
    }
    known.retain(|name, _| names.iter().any(|asked| asked == ALL || asked == name));
    known
}

/// The attributes that its sender gave a message, of which these are asked for: by name, by `PREFIX.*`, or
/// all by `All` or `.*`.
pub(super) fn of_sender(message: &Received, names: &[String]) -> BTreeMap<String, Attribute> {
    let asked = |name: &String| {
        names.iter().any(|asked| {
            asked == ALL
                || asked == name
                || asked.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        })
    };
    let attributes = message.attributes.iter().filter(|(name, _)| asked(name));
    attributes.map(|(name, it)| (name.clone(), it.clone())).collect()
}
