//! Everything that was committed to the bookings table, in the order of its stream, and whether it
//! may be so: judged at each commit.

use super::line;
use super::world::World;
use aws_lambda_events::dynamodb::EventRecord;
use domain::{
    Booking, BookingId, Effect, Period, Resource, ResourceId, Share, Slot, SlotOf, Status,
};
use host::streams::Change as Record;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use store::Change;
use tokio::time::Instant;

/// No request lives longer, and none knows a capacity that is older.
const REQUEST_LIFE: SignedDuration = domain::resource::REQUEST_LIFE;

/// What was committed.
#[derive(Default)]
pub struct Ledger {
    /// The stream's records, for its reader.
    pub records: Vec<Record>,
    /// The number of the last record read, also of one that nobody is told of.
    pub last: Option<String>,
    /// How many records were handed to `push`, or are on their way there.
    pub delivered: usize,
    /// How many records the bus was told of, where there is one.
    pub published: usize,
    /// When something was written last.
    pub changed: Option<Instant>,
    /// Revocations of each customer's tokens that were begun, less those that came to their end.
    pub revocations: BTreeMap<String, usize>,
    /// How many records became too old.
    pub given_up: usize,
    /// All bookings as they are.
    pub bookings: BTreeMap<BookingId, Booking>,
    /// Since when bookings that were offered places have been held.
    offered: BTreeMap<BookingId, Timestamp>,
    /// Bookings that were collected, by their id.
    pub collected: BTreeSet<String>,
    /// All slots as they are, and when they were written.
    pub slots: BTreeMap<(ResourceId, Timestamp), (Slot, Timestamp)>,
    /// All resources as they were and are, and since when.
    pub resources: BTreeMap<ResourceId, Vec<(Resource, Timestamp)>>,
}

impl Ledger {
    /// The resource as it is.
    pub fn resource(&self, id: &ResourceId) -> Option<&(Resource, Timestamp)> {
        self.resources.get(id)?.last()
    }

    /// A resource's slots as they are.
    pub fn slots_of(&self, id: &ResourceId) -> BTreeMap<Timestamp, Slot> {
        let here = self.slots.iter().filter(|((resource, _), _)| resource == id);
        here.map(|((_, start), (slot, _))| (*start, slot.clone())).collect()
    }

    fn apply(&mut self, world: &World, change: Change) {
        let now = world.now();
        match change {
            Change::Resource(resource) => {
                let versions = self.resources.entry(resource.id.clone()).or_default();
                let before = versions.last().map_or(0, |(before, _)| before.version.get());
                if resource.version.get() != before + 1 {
                    world.broken("versions of a resource have no gap", || {
                        format!("{} after {before}: {resource:?}", resource.version)
                    });
                }
                versions.push((resource, now));
            }
            Change::Slot(resource, slot) => {
                let key = (resource, slot.start);
                if let Some((before, _)) = self.slots.get(&key)
                    && before.at(Timestamp::MAX).version >= slot.version
                {
                    world.broken("a slot is newer than what any clock showed before", || {
                        format!("{before:?} became {slot:?}")
                    });
                }
                self.slots.insert(key, (slot, now));
            }
            Change::Booking(booking) => self.apply_booking(world, booking, now),
        }
    }

    fn apply_booking(&mut self, world: &World, booking: Booking, now: Timestamp) {
        let before = self.bookings.get(&booking.id);
        let version = before.map_or(0, |before| before.version.get());
        if booking.version.get() != version + 1 {
            world.broken("versions of a booking have no gap", || {
                format!("{} after {version}: {booking:?}", booking.version)
            });
        }
        if before.is_some_and(|before| before.status == Status::Waitlisted) {
            self.offered.insert(booking.id.clone(), booking.updated_at);
        }
        if let Some(end) = booking.hold_expires_at {
            self.lasts(world, before, &booking, end);
        }
        let effects = Booking::effects(before, &booking);
        // A confirmation and an extension count too: until then the places were another's to take. A capacity that was
        // lowered since the hold takes nothing away.
        let taken: Vec<(SlotOf, Timestamp)> = effects
            .into_iter()
            .filter_map(|(slot, effect)| match effect {
                _ if effect.taken() > 0 => Some((slot, now)),
                Effect { after: Some(Share::Has(..)), .. } => Some((slot, booking.created_at)),
                _ => None,
            })
            .collect();
        self.bookings.insert(booking.id.clone(), booking);
        for (slot, since) in taken {
            let SlotOf { resource, slot } = &slot;
            let sold = self.sold(world, resource, *slot);
            let most = self.most(resource, since);
            if sold > most {
                world.broken("no slot is sold beyond its capacity", || {
                    let all: Vec<_> = self.bookings.values().map(shortly).collect();
                    format!("{resource} at {}: {sold} of {most}: {all:#?}", slot.start)
                });
            }
        }
    }

    /// A hold lasts as long as its resource said at some time, and no extension cuts it short.
    fn lasts(&self, world: &World, before: Option<&Booking>, booking: &Booking, end: Timestamp) {
        // It may have been held elsewhere, and moved.
        let versions = self.resources.values().flatten();
        let bounds = versions.map(|(resource, _)| {
            let hold = SignedDuration::from_secs(resource.hold_seconds.get().into());
            let most = SignedDuration::from_secs(resource.max_hold_seconds.get().into());
            // The end is rounded up by 1/64.
            (hold, hold.max(most) + hold / 64 + SignedDuration::from_millis(2))
        });
        let (least, most): (Vec<_>, Vec<_>) = bounds.unzip();
        let bounds = least.into_iter().min().zip(most.into_iter().max());
        let since = self.offered.get(&booking.id).unwrap_or(&booking.created_at);
        let lasts = end.duration_since(*since);
        let in_bounds = bounds.is_some_and(|(least, most)| (least..=most).contains(&lasts));
        let cut_short = before.is_some_and(|before| before.hold_expires_at > Some(end));
        if cut_short || !in_bounds {
            world.broken("a hold lasts as long as its resource says", || {
                format!("{lasts:?} of {bounds:?}: {before:?} became {booking:?}")
            });
        }
    }

    /// The most places that bookings take at any time of a slot. Holds of which a process whose
    /// clock is ahead may know already that they have run out are not counted.
    fn sold(&self, world: &World, resource: &ResourceId, slot: Period) -> u32 {
        let ahead = SignedDuration::from_millis(world.plan.profile.skew + 1);
        let now = world.now() + ahead;
        let mut taken = Vec::new();
        for booking in self.bookings.values() {
            let booking = booking.at(now);
            for claim in booking.claims().filter(|claim| claim.resource == *resource) {
                for other in claim.stretch.slots().filter(|other| other.overlaps(slot)) {
                    let places = booking.places_in(resource, other.start);
                    taken.push((other.start, other.end, places));
                }
            }
        }
        let at = |instant: Timestamp| -> u32 {
            let there = taken.iter().filter(|(from, to, _)| *from <= instant && instant < *to);
            there.map(|(_, _, places)| places).sum()
        };
        let instants = taken.iter().map(|(from, ..)| (*from).max(slot.start));
        instants.map(at).max().unwrap_or(0)
    }

    /// The most capacity that a request under way may know of.
    fn most(&self, resource: &ResourceId, now: Timestamp) -> u32 {
        let lately = self.lately(resource, now).into_iter();
        lately.map(|resource| resource.capacity.get()).max().unwrap_or(0)
    }

    /// A resource as requests may know it that were under way at an instant, or are by now.
    pub fn lately(&self, resource: &ResourceId, now: Timestamp) -> Vec<&Resource> {
        let versions = self.resources.get(resource).map(Vec::as_slice).unwrap_or_default();
        let ended = versions.iter().skip(1).map(|(_, since)| *since + REQUEST_LIFE);
        let lately = versions.iter().zip(ended.chain([Timestamp::MAX]));
        lately.filter(|(_, until)| *until >= now).map(|((resource, _), _)| resource).collect()
    }
}

/// A booking in one line.
pub fn shortly(booking: &Booking) -> String {
    let Booking { id, resource, customer, stretch, places, with, status, .. } = booking;
    let Booking { version, hold_expires_at, .. } = booking;
    let with: Vec<_> = with.iter().map(|it| format!(" with {}", it.resource)).collect();
    format!(
        "{id} {customer} {resource}{} {}/{} x{places} {} v{version} {hold_expires_at:?}",
        with.concat(),
        stretch.start(),
        stretch.end(),
        status.as_str()
    )
}

impl World {
    /// Takes note of what was just committed.
    pub fn committed(&self) {
        let setup = &super::setup::SETUP;
        let mut ledger = self.ledger();
        let (arn, after) = (&setup.mapping.reader.stream_arn, ledger.last.as_deref());
        let records = self.memory.records(arn, &setup.bookings, after);
        let mut changes = Vec::new();
        for record in records.expect("the stream can be read") {
            ledger.last = Some(record.dynamodb.sequence_number.clone());
            let record = Record::read(&record, arn, &setup.mapping.reader.filters);
            let Some(record) = record.expect("it is a record") else { continue };
            let event: EventRecord = serde_json::from_str(&record.json).expect("it is a record");
            match Change::of(event.change.new_image) {
                Ok(Some(change)) => {
                    self.note(|| format!("       committed {}", named(&change)));
                    changes.push(change);
                }
                Ok(None) => {}
                Err(error) => self.broken("what is written can be read", || format!("{error}")),
            }
            ledger.records.push(record);
        }
        if !changes.is_empty() {
            ledger.changed = Some(Instant::now());
        }
        line::judge(&ledger, self, &changes);
        for change in changes {
            ledger.apply(self, change);
        }
    }
}

fn named(change: &Change) -> String {
    match change {
        Change::Booking(booking) => shortly(booking),
        Change::Slot(resource, Slot { start, taken, version, expiring, waiting, .. }) => {
            let buckets: Vec<_> =
                expiring.iter().map(|(end, of)| format!("{of} to {end}")).collect();
            let buckets = buckets.join(", ");
            format!("{resource} {start}: {taken} taken, {waiting} wait v{version} [{buckets}]")
        }
        Change::Resource(resource) => {
            let minutes = resource.calendar.slot_minutes;
            format!(
                "{} v{}: {} places, shared: {}, {minutes:?} min",
                resource.id, resource.version, resource.capacity, resource.sharing
            )
        }
    }
}
