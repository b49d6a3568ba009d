//! Each operation: one request, one answer.

use super::call::Call;
use super::error::SqsError;
use super::{attributes, batches, check};
use crate::endpoint::read;
use crate::iam::Access;
use crate::queues::{Received, digest};
use crate::template::{queue_arn, queue_url};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ByName {
    queue_name: Option<String>,
    #[serde(default)]
    queue_name_prefix: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueAttributes {
    #[serde(default)]
    attribute_names: Vec<String>,
}

/// Carries out an operation.
pub(super) async fn run(call: &Call<'_>, operation: &str, body: &[u8]) -> Result<Value, SqsError> {
    match operation {
        "SendMessage" => {
            let target = call.target(body, "sqs:SendMessage")?;
            call.send(&target, read(body)?)
        }
        "SendMessageBatch" => batches::send(call, body),
        "ReceiveMessage" => receive(call, body).await,
        "DeleteMessage" => {
            let target = call.target(body, "sqs:DeleteMessage")?;
            call.delete(&target, read(body)?)
        }
        "DeleteMessageBatch" => batches::delete(call, body),
        "ChangeMessageVisibility" => {
            let target = call.target(body, "sqs:ChangeMessageVisibility")?;
            call.change_visibility(&target, read(body)?)
        }
        "ChangeMessageVisibilityBatch" => batches::change_visibility(call, body),
        "GetQueueAttributes" => attributes(call, body),
        "GetQueueUrl" => url(call, body),
        "ListQueues" => list(call, body),
        "PurgeQueue" => purge(call, body),
        _ => Err(SqsError::UnknownOperation),
    }
}

async fn receive(call: &Call<'_>, body: &[u8]) -> Result<Value, SqsError> {
    let target = call.target(body, "sqs:ReceiveMessage")?;
    let request: ReceiveMessage = read(body)?;
    let most = request.max_number_of_messages.unwrap_or(1);
    let most = check::number("MaxNumberOfMessages", most, 1..=10)?;
    let most = usize::try_from(most).unwrap_or(1);
    let visibility = request.visibility_timeout.map(check::visibility).transpose()?;
    let wait = request.wait_time_seconds.map(check::wait).transpose()?;
    let end = Instant::now() + wait.unwrap_or(target.settings.wait);
    let messages = loop {
        let messages = call.queues.receive(target.id, most, visibility, None)?;
        if !messages.is_empty() || Instant::now() >= end {
            break messages;
        }
        // The end of the wait is no reason not to look once more.
        if let Ok(visible) = timeout_at(end, call.queues.visible(target.id)).await {
            visible?;
        }
    };
    if messages.is_empty() {
        return Ok(json!({}));
    }
    let messages: Vec<_> = messages.iter().map(|it| request.show(it)).collect();
    Ok(json!({ "Messages": messages }))
}

fn attributes(call: &Call<'_>, body: &[u8]) -> Result<Value, SqsError> {
    let target = call.target(body, "sqs:GetQueueAttributes")?;
    let GetQueueAttributes { attribute_names } = read(body)?;
    let counts = call.queues.count(target.id)?;
    let redrive = target.settings.redrive.as_ref();
    let dead_letters = redrive.and_then(|redrive| call.queues.settings(&redrive.queue));
    let attributes = attributes::of_queue(target.settings, dead_letters, counts, &attribute_names)?;
    Ok(json!({ "Attributes": attributes }))
}

fn url(call: &Call<'_>, body: &[u8]) -> Result<Value, SqsError> {
    let ByName { queue_name, .. } = read(body)?;
    let name = queue_name.ok_or(SqsError::Missing("QueueName"))?;
    let target = call.queue(&name, "sqs:GetQueueUrl")?;
    Ok(json!({"QueueUrl": queue_url(&target.settings.name)}))
}

fn list(call: &Call<'_>, body: &[u8]) -> Result<Value, SqsError> {
    let ByName { queue_name_prefix, .. } = read(body)?;
    call.caller.may(&Access::new("sqs:ListQueues", queue_arn("*")))?;
    let names = call.queues.names().filter(|name| name.starts_with(&queue_name_prefix));
    Ok(json!({"QueueUrls": names.map(queue_url).collect::<Vec<_>>()}))
}

fn purge(call: &Call<'_>, body: &[u8]) -> Result<Value, SqsError> {
    let target = call.target(body, "sqs:PurgeQueue")?;
    let purged = call.queues.purge(target.id)?;
    purged.map_err(|_| SqsError::PurgeInProgress(target.settings.name.clone()))?;
    Ok(json!({}))
}

impl ReceiveMessage {
    /// The message, with what of it was asked for.
    fn show(&self, message: &Received) -> Value {
        let asked = [&self.attribute_names[..], &self.message_system_attribute_names[..]].concat();
        let system = attributes::of_message(message, &asked);
        let own = attributes::of_sender(message, &self.message_attribute_names);
        let mut answer = json!({
            "MessageId": message.message_id,
            "ReceiptHandle": message.receipt_handle,
            "MD5OfBody": digest::of_text(&message.body),
            "Body": message.body,
        });
        if !system.is_empty() {
            answer["Attributes"] = json!(system);
        }
        if let Some(digest) = digest::of_attributes(&own) {
            answer["MD5OfMessageAttributes"] = json!(digest);
            answer["MessageAttributes"] = json!(own);
        }
        answer
    }
}
