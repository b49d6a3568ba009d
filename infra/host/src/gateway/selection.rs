//! Which route a message takes.

use serde_json::Value;

/// A route selection expression that this host cannot evaluate.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the route selection expression {0:?} is not supported: write $request.body.FIELD or \
     ${{request.body.FIELD}}, several of them if need be"
)]
pub struct SelectionError(String);

/// A route selection expression, such as `$request.body.action`.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html>
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The names that lead to a value in the message.
    Body(Vec<String>),
}

impl Selection {
    pub(super) fn parse(expression: &str) -> Result<Self, SelectionError> {
        let unsupported = || SelectionError(expression.to_owned());
        let mut parts = Vec::new();
        let mut rest = expression;
        while let Some(start) = rest.find('$') {
            let (text, variable) = rest.split_at(start);
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            let (path, after) = match variable.strip_prefix("${") {
                Some(wrapped) => wrapped.split_once('}').ok_or_else(unsupported)?,
                None => (&variable[1..], ""),
            };
            let path = path.strip_prefix("request.body.").ok_or_else(unsupported)?;
            if !path.split('.').all(is_name) {
                return Err(unsupported());
            }
            parts.push(Part::Body(path.split('.').map(str::to_owned).collect()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if parts.iter().any(|part| matches!(part, Part::Body(_))) {
            Ok(Self(parts))
        } else {
            Err(unsupported())
        }
    }

    /// What the expression says of this message; `None` where it says nothing, as for a message
    /// that is not JSON or has no such field.
    pub(super) fn evaluate(&self, message: &str) -> Option<String> {
        let body: Value = serde_json::from_str(message).ok()?;
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.clone()),
                Part::Body(path) => {
                    let value = path.iter().try_fold(&body, |value, name| value.get(name))?;
                    match value {
                        Value::Null => None,
                        Value::String(text) => Some(text.clone()),
                        other => Some(other.to_string()),
                    }
                }
            })
            .collect()
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !name.is_empty() && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(expression: &str, message: &str) -> Option<String> {
        Selection::parse(expression).unwrap().evaluate(message)
    }

    /// The examples of the AWS documentation.
    #[test]
    fn as_documented() {
        let message =
            r#"{"service":"chat","action":"join","data":{"room":"room1234"},"more":[1,"b"]}"#;
        let is = |expression: &str, value: &str| {
            assert_eq!(evaluate(expression, message).as_deref(), Some(value), "{expression}");
        };
        is("$request.body.action", "join");
        is("${request.body.action}", "join");
        is("${request.body.service}/${request.body.action}", "chat/join");
        is("${request.body.action}-v1", "join-v1");
        is("$request.body.data.room", "room1234");
        is("$request.body.more", r#"[1,"b"]"#);
    }

    #[test]
    fn messages_that_say_nothing() {
        for message in [
            "",
            "hello",
            "{",
            "[]",
            "null",
            "7",
            "{}",
            r#"{"action":null}"#,
            r#"{"Action":"a"}"#,
            r#"["action"]"#,
            &"[".repeat(10_000),
        ] {
            assert_eq!(evaluate("$request.body.action", message), None, "{message}");
        }
        assert_eq!(evaluate("$request.body.action", r#"{"action":7}"#).as_deref(), Some("7"));
        assert_eq!(evaluate("$request.body.a.b", r#"{"a":"text"}"#), None);
    }

    #[test]
    fn expressions_that_are_not_supported() {
        for bad in [
            "",
            "action",
            "$request.header.x",
            "$request.body",
            "$request.body.",
            "$request.body.a[0]",
            "${request.body.a",
            "$context.routeKey",
        ] {
            let error = Selection::parse(bad).unwrap_err();
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
    }
}
