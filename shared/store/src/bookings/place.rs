//! Holds and books.

use crate::bookings::{Bookings, DECISIONS};
use crate::error::Error;
use crate::transact::{Outcome, transact};
use domain::{Booking, Rejection, Request, Slot};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Bookings {
    /// Holds or books a stretch: its slots and the booking in one transaction. The first try
    /// believes that nobody was there before; only if that fails are the slots read.
    ///
    /// `max_open_holds` is a brake on hoarding, counted before the hold is made: requests of one
    /// customer that come at the same instant may overshoot it by their number.
    pub async fn place(
        &self,
        request: &Request,
        max_open_holds: usize,
        now: Timestamp,
    ) -> Result<Booking, Error> {
        let mut seen = BTreeMap::new();
        for _ in 0..DECISIONS {
            let id = request.id();
            let (made, resource) = tokio::try_join!(
                self.booking(&request.customer, &id),
                self.resource(&request.resource),
            )?;
            if let Some(made) = made {
                request.repeats(&made)?;
                return Ok(made.at(now));
            }
            let booking = request.decide(&resource, now)?;
            if request.hold && self.open_holds(&request.customer, now).await? >= max_open_holds {
                return Err(Rejection::LimitExceeded(format!(
                    "a customer has at most {max_open_holds} open holds"
                ))
                .into());
            }
            let mut writes = vec![self.create(&booking)?];
            for start in booking.stretch.slots() {
                let untouched = Slot::untouched(start);
                let slot = seen.get(&start).unwrap_or(&untouched);
                slot.take(
                    &booking.id,
                    booking.quantity,
                    booking.hold_expires_at,
                    resource.capacity,
                    now,
                )?;
                writes.push(self.take(&booking, slot, resource.capacity, now)?);
            }
            if transact(&self.client, &self.units, writes).await? == Outcome::Written {
                return Ok(booking);
            }
            seen = self.slots_to_take(&booking, now).await?;
        }
        Err(Error::Busy)
    }
}
