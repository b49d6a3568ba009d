//! Every frame that the gateway sends.

use crate::error::WireError;
use crate::fields::RequestId;
use crate::reply::Reply;
use crate::size::{MAX_OUTBOUND, take_fitting};
use crate::update::{FRAME, Update};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

/// A frame that the gateway sends. Updates may be JSON already.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Outbound<'a, U = Update> {
    /// The result of a request.
    Reply {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schemars(with = "RequestId")]
        id: Option<&'a RequestId>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schemars(with = "String")]
        action: Option<&'a str>,
        result: &'a Reply,
    },
    /// Why there is no result. Nothing was changed.
    Error {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schemars(with = "RequestId")]
        id: Option<&'a RequestId>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schemars(with = "String")]
        action: Option<&'a str>,
        error: &'a WireError,
    },
    /// What changed together, newest versions only. Comes at least once.
    Update { updates: Vec<U> },
}

/// The frame that answers a request.
pub fn answer(
    id: Option<&RequestId>,
    action: Option<&str>,
    outcome: &Result<Reply, WireError>,
) -> Result<String, serde_json::Error> {
    let frame: Outbound<'_> = match outcome {
        Ok(result) => Outbound::Reply { id, action, result },
        Err(error) => Outbound::Error { id, action, error },
    };
    serde_json::to_string(&frame)
}

/// Puts pieces of updates into frames: in their order, into as few as fit [`MAX_OUTBOUND`] bytes each.
pub fn frames<'a>(
    pieces: impl IntoIterator<Item = &'a RawValue>,
) -> Result<Vec<String>, serde_json::Error> {
    frames_within(pieces, MAX_OUTBOUND)
}

fn frames_within<'a>(
    pieces: impl IntoIterator<Item = &'a RawValue>,
    max: usize,
) -> Result<Vec<String>, serde_json::Error> {
    let mut pieces: Vec<_> = pieces.into_iter().collect();
    let mut frames = Vec::new();
    while !pieces.is_empty() {
        let updates = take_fitting(&mut pieces, max - FRAME + "[]".len())?;
        frames.push(serde_json::to_string(&Outbound::Update { updates })?);
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn frames_hold_what_fits() {
        let pieces = ["a", "b", "c"].map(|topic| raw(&format!(r#"{{"topic":"{topic}"}}"#)));
        let of_size = |max| {
            let frames = frames_within(pieces.iter().map(Box::as_ref), max).unwrap();
            assert!(frames.iter().all(|frame| frame.len() <= max), "{frames:?}");
            frames
        };
        let one = r#"{"type":"update","updates":[{"topic":"a"},{"topic":"b"},{"topic":"c"}]}"#;
        assert_eq!(of_size(one.len()), [one]);
        assert_eq!(of_size(one.len() - 1).len(), 2);
        assert_eq!(of_size(FRAME + 2 * pieces[0].get().len()).len(), 3);
        assert!(frames([]).unwrap().is_empty());
    }
}
