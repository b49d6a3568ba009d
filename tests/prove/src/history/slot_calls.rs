//! What a history says of each slot.

use super::calls::{Calls, List, Span};
use super::operation::{Operation, Outcome};
use super::record::{History, What};
use super::slot::Kind;
use super::view::{Booking, Terms, Versions, instant, lists};
use super::witness::Witness;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
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

    /// Adds something for all slots of a booking, by the places that it has there.
    fn add_all(&mut self, booking: &Booking, call: Span, kind: impl Fn(u64) -> Kind) {
        for (slot, places) in booking.places(self.terms) {
            self.calls.add(slot, call, kind(places));
        }
    }

    /// Adds what was asked and answered.
    pub fn operations(&mut self, operations: &[Operation]) {
        let mut sold = BTreeSet::new();
        for operation in operations {
            match operation.action() {
                "hold" | "book" => self.sale(operation, &mut sold),
                "waitlist" => self.wait(operation, &mut sold),
                "extend" | "confirm" | "cancel" => self.command(operation),
                "reschedule" => self.move_of(operation),
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
                let take = |places| Kind::Take(first.id.clone(), places, ends);
                self.add_all(&first, (operation.call, operation.end), take);
            }
            // Of several slots, nobody knows which was full.
            Outcome::Refused(code)
                if code == "slot_full" && request["end"].is_null() && request["with"].is_null() =>
            {
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

    /// Somebody waits: if they are offered places, that was after they joined, and before anybody saw
    /// that they had been.
    fn wait(&mut self, operation: &Operation, waits: &mut BTreeSet<String>) {
        let Outcome::Result(result) = &operation.outcome else { return };
        let Some(booking) = Booking::read(result) else { return };
        let Some(terms) = self.terms.get(&booking.resource) else { return };
        let id = booking.id.clone();
        if !waits.insert(id.clone()) {
            return;
        }
        let seen: Vec<&Booking> = self.versions.all(&id).collect();
        let last = seen.iter().filter(|it| it.waits()).map(|it| it.version).max().unwrap_or(1);
        let Some(next) = seen.iter().find(|it| it.version > last) else { return };
        let is_over = |it: &Booking| matches!(it.status.as_str(), "cancelled" | "expired");
        let had = seen.iter().find(|it| it.version > last && !is_over(it));
        // Who left the line had nothing, unless a version is missing in between.
        if had.is_none() && next.version == last + 1 {
            return;
        }
        let end = had.and_then(|had| self.versions.seen_by(&id, had.version));
        let ends = self.versions.hold_ends(&id, terms).at(last + 1);
        // It is offered what it waits for.
        let waits = seen.iter().find(|it| it.waits()).map_or(&booking, |it| *it).clone();
        let take = |places| Kind::Take(id.clone(), places, Some(ends));
        self.add_all(&waits, (operation.call, end), take);
    }

    /// Gives its places back, if it has any.
    fn released(&mut self, now: &Booking, call: Span) {
        let before = self.versions.get(&now.id, now.version - 1);
        let call = match before {
            Some(before) if before.waits() => return,
            None if self.versions.waited(&now.id) => (call.0, None),
            _ => call,
        };
        self.add_all(now, call, |_| Kind::Release(now.id.clone()));
    }

    fn command(&mut self, operation: &Operation) {
        let call = (operation.call, operation.end);
        match &operation.outcome {
            Outcome::Result(result) => {
                let Some(now) = Booking::read(result) else { return };
                match operation.action() {
                    "extend" => self.extended(&now, call),
                    "confirm" => self.add_all(&now, call, |_| Kind::Keep(now.id.clone())),
                    _ => self.released(&now, call),
                }
            }
            Outcome::Open => {
                let Some(id) = operation.booking() else { return };
                let Some(first) = self.versions.all(id).next().cloned() else { return };
                let Some(terms) = self.terms.get(&first.resource) else { return };
                let ends = self.versions.hold_ends(id, terms);
                let ends = [ends.at(1)[0], ends.last()[1]];
                for slot in self.wherever(id) {
                    let id = id.to_owned();
                    let kind = match operation.action() {
                        "extend" => Kind::Extend(id, ends),
                        "confirm" => Kind::Keep(id),
                        _ => Kind::Release(id),
                    };
                    self.calls.add(slot, call, kind);
                }
            }
            Outcome::Refused(_) | Outcome::Again(_) => {}
        }
    }

    /// All slots in which a booking was seen.
    fn wherever(&self, id: &str) -> BTreeSet<SlotKey> {
        self.versions.all(id).flat_map(|it| it.places(self.terms).into_keys()).collect()
    }

    fn move_of(&mut self, operation: &Operation) {
        let call = (operation.call, operation.end);
        match &operation.outcome {
            Outcome::Result(result) => {
                let Some(now) = Booking::read(result) else { return };
                let before = self.versions.get(&now.id, now.version - 1).cloned();
                self.moved(before.as_ref(), &now, call);
            }
            Outcome::Open => {
                let Some(id) = operation.booking() else { return };
                self.perhaps_moved(&operation.request, id, call);
            }
            Outcome::Refused(_) | Outcome::Again(_) => {}
        }
    }

    /// It may have moved: to where it was asked to, from wherever it was at that time.
    fn perhaps_moved(&mut self, request: &Value, id: &str, call: Span) {
        let was = self.wherever(id);
        for slot in &was {
            self.calls.add(slot.clone(), call, Kind::Release(id.to_owned()));
        }
        let asked = request["quantity"].as_u64();
        let seen: Vec<&Booking> = self.versions.all(id).collect();
        let Some(terms) = seen.first().and_then(|first| self.terms.get(&first.resource)) else {
            return;
        };
        let mut there: BTreeSet<(SlotKey, u64)> = BTreeSet::new();
        for booking in &seen {
            let start = instant(&request["start"]).unwrap_or(booking.start);
            let length = booking.end.duration_since(booking.start);
            let end = instant(&request["end"]).unwrap_or(start + length);
            let quantity = asked.unwrap_or(booking.quantity);
            let moved = Booking { start, end, quantity, ..(*booking).clone() };
            there.extend(moved.places(self.terms));
        }
        let was_held = seen.iter().any(|booking| booking.status == "held");
        let ends = self.versions.hold_ends(id, terms);
        let ends = [ends.at(1)[0], ends.last()[1]];
        for (slot, places) in there {
            if was.contains(&slot) {
                self.calls.add(slot.clone(), call, Kind::Resize(id.to_owned(), places));
            }
            self.calls.add(slot.clone(), call, Kind::Take(id.to_owned(), places, None));
            if was_held {
                // As a hold, or as what it became: not both.
                self.calls.add(slot, call, Kind::Take(id.to_owned(), places, Some(ends)));
            }
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
            self.add_all(now, call, |_| Kind::Extend(now.id.clone(), [end, end]));
        }
    }

    /// A booking moved; slots of which it keeps as many places are as they were.
    fn moved(&mut self, before: Option<&Booking>, now: &Booking, call: Span) {
        let here = now.places(self.terms);
        let ends = now.hold_ends.filter(|_| now.status == "held").map(|end| [end, end]);
        let take = |places| Kind::Take(now.id.clone(), places, ends);
        let resize = |places| Kind::Resize(now.id.clone(), places);
        let release = || Kind::Release(now.id.clone());
        let Some(before) = before else {
            // Where nobody saw the version before, it may have been there already.
            let perhaps = (call.0, None);
            for slot in self.wherever(&now.id) {
                match here.get(&slot) {
                    Some(places) => self.calls.add(slot, perhaps, resize(*places)),
                    None => self.calls.add(slot, perhaps, release()),
                }
            }
            return self.add_all(now, perhaps, take);
        };
        let there = before.places(self.terms);
        for slot in there.keys().filter(|slot| !here.contains_key(*slot)) {
            self.calls.add(slot.clone(), call, release());
        }
        for (slot, places) in here {
            match there.get(&slot) {
                Some(had) if *had == places => {}
                Some(_) => self.calls.add(slot, call, resize(places)),
                None => self.calls.add(slot, call, take(places)),
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
            if booking.takes_places(now) {
                for (slot, places) in booking.places(self.terms) {
                    holders.entry(slot).or_default().insert(booking.id.clone(), places);
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
