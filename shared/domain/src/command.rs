//! What may be done to a booking: state as read, command, now -> new state or rejection.

use crate::booking::{Booking, Mark, Status};
use crate::details::Details;
use crate::ids::{ConfirmationCode, CustomerId, Key, Role, fingerprint};
use crate::numbers::{HoldSeconds, MaxHoldSeconds, Version};
use crate::rejection::Rejection;
use crate::reschedule::Destination;
use crate::resource::{Approval, Confirming};
use jiff::Timestamp;

/// What is to be done to a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Hold it for longer: from now on as long as a new hold, and in all no longer than that.
    Extend(HoldSeconds, MaxHoldSeconds),
    /// Turn a hold into a sale, or into a pending booking where an operator approves.
    Confirm(Confirming, ConfirmationCode),
    /// Give its places back, with a reason.
    Cancel(Option<String>),
    /// Move it.
    Reschedule(Box<Destination>),
    /// Confirm a pending booking, with a reason.
    Approve(Option<String>, ConfirmationCode),
    /// Refuse a pending booking, with a reason.
    Decline(Option<String>),
    /// The customer came.
    Complete,
    /// The customer did not come.
    NoShow,
    /// Replace what is kept with it: its details as a whole, the operators' note. An empty note is
    /// none.
    Update(Option<Details>, Option<String>),
}

impl Action {
    /// Whether only operators do it, and no customer to a booking of their own.
    pub fn is_for_operators(&self) -> bool {
        match self {
            Self::Approve(..) | Self::Decline(_) | Self::Complete | Self::NoShow => true,
            Self::Update(_, note) => note.is_some(),
            _ => false,
        }
    }
}

/// Who does it, and the name of the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who.
    pub by: CustomerId,
    /// In which role.
    pub role: Role,
    /// The attempt's name: sent again, it is answered with what it did.
    pub key: Option<Key>,
    /// What was asked for, as it was asked: tells the same attempt from another of the same key.
    pub fields: String,
    /// Only if the booking is at this version.
    pub if_version: Option<Version>,
}

/// What is to be done to a booking, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What.
    pub action: Action,
    /// By whom.
    pub attempt: Attempt,
}

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The booking becomes this.
    Change(Box<Booking>),
    /// The very same attempt has changed it already, into what it is.
    Done(Box<Booking>),
}

impl Attempt {
    /// Whether this very attempt is the one that changed the booking last.
    ///
    /// An attempt that is sent again is answered before its `if_version` is looked at: that names
    /// the version before it.
    pub fn repeats(&self, booking: &Booking) -> Result<bool, Rejection> {
        match (self.mark(), &booking.last_attempt) {
            (Some(mark), Some(last)) if mark == *last => Ok(true),
            (Some(mark), Some(last)) if mark.key == last.key => Err(Rejection::IdempotencyMismatch),
            _ => Ok(false),
        }
    }

    /// What is kept of this attempt.
    fn mark(&self) -> Option<Mark> {
        let key = self.key.as_ref()?;
        Some(Mark {
            key: fingerprint([self.by.as_str(), key.as_str()]),
            fields: fingerprint([self.fields.as_str()]),
        })
    }
}

impl Command {
    /// What becomes of the booking at this instant.
    pub fn decide(&self, booking: &Booking, now: Timestamp) -> Result<Decision, Rejection> {
        let current = booking.at(now);
        if self.attempt.repeats(&current)? {
            return Ok(Decision::Done(Box::new(current)));
        }
        if let Action::Confirm(confirming, _) = &self.action {
            confirming.by.allows(self.attempt.role)?;
        }
        if matches!(self.action, Action::Confirm(..) | Action::Extend(..))
            && current.status == Status::Expired
        {
            // Running out raised the version: that it came too late says more than that it changed.
            return Err(Rejection::HoldExpired);
        }
        if self.attempt.if_version.is_some_and(|version| version != current.version) {
            return Err(Rejection::VersionConflict(Box::new(current)));
        }
        let mut next = Booking {
            version: current.version.next(),
            hold_expires_at: None,
            pending_expires_at: None,
            updated_by: self.attempt.by.clone(),
            updated_at: now,
            last_attempt: self.attempt.mark(),
            ..current.clone()
        };
        let allowed = match (&self.action, current.status) {
            (Action::Extend(length, most), Status::Held) => {
                // Never before the end it has: a hold is not cut short by a change of the resource.
                let within = length.end_within(now, most.last(current.created_at));
                next.hold_expires_at = current.hold_expires_at.map(|end| end.max(within));
                true
            }
            (Action::Confirm(confirming, code), Status::Held) => {
                next.sell(confirming, code, now);
                if next.at(now).status == Status::Expired {
                    // It has begun, and what waits for an operator is over then.
                    return Err(Rejection::HoldExpired);
                }
                true
            }
            (
                Action::Cancel(reason),
                Status::Held | Status::Pending | Status::Confirmed | Status::Waitlisted,
            ) => {
                next.status = Status::Cancelled;
                next.reason.clone_from(reason);
                matches!(current.status, Status::Held | Status::Waitlisted)
                    || self.in_time(
                        &current,
                        (current.deadlines.cancel_by, current.stretch.end()),
                        now,
                    )?
            }
            (Action::Reschedule(to), Status::Held | Status::Pending | Status::Confirmed) => {
                let last = (current.deadlines.reschedule_by, current.stretch.start());
                let in_time = self.in_time(&current, last, now)?;
                if in_time {
                    next.hold_expires_at = current.hold_expires_at;
                    next.move_to(to, &current, now)?;
                }
                in_time
            }
            (Action::Approve(reason, code), Status::Pending) => {
                next.status = Status::Confirmed;
                next.confirmation_code = Some(code.clone());
                next.reason.clone_from(reason);
                true
            }
            (Action::Decline(reason), Status::Pending) => {
                next.status = Status::Declined;
                next.reason.clone_from(reason);
                true
            }
            (Action::Complete, Status::Confirmed) => {
                next.status = Status::Completed;
                current.stretch.start() <= now
            }
            (Action::NoShow, Status::Confirmed) => {
                next.status = Status::NoShow;
                current.stretch.start() <= now
            }
            (Action::Update(details, note), status) => {
                next.hold_expires_at = current.hold_expires_at;
                next.pending_expires_at = current.pending_expires_at;
                if status.is_final() {
                    next.ended_at = Some(current.ended());
                }
                if let Some(details) = details {
                    next.details.clone_from(details);
                }
                if let Some(note) = note {
                    next.note = Some(note.clone()).filter(|note| !note.is_empty());
                }
                true
            }
            _ => false,
        };
        if allowed {
            Ok(Decision::Change(Box::new(next)))
        } else {
            Err(Rejection::InvalidTransition(Box::new(current)))
        }
    }

    /// Whether there is still time: a customer has it until the first of these instants, an operator
    /// until the second.
    fn in_time(
        &self,
        booking: &Booking,
        (deadline, last): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<bool, Rejection> {
        match self.attempt.role {
            Role::Customer if now >= deadline => Err(Rejection::TooLate(Box::new(booking.clone()))),
            Role::Customer => Ok(true),
            Role::Operator => Ok(now < last),
        }
    }
}

impl Booking {
    /// Becomes what it is there; `from` is what it was.
    fn move_to(&mut self, to: &Destination, from: &Self, now: Timestamp) -> Result<(), Rejection> {
        if from.is_resized_by(to) {
            return Err(Rejection::SlotFull);
        }
        let Destination { claim, with, deadlines, pending_expires_at } = to.clone();
        self.resource = claim.resource;
        self.stretch = claim.stretch;
        self.quantity = claim.quantity;
        self.places = claim.places;
        self.with = with;
        self.deadlines = deadlines;
        self.pending_expires_at = pending_expires_at;
        // What waits for an operator is over when it begins.
        if self.at(now).status == Status::Expired {
            return Err(Rejection::Closed("it begins now: there is no time left for this"));
        }
        Ok(())
    }

    pub(crate) fn sell(
        &mut self,
        confirming: &Confirming,
        code: &ConfirmationCode,
        now: Timestamp,
    ) {
        match confirming.approval {
            Approval::Auto => {
                self.status = Status::Confirmed;
                self.confirmation_code = Some(code.clone());
            }
            Approval::Manual | Approval::Fulfilment => {
                self.status = Status::Pending;
                self.pending_expires_at = Some(confirming.pending_until(now, self.stretch.start()));
            }
        }
    }
}
