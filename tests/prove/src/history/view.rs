//! Bookings and slots, as frames show them.

use super::record::{History, What};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// On what terms a resource sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Places in each slot.
    pub capacity: u64,
    /// How long a slot lasts.
    pub slot: SignedDuration,
    /// How long a hold lasts.
    pub hold: SignedDuration,
    /// How long it lasts in all, however often it is extended.
    pub most: SignedDuration,
}

impl Terms {
    /// The longest that a hold lasts before it is extended: its end is rounded up by 1/64.
    pub fn first(&self) -> SignedDuration {
        self.hold + self.rounding()
    }

    /// The longest that a hold lasts in all.
    pub fn longest(&self) -> SignedDuration {
        self.hold.max(self.most) + self.rounding()
    }

    fn rounding(&self) -> SignedDuration {
        self.hold / 64 + SignedDuration::from_millis(1)
    }

    /// The starts of the slots of a stretch.
    pub fn slots(&self, start: Timestamp, end: Timestamp) -> Vec<Timestamp> {
        let starts = std::iter::successors(Some(start), |start| start.checked_add(self.slot).ok());
        starts.take_while(|start| *start < end).collect()
    }
}

/// An instant in a member of a frame.
pub fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// A booking as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its id.
    pub id: String,
    /// Its resource.
    pub resource: String,
    /// Whose it is.
    pub customer: String,
    /// Its first slot's start.
    pub start: Timestamp,
    /// Its last slot's end.
    pub end: Timestamp,
    /// Places in each slot.
    pub quantity: u64,
    /// What it takes of other resources at the same time: which, and how many places in each slot.
    pub with: Vec<(String, u64)>,
    /// Where it stands.
    pub status: String,
    /// How often it was written.
    pub version: u64,
    /// While held: when the hold runs out.
    pub hold_ends: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

impl Booking {
    /// Reads one, if it is one.
    pub fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| Some(value[name].as_str()?.to_owned());
        Some(Self {
            id: text("id")?,
            resource: text("resource")?,
            customer: text("customer")?,
            start: instant(&value["start"])?,
            end: instant(&value["end"])?,
            quantity: value["quantity"].as_u64()?,
            with: with(value),
            status: text("status")?,
            version: value["version"].as_u64()?,
            hold_ends: instant(&value["holdExpiresAt"]),
            created: instant(&value["createdAt"])?,
        })
    }

    /// Whether it waits for places that it does not have.
    pub fn waits(&self) -> bool {
        self.status == "waitlisted"
    }

    /// The places that it takes, or would take, by resource and start of a slot.
    pub fn places(&self, terms: &BTreeMap<String, Terms>) -> BTreeMap<(String, Timestamp), u64> {
        let own = (self.resource.clone(), self.quantity);
        let claims = self.with.iter().cloned().chain([own]);
        let known = claims.filter_map(|(id, places)| Some((terms.get(&id)?, id, places)));
        let places = known.flat_map(|(terms, id, places)| {
            let slots = terms.slots(self.start, self.end).into_iter();
            slots.map(move |start| ((id.clone(), start), places))
        });
        places.collect()
    }

    /// Whether it takes places at this instant.
    pub fn takes_places(&self, now: Timestamp) -> bool {
        match self.status.as_str() {
            "held" => self.hold_ends.is_some_and(|end| end > now),
            status => matches!(status, "pending" | "confirmed" | "completed"),
        }
    }
}

/// What a booking has of other resources.
fn with(value: &Value) -> Vec<(String, u64)> {
    let others = value["with"].as_array().into_iter().flatten();
    let other = |it: &Value| {
        Some((it["resource"].as_str()?.to_owned(), it["quantity"].as_u64().unwrap_or(1)))
    };
    others.filter_map(other).collect()
}

/// The lists of bookings and slots that a frame has, each with its topic or resource if the frame says.
pub fn lists<'a>(frame: &'a Value, name: &str) -> Vec<(Option<&'a str>, &'a Vec<Value>)> {
    let part = |part: &'a Value| Some((part["topic"].as_str(), part[name].as_array()?));
    let updates = frame["updates"].as_array().into_iter().flatten().filter_map(part);
    updates.chain(part(&frame["result"])).collect()
}

/// Every booking in a frame.
pub fn bookings(frame: &Value) -> impl Iterator<Item = &Value> {
    let many = lists(frame, "bookings").into_iter().flat_map(|(_, list)| list);
    let one = [&frame["result"], &frame["error"]["current"]];
    many.chain(one.into_iter().filter(|one| Booking::read(one).is_some()))
}

/// Every version of every booking that anybody saw.
#[derive(Debug, Default)]
pub struct Versions {
    seen: BTreeMap<String, BTreeMap<u64, Booking>>,
    /// When each was first seen.
    first: BTreeMap<(String, u64), Duration>,
    /// Bookings that were made to wait.
    waited: BTreeSet<String>,
}

impl Versions {
    /// All of a history.
    pub fn of(history: &History) -> Self {
        let mut all = Self::default();
        let mut joins = BTreeSet::new();
        for event in &history.events {
            match &event.what {
                What::Sent(request) if request["action"] == "waitlist" => {
                    joins.insert(request["id"].to_string());
                }
                What::Heard(frame) => {
                    for booking in bookings(frame).filter_map(Booking::read) {
                        all.see(booking, event.at);
                    }
                    let made = frame["result"]["id"].as_str();
                    if let Some(made) = made.filter(|_| joins.contains(&frame["id"].to_string())) {
                        all.waited.insert(made.to_owned());
                    }
                }
                _ => {}
            }
        }
        all
    }

    fn see(&mut self, booking: Booking, at: Duration) {
        if booking.waits() {
            self.waited.insert(booking.id.clone());
        }
        self.first.entry((booking.id.clone(), booking.version)).or_insert(at);
        let versions = self.seen.entry(booking.id.clone()).or_default();
        versions.insert(booking.version, booking);
    }

    /// Whether a booking was made to wait.
    pub fn waited(&self, id: &str) -> bool {
        self.waited.contains(id)
    }

    /// When a version or a later one was first seen.
    pub fn seen_by(&self, id: &str, version: u64) -> Option<Duration> {
        let seen = self.first.range((id.to_owned(), version)..=(id.to_owned(), u64::MAX));
        seen.map(|(_, at)| *at).min()
    }

    /// Everything that was seen of holds.
    pub fn holds(&self) -> impl Iterator<Item = &Booking> {
        let all = self.seen.values().flat_map(BTreeMap::values);
        all.filter(|booking| booking.status == "held")
    }

    /// One version of a booking.
    pub fn get(&self, id: &str, version: u64) -> Option<&Booking> {
        self.seen.get(id)?.get(&version)
    }

    /// What was seen of a booking, the oldest first.
    pub fn all(&self, id: &str) -> impl Iterator<Item = &Booking> {
        self.seen.get(id).into_iter().flat_map(BTreeMap::values)
    }

    /// Between which instants a booking that began as a hold runs out: where anybody saw it exactly
    /// then, else as far as the terms say it. Who waits may be offered a hold at any time.
    pub fn hold_ends(&self, id: &str, terms: &Terms) -> HoldEnds {
        let seen = self.all(id).filter_map(|booking| Some((booking.version, booking.hold_ends?)));
        let made = self.all(id).next().map_or(Timestamp::MIN, |booking| booking.created);
        let after = |hold| made.checked_add(hold).unwrap_or(Timestamp::MAX);
        let [earliest, mut first, mut latest] =
            [terms.hold, terms.first(), terms.longest()].map(after);
        if self.waited(id) {
            [first, latest] = [Timestamp::MAX; 2];
        }
        HoldEnds { seen: seen.collect(), earliest, first, latest }
    }
}

/// When a hold runs out, at each version of its booking: an extension sets another end.
#[derive(Debug, Clone)]
pub struct HoldEnds {
    seen: BTreeMap<u64, Timestamp>,
    earliest: Timestamp,
    /// The latest before it is extended.
    first: Timestamp,
    latest: Timestamp,
}

impl HoldEnds {
    /// At this version: no earlier than at those before it, and no later than at those after it.
    pub fn at(&self, version: u64) -> [Timestamp; 2] {
        let before = self.seen.range(..=version).next_back().map(|(_, end)| *end);
        let after = self.seen.range(version..).next().map(|(_, end)| *end);
        let latest = if version == 1 { self.first } else { self.latest };
        [before.unwrap_or(self.earliest), after.unwrap_or(latest).min(latest)]
    }

    /// When it runs out at the last.
    pub fn last(&self) -> [Timestamp; 2] {
        self.at(u64::MAX)
    }
}
