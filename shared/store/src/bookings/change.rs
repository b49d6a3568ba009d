//! Confirms, cancels, approves, ...: what a booking goes through after it was made.

use crate::bookings::{Bookings, DECISIONS};
use crate::error::Error;
use crate::transact::{Outcome, transact};
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Booking, BookingId, Command, CustomerId, Rejection, Slot, Status, Version};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Bookings {
    /// Carries out a command on this customer's booking: the booking and its slots in one
    /// transaction.
    pub async fn change(
        &self,
        customer: &CustomerId,
        id: &BookingId,
        command: &Command,
        if_version: Option<Version>,
        now: Timestamp,
    ) -> Result<Booking, Error> {
        let mut now = now;
        let mut refused = None;
        for _ in 0..DECISIONS {
            let read = self.booking(customer, id).await?.ok_or(Rejection::NoSuchBooking)?;
            let mut left = None;
            if refused == Some(read.version) {
                // The booking is as it was, and yet a slot does not hold its places any more. If it
                // is a hold, it has run out by the clock of whoever needed them.
                now = now.max(read.hold_expires_at.unwrap_or(now));
                left = Some(self.slots_of(&read).await?);
            }
            let next = command.decide(&read, if_version, now)?;
            let mut writes = vec![self.replace(&next, read.version)?];
            writes.extend(self.slot_changes(&read, &next, left.as_ref(), now)?);
            match transact(&self.client, &self.units, writes).await? {
                Outcome::Written => return Ok(next),
                Outcome::Refused(places) if places.contains(&0) => refused = None,
                Outcome::Refused(_) => refused = Some(read.version),
            }
        }
        Err(Error::Busy)
    }

    /// `left` are the booking's slots as they were read, if they had to be.
    fn slot_changes(
        &self,
        read: &Booking,
        next: &Booking,
        left: Option<&BTreeMap<Timestamp, Slot>>,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let slots = read.stretch.slots();
        match (read.status, next.status) {
            (Status::Held, Status::Confirmed | Status::Pending) => {
                slots.map(|start| self.confirm_slot(read, start, now)).collect()
            }
            (before, after) if before.takes_capacity() && !after.takes_capacity() => slots
                .filter(|start| has_places_of(read, *start, left))
                .map(|start| self.release(read, start))
                .collect(),
            _ => Ok(Vec::new()),
        }
    }
}

/// Whether a slot has places to give back for this booking, as far as the slots that are left were
/// read: one long past is collected, and a hold that has run out may have been dropped.
pub(super) fn has_places_of(
    booking: &Booking,
    start: Timestamp,
    left: Option<&BTreeMap<Timestamp, Slot>>,
) -> bool {
    let held = booking.hold_expires_at.is_some();
    let has = |slot: &Slot| !held || slot.holds.contains_key(&booking.id);
    left.is_none_or(|left| left.get(&start).is_some_and(has))
}
