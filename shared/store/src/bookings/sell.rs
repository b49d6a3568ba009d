//! Holds and books.

use crate::bookings::{Bookings, DECISIONS};
use crate::error::Error;
use crate::transact::Outcome;
use domain::{Booking, ConfirmationCode, Rejection, Request, Slot};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// No opening is longer: a day on which clocks go back.
const LONGEST: SignedDuration = SignedDuration::from_hours(25);

impl Bookings {
    /// Holds or books a stretch: its slots and the booking in one transaction.
    ///
    /// `max_open` bounds the places that one customer has open at once, held or pending.
    pub async fn sell(
        &self,
        request: &Request,
        code: &ConfirmationCode,
        max_open: u64,
        now: Timestamp,
    ) -> Result<Booking, Error> {
        let sold = self.try_to_sell(request, code, max_open, now).await;
        if let Err(Error::Rejected(_) | Error::Busy) = &sold {
            // Nothing was sold, for certain.
            self.take_back(&request.customer, &request.hash()).await;
        }
        sold
    }

    async fn try_to_sell(
        &self,
        request: &Request,
        code: &ConfirmationCode,
        max_open: u64,
        now: Timestamp,
    ) -> Result<Booking, Error> {
        let (customer, hash) = (&request.customer, request.hash());
        for _ in 0..DECISIONS {
            let (made, resource, open, touched) = tokio::try_join!(
                self.booking_of_hash(customer, &hash, now),
                self.find_resource(&request.resource),
                self.open_bookings(customer),
                self.slots_asked_for(request),
            )?;
            if let Some(made) = made {
                request.repeats(&made)?;
                return Ok(made);
            }
            let resource = resource.ok_or(Rejection::NoSuchResource)?;
            let booking = request.decide(&resource, code, now)?;
            let touched = if resource.has_moved() {
                let from = resource.reads_from(booking.stretch.start);
                self.slots(&resource.id, from, booking.stretch.end).await?
            } else {
                touched
            };
            if self.sweep_all(&booking, &touched, now).await? {
                continue;
            }
            let mut writes = vec![self.create(&booking)?];
            for (start, effect) in Booking::effects(None, &booking) {
                let slot = resource.slot(start, &touched);
                let terms = resource.terms(start, &touched, now);
                writes.push(self.slot_write(&resource.id, &slot, effect, terms, now)?);
            }
            // Both before the booking: an entry and a pointer without one do no harm.
            if booking.is_open() {
                self.enter(&booking, open, max_open, now).await?;
            }
            self.point_at(&booking, now).await?;
            if self.table.transact(writes).await? == Outcome::Written {
                return Ok(booking);
            }
        }
        Err(Error::Busy)
    }

    /// The slots of the stretch asked for that somebody touched, without knowing the resource yet:
    /// so all is read at once. What is longer than any opening will be refused.
    async fn slots_asked_for(&self, request: &Request) -> Result<BTreeMap<Timestamp, Slot>, Error> {
        let start = request.start;
        let after = start.checked_add(SignedDuration::from_nanos(1)).unwrap_or(start);
        let end = request.end.unwrap_or(after);
        if end.duration_since(start) > LONGEST {
            return Ok(BTreeMap::new());
        }
        self.slots(&request.resource, start, end).await
    }

    /// Drops buckets of slots that have more of them than a sale can; whether there was any.
    async fn sweep_all(
        &self,
        booking: &Booking,
        touched: &BTreeMap<Timestamp, Slot>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let slots = booking.stretch.slots().filter_map(|start| touched.get(&start));
        let mut swept = false;
        for slot in slots {
            if let Some(sweep) = self.sweep(&booking.resource, slot, now)? {
                // Refused: somebody else has swept. Either way there are fewer now.
                self.table.transact(vec![sweep]).await?;
                swept = true;
            }
        }
        Ok(swept)
    }
}
