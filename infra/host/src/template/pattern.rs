//! Patterns by which an event source mapping filters records.
//!
//! A record matches a pattern if it has each of the pattern's fields, with one of the values that the
//! field lists. Of the ways to name a value this host knows a text and a prefix; a template with any
//! other is refused.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a record must look like.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "this host knows texts and {\"prefix\":...} in a pattern")]
pub enum Pattern {
    /// An object with these fields, which must match in turn.
    Fields(BTreeMap<String, Pattern>),
    /// One of these values.
    AnyOf(Vec<Matcher>),
}

/// One way to name a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Matcher {
    /// A text that begins with this one.
    Prefix(String),
    /// This text.
    #[serde(untagged)]
    Text(String),
}

impl Pattern {
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

    fn parse(text: &str) -> serde_json::Result<Pattern> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_record_matches_by_all_fields_and_any_value() {
        let pattern = parse(r#"{"a":{"b":[{"prefix":"x#"},"META"]},"c":["1"]}"#).unwrap();
        let record = |b: Value, c: Value| json!({"a": {"b": b, "other": 1}, "c": c});
        assert!(pattern.matches(&record(json!("x#7"), json!("1"))));
        assert!(pattern.matches(&record(json!("META"), json!("1"))));
        let named = parse(r#"{"a":["prefix"]}"#).unwrap();
        assert!(named.matches(&json!({"a": "prefix"})));
        for (b, c) in [("x", "1"), ("METAL", "1"), ("y#", "1"), ("x#", "2"), ("x#", "")] {
            assert!(!pattern.matches(&record(json!(b), json!(c))), "{b} {c}");
        }
        assert!(!pattern.matches(&record(json!(7), json!("1"))));
        assert!(!pattern.matches(&json!({"c": "1"})));
        assert!(!pattern.matches(&json!("text")));
        assert!(parse("{}").unwrap().matches(&json!({"anything": 1})));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(parse("{").unwrap_err().is_eof());
        for text in [
            r#"{"a":"b"}"#,
            r#"{"a":[1]}"#,
            r#"{"a":[{"exists":true}]}"#,
            r#"{"a":[{"prefix":1}]}"#,
            r#"{"a":[{"prefix":"b","suffix":"c"}]}"#,
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert_eq!(error, "this host knows texts and {\"prefix\":...} in a pattern", "{text}");
        }
    }
}
