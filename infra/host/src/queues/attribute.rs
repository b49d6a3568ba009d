//! What a sender says of a message beside its text.

use serde::{Deserialize, Serialize};

/// A message's attribute, in the form of both the API and Lambda's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, and what its sender adds after a dot.
    pub data_type: String,
    /// The value of a text or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value of bytes, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}
