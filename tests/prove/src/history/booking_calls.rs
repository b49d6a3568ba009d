//! What a history says of each booking.

use super::booking::{Command, Kind, Life, State};
use super::calls::{Calls, List, Span};
use super::operation::{Operation, Outcome};
use super::record::History;
use super::view::{self, Booking, Terms, Versions, instant};
use super::witness::Witness;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The calls of each booking.
pub struct BookingCalls<'a> {
    calls: Calls<'a, String, Kind>,
    terms: &'a BTreeMap<String, Terms>,
    versions: &'a Versions,
    made: BTreeMap<String, Life>,
}

impl<'a> BookingCalls<'a> {
    /// Of a history, in which clocks differ by so much.
    pub fn of(
        history: &'a History,
        terms: &'a BTreeMap<String, Terms>,
        versions: &'a Versions,
        skew: SignedDuration,
    ) -> Self {
        Self { calls: Calls::of(history, skew), terms, versions, made: BTreeMap::new() }
    }

    /// Adds what was asked and answered.
    pub fn operations(&mut self, operations: &[Operation]) {
        for operation in operations {
            let call = (operation.call, operation.end);
            let command = match operation.action() {
                "extend" => Some(Command::Extend),
                "confirm" => Some(Command::Confirm),
                "cancel" => Some(Command::Cancel),
                "reschedule" => {
                    let request = &operation.request;
                    Some(Command::Move(instant(&request["start"]), request["quantity"].as_u64()))
                }
                _ => None,
            };
            match (&operation.outcome, command.zip(operation.booking())) {
                (Outcome::Result(result), Some((command, id))) => {
                    if let Some(now) = Booking::read(result) {
                        let done = Kind::Done(command, State::from(&now));
                        self.calls.add(id.to_owned(), call, done);
                    }
                }
                (Outcome::Refused(code), Some((command, id))) => {
                    self.calls.add(id.to_owned(), call, Kind::Refused(command, code.clone()));
                }
                (Outcome::Open, Some((command, id))) => {
                    self.calls.add(id.to_owned(), call, Kind::Open(command));
                }
                (Outcome::Result(result), None)
                    if matches!(operation.action(), "hold" | "book" | "waitlist") =>
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
        let call = (operation.call, operation.end);
        self.seen(result, call);
        if self.made.contains_key(&now.id) {
            return;
        }
        let status = match operation.action() {
            "hold" => "held",
            "waitlist" => "waitlisted",
            _ => "confirmed",
        };
        let terms = self.terms.get(&now.resource).filter(|_| status != "confirmed");
        let ends = terms.map(|terms| self.versions.hold_ends(&now.id, terms));
        self.made.insert(now.id.clone(), Life { ends });
        let Booking { start, quantity, .. } = *self.versions.get(&now.id, 1).unwrap_or(&now);
        let first = State { status: status.to_owned(), version: 1, start, quantity };
        self.calls.add(now.id, call, Kind::Make(first));
    }

    fn seen(&mut self, result: &Value, call: Span) {
        let frame = json!({ "result": result });
        for seen in view::bookings(&frame).filter_map(Booking::read) {
            let kind = Kind::Seen(State::from(&seen));
            self.calls.add(seen.id, call, kind);
        }
    }

    /// Adds how each is in the end.
    pub fn end(&mut self, witness: &Witness) {
        for booking in witness.bookings.iter().filter_map(Booking::read) {
            let kind = Kind::Seen(State::from(&booking));
            self.calls.add(booking.id, (witness.at, Some(witness.at)), kind);
        }
    }

    /// The calls of each booking that a client of this history made, by its id.
    pub fn finish(mut self) -> Vec<(String, Life, List<Kind>)> {
        let calls = self.calls.finish().into_iter();
        let made = calls.filter_map(|(id, calls)| {
            let life = self.made.remove(&id)?;
            Some((id, life, calls))
        });
        made.collect()
    }
}
