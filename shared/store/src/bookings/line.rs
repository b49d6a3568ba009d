//! The lines of slots: who waits for places, and is offered those that come free.
//!
//! A booking that waits has a place in the line of each of its slots, and each slot counts who waits in
//! it. Whoever takes places or gives some back does so under the condition that nobody waits whom they
//! have not seen: who gives places back offers them in the same transaction, and who wants some lets
//! the line go first. Places that come free by themselves, because a hold runs out, are offered by whoever
//! looks at them next.

use crate::bookings::write::{Effects, Offer};
use crate::bookings::{AT_ONCE, Bookings};
use crate::error::{CommandError, Error};
use crate::items::booking::to_booking;
use crate::items::waiting::{Waiting, from_waiting, to_waiting};
use crate::keys;
use crate::table::{Range, sort_key};
use crate::transact::Outcome;
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Availability, Booking, BookingId, Effect, Period, Rejection, ResourceId, SlotOf, Status,
};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Places in lines that are read at once.
const PAGE: usize = 200;
/// Pages of them that one request looks at, and offers that it makes one after the other.
const ROUNDS: usize = 8;
/// Of those before somebody in a line, as many are counted.
const COUNTED: usize = 1000;
/// DynamoDB takes no more items than this in one transaction.
pub(super) const MAX_WRITES: usize = 100;

/// Who waits in some slots, as it was read.
pub(super) struct Line {
    /// Where: as it was asked for, and as far as those who wait there have slots. Of others nothing is known.
    pub window: Period,
    /// The resource, and the slots of all who wait.
    pub offer: Offer,
    /// Who waits, first come first.
    waiting: Vec<Booking>,
    /// Where the line goes on.
    next: Option<String>,
}

/// What is offered to who waits: each booking as it was read, and as it is offered.
pub(super) type Offered = Vec<(Booking, Booking)>;

impl Line {
    /// What can be offered once these effects have been had, as far as it fits a transaction that writes
    /// so many items beside the slots; adds what it does to the slots.
    pub fn offered(&self, effects: &mut Effects, writes: usize, now: Timestamp) -> Offered {
        let Offer { resource, touched } = &self.offer;
        let mut slots = touched.clone();
        let is_known = |of: &SlotOf| {
            let known = self.window.start <= of.slot.start && of.slot.start < self.window.end;
            of.resource == resource.id && known
        };
        for (of, effects) in effects.iter().filter(|(of, _)| is_known(of)) {
            let terms = resource.terms(of.slot, touched, now);
            let after = resource.slot(of.slot, touched).after(effects.iter().copied(), terms, now);
            match after {
                Ok(after) => slots.insert(of.slot.start, after),
                // It will be refused, and decided anew.
                Err(_) => return Vec::new(),
            };
        }
        let (mut offered, mut writes) = (Vec::new(), writes);
        for (waits, offer) in resource.offers(&mut slots, &self.waiting, now) {
            let mut with = effects.clone();
            for (of, effect) in Booking::effects(Some(waits), &offer) {
                with.entry(of).or_default().push(effect);
            }
            let more = 1 + waits.stretch.lengths().len();
            if writes + more + with.len() > MAX_WRITES {
                break;
            }
            writes += more;
            *effects = with;
            offered.push((waits.clone(), offer));
        }
        offered
    }
}

impl Bookings {
    /// Lets the line go first where a booking is about to take places or to join it: whether anybody was offered some,
    /// so that what was read of the slots is out of date.
    pub(super) async fn line_goes_first(
        &self,
        effects: &Effects,
        offers: &[Offer],
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut any = false;
        for Offer { resource, touched } in offers {
            let wants = |effect: &Effect| effect.taken() > 0 || effect.joins() > 0;
            let takes = |effects: &[Effect]| effects.iter().any(wants);
            let wanted =
                effects.iter().filter(|(of, effects)| of.resource == resource.id && takes(effects));
            let slots: Vec<Availability> = wanted
                .filter(|(of, _)| touched.get(&of.slot.start).is_some_and(|it| it.waiting > 0))
                .map(|(of, _)| resource.availability(of.slot, touched, now))
                .filter(|slot| slot.free > 0)
                .collect();
            if let (Some(first), Some(last)) = (slots.first(), slots.last()) {
                let window = Period { start: first.start, end: last.end };
                any |= self.serve(&resource.id, window, now).await?;
            }
        }
        Ok(any)
    }

    /// Offers what is free in the slots that start in a window to who waits there; whether anybody was
    /// offered anything.
    pub(super) async fn serve(
        &self,
        resource: &ResourceId,
        window: Period,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (mut any, mut after) = (false, None);
        for _ in 0..ROUNDS {
            let Some(line) = self.line(resource, window, after.as_deref(), now).await? else {
                break;
            };
            let mut effects = Effects::new();
            let offered = line.offered(&mut effects, 0, now);
            if let Some((first, _)) = offered.first() {
                let offers = std::slice::from_ref(&line.offer);
                let mut writes = match self.slot_writes(first, &effects, (offers, None), now) {
                    Ok(writes) => writes,
                    Err(CommandError::Rejected(_)) => break,
                    Err(CommandError::Failed(error)) => return Err(error),
                };
                writes.extend(self.offer_writes(&offered)?);
                any |= self.table.transact(writes).await? == Outcome::Written;
                // Once more: there may be places left, or somebody was faster.
            } else if line.next.is_some() {
                after = line.next;
            } else {
                break;
            }
        }
        Ok(any)
    }

    /// Offers what is left of slots in which places were given back: one transaction has room for some
    /// offers only, and two that free different slots of one who waits do not see each other. Where it
    /// fails, whoever looks at these slots next does it.
    pub(super) async fn serve_rest(&self, served: Vec<(ResourceId, Period)>, now: Timestamp) {
        for (resource, window) in served {
            if let Err(error) = self.serve(&resource, window, now).await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, %resource, "who waits is offered what is left later");
            }
        }
    }

    /// Who waits in the slots that start in a window, from a place on, with these slots as they are.
    /// Nothing where there is nobody.
    ///
    /// Who waits for several slots may have some outside of it, where others were before: the lines of
    /// these are read too. Whose are not is left to whoever looks there. Slots are read before their lines:
    /// whoever joins in between has written them, so that a write over the version that was read is refused.
    pub(super) async fn line(
        &self,
        resource: &ResourceId,
        window: Period,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Line>, Error> {
        let Some(found) = self.find_resource(resource).await? else { return Ok(None) };
        let mut window = window;
        for round in 1..=ROUNDS {
            // Of a window without an end it is looked up first where anybody waits.
            let has_end = window.end < Timestamp::MAX;
            let touched = if has_end {
                self.slots(resource, found.reads_from(window.start), window.end).await?
            } else {
                BTreeMap::new()
            };
            let (mut waiting, next) = self.who_waits(resource, window, after, now).await?;
            let time = waiting.iter().map(|waits| waits.stretch.time()).reduce(hull);
            if time.is_none() && next.is_none() {
                return Ok(None);
            }
            let time = time.unwrap_or(window);
            let wider = if has_end { hull(window, time) } else { time };
            if wider == window || round == ROUNDS {
                let is_read = |time: Period| hull(window, time) == window;
                waiting.retain(|waits| has_end && is_read(waits.stretch.time()));
                let offer = Offer { resource: found, touched };
                return Ok(Some(Line { window, offer, waiting, next }));
            }
            window = wider;
        }
        Ok(None)
    }

    /// Who waits in the slots that start in a window, from a place on, first come first; with where the
    /// line goes on.
    async fn who_waits(
        &self,
        resource: &ResourceId,
        window: Period,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<(Vec<Booking>, Option<String>), Error> {
        let range = Range {
            partition: keys::line_partition(resource),
            from: window.start.max(now).to_string(),
            to: window.end.to_string(),
        };
        let range = match after {
            Some(after) => range.after(after),
            None => range,
        };
        let (items, more) = self.table.page(&range, PAGE).await?;
        let next = items.last().and_then(sort_key).filter(|_| more).map(ToOwned::to_owned);
        let places = items.into_iter().map(to_waiting).collect::<Result<Vec<_>, _>>()?;
        let keys: BTreeMap<_, _> =
            places.iter().map(|it| (&it.hash, keys::booking(&it.customer, &it.hash))).collect();
        let items = self.table.batch(keys.into_values().collect()).await?;
        let bookings = items.into_iter().map(to_booking).collect::<Result<Vec<_>, _>>()?;
        let waits = |booking: &&Booking| booking.at(now).status == Status::Waitlisted;
        let mut waiting: Vec<Booking> = bookings.iter().filter(waits).cloned().collect();
        waiting.sort_by(|one, other| {
            let order = |it: &Booking| (it.created_at, it.id.hash().clone());
            order(one).cmp(&order(other))
        });
        self.leave(resource, &places, (&bookings, &waiting), now).await?;
        if let Some(last) = places.last().filter(|_| more) {
            // Others may be before them in lines that are not read yet.
            let is_read =
                |booking: &Booking| booking.stretch.slots().all(|it| it.start <= last.start);
            waiting.retain(is_read);
        }
        Ok((waiting, next))
    }

    /// Removes the places in lines of what does not wait any more: that began before a booking of
    /// several slots was offered all of them. That it is over is written first: by another clock it may
    /// wait still, and leave its lines by itself.
    async fn leave(
        &self,
        resource: &ResourceId,
        places: &[Waiting],
        (bookings, waiting): (&[Booking], &[Booking]),
        now: Timestamp,
    ) -> Result<(), Error> {
        let over = bookings.iter().filter(|booking| booking.status == Status::Waitlisted);
        let over = over.filter(|booking| booking.at(now) != **booking).cloned().collect();
        self.settle_all(over, now).await?;
        let waits: BTreeSet<_> = waiting.iter().map(|booking| booking.id.hash()).collect();
        let over = places.iter().filter(|place| !waits.contains(&place.hash));
        let writes = over.map(|place| {
            let slot = keys::slot(resource, place.start);
            let line = keys::line(resource, place.start, place.joined, &place.hash);
            Ok(vec![self.delete(&line, true)?, self.leave_slot(&slot)?])
        });
        let writes = writes.collect::<Result<Vec<_>, Error>>()?;
        // Refused: somebody else has removed it.
        let writes = writes.into_iter().map(|writes| self.table.transact(writes));
        futures::stream::iter(writes).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        Ok(())
    }

    /// Joins the lines of slots that do not have as many places, all of them together.
    pub(super) fn wait_writes(
        &self,
        booking: &Booking,
        effects: &Effects,
        offer: &Offer,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, CommandError> {
        let Offer { resource, touched } = offer;
        let lacks_room = |slot: &Period| {
            let terms = resource.terms(*slot, touched, now);
            resource.slot(*slot, touched).free(terms, now) < booking.places.get()
        };
        let full = booking.stretch.slots().find(lacks_room).ok_or(Rejection::NotFull)?;
        let mut others = effects.clone();
        others.remove(&SlotOf { resource: resource.id.clone(), slot: full });
        let mut writes = self.slot_writes(booking, &others, (&[], None), now)?;
        writes.push(self.join_full_slot(booking, full, offer, now)?);
        writes.extend(self.join_line(booking)?);
        if 1 + writes.len() >= MAX_WRITES {
            let most = (MAX_WRITES - 2) / 2;
            let message = format!("a booking waits for at most {most} slots");
            return Err(Rejection::LimitExceeded(message).into());
        }
        Ok(writes)
    }

    /// What is offered, beside what it does to the slots.
    pub(super) fn offer_writes(&self, offered: &Offered) -> Result<Vec<TransactWriteItem>, Error> {
        let mut writes = Vec::new();
        for (waits, offer) in offered {
            writes.push(self.replace(offer, waits.version)?);
            writes.extend(self.leave_line(waits)?);
        }
        Ok(writes)
    }

    /// The places of a booking in the lines of its slots, which it takes.
    pub(super) fn join_line(&self, booking: &Booking) -> Result<Vec<TransactWriteItem>, Error> {
        let slots = booking.stretch.slots();
        slots.map(|slot| self.put(from_waiting(booking, slot.start)?, None)).collect()
    }

    /// The places of a booking in the lines of its slots, which it leaves.
    pub(super) fn leave_line(&self, booking: &Booking) -> Result<Vec<TransactWriteItem>, Error> {
        let key = |slot: Period| {
            keys::line(&booking.resource, slot.start, booking.created_at, booking.id.hash())
        };
        booking.stretch.slots().map(|slot| self.delete(&key(slot), false)).collect()
    }

    /// Where a booking is in its line, for each of these that waits: 1 for the first. Of those before it
    /// no more are counted than a thousand in each of its slots.
    pub async fn positions(
        &self,
        bookings: &[Booking],
    ) -> Result<HashMap<BookingId, usize>, Error> {
        let waits: Vec<Booking> = bookings
            .iter()
            .filter(|booking| booking.status == Status::Waitlisted)
            .cloned()
            .collect();
        let positions = waits.into_iter().map(|booking| self.position(booking));
        futures::stream::iter(positions).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn position(&self, booking: Booking) -> Result<(BookingId, usize), Error> {
        let mut before = BTreeSet::new();
        for slot in booking.stretch.slots() {
            let partition = keys::line_partition(&booking.resource);
            let from = format!("{}#", slot.start);
            let to = keys::line_sort(slot.start, booking.created_at, booking.id.hash());
            let (items, _) = self.table.page(&Range { partition, from, to }, COUNTED).await?;
            for place in items.into_iter().map(to_waiting) {
                before.insert(place?.hash);
            }
        }
        before.remove(booking.id.hash());
        Ok((booking.id, before.len() + 1))
    }
}

/// From where the first of two times begins to where the last ends.
pub(super) fn hull(one: Period, other: Period) -> Period {
    Period { start: one.start.min(other.start), end: one.end.max(other.end) }
}
