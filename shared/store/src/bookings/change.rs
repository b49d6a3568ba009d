//! Confirms, cancels, reschedules, ...: what a booking goes through after it was made.

use crate::bookings::write::Offer;
use crate::bookings::{Bookings, DECISIONS};
use crate::error::{CommandError, Error};
use crate::transact::Outcome;
use domain::{
    Action, Attempt, Booking, BookingId, Command, ConfirmationCode, CustomerId, Decision, Effect,
    Period, Rejection, Resource,
};
use jiff::Timestamp;

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
            let extends =
                matches!(intent, Intent::Extend) && next.hold_expires_at != read.hold_expires_at;
            // What is kept or given back is read only where it may be crowded, or after it was
            // refused once.
            let left = if extends || tries > 0 {
                let Period { start, end } = read.stretch.time();
                Some(self.slots(&read.resource, start, end).await?)
            } else {
                None
            };
            if let Some(left) = left.as_ref().filter(|_| extends) {
                self.sweep_crowded(&read.resource, left, now).await?;
            }
            let offer = taken.as_ref().map(|(resource, touched)| Offer { resource, touched });
            let mut writes = vec![self.replace(&next, read.version)?];
            for (slot, effect) in Booking::effects(Some(&read), &next) {
                // A slot long past has been collected, and has nothing to give back.
                let gone = left.as_ref().is_some_and(|left| !left.contains_key(&slot.start));
                if !(gone && matches!(effect, Effect::Release(_, None))) {
                    writes.push(self.slot_write(&read.resource, (slot, effect), offer, now)?);
                }
            }
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
                let at_rest = Action::Reschedule(read.stretch.clone(), read.deadlines);
                if let done @ Decision::Done(_) = decide(at_rest)? {
                    return Ok((done, None));
                }
                let resource = self.resource(&read.resource).await?;
                let length = read.length_from(*start, *end);
                let stretch = resource.bookable(*start, length, attempt.role, now)?;
                resource.settled(&stretch, now)?;
                let deadlines = resource.rules.deadlines(stretch.start());
                Ok((decide(Action::Reschedule(stretch, deadlines))?, Some(resource)))
            }
        }
    }
}
