//! Events that are put on a bus.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use super::error::EventBridgeError;
use crate::endpoint::read;
use crate::events::{EventBuses, LARGEST_ENTRY, NewEvent};
use crate::iam::{Access, Caller};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

const MOST_ENTRIES: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    source: String,
    #[serde(default)]
    detail_type: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    resources: Vec<String>,
    event_bus_name: Option<String>,
    /// Seconds since 1970.
    time: Option<f64>,
}

/// Each entry succeeds or fails by itself.
pub(super) fn put_events(
    buses: &EventBuses,
    caller: &Caller<'_>,
    body: &[u8],
) -> Result<Value, EventBridgeError> {
    let PutEvents { entries } = read(body)?;
    if !(1..=MOST_ENTRIES).contains(&entries.len()) {
        return Err(EventBridgeError::Invalid(format!(
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and {MOST_ENTRIES}"
        )));
    }
    let size = entries.iter().map(size).sum::<usize>();
    if size > LARGEST_ENTRY {
        return Err(EventBridgeError::Invalid(format!(
            "Total size of the entries in the request is over the limit: {size} of {LARGEST_ENTRY} bytes."
        )));
    }
    let mut targets = Vec::new();
    for entry in &entries {
        let bus = entry.event_bus_name.as_deref().unwrap_or("default");
        let found = buses.find(bus);
        let arn = found.map_or(bus, |(_, arn)| arn);
        caller.may(&Access::new("events:PutEvents", arn))?;
        targets.push(found.map(|(id, _)| id));
    }
    let (mut results, mut failed) = (Vec::new(), 0);
    for (entry, bus) in entries.into_iter().zip(targets) {
        let missing = ("ResourceNotFoundException", "The event bus does not exist.".to_owned());
        match event(entry).and_then(|event| bus.ok_or(missing).map(|bus| (bus, event))) {
            Ok((bus, event)) => {
                let ids = buses.publish(bus, &caller.id(), &[event])?;
                results.push(json!({"EventId": ids[0]}));
            }
            Err((code, message)) => {
                failed += 1;
                results.push(json!({"ErrorCode": code, "ErrorMessage": message}));
            }
        }
    }
    Ok(json!({"FailedEntryCount": failed, "Entries": results}))
}

fn size(entry: &Entry) -> usize {
    let resources = entry.resources.iter().map(String::len).sum::<usize>();
    let time = if entry.time.is_some() { 14 } else { 0 };
    entry.source.len() + entry.detail_type.len() + entry.detail.len() + resources + time
}

fn event(entry: Entry) -> Result<NewEvent, (&'static str, String)> {
    let Entry { source, detail_type, detail, resources, time, .. } = entry;
    for (name, text) in [("Source", &source), ("DetailType", &detail_type), ("Detail", &detail)] {
        if text.is_empty() {
            let message =
                format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            return Err(("InvalidArgument", message));
        }
    }
    let detail = serde_json::from_str(&detail).ok().filter(Value::is_object);
    let detail = detail.ok_or(("MalformedDetail", "Detail is malformed.".to_owned()))?;
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds are meant")]
    let time = time.and_then(|time| Timestamp::from_millisecond((time * 1000.0) as i64).ok());
    Ok(NewEvent { source, detail_type, detail, resources, time })
}
