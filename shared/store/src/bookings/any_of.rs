//! Holds and books whichever of several resources has room.
//!
//! It is looked which has, in the order of choice and some at a time, and the first that seems to is
//! tried. Whether it still has room is decided by the transaction there, as for a resource that was asked
//! for by name; only where it is full for certain, the next is tried. The customer's key names the
//! booking whatever resource it came to: so one attempt makes one booking, also where it is sent twice
//! at once.

use crate::bookings::limit::Limit;
use crate::bookings::pool::Candidates;
use crate::bookings::{AT_ONCE, Bookings};
use crate::error::{CommandError, Error};
use domain::{
    AnyOf, Booking, Candidate, ConfirmationCode, NewBooking, NoneHolds, Period, Rejection,
    Resource, ResourceId,
};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a look at a resource says of it.
enum Look {
    /// It does not come into question.
    PassedOver,
    /// It comes into question, and does not have it.
    Refused(Rejection),
    /// It may have it, up to this end.
    HasRoom(Timestamp),
}

impl Bookings {
    /// Holds or books a stretch of the first of several resources that has room for it.
    ///
    /// `max_open` bounds the places that one customer has open at once, held or pending.
    pub async fn sell_any_of(
        &self,
        request: &NewBooking<AnyOf>,
        code: &ConfirmationCode,
        max_open: u64,
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        let (customer, hash) = (&request.customer, request.hash());
        let (made, used_for, candidates) = tokio::join!(
            self.booking_of_hash(customer, &hash, now),
            self.used_for(request),
            self.candidates(&request.resource),
        );
        // Before all else: what the resources have become since does not matter to a repeated attempt.
        if let Some(made) = made? {
            return repeated(request, made);
        }
        self.must_not_be_used(request, used_for?.as_ref(), now).await?;
        let sold = self.sell_first(request, candidates?, code, max_open, now).await;
        if sold.as_ref().is_err_and(CommandError::wrote_nothing)
            && let Some(made) = self.booking_of_hash(customer, &hash, now).await?
        {
            // Another attempt of this key was faster.
            return repeated(request, made);
        }
        sold
    }

    async fn sell_first(
        &self,
        request: &NewBooking<AnyOf>,
        candidates: Candidates,
        code: &ConfirmationCode,
        max_open: u64,
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        let mut entered = Vec::new();
        let sold =
            self.try_in_order(request, candidates, code, (max_open, &mut entered), now).await;
        for limit in &entered {
            let needless = match &sold {
                // What was entered of resources that were tried before it.
                Ok(booking) => !limit.counts(booking),
                Err(error) => error.wrote_nothing(),
            };
            if needless {
                self.take_back(&request.customer, &request.hash(), limit).await;
            }
        }
        sold
    }

    /// Tries one after the other. What the customer has open is entered once for all of them.
    async fn try_in_order(
        &self,
        request: &NewBooking<AnyOf>,
        candidates: Candidates,
        code: &ConfirmationCode,
        (max_open, entered): (u64, &mut Vec<Limit>),
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        let Candidates { mut in_order, mut read } = candidates;
        in_order.retain(|candidate| candidate.capacity.get() >= request.quantity.get());
        let too_much_open = Limit::Open(max_open).refusal();
        let (mut none, mut contended, mut limited) = (NoneHolds::default(), false, None);
        // The ends of stretches for which what is asked for beside them cannot be had.
        let mut not_beside = BTreeSet::new();
        let mut rest = &in_order[..];
        while !rest.is_empty() {
            // Mostly the first or the second has room.
            let looked = in_order.len() - rest.len();
            let (next, others) = rest.split_at((looked + 1).min(AT_ONCE).min(rest.len()));
            rest = others;
            for (resource, look) in self.look_at(request, next, &mut read, code, now).await? {
                let end = match look {
                    Look::PassedOver => continue,
                    Look::Refused(reason) => {
                        none.add(reason);
                        continue;
                    }
                    Look::HasRoom(end) if not_beside.contains(&end) => continue,
                    Look::HasRoom(end) => end,
                };
                let one = request.at(resource);
                let reason = match self.try_to_sell(&one, code, max_open, entered, now).await {
                    Err(CommandError::Failed(Error::Busy)) => {
                        contended = true;
                        continue;
                    }
                    Err(CommandError::Rejected(reason)) => reason,
                    sold => return sold,
                };
                match reason {
                    // The same anywhere.
                    Rejection::IdempotencyMismatch => return Err(reason.into()),
                    Rejection::LimitExceeded(_) if Some(&reason) == too_much_open.as_ref() => {
                        return Err(reason.into());
                    }
                    // The customer has as much of this one as they may.
                    Rejection::LimitExceeded(_) => {
                        limited.get_or_insert(reason);
                    }
                    Rejection::Of { reason: ref why, .. } => {
                        // Of another venue, it may go with the next one.
                        if !matches!(**why, Rejection::Unacceptable { .. }) {
                            not_beside.insert(end);
                        }
                        none.add(reason);
                    }
                    reason => none.add(reason),
                }
            }
        }
        if contended {
            return Err(Error::Busy.into());
        }
        Err(limited.unwrap_or_else(|| none.reason()).into())
    }

    /// Looks at some resources at once; those that were not read before are read.
    async fn look_at(
        &self,
        request: &NewBooking<AnyOf>,
        candidates: &[Candidate],
        read: &mut BTreeMap<ResourceId, Resource>,
        code: &ConfirmationCode,
        now: Timestamp,
    ) -> Result<Vec<(ResourceId, Look)>, Error> {
        let ids = candidates.iter().map(|candidate| &candidate.resource);
        let unread: Vec<_> = ids.filter(|id| !read.contains_key(*id)).collect();
        read.extend(self.resources_of_ids(unread.into_iter()).await?);
        let resources = candidates.iter().filter_map(|candidate| read.get(&candidate.resource));
        let looks = resources.map(|resource| self.look(request, resource, code, now));
        let looks: Vec<_> = looks.collect();
        futures::stream::iter(looks).buffered(AT_ONCE).try_collect().await
    }

    async fn look(
        &self,
        request: &NewBooking<AnyOf>,
        resource: &Resource,
        code: &ConfirmationCode,
        now: Timestamp,
    ) -> Result<(ResourceId, Look), Error> {
        let id = resource.id.clone();
        if !request.considers(resource) {
            return Ok((id, Look::PassedOver));
        }
        let booking = match request.decide_alone(resource, code, now) {
            Ok(booking) => booking,
            Err(reason) => return Ok((id, Look::Refused(reason))),
        };
        let slots: Vec<Period> = booking.stretch.slots().collect();
        let offered = self.availability_after_offers(resource, &slots, now).await?;
        let has_room = offered.iter().all(|slot| slot.free >= request.quantity.get());
        Ok((
            id,
            if has_room {
                Look::HasRoom(booking.stretch.end())
            } else {
                Look::Refused(Rejection::SlotFull)
            },
        ))
    }
}

/// The booking that this key made, if it was asked for with the same fields.
fn repeated(request: &NewBooking<AnyOf>, made: Booking) -> Result<Booking, CommandError> {
    request.at(made.resource.clone()).repeats(&made)?;
    Ok(made)
}
