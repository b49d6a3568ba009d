//! Requests with what came of them.

use super::record::{History, What};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// One request, from when it was sent until it was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Who asked.
    pub client: usize,
    /// As whom.
    pub customer: String,
    /// What was asked.
    pub request: Value,
    /// When it was sent.
    pub call: Duration,
    /// When the answer came; `None` where it may take effect at any time after the call.
    pub end: Option<Duration>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was carried out.
    Result(Value),
    /// It had been carried out when it was asked for before, and it is so now.
    Again(Value),
    /// It was refused with this code, and nothing was changed.
    Refused(String),
    /// No answer, or one that leaves it open: it was carried out, or will be, or never.
    Open,
}

impl Operation {
    /// What was asked for.
    pub fn action(&self) -> &str {
        self.request["action"].as_str().unwrap_or_default()
    }

    /// The booking that the request names.
    pub fn booking(&self) -> Option<&str> {
        self.request["booking"].as_str()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |at: Duration| at.as_secs_f64() * 1000.0;
        write!(f, "{:>10.3} .. ", millis(self.call))?;
        match self.end {
            Some(end) => write!(f, "{:>10.3} ms", millis(end))?,
            None => write!(f, "{:>10} ms", "?")?,
        }
        write!(f, "  {} asks {}: ", self.customer, self.request)?;
        match &self.outcome {
            Outcome::Result(result) => write!(f, "{result}"),
            Outcome::Again(result) => write!(f, "as before, {result}"),
            Outcome::Refused(code) => write!(f, "refused, {code}"),
            Outcome::Open => write!(f, "no certain answer"),
        }
    }
}

/// All requests of a history, in the order in which they were sent.
pub fn operations(history: &History) -> Vec<Operation> {
    let mut all: Vec<Operation> = Vec::new();
    let mut customers: BTreeMap<usize, &str> = BTreeMap::new();
    // Requests without an answer, of each client: their places in the list, by id.
    let mut open: BTreeMap<usize, BTreeMap<String, usize>> = BTreeMap::new();
    for event in &history.events {
        let mine = open.entry(event.client).or_default();
        match &event.what {
            What::Connected { customer, .. } => {
                customers.insert(event.client, customer);
            }
            What::Sent(request) => {
                mine.insert(request["id"].to_string(), all.len());
                all.push(Operation {
                    client: event.client,
                    customer: customers.get(&event.client).copied().unwrap_or("?").to_owned(),
                    request: request.clone(),
                    call: event.at,
                    end: None,
                    outcome: Outcome::Open,
                });
            }
            What::Heard(frame) => {
                let place = match frame["type"].as_str() {
                    Some("update") => None,
                    Some("reply" | "error") => mine.remove(&frame["id"].to_string()),
                    // The gateway does not say which request it failed with.
                    _ if mine.len() == 1 => mine.pop_first().map(|(_, place)| place),
                    _ => None,
                };
                if let Some(operation) = place.and_then(|place| all.get_mut(place)) {
                    operation.outcome = outcome(frame);
                    if operation.outcome != Outcome::Open {
                        operation.end = Some(event.at);
                    }
                }
            }
            What::Ended => mine.clear(),
        }
    }
    all
}

/// Requests of the same customer with the same key are one attempt: it was carried out once, between
/// the first of them that may have done it and the first answer that says so.
pub fn attempts(mut operations: Vec<Operation>) -> Vec<Operation> {
    let mut same: BTreeMap<(String, String, String), Vec<usize>> = BTreeMap::new();
    for (place, operation) in operations.iter().enumerate() {
        if let Some(key) = operation.request["key"].as_str() {
            let action = operation.action().to_owned();
            let attempt = (operation.customer.clone(), action, key.to_owned());
            same.entry(attempt).or_default().push(place);
        }
    }
    let mut answered_elsewhere = BTreeSet::new();
    for places in same.into_values() {
        let is = |place: &&usize, open: bool| match operations[**place].outcome {
            Outcome::Result(_) => !open,
            Outcome::Open => open,
            _ => false,
        };
        let done = places.iter().filter(|it| is(it, false));
        let Some(first) = done.min_by_key(|it| operations[**it].end).copied() else { continue };
        let open: Vec<usize> = places.iter().filter(|it| is(it, true)).copied().collect();
        let begin = open.iter().map(|place| operations[*place].call).min();
        let again = places.iter().filter(|it| is(it, false) && **it != first);
        for place in again.copied().collect::<Vec<_>>() {
            if let Outcome::Result(result) = operations[place].outcome.clone() {
                operations[place].outcome = Outcome::Again(result);
            }
        }
        operations[first].call =
            begin.map_or(operations[first].call, |it| it.min(operations[first].call));
        // If somebody else changed the booking in between, these are carried out once more.
        if !matches!(operations[first].action(), "extend" | "reschedule") {
            answered_elsewhere.extend(open);
        }
    }
    let mut place = 0;
    operations.retain(|_| {
        place += 1;
        !answered_elsewhere.contains(&(place - 1))
    });
    operations.sort_by_key(|operation| operation.call);
    operations
}

fn outcome(frame: &Value) -> Outcome {
    match (frame["type"].as_str(), frame["error"]["code"].as_str()) {
        (Some("reply"), _) => Outcome::Result(frame["result"].clone()),
        (Some("error"), Some(code)) if code != "unavailable" => Outcome::Refused(code.to_owned()),
        _ => Outcome::Open,
    }
}
