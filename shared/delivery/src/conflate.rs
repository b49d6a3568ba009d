//! Many changes -> the newest of each thing, by topic.

use crate::topic;
use domain::{Booking, BookingId, Resource, ResourceId, Slot};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{Change, TopicKey};

/// What changed in one topic.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Bookings, for their customer or for operators.
    Bookings(Vec<Booking>),
    /// A resource's slots, and the resource itself if it was written.
    Availability {
        /// Which resource.
        resource: ResourceId,
        /// Its slots that changed.
        slots: Vec<Slot>,
        /// Whether the resource was written.
        rewritten: bool,
    },
}

/// The newest of each thing that a batch of changes tells of.
#[derive(Debug, Default)]
pub struct Conflation {
    bookings: BTreeMap<BookingId, Booking>,
    slots: BTreeMap<(ResourceId, Timestamp), Slot>,
    resources: BTreeMap<ResourceId, Resource>,
    /// The lowest index in the batch of a change that a topic tells of.
    first: HashMap<TopicKey, usize>,
}

impl Conflation {
    /// Adds a change, by its index in the batch.
    pub fn add(&mut self, index: usize, change: Change) {
        match change {
            Change::Booking(booking) => {
                for topic in topic::of_booking(&booking) {
                    self.concerns(index, topic);
                }
                let newest = self.bookings.entry(booking.id.clone());
                let newest = newest.or_insert_with(|| booking.clone());
                if booking.version > newest.version {
                    *newest = booking;
                }
            }
            Change::Slot(resource, slot) => {
                self.concerns(index, topic::resource(&resource));
                let newest = self.slots.entry((resource, slot.start));
                let newest = newest.or_insert_with(|| slot.clone());
                if slot.version > newest.version {
                    *newest = slot;
                }
            }
            Change::Resource(resource) => {
                self.concerns(index, topic::resource(&resource.id));
                let newest = self.resources.entry(resource.id.clone());
                let newest = newest.or_insert_with(|| resource.clone());
                if resource.version > newest.version {
                    *newest = resource;
                }
            }
        }
    }

    fn concerns(&mut self, index: usize, topic: TopicKey) {
        let first = self.first.entry(topic).or_insert(index);
        *first = index.min(*first);
    }

    /// The lowest index in the batch of a change that this topic tells of.
    pub fn first(&self, topic: &TopicKey) -> Option<usize> {
        self.first.get(topic).copied()
    }

    /// What to tell, by topic.
    pub fn by_topic(&self) -> BTreeMap<TopicKey, News> {
        let mut news = BTreeMap::new();
        for booking in self.bookings.values() {
            for topic in topic::of_booking(booking) {
                let entry = news.entry(topic).or_insert_with(|| News::Bookings(Vec::new()));
                if let News::Bookings(bookings) = entry {
                    bookings.push(booking.clone());
                }
            }
        }
        let touched: BTreeSet<&ResourceId> =
            self.slots.keys().map(|(resource, _)| resource).chain(self.resources.keys()).collect();
        for resource in touched {
            let slots = self.slots.iter().filter(|((of, _), _)| of == resource);
            news.insert(
                topic::resource(resource),
                News::Availability {
                    resource: resource.clone(),
                    slots: slots.map(|(_, slot)| slot.clone()).collect(),
                    rewritten: self.resources.contains_key(resource),
                },
            );
        }
        news
    }
}
