//! The fields of an action -> their type, or an error that names the field.

use crate::error::WireError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads the fields of an action.
pub(crate) fn parse<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, WireError> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let mut pointer = pointer(error.path());
        let message = error.into_inner().to_string();
        // serde names the field that is missing or unknown only in its message.
        let named = |prefix: &str| message.strip_prefix(prefix)?.split('`').next();
        let (message, field) = if let Some(field) = named("missing field `") {
            ("missing".to_owned(), Some(field))
        } else if let Some(field) = named("unknown field `") {
            let known = message.split_once(", ").map_or("", |(_, known)| known);
            (format!("there is no such field here, {known}"), Some(field))
        } else {
            (message.clone(), None)
        };
        if let Some(field) = field
            && !pointer.ends_with(&format!("/{}", escape(field)))
        {
            pointer.push('/');
            pointer.push_str(&escape(field));
        }
        WireError::bad_request(&message, Some(&pointer))
    })
}

/// The path as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", escape(key)),
        Segment::Enum { variant } => format!("{pointer}/{variant}"),
        Segment::Unknown => pointer,
    })
}

fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}
