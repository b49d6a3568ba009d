//! Bookings and slots, as frames show them.

use super::record::{History, What};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// On what terms a resource sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Places in each slot.
    pub capacity: u64,
    /// How long a slot lasts.
    pub slot: SignedDuration,
    /// How long a hold lasts.
    pub hold: SignedDuration,
}

impl Terms {
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
            status: text("status")?,
            version: value["version"].as_u64()?,
            hold_ends: instant(&value["holdExpiresAt"]),
            created: instant(&value["createdAt"])?,
        })
    }

    /// Whether it takes places at this instant.
    pub fn takes_places(&self, now: Timestamp) -> bool {
        match self.status.as_str() {
            "held" => self.hold_ends.is_some_and(|end| end > now),
            status => matches!(status, "pending" | "confirmed" | "completed"),
        }
    }
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
pub struct Versions(BTreeMap<String, BTreeMap<u64, Booking>>);

impl Versions {
    /// All of a history.
    pub fn of(history: &History) -> Self {
        let mut all = Self::default();
        for event in &history.events {
            if let What::Heard(frame) = &event.what {
                for booking in bookings(frame).filter_map(Booking::read) {
                    let versions = all.0.entry(booking.id.clone()).or_default();
                    versions.insert(booking.version, booking);
                }
            }
        }
        all
    }

    /// The first version of each booking, where anybody saw it.
    pub fn firsts(&self) -> impl Iterator<Item = &Booking> {
        self.0.values().filter_map(|versions| versions.get(&1))
    }

    /// One version of a booking.
    pub fn get(&self, id: &str, version: u64) -> Option<&Booking> {
        self.0.get(id)?.get(&version)
    }

    /// What was seen of a booking, the oldest first.
    pub fn all(&self, id: &str) -> impl Iterator<Item = &Booking> {
        self.0.get(id).into_iter().flat_map(BTreeMap::values)
    }

    /// Between which instants the hold ran out with which the booking began: those of its end, where
    /// anybody saw it, else as far as the terms say it. `None` where it was no hold.
    pub fn hold_ends(&self, id: &str, held: bool, terms: &Terms) -> Option<[Timestamp; 2]> {
        if !held {
            return None;
        }
        let seen = self.all(id).find_map(|booking| booking.hold_ends);
        if let Some(end) = seen {
            return Some([end, end]);
        }
        let made = self.all(id).next().map_or(Timestamp::MIN, |booking| booking.created);
        // The end is rounded up by 1/64 at most.
        let after = |hold| made.checked_add(hold).unwrap_or(Timestamp::MAX);
        Some([after(terms.hold), after(terms.hold + terms.hold / 64)])
    }
}
