//! Patterns by which an event source mapping filters records.
//!
//! A record matches a pattern if it has each of the pattern's fields, with one of the values that the
//! field lists. Of the ways to name a value this host knows a text and a prefix; a template with any
//! other is refused.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>

use std::collections::BTreeMap;

use serde_json::Value;

/// What a record must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// An object with these fields, which must match in turn.
    Fields(BTreeMap<String, Pattern>),
    /// One of these values.
    AnyOf(Vec<Matcher>),
}

/// One way to name a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// This text.
    Text(String),
    /// A text that begins with this one.
    Prefix(String),
}

/// A pattern that this host does not understand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is not JSON.
    #[error("the pattern is not JSON")]
    NotJson,
    /// It names a value in a way that this host does not know.
    #[error("this host knows texts and {{\"prefix\":...}} in a pattern, not {0}")]
    Unknown(String),
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Self::read(&serde_json::from_str(text).map_err(|_| PatternError::NotJson)?)
    }

    fn read(value: &Value) -> Result<Self, PatternError> {
        match value {
            Value::Object(fields) => {
                let read =
                    |(name, value): (&String, &Value)| Ok((name.clone(), Self::read(value)?));
                fields.iter().map(read).collect::<Result<_, _>>().map(Self::Fields)
            }
            Value::Array(values) => {
                values.iter().map(Matcher::read).collect::<Result<_, _>>().map(Self::AnyOf)
            }
            other => Err(PatternError::Unknown(other.to_string())),
        }
    }

    /// Whether a record matches.
    pub fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Fields(fields) => fields
                .iter()
                .all(|(name, pattern)| value.get(name).is_some_and(|value| pattern.matches(value))),
            Self::AnyOf(matchers) => {
                value.as_str().is_some_and(|text| matchers.iter().any(|it| it.matches(text)))
            }
        }
    }
}

impl Matcher {
    fn read(value: &Value) -> Result<Self, PatternError> {
        let unknown = || PatternError::Unknown(value.to_string());
        match value {
            Value::String(text) => Ok(Self::Text(text.clone())),
            Value::Object(object) if object.len() == 1 => {
                let prefix = object.get("prefix").and_then(Value::as_str);
                prefix.map(|prefix| Self::Prefix(prefix.to_owned())).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Text(wanted) => text == wanted,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_matches_by_all_fields_and_any_value() {
        let pattern = Pattern::parse(r#"{"a":{"b":[{"prefix":"x#"},"META"]},"c":["1"]}"#).unwrap();
        let record = |b: Value, c: Value| json!({"a": {"b": b, "other": 1}, "c": c});
        assert!(pattern.matches(&record(json!("x#7"), json!("1"))));
        assert!(pattern.matches(&record(json!("META"), json!("1"))));
        for (b, c) in [("x", "1"), ("METAL", "1"), ("y#", "1"), ("x#", "2"), ("x#", "")] {
            assert!(!pattern.matches(&record(json!(b), json!(c))), "{b} {c}");
        }
        assert!(!pattern.matches(&record(json!(7), json!("1"))));
        assert!(!pattern.matches(&json!({"c": "1"})));
        assert!(!pattern.matches(&json!("text")));
        assert!(Pattern::parse("{}").unwrap().matches(&json!({"anything": 1})));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(Pattern::parse("{"), Err(PatternError::NotJson));
        for text in [
            r#"{"a":"b"}"#,
            r#"{"a":[1]}"#,
            r#"{"a":[{"exists":true}]}"#,
            r#"{"a":[{"prefix":1}]}"#,
        ] {
            assert!(matches!(Pattern::parse(text), Err(PatternError::Unknown(_))), "{text}");
        }
    }
}
