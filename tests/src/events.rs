//! What the pipe puts on the bus, by the template's own filters and input template: the local host runs no
//! pipe, but its data folder has the records that one would read.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html>

use crate::template::of_type;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;

/// The pipe from the bookings stream to the bus.
#[derive(Debug)]
pub struct Pipe {
    /// A record is for the bus if it matches one of these.
    filters: Vec<Value>,
    /// What an event says, with `<$.path>` for each value of the record.
    input: String,
}

impl Pipe {
    /// The pipe of the checked-in template.
    pub fn of_the_template() -> Self {
        let mut template = crate::template::checked_in();
        let pipe = &of_type(&mut template, "AWS::Pipes::Pipe")["Properties"];
        let filters = pipe["SourceParameters"]["FilterCriteria"]["Filters"].as_array().unwrap();
        let filters = filters.iter().map(|it| it["Pattern"].as_str().unwrap().parse().unwrap());
        let input = pipe["TargetParameters"]["InputTemplate"].as_str().unwrap().to_owned();
        Self { filters: filters.collect(), input }
    }

    /// The events that it makes of all records in the data folder of a host that has ended.
    pub fn events(&self, data: &Path) -> Vec<String> {
        let file = Connection::open(data.join("tables.sqlite3")).unwrap();
        let query = "SELECT event_name, keys_json, new_image FROM _stream_records ORDER BY id";
        let mut query = file.prepare(query).unwrap();
        let records = query.query_map([], |row| {
            let read = |text: Option<String>| text.map(|text| text.parse::<Value>().unwrap());
            let (keys, image) = (read(row.get(1)?), read(row.get(2)?));
            let item = json!({"Keys": keys, "NewImage": image});
            Ok(json!({"eventName": row.get::<_, String>(0)?, "dynamodb": item}))
        });
        let records = records.unwrap().map(Result::unwrap);
        let taken = records.filter(|it| self.filters.iter().any(|filter| matches(filter, it)));
        taken.map(|record| self.event(&record)).collect()
    }

    /// The event of one record.
    fn event(&self, record: &Value) -> String {
        let mut parts = self.input.split('<');
        let mut event = parts.next().unwrap().to_owned();
        for part in parts {
            let (path, rest) = part.split_once('>').unwrap();
            let path = path.strip_prefix('$').unwrap_or_else(|| panic!("what is <{path}>?"));
            match record.pointer(&path.replace('.', "/")) {
                // What an item does not have is an empty text.
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => event.push_str(text),
                Some(other) => event.push_str(&other.to_string()),
            }
            event.push_str(rest);
        }
        event
    }
}

/// Whether a record is one of those that a pattern asks for.
fn matches(pattern: &Value, record: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, it)| matches(it, &record[name])),
        Value::Array(wanted) => wanted.iter().any(|wanted| match wanted.get("prefix") {
            Some(prefix) => {
                record.as_str().is_some_and(|it| it.starts_with(prefix.as_str().unwrap()))
            }
            None => wanted == record,
        }),
        other => panic!("what is {other} in a pattern?"),
    }
}
