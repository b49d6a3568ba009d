//! What of an event a rule's target gets, and how.

use super::event::Envelope;
use super::log::{Delivery, Outcome};
use crate::faults::Faults;
use crate::firehose::Firehose;
use crate::invocations::Invocations;
use crate::queues::{Attribute, NewMessage, Queues};
use crate::template::{Outlet, Rule, RuleTarget, TargetInput};
use rusqlite::Transaction;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The largest event of an invocation that nobody waits for, in bytes:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LARGEST_EVENT: usize = 1024 * 1024;

/// The largest record of a delivery stream, in bytes: <https://docs.aws.amazon.com/firehose/latest/dev/limits.html>
const LARGEST_RECORD: usize = 1000 * 1024;

/// Where events go to.
#[derive(Debug)]
pub(super) struct Outlets {
    pub(super) queues: Queues,
    pub(super) invocations: Invocations,
    pub(super) firehose: Firehose,
    pub(super) faults: Faults,
}

/// What cannot be delivered.
struct Undeliverable {
    code: &'static str,
    message: String,
}

impl Outlets {
    /// Delivers an event to a target, or to its dead-letter queue.
    pub(super) fn deliver(
        &self,
        transaction: &Transaction<'_>,
        rule_id: &str,
        rule: &Rule,
        target: &RuleTarget,
        envelope: &Envelope,
    ) -> rusqlite::Result<Delivery> {
        let input = input(rule, target, &envelope.json);
        let mut delivery = Delivery::new(rule_id, target);
        let copies = if self.faults.event_twice() { 2 } else { 1 };
        for _ in 0..copies {
            let late = self.faults.event_late();
            let sent = match &target.to {
                Outlet::Queue(queue) => self.to_queue(transaction, queue, &input, late)?,
                Outlet::Function(function) => {
                    self.to_function(transaction, function, &input, late)?
                }
                Outlet::Stream { id, .. } => self.to_stream(transaction, id, &input)?,
            };
            match sent {
                Ok(id) => delivery.outcome = Outcome::Delivered { id },
                Err(why) => {
                    delivery.outcome = self.bury(transaction, rule, target, envelope, &why)?;
                }
            }
        }
        Ok(delivery)
    }

    fn to_queue(
        &self,
        transaction: &Transaction<'_>,
        queue: &str,
        input: &str,
        late: Duration,
    ) -> rusqlite::Result<Result<String, Undeliverable>> {
        let settings = self.queues.settings(queue);
        let most = settings.map_or(0, |settings| settings.largest_message);
        if input.len() > most || input.is_empty() {
            let size = input.len();
            let message = format!("the queue takes messages of 1 to {most} bytes, not of {size}");
            return Ok(Err(Undeliverable { code: "INVALID_PARAMETER", message }));
        }
        let delay = settings.map_or(Duration::ZERO, |settings| settings.delay) + late;
        let message = NewMessage { delay: Some(delay), ..NewMessage::of_service(input) };
        self.queues.put(transaction, queue, &message).map(Ok)
    }

    fn to_function(
        &self,
        transaction: &Transaction<'_>,
        function: &str,
        input: &str,
        late: Duration,
    ) -> rusqlite::Result<Result<String, Undeliverable>> {
        let undeliverable = |code, message| Ok(Err(Undeliverable { code, message }));
        if serde_json::from_str::<Value>(input).is_err() {
            return undeliverable("INVALID_JSON", "a function takes JSON only".to_owned());
        }
        if input.len() > LARGEST_EVENT {
            let message = format!("a function takes {LARGEST_EVENT} bytes, not {}", input.len());
            return undeliverable("INVALID_PARAMETER", message);
        }
        self.invocations.put(transaction, function, input, late).map(Ok)
    }

    fn to_stream(
        &self,
        transaction: &Transaction<'_>,
        stream: &str,
        input: &str,
    ) -> rusqlite::Result<Result<String, Undeliverable>> {
        if input.len() > LARGEST_RECORD {
            let message =
                format!("a record has {LARGEST_RECORD} bytes at most, not {}", input.len());
            return Ok(Err(Undeliverable { code: "INVALID_PARAMETER", message }));
        }
        self.firehose.put(transaction, stream, input)?;
        Ok(Ok(String::new()))
    }

    /// Sends an event that cannot be delivered to the target's dead-letter queue, if it has one, with the
    /// reason beside it:
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>
    fn bury(
        &self,
        transaction: &Transaction<'_>,
        rule: &Rule,
        target: &RuleTarget,
        envelope: &Envelope,
        why: &Undeliverable,
    ) -> rusqlite::Result<Outcome> {
        let reason = why.message.clone();
        tracing::error!(
            rule = rule.name,
            target = target.id,
            reason,
            "an event cannot be delivered"
        );
        let Some(queue) = &target.dead_letters else { return Ok(Outcome::Dropped { reason }) };
        let text = |value: &str| Attribute {
            data_type: "String".to_owned(),
            string_value: Some(value.to_owned()),
            binary_value: None,
        };
        let attributes = BTreeMap::from([
            ("RULE_ARN".to_owned(), text(&rule.arn)),
            ("TARGET_ID".to_owned(), text(&target.id)),
            ("ERROR_CODE".to_owned(), text(why.code)),
            ("ERROR_MESSAGE".to_owned(), text(&why.message)),
            ("RETRY_ATTEMPTS".to_owned(), text("0")),
        ]);
        let message =
            NewMessage { attributes, ..NewMessage::of_service(envelope.json.to_string()) };
        self.queues.put(transaction, queue, &message)?;
        Ok(Outcome::DeadLetter { queue: queue.clone(), reason })
    }
}

/// What a target gets of an event.
fn input(rule: &Rule, target: &RuleTarget, event: &Value) -> String {
    match &target.input {
        TargetInput::Event => event.to_string(),
        TargetInput::Constant(text) => text.clone(),
        TargetInput::Part(path) => path.find(event).unwrap_or(&Value::Null).to_string(),
        TargetInput::Template(template) => template.render(event, &|name| match name {
            "aws.events.rule-arn" => Some(json!(rule.arn)),
            "aws.events.rule-name" => Some(json!(rule.name)),
            "aws.events.event.ingestion-time" => event.get("time").cloned(),
            "aws.events.event" => {
                // Without what happened, as documented.
                let mut event = event.clone();
                event.as_object_mut().and_then(|event| event.remove("detail"));
                Some(event)
            }
            "aws.events.event.json" => Some(event.clone()),
            _ => None,
        }),
    }
}
