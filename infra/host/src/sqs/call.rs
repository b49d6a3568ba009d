//! What one message, sent, received or deleted, comes to.

use super::check;
use super::error::SqsError;
use crate::endpoint::read;
use crate::iam::{Access, Caller};
use crate::queues::{Attribute, NewMessage, Queues, digest};
use crate::template::{ACCOUNT, Queue, queue_arn};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request of somebody who is known.
pub(super) struct Call<'a> {
    pub(super) queues: &'a Queues,
    pub(super) caller: Caller<'a>,
}

/// The queue that a request is about.
pub(super) struct Target<'a> {
    pub(super) id: &'a str,
    pub(super) settings: &'a Queue,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfQueue {
    queue_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessage {
    pub(super) message_body: Option<String>,
    delay_seconds: Option<i64>,
    #[serde(default)]
    pub(super) message_attributes: BTreeMap<String, Attribute>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfMessage {
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

impl Call<'_> {
    /// The queue that a request names, if the caller may do this to it.
    pub(super) fn target(&self, body: &[u8], action: &str) -> Result<Target<'_>, SqsError> {
        let OfQueue { queue_url } = read(body)?;
        let url = queue_url.ok_or(SqsError::Missing("QueueUrl"))?;
        self.queue(name_in(&url).ok_or(SqsError::NoQueue)?, action)
    }

    /// The queue with this name, if the caller may do this to it.
    pub(super) fn queue(&self, name: &str, action: &str) -> Result<Target<'_>, SqsError> {
        let (id, settings) = self.queues.named(name).ok_or(SqsError::NoQueue)?;
        self.caller.may(&Access::new(action, queue_arn(name)))?;
        Ok(Target { id, settings })
    }

    /// Sends a message, and says what was sent.
    pub(super) fn send(
        &self,
        target: &Target<'_>,
        request: SendMessage,
    ) -> Result<Value, SqsError> {
        if request.message_group_id.or(request.message_deduplication_id).is_some() {
            return Err(SqsError::Unsupported("it has standard queues without message groups"));
        }
        let parts = check::Parts {
            body: request.message_body,
            attributes: request.message_attributes,
            delay: request.delay_seconds,
        };
        let message: NewMessage = check::message(parts, target.settings, &self.caller.id())?;
        let id = self.queues.send_message(target.id, &message)?;
        let mut answer =
            json!({"MessageId": id, "MD5OfMessageBody": digest::of_text(&message.body)});
        if let Some(digest) = digest::of_attributes(&message.attributes) {
            answer["MD5OfMessageAttributes"] = json!(digest);
        }
        Ok(answer)
    }

    pub(super) fn delete(
        &self,
        target: &Target<'_>,
        request: OfMessage,
    ) -> Result<Value, SqsError> {
        let handle = request.receipt_handle.ok_or(SqsError::Missing("ReceiptHandle"))?;
        self.queues.delete(target.id, &handle)?;
        Ok(json!({}))
    }

    pub(super) fn change_visibility(
        &self,
        target: &Target<'_>,
        request: OfMessage,
    ) -> Result<Value, SqsError> {
        let handle = request.receipt_handle.ok_or(SqsError::Missing("ReceiptHandle"))?;
        let visibility = request.visibility_timeout;
        let visibility = visibility.ok_or(SqsError::Missing("VisibilityTimeout"))?;
        self.queues.change_visibility(target.id, &handle, check::visibility(visibility)?)?;
        Ok(json!({}))
    }
}

/// The name in a queue's URL, whatever host it names: `https://HOST/ACCOUNT/NAME`.
fn name_in(url: &str) -> Option<&str> {
    let (rest, name) = url.trim_end_matches('/').rsplit_once('/')?;
    rest.ends_with(&format!("/{ACCOUNT}")).then_some(name)
}
