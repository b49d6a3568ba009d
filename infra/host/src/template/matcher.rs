//! The ways in which a pattern names a value.

use serde_json::{Map, Value};
use thiserror::Error;
use wildmatch::WildMatch;

/// Why a text is no pattern that this host knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// A pattern, or a part of `$or`, is no object.
    #[error("a pattern is an object of fields, not {0}")]
    NoObject(Value),
    /// A field of it is neither a list nor an object.
    #[error("the field {name} of a pattern needs a list of values, not {found}")]
    NoList {
        /// The field.
        name: String,
        /// What it has instead.
        found: Value,
    },
    /// A list names no value.
    #[error("the field {0} of a pattern lists nothing")]
    Empty(String),
    /// A value is named in a way that this host does not know.
    #[error("this host does not know {0} in a pattern")]
    Unknown(Value),
}

/// One way to name a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    /// This text, number, truth value or null.
    Exact(Value),
    /// A text that begins with this one.
    Prefix(Text),
    /// A text that ends in this one.
    Suffix(Text),
    /// This text, in whichever case.
    IgnoreCase(String),
    /// A text of this form, in which `*` stands for any characters.
    Wildcard(String),
    /// A value that none of these names.
    AnythingBut(Vec<Matcher>),
    /// A number for which all of these hold.
    Numeric(Vec<(Comparison, f64)>),
    /// Any value, or none.
    Exists(bool),
}

/// A text, and whether its case matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    text: String,
    ignores_case: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl TryFrom<Value> for Matcher {
    type Error = PatternError;

    fn try_from(value: Value) -> Result<Self, PatternError> {
        match value {
            Value::Object(operator) => {
                Self::of_operator(&operator).ok_or(PatternError::Unknown(Value::Object(operator)))
            }
            Value::Array(_) => Err(PatternError::Unknown(value)),
            plain => Ok(Self::Exact(plain)),
        }
    }
}

impl Matcher {
    /// An object of one field: the operator's name, and what it takes.
    fn of_operator(operator: &Map<String, Value>) -> Option<Self> {
        let mut fields = operator.iter();
        let (Some((name, operand)), None) = (fields.next(), fields.next()) else { return None };
        match name.as_str() {
            "exists" => operand.as_bool().map(Self::Exists),
            "numeric" => numeric(operand.as_array()?).map(Self::Numeric),
            "anything-but" => anything_but(operand).map(Self::AnythingBut),
            name => of_text(name, operand),
        }
    }

    pub(super) fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Exact(wanted) => value == wanted,
            Self::Prefix(Text { text, ignores_case }) => value.as_str().is_some_and(|value| {
                let start = value.get(..text.len()).unwrap_or_default();
                same(start, text, *ignores_case)
            }),
            Self::Suffix(Text { text, ignores_case }) => value.as_str().is_some_and(|value| {
                let start = value.len().checked_sub(text.len());
                let end = start.and_then(|start| value.get(start..)).unwrap_or_default();
                same(end, text, *ignores_case)
            }),
            Self::IgnoreCase(text) => value.as_str().is_some_and(|it| same(it, text, true)),
            Self::Wildcard(form) => value.as_str().is_some_and(|value| wild(form, value)),
            Self::AnythingBut(others) => {
                !value.is_object() && !others.iter().any(|it| it.matches(value))
            }
            Self::Numeric(conditions) => value.as_f64().is_some_and(|value| {
                conditions.iter().all(|(how, other)| how.holds(value, *other))
            }),
            Self::Exists(is_there) => *is_there,
        }
    }

    /// Whether it is true of what is not there.
    pub(super) fn matches_nothing(&self) -> bool {
        *self == Self::Exists(false)
    }
}

impl Comparison {
    fn read(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, value: f64, other: f64) -> bool {
        let order = value.total_cmp(&other);
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

fn of_text(name: &str, operand: &Value) -> Option<Matcher> {
    let not_empty = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let text = || match operand {
        Value::String(text) => Some(Text { text: not_empty(text)?, ignores_case: false }),
        Value::Object(inner) if inner.len() == 1 => {
            let text = not_empty(inner.get("equals-ignore-case")?.as_str()?)?;
            Some(Text { text, ignores_case: true })
        }
        _ => None,
    };
    Some(match name {
        "prefix" => Matcher::Prefix(text()?),
        "suffix" => Matcher::Suffix(text()?),
        "equals-ignore-case" => Matcher::IgnoreCase(operand.as_str()?.to_owned()),
        "wildcard" => {
            let form = operand.as_str()?;
            // EventBridge refuses two in a row; of its way to write a `*` itself there is no need here.
            (!form.contains("**") && !form.contains('\\')).then_some(())?;
            Matcher::Wildcard(not_empty(form)?)
        }
        _ => return None,
    })
}

fn anything_but(operand: &Value) -> Option<Vec<Matcher>> {
    let plain = |value: &Value| {
        (value.is_string() || value.is_number()).then(|| Matcher::Exact(value.clone()))
    };
    let others: Vec<_> = match operand {
        Value::Array(values) => values.iter().map(plain).collect::<Option<_>>()?,
        Value::Object(operator) => {
            let mut fields = operator.iter();
            let (Some((name, operand)), None) = (fields.next(), fields.next()) else { return None };
            let operands = operand.as_array().map_or(std::slice::from_ref(operand), Vec::as_slice);
            operands.iter().map(|operand| of_text(name, operand)).collect::<Option<_>>()?
        }
        value => vec![plain(value)?],
    };
    (!others.is_empty()).then_some(others)
}

fn numeric(operand: &[Value]) -> Option<Vec<(Comparison, f64)>> {
    if operand.is_empty() || operand.len() > 4 {
        return None;
    }
    let conditions = operand.chunks(2).map(|condition| match condition {
        [sign, number] => Some((Comparison::read(sign.as_str()?)?, number.as_f64()?)),
        _ => None,
    });
    conditions.collect()
}

fn same(one: &str, other: &str, ignores_case: bool) -> bool {
    if ignores_case { one.to_lowercase() == other.to_lowercase() } else { one == other }
}

/// A `?` is none of this language's wildcards.
fn wild(form: &str, value: &str) -> bool {
    if !form.contains('?') {
        return WildMatch::new(form).matches(value);
    }
    let escape = |text: &str| text.replace('?', "\u{0}");
    WildMatch::new(&escape(form)).matches(&escape(value))
}
