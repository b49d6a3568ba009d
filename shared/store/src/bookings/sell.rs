//! Holds, books and waits.

use crate::bookings::limit::Limit;
use crate::bookings::write::{NAMED, Offer, effects};
use crate::bookings::{AT_ONCE, Bookings, DECISIONS};
use crate::error::{CommandError, Error};
use crate::transact::Outcome;
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Booking, ConfirmationCode, NewBooking, Period, Rejection, ResourceId, Sale, Slot, Stretch,
};
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Of a stretch that is longer, all slots but the first are read only when it is known that they are
/// few enough to be booked: in the time asked for there may be any number of them.
const READ_AHEAD: SignedDuration = SignedDuration::from_hours(26);
/// With more buckets that have run out a slot is swept before a hold there is extended. Beside all the
/// buckets of live holds there is room for so many in 1 KB, which is what one write unit pays for.
const MOST_LEFT_BEHIND: usize = 8;

impl Bookings {
    /// Holds, books or waits for a stretch: its slots and the booking in one transaction.
    ///
    /// `max_open` bounds the places that one customer has open at once, held or pending.
    pub async fn sell(
        &self,
        request: &NewBooking,
        code: &ConfirmationCode,
        max_open: u64,
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        let (customer, hash) = (&request.customer, request.hash());
        let mut entered = Vec::new();
        let mut sold = self.try_to_sell(request, code, max_open, &mut entered, now).await;
        if let Err(CommandError::Rejected(rejection)) = &sold
            && rejection.is_full()
            && let Some(made) = self.booking_of_hash(customer, &hash, now).await?
        {
            // Another attempt of this key was faster, between the look for it and that for places.
            sold = request.repeats(&made).map(|()| made).map_err(CommandError::from);
        }
        if sold.as_ref().is_err_and(CommandError::wrote_nothing) {
            for limit in &entered {
                self.take_back(customer, &hash, limit).await;
            }
        }
        sold
    }

    /// Does it, if it can be done. What was entered for it is added to what was before, also where it is
    /// not sold.
    pub(super) async fn try_to_sell(
        &self,
        request: &NewBooking,
        code: &ConfirmationCode,
        max_open: u64,
        entered: &mut Vec<Limit>,
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        let (customer, hash) = (&request.customer, request.hash());
        for _ in 0..DECISIONS {
            let (made, used_for, open, offers) = tokio::try_join!(
                self.booking_of_hash(customer, &hash, now),
                self.used_for(request),
                self.open_bookings(customer),
                try_join_all(request.resources().map(|resource| self.asked_for(resource, request))),
            )?;
            if let Some(made) = made {
                request.repeats(&made)?;
                return Ok(made);
            }
            self.must_not_be_used(request, used_for.as_ref(), now).await?;
            let mut offers = all_there(offers)?;
            let others: Vec<_> = offers[1..].iter().map(|offer| offer.resource.clone()).collect();
            let booking = request.decide(&offers[0].resource, &others, code, now)?;
            if self.prepare(&booking, &mut offers, read_ahead(request), now).await? {
                continue;
            }
            let effects = effects(None, &booking);
            if self.line_goes_first(&effects, &offers, now).await? {
                continue;
            }
            let mut writes = vec![self.create(&booking)?];
            writes.extend(match request.sale {
                Sale::Wait => self.wait_writes(&booking, &effects, &offers[0], now)?,
                Sale::Hold | Sale::Book => {
                    self.slot_writes(&booking, &effects, (&offers, None), now)?
                }
            });
            writes.extend(self.use_key(request, &booking, used_for.as_ref())?);
            // Both before the booking: an entry and a pointer without one do no harm.
            for limit in Limit::of_sale(request, &booking, &offers, max_open) {
                if !entered.contains(&limit) {
                    let read = matches!(limit, Limit::Open(_)).then(|| open.clone());
                    self.enter(&booking, &limit, read, now).await?;
                    entered.push(limit);
                }
            }
            self.point_at(&booking, now).await?;
            if self.table.transact(writes).await? == Outcome::Written {
                return Ok(booking);
            }
        }
        Err(Error::Busy.into())
    }

    /// A resource that is asked for, with the slots that somebody touched from the start on. It does not
    /// know the resource yet, so that all is read at once: up to [`read_ahead`].
    async fn asked_for(
        &self,
        resource: &ResourceId,
        request: &NewBooking,
    ) -> Result<Option<Offer>, Error> {
        let (found, touched) = tokio::try_join!(
            self.find_resource(resource),
            self.slots(resource, request.start, read_ahead(request)),
        )?;
        Ok(found.map(|resource| Offer { resource, touched }))
    }

    /// Reads those slots of a booking's resources that are not known yet: what starts before `known`
    /// is. Then it drops buckets that have run out, where what takes the slots cannot do so itself;
    /// whether there was any.
    pub(super) async fn prepare(
        &self,
        booking: &Booking,
        offers: &mut [Offer],
        known: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let reads = booking.claims().zip(offers).map(|(claim, offer)| async move {
            let Offer { resource, touched } = offer;
            if resource.has_moved() || claim.stretch.slots().any(|slot| slot.start >= known) {
                let Period { start, end } = claim.stretch.time();
                *touched = self.slots(&resource.id, resource.reads_from(start), end).await?;
            }
            self.sweep_all(&resource.id, &claim.stretch, touched, now).await
        });
        Ok(try_join_all(reads).await?.contains(&true))
    }

    /// Drops buckets that have run out, where what takes the stretch cannot do so itself; whether
    /// there was any.
    ///
    /// That is where a slot has more of them than one write can name, and in the slots of former
    /// grids: their places count as free, so a confirmation that is still under way must not find
    /// its bucket there any more.
    async fn sweep_all(
        &self,
        resource: &ResourceId,
        stretch: &Stretch,
        touched: &BTreeMap<Timestamp, Slot>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let own: BTreeSet<Timestamp> = stretch.slots().map(|slot| slot.start).collect();
        let time = stretch.time();
        let mut sweeps = Vec::new();
        for slot in touched.values() {
            let needed = if own.contains(&slot.start) {
                slot.run_out(now).count() > NAMED
            } else {
                let overlaps = slot.start < time.end && slot.end() > time.start;
                overlaps && slot.run_out(now).any(|(_, places)| places > 0)
            };
            if needed {
                sweeps.push(self.sweep(resource, slot, now)?);
            }
        }
        let swept = !sweeps.is_empty();
        self.write_sweeps(sweeps).await?;
        Ok(swept)
    }

    /// Drops buckets that have run out from slots in which a hold is extended, where there are many.
    /// Each extension leaves an empty one behind, and in a slot that is full nobody takes places and
    /// drops it.
    pub(super) async fn sweep_crowded(
        &self,
        resource: &ResourceId,
        slots: &BTreeMap<Timestamp, Slot>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let crowded = slots.values().filter(|slot| slot.run_out(now).count() > MOST_LEFT_BEHIND);
        let sweeps = crowded.map(|slot| self.sweep(resource, slot, now));
        self.write_sweeps(sweeps.collect::<Result<_, _>>()?).await?;
        Ok(())
    }

    /// Whether none was refused: then somebody else has swept. Either way there are fewer now.
    pub(super) async fn write_sweeps(&self, sweeps: Vec<TransactWriteItem>) -> Result<bool, Error> {
        let sweeps = sweeps.into_iter().map(|sweep| self.table.transact(vec![sweep]));
        let written: Vec<Outcome> =
            futures::stream::iter(sweeps).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(written.iter().all(|outcome| *outcome == Outcome::Written))
    }
}

/// Until when slots are read before it is known how many are asked for.
fn read_ahead(request: &NewBooking) -> Timestamp {
    let start = request.start;
    let first = start.checked_add(SignedDuration::from_nanos(1)).unwrap_or(start);
    let end = request.end.filter(|end| end.duration_since(start) <= READ_AHEAD);
    end.unwrap_or(first)
}

/// All that is asked for, if it is there.
fn all_there(offers: Vec<Option<Offer>>) -> Result<Vec<Offer>, Rejection> {
    let there = offers.into_iter().enumerate().map(|(index, offer)| {
        offer.ok_or(match index.checked_sub(1) {
            None => Rejection::NoSuchResource,
            Some(other) => Rejection::NoSuchResource.of_other(other),
        })
    });
    there.collect()
}
