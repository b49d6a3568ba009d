//! Every frame that the gateway sends.

use crate::error::WireError;
use crate::fields::RequestId;
use crate::reply::Reply;
use crate::update::Update;
use schemars::JsonSchema;
use serde::Serialize;

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
