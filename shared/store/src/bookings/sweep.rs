//! Drops holds that have run out, where there are more of them than the write that needs their
//! places could name.

use crate::bookings::Bookings;
use crate::error::Error;
use crate::transact::transact;
use domain::{Booking, BookingId, Hold, Slot};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// An expression has at most 4 KB and 300 operators: so many holds can be named in one.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const NAMED: usize = 100;

impl Bookings {
    /// The slots of a booking's stretch that somebody touched.
    pub(super) async fn slots_of(
        &self,
        booking: &Booking,
    ) -> Result<BTreeMap<Timestamp, Slot>, Error> {
        self.slots(&booking.resource, booking.stretch.start, booking.stretch.end).await
    }

    /// The slots of a booking's stretch that somebody touched, each with so few holds that have run
    /// out that one write can drop them.
    pub(super) async fn slots_to_take(
        &self,
        booking: &Booking,
        now: Timestamp,
    ) -> Result<BTreeMap<Timestamp, Slot>, Error> {
        loop {
            let slots = self.slots_of(booking).await?;
            let mut swept = false;
            for slot in slots.values() {
                let run_out: Vec<(&BookingId, &Hold)> = slot.run_out(now).collect();
                if run_out.len() > NAMED {
                    swept = true;
                    let sweep = self.sweep(&booking.resource, slot.start, &run_out[..NAMED])?;
                    // Refused: somebody else has swept them. Either way there are fewer now.
                    transact(&self.client, &self.units, vec![sweep]).await?;
                }
            }
            if !swept {
                return Ok(slots);
            }
        }
    }
}
