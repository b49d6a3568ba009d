//! Confirms, cancels, reschedules, ...: what a booking goes through after it was made.

use crate::bookings::limit::Limit;
use crate::bookings::line::{Line, MAX_WRITES, hull};
use crate::bookings::write::{Effects, Offer, Touched, effects};
use crate::bookings::{Bookings, DECISIONS};
use crate::error::{CommandError, Error};
use crate::transact::Outcome;
use domain::{
    Action, Attempt, Booking, BookingId, Command, ConfirmationCode, CustomerId, Decision,
    Destination, Effect, Period, Rejection, Reschedule, Resource, ResourceId, SlotOf, Status,
};
use futures::future::try_join_all;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What is to be done to a booking: for some, it depends on its resource.
#[derive(Debug, Clone)]
pub enum Intent {
    /// This.
    Act(Action),
    /// Hold it for as much longer as its resource says.
    Extend,
    /// Confirm it as its resource says, with this code.
    Confirm(ConfirmationCode),
    /// Move it. A customer has no more places open at once than this.
    Reschedule(Reschedule, u64),
}

impl Intent {
    /// Whether only operators may do it.
    pub fn is_for_operators(&self) -> bool {
        matches!(self, Self::Act(action) if action.is_for_operators())
    }
}

/// Which booking.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Whose.
    pub customer: &'a CustomerId,
    /// Which.
    pub id: &'a BookingId,
}

impl Bookings {
    /// Carries out an attempt on a booking: the booking and its slots in one transaction.
    pub async fn change(
        &self,
        target: Target<'_>,
        intent: &Intent,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        let mut entered = Vec::new();
        let changed = self.try_to_change(target, intent, attempt, &mut entered, now).await;
        if changed.as_ref().is_err_and(CommandError::wrote_nothing) {
            for limit in &entered {
                self.take_back(target.customer, target.id.hash(), limit).await;
            }
        }
        changed
    }

    async fn try_to_change(
        &self,
        target: Target<'_>,
        intent: &Intent,
        attempt: &Attempt,
        entered: &mut Vec<Limit>,
        now: Timestamp,
    ) -> Result<Booking, CommandError> {
        let mut now = now;
        for tries in 0..DECISIONS {
            let read = self.booking(target.customer, target.id, now).await?;
            let read = read.ok_or(Rejection::NoSuchBooking)?;
            let (next, mut offers) = match self.decide(&read, intent, attempt, now).await? {
                (Decision::Done(booking), _) => return Ok(*booking),
                (Decision::Change(next), offers) => (*next, offers),
            };
            if self.prepare(&next, &mut offers, Timestamp::MIN, now).await? {
                continue;
            }
            let extends =
                matches!(intent, Intent::Extend) && next.hold_expires_at != read.hold_expires_at;
            // What is kept or given back is read only where it may be crowded, or after it was
            // refused once.
            let left = if extends || tries > 0 { Some(self.touched(&read).await?) } else { None };
            if let Some(left) = left.as_ref().filter(|_| extends) {
                for (resource, slots) in left {
                    self.sweep_crowded(resource, slots, now).await?;
                }
            }
            if let Some(until) = read.runs_out_at().filter(|until| now < *until)
                && left.as_ref().is_some_and(|left| !has_its_places(&read, until, left))
            {
                // By the clock of whoever needed the places it has run out.
                now = until;
                continue;
            }
            let mut served = Vec::new();
            let mut effects = effects(Some(&read), &next);
            if self.line_goes_first(&effects, &offers, now).await? {
                continue;
            }
            // A slot long past has been collected, and has nothing to give back.
            let is_there = |of: &SlotOf| {
                let left = left.as_ref().and_then(|left| left.get(&of.resource));
                left.is_none_or(|slots| slots.contains_key(&of.slot.start))
            };
            effects.retain(|of, effects| {
                !effects.iter().all(Effect::only_gives_back_for_good) || is_there(of)
            });
            let mut writes = vec![self.replace(&next, read.version)?];
            if read.status == Status::Waitlisted && next.status != Status::Waitlisted {
                writes.extend(self.leave_line(&read)?);
            }
            let lines = self.lines(&effects, (&offers, left.as_ref()), now).await?;
            for line in lines {
                let offered = line.offered(&mut effects, writes.len(), now);
                writes.extend(self.offer_writes(&offered)?);
                served.push((line.offer.resource.id.clone(), line.window));
                match offers.iter_mut().find(|it| it.resource.id == line.offer.resource.id) {
                    Some(offer) => offer.touched.extend(line.offer.touched),
                    None => offers.push(line.offer),
                }
            }
            writes.extend(self.slot_writes(&next, &effects, (&offers, left.as_ref()), now)?);
            if writes.len() > MAX_WRITES {
                let most = MAX_WRITES - 1;
                let message = format!("one move leaves and takes at most {most} slots together");
                return Err(Rejection::LimitExceeded(message).into());
            }
            if let Intent::Reschedule(_, max_open) = intent {
                for limit in Limit::of_move(&read, &next, &offers, attempt.role, *max_open) {
                    if !entered.contains(&limit) {
                        self.enter(&next, &limit, None, now).await?;
                        entered.push(limit);
                    }
                }
                // Before the booking, so that whoever reads the calendar after it finds it.
                self.point_at_changes(&read, &next, now).await?;
            }
            match self.table.transact(writes).await? {
                Outcome::Written => {
                    self.serve_rest(served, now).await;
                    return Ok(next);
                }
                Outcome::Refused(_) => {}
            }
        }
        Err(Error::Busy.into())
    }

    /// The lines of those slots in which places are given back and somebody waits, as far as it is known
    /// what was there.
    async fn lines(
        &self,
        effects: &Effects,
        (offers, left): (&[Offer], Option<&Touched>),
        now: Timestamp,
    ) -> Result<Vec<Line>, Error> {
        let mut windows: BTreeMap<&ResourceId, Period> = BTreeMap::new();
        for (SlotOf { resource, slot }, effects) in effects {
            let offer = offers.iter().find(|offer| offer.resource.id == *resource);
            let known = [offer.map(|offer| &offer.touched), left.and_then(|it| it.get(resource))];
            let mut known = known.into_iter().flatten().filter_map(|it| it.get(&slot.start));
            let frees = effects.iter().any(|effect| effect.given_back() > 0);
            if frees && known.any(|known| known.waiting > 0) {
                let window = windows.entry(resource).or_insert(*slot);
                *window = hull(*window, *slot);
            }
        }
        let lines = windows
            .into_iter()
            .map(|(resource, window)| async move { self.line(resource, window, None, now).await });
        Ok(try_join_all(lines).await?.into_iter().flatten().collect())
    }

    /// The slots of a booking that somebody touched, as they are.
    async fn touched(&self, booking: &Booking) -> Result<Touched, Error> {
        let reads = booking.claims().map(|claim| async move {
            let Period { start, end } = claim.stretch.time();
            let slots = self.slots(&claim.resource, start, end).await?;
            Ok::<_, Error>((claim.resource, slots))
        });
        Ok(try_join_all(reads).await?.into_iter().collect())
    }

    /// What becomes of a booking and, where it moves, of which resources it takes slots. These have to
    /// be read.
    async fn decide(
        &self,
        read: &Booking,
        intent: &Intent,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(Decision, Vec<Offer>), CommandError> {
        let decide = |action| {
            let command = Command { action, attempt: attempt.clone() };
            command.decide(read, now)
        };
        match intent {
            Intent::Act(action) => Ok((decide(action.clone())?, Vec::new())),
            Intent::Extend => {
                let resource = self.resource(&read.resource).await?;
                let action = Action::Extend(resource.hold_seconds, resource.max_hold_seconds);
                Ok((decide(action)?, Vec::new()))
            }
            Intent::Confirm(code) => {
                let others = read.with.iter().map(|claim| self.resource(&claim.resource));
                let (resource, others) =
                    tokio::try_join!(self.resource(&read.resource), try_join_all(others))?;
                let confirming = resource.confirming().with(&others);
                Ok((decide(Action::Confirm(confirming, code.clone()))?, Vec::new()))
            }
            Intent::Reschedule(wanted, _) => {
                // Whether it may be moved at all comes before where to.
                let at_rest = Action::Reschedule(Box::new(Destination::of(read)));
                if let done @ Decision::Done(_) = decide(at_rest)? {
                    return Ok((done, Vec::new()));
                }
                let resources = std::iter::once(wanted.resource(read))
                    .chain(read.with.iter().map(|claim| &claim.resource));
                let resources: Vec<Resource> = try_join_all(resources.map(|id| self.resource(id)))
                    .await
                    .map_err(|error| match (error, &wanted.resource) {
                        (CommandError::Rejected(reason), Some(_)) => {
                            let (field, reason) = ("/resource".to_owned(), Box::new(reason));
                            Rejection::Of { field, reason }.into()
                        }
                        (error, _) => error,
                    })?;
                let (own, others) = resources.split_first().ok_or(Rejection::NoSuchResource)?;
                let to = wanted.decide(read, own, others, attempt.role, now)?;
                let offer = |resource| Offer { resource, touched: BTreeMap::new() };
                let decision = decide(Action::Reschedule(Box::new(to)))?;
                Ok((decision, resources.into_iter().map(offer).collect()))
            }
        }
    }
}

/// Whether the slots of a booking have its places in the buckets of the instant at which it runs out, as
/// far as they are there.
fn has_its_places(booking: &Booking, until: Timestamp, touched: &Touched) -> bool {
    booking.claims().all(|claim| {
        let Some(slots) = touched.get(&claim.resource) else { return true };
        let mut own = claim.stretch.slots().filter_map(|slot| slots.get(&slot.start));
        own.all(|slot| slot.holds(claim.places, until))
    })
}
