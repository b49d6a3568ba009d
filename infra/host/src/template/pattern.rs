//! Patterns by which rules choose events, and event source mappings and pipes choose records.
//!
//! An event matches a pattern if it has each of the pattern's fields, with one of the values that the
//! field lists. EventBridge, Lambda and pipes have one language for it; what of it this host does not
//! know (`cidr`) is refused, and so is what EventBridge itself would refuse.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>

use super::matcher::{Matcher, PatternError};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What an event must look like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Pattern {
    fields: Vec<(String, Field)>,
    /// One of these as well, where there are any.
    any_of: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq)]
enum Field {
    /// An object, which must match in turn.
    Object(Pattern),
    /// A value, which one of these must match.
    Value(Vec<Matcher>),
}

const OR: &str = "$or";

impl TryFrom<Value> for Pattern {
    type Error = PatternError;

    fn try_from(value: Value) -> Result<Self, PatternError> {
        match value {
            Value::Object(fields) => Self::of_fields(fields),
            other => Err(PatternError::NoObject(other)),
        }
    }
}

impl Pattern {
    fn of_fields(from: Map<String, Value>) -> Result<Self, PatternError> {
        let (mut fields, mut any_of) = (Vec::new(), Vec::new());
        for (name, value) in from {
            match value {
                Value::Array(choices) if name == OR => {
                    if choices.is_empty() {
                        return Err(PatternError::Empty(name));
                    }
                    any_of = choices.into_iter().map(Self::try_from).collect::<Result<_, _>>()?;
                }
                Value::Array(values) => {
                    if values.is_empty() {
                        return Err(PatternError::Empty(name));
                    }
                    let matchers = values.into_iter().map(Matcher::try_from);
                    fields.push((name, Field::Value(matchers.collect::<Result<_, _>>()?)));
                }
                Value::Object(inner) => {
                    fields.push((name, Field::Object(Self::of_fields(inner)?)));
                }
                found => return Err(PatternError::NoList { name, found }),
            }
        }
        Ok(Self { fields, any_of })
    }

    /// Whether an event or a record matches. Of an array of objects, one has to.
    pub fn matches(&self, value: &Value) -> bool {
        if let Value::Array(items) = value {
            return items.iter().any(|item| self.matches(item));
        }
        let has = |(name, field): &(String, Field)| field.matches(value.get(name));
        let is_any = self.any_of.is_empty() || self.any_of.iter().any(|it| it.matches(value));
        is_any && self.fields.iter().all(has)
    }
}

impl Field {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            // Of what is not there, nothing is there.
            (Self::Object(pattern), value) => pattern.matches(value.unwrap_or(&Value::Null)),
            // An object is no value: there is nothing that could match, or be there.
            (Self::Value(matchers), None | Some(Value::Object(_))) => {
                matchers.iter().any(Matcher::matches_nothing)
            }
            (Self::Value(matchers), Some(Value::Array(items))) if items.is_empty() => {
                matchers.iter().any(Matcher::matches_nothing)
            }
            (Self::Value(matchers), Some(Value::Array(items))) => {
                items.iter().any(|item| matchers.iter().any(|it| it.matches(item)))
            }
            (Self::Value(matchers), Some(value)) => matchers.iter().any(|it| it.matches(value)),
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

    /// Whether a pattern for the field `a` matches an event with that value.
    fn matches(matchers: &Value, value: &Value) -> bool {
        let pattern = parse(&json!({"a": matchers}).to_string()).unwrap();
        pattern.matches(&json!({"a": value, "other": 1}))
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

    /// The examples of the documentation's page on comparison operators, and their opposites.
    #[test]
    fn every_operator() {
        for (matchers, good, bad) in [
            (json!(["x"]), json!(["x"]), json!(["X", "", null, 1, {"x": 1}])),
            (
                json!([1, true, null, ""]),
                json!([1, true, null, ""]),
                json!([2, 1.5, "1", false, " "]),
            ),
            (json!([{"prefix": "ab"}]), json!(["ab", "abc"]), json!(["a", "xab", "ABC", 1])),
            (json!([{"suffix": ".png"}]), json!(["a.png", ".png"]), json!(["png", "a.PNG"])),
            (
                json!([{"prefix": {"equals-ignore-case": "aB"}}]),
                json!(["abc", "ABc"]),
                json!(["xab"]),
            ),
            (
                json!([{"suffix": {"equals-ignore-case": ".Png"}}]),
                json!(["a.PNG"]),
                json!(["a.pn"]),
            ),
            (json!([{"equals-ignore-case": "Alice"}]), json!(["aLICE"]), json!(["alice2", "bob"])),
            (
                json!([{"wildcard": "a*/b*.x"}]),
                json!(["a/b.x", "a1/b2.x"]),
                json!(["a1b2.x", "a/b.xy"]),
            ),
            (json!([{"anything-but": "x"}]), json!(["y", "", 1, null]), json!(["x"])),
            (json!([{"anything-but": ["x", "y"]}]), json!(["z"]), json!(["x", "y"])),
            (json!([{"anything-but": [1, 2]}]), json!([3, "1"]), json!([1, 2])),
            (json!([{"anything-but": {"prefix": "in"}}]), json!(["out", 1]), json!(["in", "init"])),
            (
                json!([{"anything-but": {"prefix": ["in", "x"]}}]),
                json!(["out"]),
                json!(["init", "x1"]),
            ),
            (json!([{"anything-but": {"suffix": "txt"}}]), json!(["a.png"]), json!(["a.txt"])),
            (
                json!([{"anything-but": {"equals-ignore-case": ["x", "y"]}}]),
                json!(["z"]),
                json!(["X", "Y"]),
            ),
            (
                json!([{"anything-but": {"wildcard": "*/lib/*"}}]),
                json!(["/bin/x"]),
                json!(["/lib/x"]),
            ),
            (
                json!([{"numeric": [">", 0, "<=", 5]}]),
                json!([0.1, 5]),
                json!([0, 5.1, -1, "3", null]),
            ),
            (json!([{"numeric": ["=", 7]}]), json!([7, 7.0]), json!([8])),
            (json!([{"numeric": ["!=", 7]}]), json!([8]), json!([7])),
            (json!([{"numeric": [">=", 1]}, {"prefix": "n"}]), json!([1, "none"]), json!([0, "x"])),
            (json!([{"exists": true}]), json!(["", 0, null, false]), json!([{"b": 1}])),
        ] {
            for value in good.as_array().unwrap() {
                assert!(matches(&matchers, value), "{matchers} {value}");
            }
            for value in bad.as_array().unwrap() {
                assert!(!matches(&matchers, value), "{matchers} {value}");
            }
            // Nothing else of them is true of what is not there.
            let pattern = parse(&json!({"a": matchers}).to_string()).unwrap();
            assert!(!pattern.matches(&json!({"other": 1})), "{matchers}");
        }
    }

    #[test]
    fn what_is_not_there() {
        let absent = parse(r#"{"a":{"b":[{"exists":false}]}}"#).unwrap();
        for event in [json!({}), json!({"a": {}}), json!({"a": {"c": 1}}), json!({"a": {"b": {}}})]
        {
            assert!(absent.matches(&event), "{event}");
        }
        for value in [json!(1), json!(""), json!(null)] {
            assert!(!absent.matches(&json!({"a": {"b": value}})), "{value}");
        }
        let either = parse(r#"{"a":[{"exists":false},"x"]}"#).unwrap();
        assert!(either.matches(&json!({})) && either.matches(&json!({"a": "x"})));
        assert!(!either.matches(&json!({"a": "y"})));
    }

    #[test]
    fn lists_in_events() {
        assert!(matches(&json!(["x", "y"]), &json!(["z", "y"])));
        assert!(!matches(&json!(["x"]), &json!(["z"])));
        assert!(!matches(&json!(["x"]), &json!([])));
        let pattern = parse(r#"{"a":{"b":["x"],"c":["y"]}}"#).unwrap();
        assert!(pattern.matches(&json!({"a": [{"b": "z"}, {"b": "x", "c": "y"}]})));
        assert!(!pattern.matches(&json!({"a": [{"b": "x"}, {"c": "y"}]})), "of one item each");
    }

    #[test]
    fn one_or_the_other() {
        let pattern =
            parse(r#"{"s":["x"],"$or":[{"a":[1]},{"b":{"c":[{"exists":true}]},"d":[2]}]}"#)
                .unwrap();
        assert!(pattern.matches(&json!({"s": "x", "a": 1})));
        assert!(pattern.matches(&json!({"s": "x", "b": {"c": 0}, "d": 2})));
        for event in [json!({"s": "x"}), json!({"a": 1}), json!({"s": "x", "b": {"c": 0}})] {
            assert!(!pattern.matches(&event), "{event}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(parse("{").unwrap_err().is_eof());
        for (text, expected) in [
            (r#""x""#, "a pattern is an object of fields, not \"x\""),
            (r#"{"a":"b"}"#, "the field a of a pattern needs a list of values, not \"b\""),
            (r#"{"a":null}"#, "needs a list of values"),
            (r#"{"a":{"b":[]}}"#, "the field b of a pattern lists nothing"),
            (r#"{"$or":[]}"#, "lists nothing"),
            (r#"{"$or":[1]}"#, "an object of fields, not 1"),
            (r#"{"a":[{"cidr":"10.0.0.0/24"}]}"#, "does not know {\"cidr\":\"10.0.0.0/24\"}"),
            (r#"{"a":[{"prefix":1}]}"#, "does not know"),
            (r#"{"a":[{"prefix":""}]}"#, "does not know"),
            (r#"{"a":[{"prefix":"b","suffix":"c"}]}"#, "does not know"),
            (r#"{"a":[{"exists":"true"}]}"#, "does not know"),
            (r#"{"a":[{"numeric":[]}]}"#, "does not know"),
            (r#"{"a":[{"numeric":["<"]}]}"#, "does not know"),
            (r#"{"a":[{"numeric":["~",1]}]}"#, "does not know"),
            (r#"{"a":[{"wildcard":"a**b"}]}"#, "does not know"),
            (r#"{"a":[{"wildcard":"a\\*b"}]}"#, "does not know"),
            (r#"{"a":[{"anything-but":[]}]}"#, "does not know"),
            (r#"{"a":[{"anything-but":{"numeric":["<",1]}}]}"#, "does not know"),
            (r#"{"a":[{"anything-but":null}]}"#, "does not know"),
            (r#"{"a":[["b"]]}"#, "does not know"),
            (r#"{"a":[{}]}"#, "does not know"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
