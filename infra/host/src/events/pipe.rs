//! A record of a stream becomes an event.

use super::{EventBuses, NewEvent};
use crate::journal::JournalError;
use crate::template::{Pipe, TextOrPath};
use jiff::Timestamp;
use serde_json::{Value, json};
use thiserror::Error;

/// The largest entry that a bus takes, in bytes: one mebibyte since 2026. What counts is the text of
/// source, detail type, detail and resources.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>,
/// <https://shopify.dev/changelog/amazon-eventbridge-webhook-payload-size-limit-increased-to-1-mb>
pub const LARGEST_ENTRY: usize = 1024 * 1024;

/// Where a pipe leads.
#[derive(Debug, Clone)]
pub struct PipeTarget {
    /// The pipe's logical id.
    pub id: String,
    /// What it makes of a record.
    pub pipe: Pipe,
    /// The buses.
    pub buses: EventBuses,
    /// The ARN of its bus.
    pub bus_arn: String,
}

/// Why records do not come through.
#[derive(Debug, Error)]
pub enum PipeError {
    /// A record is no JSON.
    #[error("a record is no JSON: {0}")]
    Record(#[from] serde_json::Error),
    /// The record has nothing where the pipe looks for the event's source or detail type.
    #[error("the record has no text for {0}")]
    NoText(&'static str),
    /// The record makes no object of the template.
    #[error("the detail of an event is an object")]
    NoObject,
    /// It is too large.
    #[error("an event has at most {LARGEST_ENTRY} bytes, and this one {0}")]
    TooLarge(usize),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl PipeTarget {
    /// Puts an event for each record on the bus, all of them or none.
    pub fn publish<'a>(&self, records: impl Iterator<Item = &'a str>) -> Result<(), PipeError> {
        let events = records.map(|record| self.event(record)).collect::<Result<Vec<_>, _>>()?;
        self.buses.publish(&self.pipe.bus, &self.id, &events)?;
        Ok(())
    }

    fn event(&self, record: &str) -> Result<NewEvent, PipeError> {
        let record: Value = serde_json::from_str(record)?;
        let text = |of: &TextOrPath, property| match of {
            TextOrPath::Text(text) => Ok(text.clone()),
            TextOrPath::Path(path) => {
                let found = path.find(&record).and_then(Value::as_str);
                found.map(str::to_owned).ok_or(PipeError::NoText(property))
            }
        };
        let (source, detail_type) =
            (text(&self.pipe.source, "Source")?, text(&self.pipe.detail_type, "DetailType")?);
        let detail = match &self.pipe.input {
            Some(template) => {
                let rendered = template.render(&record, &|name| self.reserved(name, &record));
                serde_json::from_str(&rendered)?
            }
            None => record.clone(),
        };
        if !detail.is_object() {
            return Err(PipeError::NoObject);
        }
        let size = source.len() + detail_type.len() + detail.to_string().len();
        if size > LARGEST_ENTRY {
            return Err(PipeError::TooLarge(size));
        }
        let resources = self.pipe.resources.clone();
        Ok(NewEvent { source, detail_type, detail, resources, time: None })
    }

    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html#input-transform-reserved>
    fn reserved(&self, name: &str, record: &Value) -> Option<Value> {
        Some(match name {
            "aws.pipes.pipe-arn" => json!(self.pipe.arn),
            "aws.pipes.pipe-name" => json!(self.pipe.name),
            "aws.pipes.source-arn" => json!(self.pipe.reader.stream_arn),
            "aws.pipes.target-arn" => json!(self.bus_arn),
            "aws.pipes.event.ingestion-time" => json!(format!("{:.3}", Timestamp::now())),
            "aws.pipes.event" | "aws.pipes.event.json" => record.clone(),
            _ => return None,
        })
    }
}
