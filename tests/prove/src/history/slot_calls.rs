//! What a history says of each slot.

use super::calls::{Calls, List, Span};
use super::operation::{Operation, Outcome};
use super::record::{History, What};
use super::slot::Kind;
use super::view::{Booking, Terms, Versions, instant, lists};
use super::witness::Witness;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a slot is known by: its resource and its start.
pub type SlotKey = (String, Timestamp);

/// The calls of each slot.
pub struct SlotCalls<'a> {
    calls: Calls<'a, SlotKey, Kind>,
    terms: &'a BTreeMap<String, Terms>,
    versions: &'a Versions,
}

impl<'a> SlotCalls<'a> {
    /// Of a history, in which clocks differ by so much.
    pub fn of(
        history: &'a History,
        terms: &'a BTreeMap<String, Terms>,
        versions: &'a Versions,
        skew: SignedDuration,
    ) -> Self {
        Self { calls: Calls::of(history, skew), terms, versions }
    }

    /// Adds the same for all slots of a booking's stretch.
    fn add_all(&mut self, booking: &Booking, call: Span, kind: &Kind) {
        let Some(terms) = self.terms.get(&booking.resource) else { return };
        for start in terms.slots(booking.start, booking.end) {
            self.calls.add((booking.resource.clone(), start), call, kind.clone());
        }
    }

    /// Adds what was asked and answered.
    pub fn operations(&mut self, operations: &[Operation]) {
        let mut sold = BTreeSet::new();
        for operation in operations {
            match operation.action() {
                "hold" | "book" => self.sale(operation, &mut sold),
                "extend" | "confirm" | "cancel" | "reschedule" => self.command(operation),
                "availability" | "subscribe" => self.reading(operation),
                _ => {}
            }
        }
    }

    fn sale(&mut self, operation: &Operation, sold: &mut BTreeSet<String>) {
        let request = &operation.request;
        let Some(terms) = request["resource"].as_str().and_then(|id| self.terms.get(id)) else {
            return;
        };
        match &operation.outcome {
            Outcome::Result(result) => {
                let Some(booking) = Booking::read(result) else { return };
                if !sold.insert(booking.id.clone()) {
                    return;
                }
                let ends = (operation.action() == "hold")
                    .then(|| self.versions.hold_ends(&booking.id, terms).at(1));
                // It was made in its first version's place.
                let first = self.versions.get(&booking.id, 1).unwrap_or(&booking).clone();
                let kind = Kind::Take(first.id.clone(), first.quantity, ends);
                self.add_all(&first, (operation.call, operation.end), &kind);
            }
            // Of several slots, nobody knows which was full.
            Outcome::Refused(code) if code == "slot_full" && request["end"].is_null() => {
                let (Some(resource), Some(start)) =
                    (request["resource"].as_str(), instant(&request["start"]))
                else {
                    return;
                };
                let places = request["quantity"].as_u64().unwrap_or(1);
                let call = (operation.call, operation.end);
                self.calls.add((resource.to_owned(), start), call, Kind::Full(places));
            }
            // What was made without an answer is found in the tables: see `Witness`.
            Outcome::Refused(_) | Outcome::Again(_) | Outcome::Open => {}
        }
    }

    fn command(&mut self, operation: &Operation) {
        let call = (operation.call, operation.end);
        match &operation.outcome {
            Outcome::Result(result) => {
                let Some(now) = Booking::read(result) else { return };
                match operation.action() {
                    "extend" => self.extended(&now, call),
                    "confirm" => self.add_all(&now, call, &Kind::Keep(now.id.clone())),
                    "cancel" => self.add_all(&now, call, &Kind::Release(now.id.clone())),
                    _ => {
                        let before = self.versions.get(&now.id, now.version - 1).cloned();
                        self.moved(before.as_ref(), &now, call);
                    }
                }
            }
            Outcome::Open => {
                let Some(id) = operation.booking() else { return };
                let seen: Vec<Booking> = self.versions.all(id).cloned().collect();
                let Some(first) = seen.first() else { return };
                let Some(terms) = self.terms.get(&first.resource) else { return };
                match operation.action() {
                    "confirm" => return self.add_all(first, call, &Kind::Keep(id.to_owned())),
                    "extend" => {
                        let ends = self.versions.hold_ends(id, terms);
                        let ends = [ends.at(1)[0], ends.last()[1]];
                        return self.add_all(first, call, &Kind::Extend(id.to_owned(), ends));
                    }
                    _ => {}
                }
                // Wherever it was at that time.
                let mut places = BTreeSet::new();
                for booking in &seen {
                    if places.insert((booking.start, booking.end)) {
                        self.add_all(booking, call, &Kind::Release(id.to_owned()));
                    }
                }
                let Some(start) = instant(&operation.request["start"]) else { return };
                let end = instant(&operation.request["end"]).unwrap_or(start + terms.slot);
                let there = Booking { start, end, ..first.clone() };
                let take = Kind::Take(id.to_owned(), first.quantity, None);
                self.add_all(&there, call, &take);
                if seen.iter().any(|booking| booking.status == "held") {
                    // As a hold, or as what it became: not both.
                    let ends = self.versions.hold_ends(id, terms);
                    let ends = Some([ends.at(1)[0], ends.last()[1]]);
                    let take = Kind::Take(id.to_owned(), first.quantity, ends);
                    self.add_all(&there, call, &take);
                }
            }
            Outcome::Refused(_) | Outcome::Again(_) => {}
        }
    }

    /// A hold lasts longer; where its end is as it was, its slots were not written.
    fn extended(&mut self, now: &Booking, call: Span) {
        let Some(end) = now.hold_ends else { return };
        let before = self.versions.get(&now.id, now.version - 1);
        let before = before.and_then(|before| before.hold_ends);
        if before != Some(end) {
            // Where nobody saw the version before, the end may have been this already.
            let call = (call.0, call.1.filter(|_| before.is_some()));
            self.add_all(now, call, &Kind::Extend(now.id.clone(), [end, end]));
        }
    }

    /// A booking moved; slots that it keeps are as they were.
    fn moved(&mut self, before: Option<&Booking>, now: &Booking, call: Span) {
        let Some(terms) = self.terms.get(&now.resource) else { return };
        let here: BTreeSet<_> = terms.slots(now.start, now.end).into_iter().collect();
        let release = Kind::Release(now.id.clone());
        let there: BTreeSet<_> = match before {
            Some(before) => terms.slots(before.start, before.end).into_iter().collect(),
            None => BTreeSet::new(),
        };
        for start in there.difference(&here) {
            self.calls.add((now.resource.clone(), *start), call, release.clone());
        }
        let ends = now.hold_ends.filter(|_| now.status == "held");
        let take = Kind::Take(now.id.clone(), now.quantity, ends.map(|end| [end, end]));
        for start in here.difference(&there) {
            // Where nobody saw the version before, it may have been there already.
            let call = (call.0, call.1.filter(|_| before.is_some()));
            self.calls.add((now.resource.clone(), *start), call, take.clone());
        }
        if before.is_none() {
            let seen: Vec<Booking> = self.versions.all(&now.id).cloned().collect();
            for booking in seen.iter().filter(|booking| booking.version < now.version) {
                self.add_all(booking, (call.0, None), &release);
            }
        }
    }

    fn reading(&mut self, operation: &Operation) {
        let Outcome::Result(result) = &operation.outcome else { return };
        let topic = operation.request["topic"].as_str().and_then(|it| it.strip_prefix("resource:"));
        let resource = operation.request["resource"].as_str().or(topic);
        let Some(resource) = resource.filter(|it| self.terms.contains_key(*it)) else { return };
        for slot in result["slots"].as_array().into_iter().flatten() {
            if let (Some(start), Some(free)) = (instant(&slot["start"]), slot["free"].as_u64()) {
                let call = (operation.call, operation.end);
                self.calls.add((resource.to_owned(), start), call, Kind::Free(free));
            }
        }
    }

    /// Adds what was pushed: a slot was like that at some time before.
    pub fn pushes(&mut self) {
        for event in &self.calls.history().events {
            let What::Heard(frame) = &event.what else { continue };
            if frame["type"] != "update" {
                continue;
            }
            for (topic, slots) in lists(frame, "slots") {
                let Some(resource) = topic.and_then(|it| it.strip_prefix("resource:")) else {
                    continue;
                };
                for slot in slots {
                    if let (Some(start), Some(free)) =
                        (instant(&slot["start"]), slot["free"].as_u64())
                    {
                        let call = (Duration::ZERO, Some(event.at));
                        self.calls.add((resource.to_owned(), start), call, Kind::Free(free));
                    }
                }
            }
        }
    }

    /// Adds how it is in the end, for every slot of which there is a call.
    pub fn end(&mut self, witness: &Witness) {
        let now = self.calls.history().wall(witness.at);
        let mut holders: BTreeMap<SlotKey, BTreeMap<String, u64>> = BTreeMap::new();
        for booking in witness.bookings.iter().filter_map(Booking::read) {
            let Some(terms) = self.terms.get(&booking.resource) else { continue };
            if booking.takes_places(now) {
                for start in terms.slots(booking.start, booking.end) {
                    let there = holders.entry((booking.resource.clone(), start)).or_default();
                    there.insert(booking.id.clone(), booking.quantity);
                }
            }
        }
        let keys: BTreeSet<SlotKey> = self.calls.objects().chain(holders.keys()).cloned().collect();
        for key in keys {
            let these = holders.remove(&key).unwrap_or_default();
            self.calls.add(key, (witness.at, Some(witness.at)), Kind::End(these));
        }
    }

    /// All of them.
    pub fn finish(self) -> BTreeMap<SlotKey, List<Kind>> {
        self.calls.finish()
    }
}
