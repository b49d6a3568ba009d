//! How everything is in the end, as the tables have it and as the system says it.

use super::broken::Broken;
use super::record::History;
use super::view::{Booking, Terms, instant};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A booking as its table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The last part of its id.
    pub hash: String,
    /// Where it stands.
    pub status: String,
    /// How often it was written.
    pub version: u64,
    /// Its first slot's start.
    pub start: Timestamp,
    /// Its last slot's end.
    pub end: Timestamp,
    /// Places in each slot.
    pub quantity: u64,
}

/// How everything is in the end, when nothing goes on any more.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// When it was looked at.
    pub at: Duration,
    /// All bookings of the history's resources, as an operator is shown them.
    pub bookings: Vec<Value>,
    /// All slots of them, as anybody is shown them, by resource.
    pub slots: BTreeMap<String, Vec<Value>>,
    /// The same bookings, as the table has them.
    pub rows: Vec<Row>,
    /// Places taken in each slot that has an item in the table, by resource.
    pub taken: BTreeMap<String, BTreeMap<Timestamp, u64>>,
}

/// Whether tables and answers say the same, and no slot has more places taken than there are.
pub fn agree(
    history: &History,
    all: &BTreeMap<String, Terms>,
    witness: &Witness,
) -> Result<(), Broken> {
    let now = history.wall(witness.at);
    let shown: Vec<Booking> = witness.bookings.iter().filter_map(Booking::read).collect();
    for row in &witness.rows {
        let mut same = shown.iter().filter(|booking| booking.id.ends_with(&row.hash));
        let is_shown = same.next().is_some_and(|booking| {
            let Booking { status, version, start, end, quantity, .. } = booking.clone();
            let hash = row.hash.clone();
            *row == Row { hash, status, version, start, end, quantity }
        });
        if !is_shown {
            let line = format!("the table has {row:?}");
            return Err(Broken::new("what is in the table is what is shown", vec![line]));
        }
    }
    if witness.rows.len() != shown.len() {
        let lines = shown.iter().map(|booking| format!("shown: {booking:?}")).collect();
        return Err(Broken::new("what is shown is in the table", lines));
    }
    for (resource, terms) in all {
        let mut sold: BTreeMap<Timestamp, u64> = BTreeMap::new();
        for booking in shown.iter().filter(|it| it.takes_places(now)) {
            let places = booking.places(all).into_iter();
            for ((_, start), places) in places.filter(|((of, _), _)| of == resource) {
                *sold.entry(start).or_default() += places;
            }
        }
        let taken = witness.taken.get(resource).into_iter().flatten();
        let taken: BTreeMap<_, _> =
            taken.filter(|(_, places)| **places > 0).map(|(start, it)| (*start, *it)).collect();
        if sold != taken {
            let lines = vec![format!("{resource}: sold  {sold:?}"), format!("taken {taken:?}")];
            return Err(Broken::new("bookings add up to what slots have taken", lines));
        }
        for slot in witness.slots.get(resource).into_iter().flatten() {
            let places = instant(&slot["start"]).and_then(|start| taken.get(&start)).copied();
            let free = terms.capacity.checked_sub(places.unwrap_or(0));
            if free.is_none() || slot["free"].as_u64() != free {
                let lines = vec![format!("{resource}: taken {places:?}, shown {slot}")];
                return Err(Broken::new("free and taken places are the capacity", lines));
            }
        }
    }
    Ok(())
}
