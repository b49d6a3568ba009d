//! The tables in memory: each command is decided by `domain` on what is written, and takes effect
//! as a whole or not at all.

use domain::{
    Action, Attempt, Booking, BookingHash, Command, Decision, Destination, NewBooking, Rejection,
    Resource, Slot, SlotOf,
};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::bookings::change::Intent;
use support::fixtures::code;

/// One resource, its slots, and bookings by customer and key.
pub struct Memory {
    pub resource: Resource,
    pub slots: BTreeMap<Timestamp, Slot>,
    pub bookings: BTreeMap<BookingHash, Booking>,
}

type Answer = Result<Booking, Rejection>;

impl Memory {
    pub fn new(resource: Resource) -> Self {
        Self { resource, slots: BTreeMap::new(), bookings: BTreeMap::new() }
    }

    /// Takes effect as a whole or not at all.
    fn write(&mut self, before: Option<&Booking>, after: Booking, now: Timestamp) -> Answer {
        let mut written = BTreeMap::new();
        for (SlotOf { slot: period, .. }, effect) in Booking::effects(before, &after) {
            let slot = self.resource.slot(period, &self.slots);
            let terms = self.resource.terms(period, &self.slots, now);
            written.insert(period.start, slot.after(effect, terms, now)?);
        }
        self.slots.extend(written);
        self.bookings.insert(after.id.hash().clone(), after.clone());
        Ok(after)
    }

    /// The booking as it is at this instant, which is written down.
    pub fn read(&mut self, hash: &BookingHash, now: Timestamp) -> Option<Booking> {
        let booking = self.bookings.get_mut(hash)?;
        *booking = booking.at(now);
        Some(booking.clone())
    }

    pub fn place(&mut self, request: &NewBooking, now: Timestamp) -> Answer {
        if let Some(made) = self.read(&request.hash(), now) {
            request.repeats(&made)?;
            return Ok(made);
        }
        let booking = request.decide(&self.resource, &[], &code(), now)?;
        self.write(None, booking, now)
    }

    pub fn change(
        &mut self,
        hash: &BookingHash,
        intent: &Intent,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Answer {
        let read = self.read(hash, now).unwrap();
        let decide = |action| {
            let command = Command { action, attempt: attempt.clone() };
            command.decide(&read, now)
        };
        let decision = match intent {
            Intent::Act(action) => decide(action.clone())?,
            Intent::Extend => {
                let Resource { hold_seconds, max_hold_seconds, .. } = self.resource;
                decide(Action::Extend(hold_seconds, max_hold_seconds))?
            }
            Intent::Confirm(code) => {
                decide(Action::Confirm(self.resource.confirming(), code.clone()))?
            }
            Intent::Reschedule(wanted, _) => {
                match decide(Action::Reschedule(Box::new(Destination::of(&read))))? {
                    done @ Decision::Done(_) => done,
                    Decision::Change(_) => {
                        let to = wanted.decide(&read, &self.resource, &[], attempt.role, now)?;
                        decide(Action::Reschedule(Box::new(to)))?
                    }
                }
            }
        };
        match decision {
            Decision::Done(booking) => Ok(*booking),
            Decision::Change(next) => self.write(Some(&read), *next, now),
        }
    }
}
