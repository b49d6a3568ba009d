//! Texts with placeholders such as `<$.detail.id>`, which an event fills in.

use super::path::{JsonPath, NoPath};
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// A text with placeholders.
///
/// Within quotes a placeholder becomes text: what is text already as it is, anything else as its JSON,
/// and what the event does not have as nothing. Outside of quotes, in a template that is an object or a
/// list, it becomes a JSON value; what the event does not have is an empty text there too.
///
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html>,
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>. They do not
/// say what becomes of a path that leads nowhere; that it is an empty text is what users report of rules
/// and what emulators tested against AWS do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputTemplate {
    parts: Vec<Part>,
    is_json: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder { what: What, quoted: bool },
}

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// A part of the event.
    Path(JsonPath),
    /// What the service knows, such as `aws.events.rule-arn`.
    Reserved(String),
}

const OF_PIPES: &[&str] = &[
    "aws.pipes.pipe-arn",
    "aws.pipes.pipe-name",
    "aws.pipes.source-arn",
    "aws.pipes.target-arn",
    "aws.pipes.event.ingestion-time",
    "aws.pipes.event",
    "aws.pipes.event.json",
];
const OF_RULES: &[&str] = &[
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
];

/// Why a text is no template that this host knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InputTemplateError {
    /// A placeholder has no end.
    #[error("a placeholder of the template has no end: {0}")]
    Open(String),
    /// A placeholder is not known.
    #[error("this host does not know the placeholder <{0}> of the template")]
    Unknown(String),
    /// A placeholder is no path.
    #[error(transparent)]
    Path(#[from] NoPath),
    /// What comes out is no JSON, although the template begins as an object or a list.
    #[error("the template does not come to JSON: {0}")]
    Json(String),
}

impl InputTemplate {
    /// Reads a pipe's template: its placeholders are paths.
    pub fn of_pipe(text: &str) -> Result<Self, InputTemplateError> {
        Self::read(text, &BTreeMap::new(), OF_PIPES)
    }

    /// Reads the template of a rule's target: its placeholders are names of these paths.
    pub fn of_rule(
        text: &str,
        paths: &BTreeMap<String, JsonPath>,
    ) -> Result<Self, InputTemplateError> {
        Self::read(text, paths, OF_RULES)
    }

    fn read(
        text: &str,
        paths: &BTreeMap<String, JsonPath>,
        reserved: &[&str],
    ) -> Result<Self, InputTemplateError> {
        let is_json = text.trim_start().starts_with(['{', '[']);
        let (mut parts, mut literal) = (Vec::new(), String::new());
        let (mut quoted, mut rest) = (false, text);
        while let Some(next) = rest.chars().next() {
            if next == '\\' && quoted {
                let end = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
                literal.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            if next == '<' {
                let (name, after) = rest[1..]
                    .split_once('>')
                    .ok_or_else(|| InputTemplateError::Open(rest.to_owned()))?;
                let what = if let Some(path) = paths.get(name) {
                    What::Path(path.clone())
                } else if reserved.contains(&name) {
                    What::Reserved(name.to_owned())
                } else if name.starts_with('$') && paths.is_empty() {
                    What::Path(JsonPath::read(name)?)
                } else {
                    return Err(InputTemplateError::Unknown(name.to_owned()));
                };
                parts.push(Part::Literal(std::mem::take(&mut literal)));
                parts.push(Part::Placeholder { what, quoted });
                rest = after;
                continue;
            }
            quoted ^= next == '"';
            literal.push(next);
            rest = &rest[next.len_utf8()..];
        }
        parts.push(Part::Literal(literal));
        let template = Self { parts, is_json };
        if is_json {
            let example = template.render(&Value::Null, &|_| None);
            serde_json::from_str::<Value>(&example)
                .map_err(|_| InputTemplateError::Json(text.to_owned()))?;
        }
        Ok(template)
    }

    /// Whether an object comes out, whatever the event has.
    pub fn is_object(&self) -> bool {
        let example = self.render(&Value::Null, &|_| None);
        serde_json::from_str::<Value>(&example).is_ok_and(|example| example.is_object())
    }

    /// The text that an event makes of it. `reserved` says what the service knows.
    pub fn render(&self, event: &Value, reserved: &dyn Fn(&str) -> Option<Value>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Placeholder { what, quoted } => {
                    let value = match what {
                        What::Path(path) => path.find(event).cloned(),
                        What::Reserved(name) => reserved(name),
                    };
                    self.insert(&mut text, value, *quoted);
                }
            }
        }
        text
    }

    fn insert(&self, text: &mut String, value: Option<Value>, quoted: bool) {
        match value.unwrap_or_else(|| Value::String(String::new())) {
            Value::String(value) if quoted => text.push_str(&escaped(&value)),
            Value::String(value) if !self.is_json => text.push_str(&value),
            value if quoted && (value.is_object() || value.is_array()) => {
                text.push_str(&escaped(&value.to_string()));
            }
            value => text.push_str(&value.to_string()),
        }
    }
}

/// As it stands between the quotes of a JSON text.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pipe(template: &str, event: &Value) -> String {
        InputTemplate::of_pipe(template).unwrap().render(event, &|_| None)
    }

    #[test]
    fn a_pipes_placeholders_are_paths() {
        let event =
            json!({"a": {"s": "x \"y\" \\", "n": 7, "o": {"k": [1]}, "z": null, "t": true}});
        for (template, expected) in [
            (r#"{"v":"<$.a.s>"}"#, json!({"v": "x \"y\" \\"})),
            (r#"{"v":<$.a.s>}"#, json!({"v": "x \"y\" \\"})),
            (r#"{"v":"<$.a.n>"}"#, json!({"v": "7"})),
            (r#"{"v":<$.a.n>}"#, json!({"v": 7})),
            (r#"{"v":"n=<$.a.n>, t=<$.a.t>"}"#, json!({"v": "n=7, t=true"})),
            (r#"{"v":<$.a.o>}"#, json!({"v": {"k": [1]}})),
            (r#"{"v":"<$.a.o>"}"#, json!({"v": "{\"k\":[1]}"})),
            (r#"{"v":<$.a.o.k[0]>}"#, json!({"v": 1})),
            (r#"{"v":"<$.b.s>"}"#, json!({"v": ""})),
            (r#"{"v":<$.b.s>}"#, json!({"v": ""})),
            (r#"{"v":<$.a.z>}"#, json!({"v": null})),
            (r#"{"v":"\"<$.a.n>\""}"#, json!({"v": "\"7\""})),
            (r#"[<$.a.n>,"a"]"#, json!([7, "a"])),
        ] {
            let rendered = pipe(template, &event);
            let value: Value = serde_json::from_str(&rendered).unwrap();
            assert_eq!(value, expected, "{template}: {rendered}");
        }
        assert_eq!(pipe("Hello, <$.a.s>!", &json!({"a": {"s": "x\"y"}})), "Hello, x\"y!");
    }

    #[test]
    fn a_rules_placeholders_are_names() {
        let paths = [("id".to_owned(), JsonPath::read("$.detail.id").unwrap())].into();
        let event = json!({"detail": {"id": "r-1"}});
        let template = r#"{"id":<id>,"rule":<aws.events.rule-name>,"all":<aws.events.event>}"#;
        let template = InputTemplate::of_rule(template, &paths).unwrap();
        let reserved = |name: &str| match name {
            "aws.events.rule-name" => Some(json!("Rule")),
            "aws.events.event" => Some(event.clone()),
            _ => None,
        };
        let value: Value = serde_json::from_str(&template.render(&event, &reserved)).unwrap();
        assert_eq!(value, json!({"id": "r-1", "rule": "Rule", "all": event}));
        for bad in ["<other>", "<$.detail.id>", "<aws.pipes.pipe-arn>"] {
            let error = InputTemplate::of_rule(bad, &paths).unwrap_err();
            assert!(matches!(error, InputTemplateError::Unknown(_)), "{bad}: {error}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for (text, expected) in [
            ("<$.a", "has no end"),
            ("<$.a[*]>", "is not a path"),
            ("<name>", "does not know the placeholder <name>"),
            ("{\"a\":<$.a>", "does not come to JSON"),
            ("{\"a\":<$.a>x}", "does not come to JSON"),
            ("{<$.a>:1}x", "does not come to JSON"),
        ] {
            let error = InputTemplate::of_pipe(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(InputTemplate::of_pipe("{\"a\":<$.a>}").unwrap().is_object());
        assert!(!InputTemplate::of_pipe("[<$.a>]").unwrap().is_object());
        assert!(!InputTemplate::of_pipe("<$.a>").unwrap().is_object());
    }
}
