//! Paths into an event, such as `$.detail.items[0].name`.

use serde_json::Value;
use thiserror::Error;

/// A path into an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(usize),
}

/// A text that is no path that this host knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not a path: it begins with $, and names fields after dots, of letters, digits, - _ and /, \
     and items as [0]"
)]
pub struct NoPath(pub String);

impl JsonPath {
    /// Reads a path: of those that EventBridge knows, all but those with wildcards.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html>
    pub fn read(text: &str) -> Result<Self, NoPath> {
        Self::steps(text).map(Self).ok_or_else(|| NoPath(text.to_owned()))
    }

    fn steps(text: &str) -> Option<Vec<Step>> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(field) = rest.strip_prefix('.') {
                let end = field.find(['.', '[']).unwrap_or(field.len());
                let (name, after) = field.split_at(end);
                let known = |it: char| it.is_ascii_alphanumeric() || "-_/".contains(it);
                if name.is_empty() || !name.chars().all(known) {
                    return None;
                }
                steps.push(Step::Field(name.to_owned()));
                rest = after;
            } else {
                let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
                steps.push(Step::Item(index.parse().ok()?));
                rest = after;
            }
        }
        Some(steps)
    }

    /// What it leads to, if that is there.
    pub fn find<'a>(&self, event: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(event, |value, step| match step {
            Step::Field(name) => value.get(name),
            Step::Item(index) => value.get(index),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths() {
        let event = json!({"a": {"b-c": [{"d": 1}], "e": null}, "detail-type": "x"});
        let find = |path: &str| JsonPath::read(path).unwrap().find(&event).cloned();
        assert_eq!(find("$"), Some(event.clone()));
        assert_eq!(find("$.a.b-c[0].d"), Some(json!(1)));
        assert_eq!(find("$.a.e"), Some(json!(null)));
        assert_eq!(find("$.detail-type"), Some(json!("x")));
        assert_eq!(find("$.a.b-c[1]"), None);
        assert_eq!(find("$.a.x.y"), None);
        for path in ["", "a", "$a", "$.", "$.a..b", "$.a[*]", "$.a.*", "$.a[", "$['a']", "$.a b"] {
            assert!(JsonPath::read(path).is_err(), "{path}");
        }
    }
}
