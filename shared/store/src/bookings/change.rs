//! Confirms, cancels, reschedules, ...: what a booking goes through after it was made.

use crate::bookings::{Bookings, DECISIONS};
use crate::error::{CommandError, Error};
use crate::transact::Outcome;
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Action, Attempt, Booking, BookingId, Command, ConfirmationCode, CustomerId, Decision, Effect,
    Period, Rejection, Resource, Slot,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// DynamoDB takes no more items than this in one transaction.
const MAX_WRITES: usize = 100;

/// What is to be done to a booking: for some, it depends on its resource.
#[derive(Debug, Clone)]
pub enum Intent {
    /// This.
    Act(Action),
    /// Hold it for as much longer as its resource says.
    Extend,
    /// Confirm it as its resource says, with this code.
    Confirm(ConfirmationCode),
    /// Move it to the stretch from here to there, or to one that is as long as it is.
    Reschedule(Timestamp, Option<Timestamp>),
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
        let mut now = now;
        for tries in 0..DECISIONS {
            let read = self.booking(target.customer, target.id, now).await?;
            let read = read.ok_or(Rejection::NoSuchBooking)?;
            let (next, resource) = match self.decide(&read, intent, attempt, now).await? {
                (Decision::Done(booking), _) => return Ok(*booking),
                (Decision::Change(next), resource) => (*next, resource),
            };
            let taken = match &resource {
                Some(resource) => {
                    let Period { start, end } = next.stretch.time();
                    let from = resource.reads_from(start);
                    let taken = self.slots(&resource.id, from, end).await?;
                    if self.sweep_all(&resource.id, &next.stretch, &taken, now).await? {
                        continue;
                    }
                    Some((resource, taken))
                }
                None => None,
            };
            if matches!(intent, Intent::Extend) && next.hold_expires_at != read.hold_expires_at {
                self.sweep_crowded(&next, now).await?;
            }
            let mut writes = vec![self.replace(&next, read.version)?];
            writes.extend(self.slot_writes(&read, &next, taken, tries, now).await?);
            if writes.len() > MAX_WRITES {
                let most = MAX_WRITES - 1;
                let message = format!("one move leaves and takes at most {most} slots together");
                return Err(Rejection::LimitExceeded(message).into());
            }
            if next.stretch != read.stretch {
                // Before the booking, so that whoever reads the calendar after it finds it.
                self.point_at(&next, now).await?;
            }
            match self.table.transact(writes).await? {
                Outcome::Written => return Ok(next),
                Outcome::Refused(indices) if indices.contains(&0) => {}
                // The booking is as it was, and yet a slot does not have its places any more. If it
                // runs out, it has done so by the clock of whoever needed them.
                Outcome::Refused(_) => now = now.max(read.runs_out_at().unwrap_or(now)),
            }
        }
        Err(Error::Busy.into())
    }

    async fn decide(
        &self,
        read: &Booking,
        intent: &Intent,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(Decision, Option<Resource>), CommandError> {
        let decide = |action| {
            let command = Command { action, attempt: attempt.clone() };
            command.decide(read, now)
        };
        match intent {
            Intent::Act(action) => Ok((decide(action.clone())?, None)),
            Intent::Extend => {
                let resource = self.resource(&read.resource).await?;
                let action = Action::Extend(resource.hold_seconds, resource.max_hold_seconds);
                Ok((decide(action)?, None))
            }
            Intent::Confirm(code) => {
                let resource = self.resource(&read.resource).await?;
                Ok((decide(Action::Confirm(resource.confirming(), code.clone()))?, None))
            }
            Intent::Reschedule(start, end) => {
                // Whether it may be moved at all comes before where to.
                if let done @ Decision::Done(_) = decide(Action::Reschedule(read.stretch.clone()))?
                {
                    return Ok((done, None));
                }
                let resource = self.resource(&read.resource).await?;
                let stretch = resource.stretch(*start, read.length_from(*start, *end), now)?;
                resource.settled(&stretch, now)?;
                Ok((decide(Action::Reschedule(stretch))?, Some(resource)))
            }
        }
    }

    /// What a change of the booking does to its slots. Only places that are taken need to know their
    /// resource and what others have there; what is kept or given back is read only after it was
    /// refused once: a slot long past has been collected, and has nothing to give back.
    async fn slot_writes(
        &self,
        read: &Booking,
        next: &Booking,
        taken: Option<(&Resource, BTreeMap<Timestamp, Slot>)>,
        tries: u32,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, CommandError> {
        let time = read.stretch.time();
        let left = match tries {
            0 => None,
            _ => Some(self.slots(&read.resource, time.start, time.end).await?),
        };
        let gone = |start| left.as_ref().is_some_and(|left| !left.contains_key(&start));
        let mut writes = Vec::new();
        for (period, effect) in Booking::effects(Some(read), next) {
            let (id, start) = (&read.resource, period.start);
            writes.push(match effect {
                Effect::Take(..) => {
                    let (resource, taken) = taken.as_ref().ok_or(Rejection::NoSuchResource)?;
                    let terms = resource.terms(period, taken, now);
                    let slot = resource.slot(period, taken);
                    self.slot_write(&resource.id, &slot, effect, terms, now)?
                }
                Effect::Keep(quantity, until) => self.keep(id, start, quantity, until)?,
                Effect::Extend(quantity, until, later) => {
                    self.extend(id, start, quantity, (until, later))?
                }
                Effect::Release(_, None) if gone(start) => continue,
                Effect::Release(quantity, until) => self.release(id, start, quantity, until)?,
            });
        }
        Ok(writes)
    }
}
