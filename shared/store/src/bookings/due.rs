//! What time has brought: bookings that are over by themselves, and places that came free for who waits.
//!
//! Nobody depends on it. Whoever needs places finds out by themselves what has run out; this is so that those who
//! watch are told, and those who wait are offered what nobody asks for. All of it may be done at any time, early
//! or late, and any number of times.

use crate::bookings::{Bookings, DECISIONS};
use crate::error::Error;
use crate::items::booking::to_booking;
use crate::keys;
use domain::{BookingId, Period, ResourceId, Slot, Status, Version};
use jiff::{SignedDuration, Timestamp};

/// Slots start at whole seconds.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

impl Bookings {
    /// Ends a booking that has run out, or has waited until its start; drops it from its slots and offers what came
    /// free there to who waits. Answers when it will be over, where that is still to come; unless it was written
    /// after the version that was told of, which is then told of by itself.
    ///
    /// The booking is written first. What dies in between is found again: the slots of a booking that has expired
    /// already are looked at all the same.
    pub async fn expire(
        &self,
        id: &BookingId,
        told: Version,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let Some((customer, _)) = self.owner(id).await? else { return Ok(None) };
        let Some(item) = self.table.get(keys::booking(&customer, id.hash())).await? else {
            return Ok(None);
        };
        let read = to_booking(item)?;
        if read.id != *id {
            return Ok(None);
        }
        if let Some(later) = read.over_at().filter(|over| *over > now) {
            return Ok((read.version <= told).then_some(later));
        }
        let Some(booking) = self.settle(read, now).await? else { return Ok(None) };
        if booking.status == Status::Expired {
            for claim in booking.claims() {
                self.give_back(&claim.resource, claim.stretch.time(), now).await?;
            }
        }
        Ok(None)
    }

    /// Drops what has run out from the slots that start in a window; where somebody waits, it is offered in the
    /// same transaction.
    async fn give_back(
        &self,
        resource: &ResourceId,
        window: Period,
        now: Timestamp,
    ) -> Result<(), Error> {
        for _ in 0..DECISIONS {
            let slots = self.slots(resource, window.start, window.end).await?;
            let waits = |slot: &Slot| slot.waiting > 0 && slot.start > now;
            if slots.values().any(waits) && self.serve(resource, window, now).await? {
                continue;
            }
            // An empty bucket is in nobody's way: whoever writes the slot next drops it.
            let due = |slot: &&Slot| slot.run_out(now).any(|(_, places)| places > 0);
            let due = slots.values().filter(due);
            let sweeps = due.map(|slot| self.sweep(resource, slot, now));
            if self.write_sweeps(sweeps.collect::<Result<_, _>>()?).await? {
                return Ok(());
            }
        }
        Err(Error::Busy)
    }

    /// Offers what is free in a slot to who waits there: what its last write could not offer, or whoever wrote it
    /// did not live to.
    pub async fn offer_slot(
        &self,
        resource: &ResourceId,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(found) = self.find_resource(resource).await? else { return Ok(()) };
        let window = Period { start, end: start.saturating_add(SECOND).unwrap_or(start) };
        let touched = self.slots(resource, found.reads_from(start), window.end).await?;
        let slot = touched.get(&start).filter(|slot| slot.waiting > 0 && start > now);
        if slot.is_some_and(|slot| found.availability(slot.time(), &touched, now).free > 0) {
            self.serve(resource, window, now).await?;
        }
        Ok(())
    }

    /// Offers what is free in any slot of a resource to who waits there: it has more places than before, or is open
    /// when it was not.
    pub async fn offer_all(&self, resource: &ResourceId, now: Timestamp) -> Result<(), Error> {
        self.serve(resource, Period { start: now, end: Timestamp::MAX }, now).await?;
        Ok(())
    }
}
