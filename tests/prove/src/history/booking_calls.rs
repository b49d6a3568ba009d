//! What a history says of each booking.

use super::booking::{Command, Kind, Life, State, Step};
use super::operation::{Operation, Outcome};
use super::record::History;
use super::search::Call;
use super::view::{self, Booking, Terms, Versions, instant};
use super::witness::Witness;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The calls of each booking, in the order of their begin.
pub struct Calls<'a> {
    history: &'a History,
    terms: &'a BTreeMap<String, Terms>,
    versions: &'a Versions,
    skew: SignedDuration,
    made: BTreeSet<String>,
    found: BTreeMap<String, (Life, Vec<Call<Step>>)>,
}

impl<'a> Calls<'a> {
    /// Of a history, in which clocks differ by so much.
    pub fn of(
        history: &'a History,
        terms: &'a BTreeMap<String, Terms>,
        versions: &'a Versions,
        skew: SignedDuration,
    ) -> Self {
        let (made, found) = (BTreeSet::new(), BTreeMap::new());
        Self { history, terms, versions, skew, made, found }
    }

    fn life(&mut self, id: &str) -> &mut (Life, Vec<Call<Step>>) {
        self.found.entry(id.to_owned()).or_insert((Life { ends: None }, Vec::new()))
    }

    fn add(&mut self, id: &str, (begin, end): (Duration, Option<Duration>), kind: Kind) {
        let earliest = self.history.wall(begin) - self.skew;
        let latest = end.map_or(Timestamp::MAX, |end| self.history.wall(end) + self.skew);
        let step = Step { kind, decided: [earliest, latest] };
        self.life(id).1.push(Call { begin, end, step });
    }

    /// Adds what was asked and answered.
    pub fn operations(&mut self, operations: &[Operation]) {
        for operation in operations {
            let call = (operation.call, operation.end);
            let command = match operation.action() {
                "confirm" => Some(Command::Confirm),
                "cancel" => Some(Command::Cancel),
                "reschedule" => instant(&operation.request["start"]).map(Command::Move),
                _ => None,
            };
            match (&operation.outcome, command.zip(operation.booking())) {
                (Outcome::Result(result), Some((command, id))) => {
                    if let Some(now) = Booking::read(result) {
                        self.add(id, call, Kind::Done(command, State::from(&now)));
                    }
                }
                (Outcome::Refused(code), Some((command, id))) => {
                    self.add(id, call, Kind::Refused(command, code.clone()));
                }
                (Outcome::Open, Some((command, id))) => self.add(id, call, Kind::Open(command)),
                (Outcome::Result(result), None)
                    if matches!(operation.action(), "hold" | "book") =>
                {
                    self.sale(operation, result);
                }
                (Outcome::Again(result), _) | (Outcome::Result(result), None) => {
                    self.seen(result, call);
                }
                _ => {}
            }
        }
    }

    /// A booking was made, and is as the answer says.
    fn sale(&mut self, operation: &Operation, result: &Value) {
        let Some(now) = Booking::read(result) else { return };
        self.seen(result, (operation.call, operation.end));
        if !self.made.insert(now.id.clone()) {
            return;
        }
        let held = operation.action() == "hold";
        if let Some(terms) = self.terms.get(&now.resource) {
            self.life(&now.id).0.ends = self.versions.hold_ends(&now.id, held, terms);
        }
        let status = if held { "held" } else { "confirmed" };
        let start = self.versions.get(&now.id, 1).unwrap_or(&now).start;
        let first = State { status: status.to_owned(), version: 1, start };
        self.add(&now.id, (operation.call, operation.end), Kind::Make(first));
    }

    fn seen(&mut self, result: &Value, call: (Duration, Option<Duration>)) {
        let frame = json!({ "result": result });
        for seen in view::bookings(&frame).filter_map(Booking::read) {
            self.add(&seen.id, call, Kind::Seen(State::from(&seen)));
        }
    }

    /// Adds how each is in the end.
    pub fn end(&mut self, witness: &Witness) {
        for booking in witness.bookings.iter().filter_map(Booking::read) {
            let call = (witness.at, Some(witness.at));
            self.add(&booking.id, call, Kind::Seen(State::from(&booking)));
        }
    }

    /// The calls of each booking that a client of this history made.
    pub fn finish(mut self) -> BTreeMap<String, (Life, Vec<Call<Step>>)> {
        self.found.retain(|id, _| self.made.contains(id));
        for (_, calls) in self.found.values_mut() {
            calls.sort_by_key(|call| call.begin);
        }
        self.found
    }
}
