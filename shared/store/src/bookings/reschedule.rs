//! Moves a booking: the old places, the new ones and the booking in one transaction.

use crate::bookings::change::has_places_of;
use crate::bookings::{Bookings, DECISIONS};
use crate::error::Error;
use crate::transact::{Outcome, transact};
use domain::{Booking, BookingId, Command, CustomerId, Rejection, Slot, Version};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// DynamoDB takes no more items than this in one transaction.
const MAX_WRITES: usize = 100;

impl Bookings {
    /// Moves a confirmed booking to the stretch from `start` to `end`, or to one slot.
    pub async fn reschedule(
        &self,
        customer: &CustomerId,
        id: &BookingId,
        (start, end): (Timestamp, Option<Timestamp>),
        if_version: Option<Version>,
        now: Timestamp,
    ) -> Result<Booking, Error> {
        let mut seen = BTreeMap::new();
        for attempt in 0..DECISIONS {
            let read = self.booking(customer, id).await?.ok_or(Rejection::NoSuchBooking)?;
            // Whether it may be moved at all comes before where to.
            Command::Reschedule(read.stretch).decide(&read, if_version, now)?;
            let resource = self.resource(&read.resource).await?;
            let stretch = resource.stretch(start, end, now)?;
            let next = Command::Reschedule(stretch).decide(&read, if_version, now)?;

            let old: BTreeSet<Timestamp> = read.stretch.slots().collect();
            let new: BTreeSet<Timestamp> = next.stretch.slots().collect();
            let mut writes = vec![self.replace(&next, read.version)?];
            for start in new.difference(&old) {
                let untouched = Slot::untouched(*start);
                let slot = seen.get(start).unwrap_or(&untouched);
                slot.take(&next.id, next.quantity, None, resource.capacity, now)?;
                writes.push(self.take(&next, slot, resource.capacity, now)?);
            }
            let left = match attempt {
                0 => None,
                _ => Some(self.slots_of(&read).await?),
            };
            for start in old.difference(&new) {
                if has_places_of(&read, *start, left.as_ref()) {
                    writes.push(self.release(&read, *start)?);
                }
            }
            if writes.len() > MAX_WRITES {
                let most = MAX_WRITES - 1;
                let message = format!("one move leaves and takes at most {most} slots together");
                return Err(Rejection::LimitExceeded(message).into());
            }
            if transact(&self.client, &self.units, writes).await? == Outcome::Written {
                return Ok(next);
            }
            seen = self.slots_to_take(&next, now).await?;
        }
        Err(Error::Busy)
    }
}
