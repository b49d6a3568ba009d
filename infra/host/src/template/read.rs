//! Reads a resource's properties into its struct.

use super::document::Resource;
use super::error::TemplateError;
use super::resolve::{Resolver, unresolved};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A resource of the template whose properties are still to be read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) id: &'a str,
    pub(super) resource: &'a Resource,
    pub(super) resolver: &'a Resolver<'a>,
}

impl Source<'_> {
    /// Reads the properties, with references resolved.
    pub(super) fn properties<T: DeserializeOwned>(&self) -> Result<T, TemplateError> {
        let properties = match &self.resource.properties {
            Value::Null => Value::Object(serde_json::Map::new()),
            properties => self.resolver.resolve(properties),
        };
        serde_path_to_error::deserialize(&properties).map_err(|error| {
            let path = error.path().to_string();
            let reason = reason_at(&properties, error.path())
                .unwrap_or_else(|| first_clause(&error.inner().to_string()));
            match path.as_str() {
                "." | "" => self.refuse(reason),
                path => self.refuse(format!("{path}: {reason}")),
            }
        })
    }

    /// The resource's own ARN, if resources of its type have one here.
    pub(super) fn arn(&self) -> Option<String> {
        let arn = self.resolver.resolve(&json!({"Fn::GetAtt": [self.id, "Arn"]}));
        arn.as_str().map(str::to_owned)
    }

    /// The error that nobody said what resources of this type are here.
    pub(super) fn unknown(&self) -> TemplateError {
        let (resource, kind) = (self.id.to_owned(), self.resource.kind.clone());
        TemplateError::UnknownType { resource, kind }
    }

    /// What a property refers to, if that was found.
    pub(super) fn find<T>(
        &self,
        property: &str,
        reference: &str,
        kind: &str,
        found: Option<T>,
    ) -> Result<T, TemplateError> {
        let missing = || format!("{property}: {reference} is not {kind} of this template");
        found.ok_or_else(|| self.refuse(missing()))
    }

    /// Refuses every value of a property but one.
    pub(super) fn only(
        &self,
        property: &str,
        known: &str,
        given: &str,
    ) -> Result<(), TemplateError> {
        let other = || format!("{property}: this host knows {known} only, not {given}");
        (given == known).then_some(()).ok_or_else(|| self.refuse(other()))
    }

    /// The error that this resource cannot run here.
    pub(super) fn refuse(&self, reason: impl Into<String>) -> TemplateError {
        TemplateError::Resource {
            resource: self.id.to_owned(),
            kind: self.resource.kind.clone(),
            reason: reason.into(),
        }
    }
}

/// Why the value at that place could not be resolved, if that is what is wrong with it.
fn reason_at(properties: &Value, path: &serde_path_to_error::Path) -> Option<String> {
    use serde_path_to_error::Segment;
    let mut value = properties;
    for segment in path {
        value = match segment {
            Segment::Map { key } => value.get(key)?,
            Segment::Seq { index } => value.get(index)?,
            Segment::Enum { .. } | Segment::Unknown => return None,
        };
    }
    // In a list that may stand for one value, the place is not told any closer.
    let reason = unresolved(value).or_else(|| value.as_array()?.iter().find_map(unresolved));
    reason.map(str::to_owned)
}

/// Without the list of what would have been expected, which can be very long.
fn first_clause(message: &str) -> String {
    let end = message.find(", expected one of").unwrap_or(message.len());
    message[..end].to_owned()
}
