//! Messages, before and after they are received.

use super::attribute::Attribute;
use super::digest;
use crate::template::ACCOUNT;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A message that is to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// Its text.
    pub body: String,
    /// What its sender says beside its text.
    pub attributes: BTreeMap<String, Attribute>,
    /// After how long it can be received; without it, the queue decides.
    pub delay: Option<Duration>,
    /// Who sends it, as `SenderId` has it.
    pub sender: String,
}

impl NewMessage {
    /// A message that a service of AWS sends.
    pub fn of_service(body: impl Into<String>) -> Self {
        Self { body: body.into(), sender: ACCOUNT.to_owned(), ..Self::default() }
    }
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its id: the same however often it is received.
    pub message_id: String,
    /// By which it is deleted.
    pub receipt_handle: String,
    /// Its text.
    pub body: String,
    /// What its sender said beside its text.
    pub attributes: BTreeMap<String, Attribute>,
    /// Who sent it.
    pub sender: String,
    /// When it was sent, in milliseconds since 1970.
    pub sent_ms: i64,
    /// When it was received first.
    pub first_received_ms: i64,
    /// How often it was received, this time included.
    pub receives: u32,
    /// The ARN of the queue of which it is a dead letter.
    pub dead_from: Option<String>,
}

impl Received {
    /// The digest of its text, by which a receiver knows that it is whole.
    pub fn body_md5(&self) -> String {
        digest::of_text(&self.body)
    }

    /// The digest of its attributes, if it has any.
    pub fn attributes_md5(&self) -> Option<String> {
        digest::of_attributes(&self.attributes)
    }
}

/// A message as a person looks at it, whose look changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub message_id: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Its text, as it was sent.
    pub body: String,
    /// When it can be received, if that is not now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_at: Option<Timestamp>,
    /// How often it was received.
    pub receives: u32,
    /// The ARN of the queue of which it is a dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_from: Option<String>,
}
