//! The sections of a template.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeMap;

/// A template as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "AWSTemplateFormatVersion")]
    _format_version: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _metadata: Option<IgnoredAny>,
    /// Assertions about the account that is deployed to, such as its bootstrap version.
    _rules: Option<IgnoredAny>,
    /// What a deployment prints; this host prints its own address.
    _outputs: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Parameter>,
    #[serde(default)]
    pub(super) conditions: BTreeMap<String, Value>,
    pub(super) resources: BTreeMap<String, Resource>,
}

/// A value that a deployment is asked for.
///
/// Patterns and lengths are not looked at: they guard what a person types for a deployment, and
/// may ask for `https` where the issuer of this machine has none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameter {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    pub(super) default: Option<Value>,
    #[serde(default)]
    pub(super) allowed_values: Vec<Value>,
}

/// One resource.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Resource {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) properties: Value,
    pub(super) condition: Option<String>,
    _metadata: Option<IgnoredAny>,
    /// Everything here starts before anything is called.
    _depends_on: Option<IgnoredAny>,
    /// Nothing here is ever deleted or replaced by a deployment.
    _deletion_policy: Option<IgnoredAny>,
    _update_replace_policy: Option<IgnoredAny>,
    _update_policy: Option<IgnoredAny>,
}
