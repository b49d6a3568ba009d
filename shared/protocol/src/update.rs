//! Pushed frames.

use crate::fields::TopicName;
use crate::view::{BookingView, ResourceView, SlotView};
use schemars::JsonSchema;
use serde::Serialize;

/// What changed in one topic, newest version only.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Update {
    /// The topic.
    pub topic: TopicName,
    /// Bookings that changed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub bookings: Vec<BookingView>,
    /// Slots that changed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub slots: Vec<SlotView>,
    /// The resource itself, when an operator changed it. The slots known of it are stale, and none
    /// of them need be among `slots`: subscribe again for a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceView>,
}

/// Start of an update frame; the updates follow, parted by commas.
const HEAD: &str = r#"{"type":"update","updates":["#;
/// End of an update frame.
const TAIL: &str = "]}";

/// What is around the updates of a frame, in bytes.
pub const AROUND: usize = HEAD.len() + TAIL.len();

/// Puts updates, each already JSON, into as few frames as fit `max` bytes each. An update that is
/// larger than that stands alone.
pub fn frames<'a>(updates: impl IntoIterator<Item = &'a str>, max: usize) -> Vec<String> {
    let mut frames: Vec<String> = Vec::new();
    for update in updates {
        match frames.last_mut() {
            Some(frame) if frame.len() + update.len() + 1 + TAIL.len() <= max => {
                frame.push(',');
                frame.push_str(update);
            }
            _ => frames.push(format!("{HEAD}{update}")),
        }
    }
    for frame in &mut frames {
        frame.push_str(TAIL);
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_hold_what_fits() {
        let updates = [r#"{"topic":"a"}"#, r#"{"topic":"b"}"#, r#"{"topic":"c"}"#];
        let one = frames(updates, 1000);
        assert_eq!(one.len(), 1);
        let parsed: serde_json::Value = serde_json::from_str(&one[0]).unwrap();
        assert_eq!(parsed["updates"].as_array().unwrap().len(), 3);

        let limit = HEAD.len() + 2 * updates[0].len() + 1 + TAIL.len();
        let two = frames(updates, limit);
        assert_eq!(two.len(), 2);
        assert!(two.iter().all(|frame| frame.len() <= limit));
        assert_eq!(frames(updates, limit - 1).len(), 3);
        assert!(frames([], 1000).is_empty());
    }
}
