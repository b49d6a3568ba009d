//! How much of one slot is taken, held and free at an instant.
//!
//! A hold that runs out is a change of the slot at that instant, whoever records it and when: it
//! gives its places back and raises the version by one. So every read at the same instant gives the
//! same answer, whether the slot has been swept or not.

use crate::ids::BookingId;
use crate::numbers::{Capacity, Quantity, Version};
use crate::rejection::Rejection;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Places kept for a booking until an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// How many.
    pub quantity: Quantity,
    /// From this instant on they are free again.
    pub until: Timestamp,
}

/// One slot as it was written last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// When it starts.
    pub start: Timestamp,
    /// Places taken by held, pending and confirmed bookings, holds that ran out unswept included.
    pub taken: u32,
    /// How often it was written; 0 for a slot that nobody touched.
    pub version: Version,
    /// Holds not yet confirmed, released or swept.
    pub holds: BTreeMap<BookingId, Hold>,
}

impl Slot {
    /// A slot that nobody touched.
    pub fn untouched(start: Timestamp) -> Self {
        Self { start, taken: 0, version: Version::default(), holds: BTreeMap::new() }
    }

    /// The holds that have run out at this instant.
    pub fn run_out(&self, now: Timestamp) -> impl Iterator<Item = (&BookingId, &Hold)> {
        self.holds.iter().filter(move |(_, hold)| hold.until <= now)
    }

    /// The slot as it is at this instant: without the holds that have run out.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let mut slot = self.clone();
        for (booking, hold) in self.run_out(now) {
            slot.holds.remove(booking);
            slot.taken = slot.taken.saturating_sub(hold.quantity.get());
            slot.version = slot.version.next();
        }
        slot
    }

    /// Places that can be booked at this instant.
    pub fn free(&self, capacity: Capacity, now: Timestamp) -> u32 {
        capacity.get().saturating_sub(self.at(now).taken)
    }

    /// The slot with places taken: held until an instant, or sold.
    pub fn take(
        &self,
        booking: &BookingId,
        quantity: Quantity,
        until: Option<Timestamp>,
        capacity: Capacity,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let mut slot = self.at(now);
        if quantity.get() > capacity.get().saturating_sub(slot.taken) {
            return Err(Rejection::SlotFull);
        }
        slot.taken += quantity.get();
        if let Some(until) = until {
            slot.holds.insert(booking.clone(), Hold { quantity, until });
        }
        slot.version = slot.version.next();
        Ok(slot)
    }

    /// The slot with a hold turned into a sale, while the slot itself still holds it.
    pub fn confirm(&self, booking: &BookingId, now: Timestamp) -> Result<Self, Rejection> {
        let mut slot = self.at(now);
        slot.holds.remove(booking).ok_or(Rejection::HoldExpired)?;
        slot.version = slot.version.next();
        Ok(slot)
    }

    /// The slot with a booking's places given back. They must still be the booking's: those of a
    /// hold are only while the slot has the hold, or they would be given back twice.
    #[must_use]
    pub fn release(&self, booking: &BookingId, quantity: Quantity) -> Self {
        let mut slot = self.clone();
        slot.holds.remove(booking);
        slot.taken = slot.taken.saturating_sub(quantity.get());
        slot.version = slot.version.next();
        slot
    }
}
