//! What reads of the connections table answer that are not strongly consistent: the past.
//!
//! Nothing asks for them. They are simulated as badly as DynamoDB may have them, so that whoever
//! forgets to ask for consistency finds out here.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// An item's place: partition and sort key.
type Place = (String, String);

/// The connections table as it was and is.
#[derive(Debug, Default)]
pub struct Stale(BTreeMap<Place, Vec<(Instant, Option<Value>)>>);

impl Stale {
    /// Takes note of an operation on the table that was carried out.
    pub fn carried_out(&mut self, operation: &str, body: &Value) {
        match operation {
            "PutItem" => self.put(body),
            "DeleteItem" => self.delete(body),
            "TransactWriteItems" => {
                for part in body["TransactItems"].as_array().into_iter().flatten() {
                    if part["Put"].is_object() {
                        self.put(&part["Put"]);
                    } else if part["Delete"].is_object() {
                        self.delete(&part["Delete"]);
                    }
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, put: &Value) {
        let item = &put["Item"];
        self.0.entry(place(item)).or_default().push((Instant::now(), Some(item.clone())));
    }

    fn delete(&mut self, delete: &Value) {
        self.0.entry(place(&delete["Key"])).or_default().push((Instant::now(), None));
    }

    /// What a read answers that sees the table as it was this long ago; `None` where that is not known.
    pub fn read(&self, operation: &str, body: &Value, ago: Duration) -> Option<String> {
        let then = Instant::now() - ago;
        let item = |versions: &Vec<(Instant, Option<Value>)>| -> Option<Value> {
            versions.iter().rev().find(|(at, _)| *at <= then)?.1.clone()
        };
        match operation {
            "GetItem" => {
                let found = self.0.get(&place(&body["Key"])).and_then(item);
                Some(found.map_or_else(|| json!({}), |item| json!({"Item": item})).to_string())
            }
            "Query" if body["KeyConditionExpression"] == "PK = :pk" => {
                let partition = body["ExpressionAttributeValues"][":pk"]["S"].as_str()?;
                let from = (partition.to_owned(), String::new());
                let range = self.0.range(from..).take_while(|((at, _), _)| at == partition);
                let items: Vec<Value> = range.filter_map(|(_, versions)| item(versions)).collect();
                let count = items.len();
                Some(json!({"Items": items, "Count": count, "ScannedCount": count}).to_string())
            }
            _ => None,
        }
    }
}

fn place(of: &Value) -> Place {
    let text = |name: &str| of[name]["S"].as_str().unwrap_or_default().to_owned();
    (text("PK"), text("SK"))
}
