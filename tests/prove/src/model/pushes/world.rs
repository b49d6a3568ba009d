//! What there is to tell of: bookings of one room, as `domain` makes them, and what each record of the
//! stream says in which topic, as `delivery` conflates it.

use super::super::sales::scenario::{code, customer, length_of_a_slot, room, slot};
use delivery::conflate::Conflation;
use delivery::{News, topic};
use domain::{
    Action, Attempt, Booking, BookingId, Command, Decision, Details, Key, MadeBy, NewBooking,
    Quantity, Resource, Role, Sale, Slot, SlotOf, Status,
};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{Change, TopicKey};

/// The things that there are versions of: the slot, a booking of the one who watches, one of another.
pub const THINGS: usize = 3;
/// The topics: `me`, the room's availability, the room's bookings.
pub const TOPICS: usize = 3;

/// The things that each topic tells of.
pub const OF_TOPIC: [&[usize]; TOPICS] = [&[1], &[0], &[1, 2]];

/// A version of a thing in a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Update {
    /// Which topic.
    pub topic: usize,
    /// Which thing.
    pub thing: usize,
    /// Its version.
    pub version: u64,
}

/// What a batch has to tell in a topic.
#[derive(Debug, Clone)]
pub struct Telling {
    /// Which topic.
    pub topic: usize,
    /// The lowest place in the batch of a record that it tells of.
    pub first: usize,
    /// What.
    pub updates: Vec<Update>,
}

/// What happens to the room, in order.
#[derive(Debug)]
pub struct World {
    /// The topics' keys.
    pub topics: [TopicKey; TOPICS],
    /// The versions of all things after so many commits.
    pub versions: Vec<[u64; THINGS]>,
    /// The records of each commit, one commit after the other.
    records: Vec<Change>,
    resource: Resource,
    bookings: [BookingId; 2],
    now: Timestamp,
}

/// Records of one commit: a booking and a slot.
pub const RECORDS: usize = 2;

impl World {
    /// A room of two places: alice books, bob books, alice cancels, alice books anew; so many of these.
    pub fn new(commits: usize, now: Timestamp) -> Self {
        let resource = room(60, 2, 8);
        let [mine, yours] = ["alice", "bob"].map(|who| request(&resource, who));
        let made = [&mine, &yours]
            .map(|one| one.decide(&resource, &[], &code(), now).expect("the room is free"));
        let cancelled = cancel(&made[0], now);
        let changes = [(1, None, &made[0]), (2, None, &made[1]), (1, Some(&made[0]), &cancelled)];
        let mut touched = Slot::untouched(mine.start, length_of_a_slot(&resource));
        let mut versions = vec![[0; THINGS]];
        let mut records = Vec::new();
        for (thing, before, after) in changes.into_iter().take(commits) {
            let none = BTreeMap::new();
            for (SlotOf { slot: period, .. }, effect) in Booking::effects(before, after) {
                let terms = resource.terms(period, &none, now);
                touched = touched.after(effect, terms, now).expect("the room has two places");
            }
            let mut now_at: [u64; THINGS] = versions[versions.len() - 1];
            now_at[thing] = after.version.get();
            now_at[0] = shown(&resource, &touched, now);
            versions.push(now_at);
            records.push(Change::Booking((*after).clone()));
            records.push(Change::Slot(resource.id.clone(), touched.clone()));
        }
        let me = topic::me(&mine.customer);
        let all = topic::resource_bookings(&resource.id, &resource.venue);
        let topics = [me, topic::resource(&resource.id), all];
        let bookings = made.map(|booking| booking.id);
        Self { topics, versions, records, resource, bookings, now }
    }

    /// What there is to tell of a batch of records.
    pub fn tell(&self, from: usize, to: usize) -> Vec<Telling> {
        let mut conflation = Conflation::default();
        for (place, change) in self.records[from..to].iter().enumerate() {
            conflation.add(place, change.clone().into());
        }
        let news = conflation.by_topic().into_iter();
        let told = news.filter_map(|(key, news)| {
            // Nobody here watches what is bob's own.
            let topic = self.topics.iter().position(|one| *one == key)?;
            let first = conflation.first(&key).unwrap_or(0);
            Some(Telling { topic, first, updates: self.updates(topic, &news) })
        });
        told.collect()
    }

    fn updates(&self, topic: usize, news: &News) -> Vec<Update> {
        match news {
            News::Bookings(bookings) => {
                let update = |booking: &Booking| {
                    let place = self.bookings.iter().position(|id| *id == booking.id)?;
                    Some(Update { topic, thing: 1 + place, version: booking.version.get() })
                };
                bookings.iter().filter_map(update).collect()
            }
            News::Availability(changed) => {
                let update = |slot: &Slot| {
                    let version = shown(&self.resource, slot, self.now);
                    Update { topic, thing: 0, version }
                };
                changed.slots.iter().map(|changed| update(&changed.slot)).collect()
            }
            // Nobody here watches a pool.
            News::Pool(_) => Vec::new(),
        }
    }
}

/// The version of a slot that clients see.
fn shown(resource: &Resource, slot: &Slot, now: Timestamp) -> u64 {
    let touched = BTreeMap::from([(slot.start, slot.clone())]);
    resource.availability(slot.time(), &touched, now).version.get()
}

fn request(resource: &Resource, who: &str) -> NewBooking {
    NewBooking {
        customer: customer(who),
        by: MadeBy::Customer,
        key: Key::parse("key").expect("it is a key"),
        sale: Sale::Book,
        resource: resource.id.clone(),
        chosen_from: None,
        start: slot(0, 60),
        end: None,
        quantity: Quantity::ONE,
        with: Vec::new(),
        details: Details::default(),
        note: None,
    }
}

fn cancel(booking: &Booking, now: Timestamp) -> Booking {
    let attempt = Attempt {
        by: booking.customer.clone(),
        role: Role::Customer,
        key: None,
        fields: String::new(),
        if_version: None,
    };
    let command = Command { action: Action::Cancel(None), attempt };
    match command.decide(booking, now) {
        Ok(Decision::Change(next)) if next.status == Status::Cancelled => *next,
        other => unreachable!("a confirmed booking can be cancelled: {other:?}"),
    }
}
