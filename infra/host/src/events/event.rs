//! An event, and the envelope that everybody sees it in.

use crate::template::{ACCOUNT, REGION};
use jiff::Timestamp;
use serde_json::{Value, json};

/// An event that is put on a bus.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Who it comes from.
    pub source: String,
    /// What kind of event of theirs it is.
    pub detail_type: String,
    /// What happened: an object.
    pub detail: Value,
    /// The ARNs that it is about.
    pub resources: Vec<String>,
    /// When it happened; now, if it does not say.
    pub time: Option<Timestamp>,
}

/// An event on a bus.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    pub(super) time: Timestamp,
    pub(super) json: Value,
}

impl Envelope {
    /// Gives an event an id and what else every event has:
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html>
    pub(super) fn new(event: &NewEvent) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        let time = event.time.unwrap_or_else(Timestamp::now);
        let json = json!({
            "version": "0",
            "id": id,
            "detail-type": event.detail_type,
            "source": event.source,
            "account": ACCOUNT,
            "time": seconds(time).to_string(),
            "region": REGION,
            "resources": event.resources,
            "detail": event.detail,
        });
        Self { time, json }
    }
}

/// The second in which an instant is: no event is of the future.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_millisecond().div_euclid(1000)).unwrap_or(time)
}
