//! What a history says of each slot.

use super::operation::{Operation, Outcome};
use super::record::{History, What};
use super::search::Call;
use super::slot::{Kind, Step};
use super::view::{Booking, Terms, Versions, instant, lists};
use super::witness::Witness;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A slot: its resource and its start.
pub type Place = (String, Timestamp);

/// The calls of each slot, in the order of their begin.
pub struct Calls<'a> {
    history: &'a History,
    terms: &'a BTreeMap<String, Terms>,
    versions: &'a Versions,
    skew: SignedDuration,
    found: BTreeMap<Place, Vec<Call<Step>>>,
}

impl<'a> Calls<'a> {
    /// Of a history, in which clocks differ by so much.
    pub fn of(
        history: &'a History,
        terms: &'a BTreeMap<String, Terms>,
        versions: &'a Versions,
        skew: SignedDuration,
    ) -> Self {
        let found = BTreeMap::new();
        Self { history, terms, versions, skew, found }
    }

    fn add(&mut self, place: Place, begin: Duration, end: Option<Duration>, kind: Kind) {
        let earliest = self.history.wall(begin) - self.skew;
        let latest = end.map_or(Timestamp::MAX, |end| self.history.wall(end) + self.skew);
        let step = Step { kind, decided: [earliest, latest] };
        self.found.entry(place).or_default().push(Call { begin, end, step });
    }

    /// Adds the same for all slots of a booking's stretch.
    fn add_all(&mut self, booking: &Booking, call: (Duration, Option<Duration>), kind: &Kind) {
        let Some(terms) = self.terms.get(&booking.resource) else { return };
        for start in terms.slots(booking.start, booking.end) {
            self.add((booking.resource.clone(), start), call.0, call.1, kind.clone());
        }
    }

    /// Adds what was asked and answered.
    pub fn operations(&mut self, operations: &[Operation]) {
        let mut sold = BTreeSet::new();
        for operation in operations {
            match operation.action() {
                "hold" | "book" => self.sale(operation, &mut sold),
                "confirm" | "cancel" | "reschedule" => self.command(operation),
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
                let held = operation.action() == "hold";
                let ends = self.versions.hold_ends(&booking.id, held, terms);
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
                let place = (resource.to_owned(), start);
                self.add(place, operation.call, operation.end, Kind::Full(places));
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
                if operation.action() == "confirm" {
                    return self.add_all(first, call, &Kind::Keep(id.to_owned()));
                }
                // Wherever it was at that time.
                let mut places = BTreeSet::new();
                for booking in &seen {
                    if places.insert((booking.start, booking.end)) {
                        self.add_all(booking, call, &Kind::Release(id.to_owned()));
                    }
                }
                let Some(start) = instant(&operation.request["start"]) else { return };
                let Some(terms) = self.terms.get(&first.resource) else { return };
                let end = instant(&operation.request["end"]).unwrap_or(start + terms.slot);
                let there = Booking { start, end, ..first.clone() };
                let take = Kind::Take(id.to_owned(), first.quantity, None);
                self.add_all(&there, call, &take);
            }
            Outcome::Refused(_) | Outcome::Again(_) => {}
        }
    }

    /// A booking moved; slots that it keeps are as they were.
    fn moved(
        &mut self,
        before: Option<&Booking>,
        now: &Booking,
        call: (Duration, Option<Duration>),
    ) {
        let Some(terms) = self.terms.get(&now.resource) else { return };
        let here: BTreeSet<_> = terms.slots(now.start, now.end).into_iter().collect();
        let release = Kind::Release(now.id.clone());
        let there: BTreeSet<_> = match before {
            Some(before) => terms.slots(before.start, before.end).into_iter().collect(),
            None => BTreeSet::new(),
        };
        for start in there.difference(&here) {
            self.add((now.resource.clone(), *start), call.0, call.1, release.clone());
        }
        let take = Kind::Take(now.id.clone(), now.quantity, None);
        for start in here.difference(&there) {
            // Where nobody saw the version before, it may have been there already.
            let end = call.1.filter(|_| before.is_some());
            self.add((now.resource.clone(), *start), call.0, end, take.clone());
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
                let place = (resource.to_owned(), start);
                self.add(place, operation.call, operation.end, Kind::Free(free));
            }
        }
    }

    /// Adds what was pushed: a slot was like that at some time before.
    pub fn pushes(&mut self) {
        for event in &self.history.events {
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
                        let place = (resource.to_owned(), start);
                        self.add(place, Duration::ZERO, Some(event.at), Kind::Free(free));
                    }
                }
            }
        }
    }

    /// Adds how it is in the end, for every slot of which there is a call.
    pub fn end(&mut self, witness: &Witness) {
        let now = self.history.wall(witness.at);
        let mut holders: BTreeMap<Place, BTreeMap<String, u64>> = BTreeMap::new();
        for booking in witness.bookings.iter().filter_map(Booking::read) {
            let Some(terms) = self.terms.get(&booking.resource) else { continue };
            if booking.takes_places(now) {
                for start in terms.slots(booking.start, booking.end) {
                    let place = holders.entry((booking.resource.clone(), start)).or_default();
                    place.insert(booking.id.clone(), booking.quantity);
                }
            }
        }
        let places: BTreeSet<Place> = self.found.keys().chain(holders.keys()).cloned().collect();
        for place in places {
            let these = holders.remove(&place).unwrap_or_default();
            self.add(place, witness.at, Some(witness.at), Kind::End(these));
        }
    }

    /// The calls of each slot.
    pub fn finish(mut self) -> BTreeMap<Place, Vec<Call<Step>>> {
        for calls in self.found.values_mut() {
            calls.sort_by_key(|call| call.begin);
        }
        self.found
    }
}
