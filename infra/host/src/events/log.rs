//! What came and went of late, to look at.

use super::event::Envelope;
use crate::template::{Outlet, RuleTarget};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How many events are remembered. They are gone when the host ends.
const KEPT: usize = 500;

/// An event that came, and where it went.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoggedEvent {
    /// When it came.
    pub at: Timestamp,
    /// The logical id of the bus.
    pub bus: String,
    /// Who put it there.
    pub from: String,
    /// The event as everybody sees it.
    pub event: Value,
    /// What the rules that it matched did with it.
    pub deliveries: Vec<Delivery>,
}

/// An event on its way to one target of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The logical id of the rule.
    pub rule: String,
    /// The target's id.
    pub target: String,
    /// `queue`, `function` or `stream`.
    pub kind: &'static str,
    /// The logical id of the queue, function or delivery stream.
    pub to: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum Outcome {
    /// It is in the queue, or will be given to the function or written to a file.
    Delivered {
        /// The id of the message or the invocation; of a record there is none.
        id: String,
    },
    /// It could not be delivered.
    DeadLetter {
        /// The logical id of the queue that has it instead.
        queue: String,
        /// Why.
        reason: String,
    },
    /// It could not be delivered, and nobody has it.
    Dropped {
        /// Why.
        reason: String,
    },
}

impl LoggedEvent {
    pub(super) fn new(
        bus: &str,
        from: &str,
        envelope: Envelope,
        deliveries: Vec<Delivery>,
    ) -> Self {
        let (bus, from) = (bus.to_owned(), from.to_owned());
        Self { at: Timestamp::now(), bus, from, event: envelope.json, deliveries }
    }

    /// The event's id.
    pub fn id(&self) -> &str {
        self.event["id"].as_str().unwrap_or_default()
    }
}

impl Delivery {
    pub(super) fn new(rule: &str, target: &RuleTarget) -> Self {
        let (kind, to) = match &target.to {
            Outlet::Queue(id) => ("queue", id),
            Outlet::Function(id) => ("function", id),
            Outlet::Stream { id, .. } => ("stream", id),
        };
        let outcome = Outcome::Dropped { reason: String::new() };
        Self { rule: rule.to_owned(), target: target.id.clone(), kind, to: to.clone(), outcome }
    }

    /// The logical id of the queue that has a message of it.
    pub(super) fn queue(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Delivered { .. } if self.kind == "queue" => Some(&self.to),
            Outcome::DeadLetter { queue, .. } => Some(queue),
            _ => None,
        }
    }

    /// The logical id of the delivery stream that has it.
    pub(super) fn stream(&self) -> Option<&str> {
        let delivered = matches!(self.outcome, Outcome::Delivered { .. });
        (delivered && self.kind == "stream").then_some(&self.to)
    }

    /// The logical id of the function that is to be invoked for it.
    pub(super) fn function(&self) -> Option<&str> {
        let delivered = matches!(self.outcome, Outcome::Delivered { .. });
        (delivered && self.kind == "function").then_some(&self.to)
    }
}

/// The latest events, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<VecDeque<Arc<LoggedEvent>>>);

impl Log {
    pub(super) fn append(&self, events: Vec<LoggedEvent>) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend(events.into_iter().map(Arc::new));
        let superfluous = log.len().saturating_sub(KEPT);
        log.drain(..superfluous);
    }

    /// Newest first.
    pub(super) fn latest(&self) -> Vec<Arc<LoggedEvent>> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().rev().cloned().collect()
    }
}
