//! The tables in memory: each command is decided by `domain` on what is written, and takes effect
//! as a whole or not at all.

use domain::{
    Booking, BookingId, Command, Rejection, Request, Resource, Slot, Status, Stretch, Version,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// One resource, its slots and bookings.
pub struct Memory {
    pub resource: Resource,
    pub slots: BTreeMap<Timestamp, Slot>,
    pub bookings: BTreeMap<BookingId, Booking>,
}

type Answer = Result<Booking, Rejection>;

impl Memory {
    pub fn new(resource: Resource) -> Self {
        Self { resource, slots: BTreeMap::new(), bookings: BTreeMap::new() }
    }

    fn slot(&self, start: Timestamp) -> Slot {
        self.slots.get(&start).cloned().unwrap_or_else(|| Slot::untouched(start))
    }

    fn write(&mut self, booking: Booking, slots: Vec<Slot>) -> Booking {
        self.slots.extend(slots.into_iter().map(|slot| (slot.start, slot)));
        self.bookings.insert(booking.id.clone(), booking.clone());
        booking
    }

    fn take(
        &self,
        booking: &Booking,
        starts: impl Iterator<Item = Timestamp>,
        now: Timestamp,
    ) -> Result<Vec<Slot>, Rejection> {
        let (quantity, until) = (booking.quantity, booking.hold_expires_at);
        let capacity = self.resource.capacity;
        starts
            .map(|start| self.slot(start).take(&booking.id, quantity, until, capacity, now))
            .collect()
    }

    pub fn place(&mut self, request: &Request, now: Timestamp) -> Answer {
        if let Some(made) = self.bookings.get(&request.id()) {
            request.repeats(made)?;
            return Ok(made.at(now));
        }
        let booking = request.decide(&self.resource, now)?;
        let slots = self.take(&booking, booking.stretch.slots(), now)?;
        Ok(self.write(booking, slots))
    }

    pub fn change(
        &mut self,
        id: &BookingId,
        command: &Command,
        if_version: Option<Version>,
        now: Timestamp,
    ) -> Answer {
        let read = self.bookings[id].clone();
        let next = command.decide(&read, if_version, now)?;
        let slots = read.stretch.slots().map(|start| self.slot(start));
        let slots: Result<Vec<Slot>, Rejection> = match (read.status, next.status) {
            (Status::Held, Status::Confirmed | Status::Pending) => {
                slots.map(|slot| slot.confirm(id, now)).collect()
            }
            (_, after) if after.takes_capacity() => Ok(Vec::new()),
            // Whoever needed the places may have dropped a hold that ran out before.
            (Status::Held, _) => {
                let slots = slots.filter(|slot| slot.holds.contains_key(id));
                Ok(slots.map(|slot| slot.release(id, read.quantity)).collect())
            }
            _ => Ok(slots.map(|slot| slot.release(id, read.quantity)).collect()),
        };
        Ok(self.write(next, slots?))
    }

    pub fn reschedule(
        &mut self,
        id: &BookingId,
        (start, end): (Timestamp, Option<Timestamp>),
        if_version: Option<Version>,
        now: Timestamp,
    ) -> Answer {
        let read = self.bookings[id].clone();
        let to = |stretch: Stretch| Command::Reschedule(stretch).decide(&read, if_version, now);
        to(read.stretch)?;
        let next = to(self.resource.stretch(start, end, now)?)?;
        let old: BTreeSet<Timestamp> = read.stretch.slots().collect();
        let new: BTreeSet<Timestamp> = next.stretch.slots().collect();
        let mut slots = self.take(&next, new.difference(&old).copied(), now)?;
        let left = old.difference(&new).map(|start| self.slot(*start).release(id, read.quantity));
        slots.extend(left);
        Ok(self.write(next, slots))
    }
}
