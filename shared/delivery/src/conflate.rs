//! Many changes -> the newest of each thing, by topic.

use crate::topic;
use domain::calendar::LONGEST_SLOT;
use domain::{Booking, BookingId, Pool, Resource, ResourceId, Slot};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{Change, OldImage, Record, TopicKey};

/// What changed in one topic.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Bookings, for their customer or for operators.
    Bookings(Vec<Booking>),
    /// A resource's slots, and the resource itself if it was written.
    Availability(ChangedResource),
    /// The same, of resources that are in a pool, or were before they were written.
    Pool(Vec<ChangedResource>),
}

/// A resource of which something changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedResource {
    /// Which.
    pub resource: ResourceId,
    /// Its slots that changed.
    pub slots: Vec<ChangedSlot>,
    /// Whether the resource itself was written.
    pub rewritten: bool,
}

/// A slot that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedSlot {
    /// The slot as it was written last.
    pub slot: Slot,
    /// The latest end that it has had in the batch: a slot of a former grid may be sold again at a
    /// shorter length, and gives back the rest of its time.
    pub until: Timestamp,
}

/// The newest of each thing that a batch of records tells of.
#[derive(Debug, Default)]
pub struct Conflation {
    /// In each topic, the newest version of the records that it hears of. A booking that moves away
    /// is told of once more where it was, and from then on only where it is.
    bookings: BTreeMap<TopicKey, BTreeMap<BookingId, Booking>>,
    slots: BTreeMap<(ResourceId, Timestamp), ChangedSlot>,
    resources: BTreeMap<ResourceId, Resource>,
    /// The pools of resources that were written: those that they are in, and those that they were in.
    pools: BTreeMap<ResourceId, BTreeSet<Pool>>,
    /// The lowest index in the batch of a record that a topic tells of.
    first: HashMap<TopicKey, usize>,
}

impl Conflation {
    /// Adds a record, by its index in the batch.
    pub fn add(&mut self, index: usize, record: Record) {
        let Record { new, old } = record;
        match new {
            Change::Booking(booking) => self.add_booking(index, &booking, &old),
            Change::Slot(resource, slot) => self.add_slot(index, resource, slot, &old),
            Change::Resource(resource) => {
                self.concerns(index, topic::resource(&resource.id));
                let pools = self.pools.entry(resource.id.clone()).or_default();
                pools.extend(resource.pools.of(&resource.venue));
                if let Some(Change::Resource(old)) = old.change() {
                    pools.extend(old.pools.of(&old.venue));
                }
                let newest = self.resources.entry(resource.id.clone());
                let newest = newest.or_insert_with(|| resource.clone());
                if resource.version > newest.version {
                    *newest = resource;
                }
            }
        }
    }

    fn add_booking(&mut self, index: usize, booking: &Booking, old: &OldImage) {
        let mut topics: BTreeSet<_> = topic::of_booking(booking).collect();
        if let Some(Change::Booking(old)) = old.change() {
            topics.extend(topic::of_booking(old));
        }
        for topic in topics {
            self.concerns(index, topic.clone());
            let newest = self.bookings.entry(topic).or_default().entry(booking.id.clone());
            let newest = newest.or_insert_with(|| booking.clone());
            if booking.version > newest.version {
                newest.clone_from(booking);
            }
        }
    }

    fn add_slot(&mut self, index: usize, resource: ResourceId, slot: Slot, old: &OldImage) {
        self.concerns(index, topic::resource(&resource));
        let until = match (old.change(), old) {
            (Some(Change::Slot(_, old)), _) => old.end().max(slot.end()),
            (_, OldImage::Unreadable) => slot.start.checked_add(LONGEST_SLOT).unwrap_or(slot.end()),
            _ => slot.end(),
        };
        let newest = self.slots.entry((resource, slot.start));
        let newest = newest.or_insert_with(|| ChangedSlot { slot: slot.clone(), until });
        newest.until = until.max(newest.until);
        if slot.version > newest.slot.version {
            newest.slot = slot;
        }
    }

    fn concerns(&mut self, index: usize, topic: TopicKey) {
        let first = self.first.entry(topic).or_insert(index);
        *first = index.min(*first);
    }

    /// The lowest index in the batch of a record that this topic tells of.
    pub fn first(&self, topic: &TopicKey) -> Option<usize> {
        self.first.get(topic).copied()
    }

    /// What to tell, by topic.
    pub fn by_topic(&self) -> BTreeMap<TopicKey, News> {
        let bookings = self.bookings.iter().map(|(topic, bookings)| {
            (topic.clone(), News::Bookings(bookings.values().cloned().collect()))
        });
        let mut news: BTreeMap<TopicKey, News> = bookings.collect();
        for resource in self.touched() {
            let topic = topic::resource(&resource);
            news.insert(topic, News::Availability(self.changed(&resource)));
        }
        news
    }

    /// What to tell in the topics of pools, with the lowest index of a record that it is about. `now_in`
    /// are the resources that were touched, as they are after the records.
    pub fn by_pool(
        &self,
        now_in: &BTreeMap<ResourceId, Resource>,
    ) -> BTreeMap<TopicKey, (usize, News)> {
        let mut changes: BTreeMap<Pool, (usize, Vec<ChangedResource>)> = BTreeMap::new();
        for resource in self.touched() {
            let index = self.first(&topic::resource(&resource)).unwrap_or(0);
            let mut pools = self.pools.get(&resource).cloned().unwrap_or_default();
            if let Some(now) = now_in.get(&resource) {
                pools.extend(now.pools.of(&now.venue));
            }
            for pool in pools {
                let (first, changed) = changes.entry(pool).or_insert((index, Vec::new()));
                *first = index.min(*first);
                changed.push(self.changed(&resource));
            }
        }
        let news = |(pool, (index, changed))| (topic::pool(&pool), (index, News::Pool(changed)));
        changes.into_iter().map(news).collect()
    }

    /// The resources that were written, or of which a slot was.
    pub fn touched(&self) -> BTreeSet<ResourceId> {
        let of_slots = self.slots.keys().map(|(resource, _)| resource);
        of_slots.chain(self.resources.keys()).cloned().collect()
    }

    fn changed(&self, resource: &ResourceId) -> ChangedResource {
        let slots = self.slots.iter().filter(|((of, _), _)| of == resource);
        ChangedResource {
            resource: resource.clone(),
            slots: slots.map(|(_, changed)| changed.clone()).collect(),
            rewritten: self.resources.contains_key(resource),
        }
    }
}
