//! What may be done to a booking: state as read, command, now -> new state or rejection.

use crate::booking::{Booking, Status};
use crate::ids::{BookingId, CustomerId, Key, ResourceId};
use crate::numbers::{Quantity, Version};
use crate::rejection::Rejection;
use crate::resource::{Approval, Resource, Stretch};
use jiff::{SignedDuration, Timestamp};

/// What a new booking asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub customer: CustomerId,
    /// The attempt's name.
    pub key: Key,
    /// Hold it, or book at once.
    pub hold: bool,
    /// What.
    pub resource: ResourceId,
    /// From when.
    pub start: Timestamp,
    /// Until when; one slot where it is not said.
    pub end: Option<Timestamp>,
    /// Places in each slot.
    pub quantity: Quantity,
}

impl Request {
    /// The id that the booking has, or would have.
    pub fn id(&self) -> BookingId {
        BookingId::derive(&self.customer, &self.key)
    }

    /// The fields that make two requests of one key the same request.
    pub fn fingerprint(&self) -> String {
        let action = if self.hold { "hold" } else { "book" };
        let end = self.end.map(|end| end.to_string()).unwrap_or_default();
        format!("{action} {} {}/{end} {}", self.resource, self.start, self.quantity)
    }

    /// The booking that this request makes, if the resource can be booked so. Whether its slots
    /// have room is theirs to say.
    pub fn decide(&self, resource: &Resource, now: Timestamp) -> Result<Booking, Rejection> {
        let stretch = resource.stretch(self.start, self.end, now)?;
        resource.fits(self.quantity)?;
        let hold = SignedDuration::from_secs(i64::from(resource.hold_seconds.get()));
        let mut booking = Booking {
            id: self.id(),
            resource: resource.id.clone(),
            customer: self.customer.clone(),
            stretch,
            quantity: self.quantity,
            status: Status::Held,
            version: Version::FIRST,
            hold_expires_at: self.hold.then(|| now.checked_add(hold).unwrap_or(Timestamp::MAX)),
            confirmation_code: None,
            reason: None,
            created_at: now,
            updated_at: now,
            fingerprint: self.fingerprint(),
        };
        if !self.hold {
            booking.sell(resource.approval);
        }
        Ok(booking)
    }

    /// The booking that this key already made, if it was asked for with the same fields.
    pub fn repeats(&self, booking: &Booking) -> Result<(), Rejection> {
        if booking.fingerprint == self.fingerprint() {
            Ok(())
        } else {
            Err(Rejection::IdempotencyMismatch)
        }
    }
}

/// What is done to a booking that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Turns a hold into a sale, or into a request where an operator must approve.
    Confirm(Approval),
    /// Gives the places back.
    Cancel(Option<String>),
    /// Moves a confirmed booking to another stretch.
    Reschedule(Stretch),
    /// An operator's yes.
    Approve(Option<String>),
    /// An operator's no.
    Decline(Option<String>),
    /// The customer came.
    Complete,
    /// The customer did not come.
    NoShow,
    /// Records that the hold ran out.
    Expire,
}

impl Command {
    /// The booking after this command. `booking` is as it was read; `if_version` is the version
    /// that the caller believes it has.
    pub fn decide(
        &self,
        booking: &Booking,
        if_version: Option<Version>,
        now: Timestamp,
    ) -> Result<Booking, Rejection> {
        let current = booking.at(now);
        if matches!(self, Self::Confirm(_)) && current.status == Status::Expired {
            // Running out raised the version: that it came too late says more than that it changed.
            return Err(Rejection::HoldExpired);
        }
        if if_version.is_some_and(|version| version != current.version) {
            return Err(Rejection::VersionConflict(Box::new(current)));
        }
        let mut next = Booking {
            version: booking.version.next(),
            hold_expires_at: None,
            updated_at: now,
            ..booking.clone()
        };
        let say = |next: &mut Booking, reason: &Option<String>| next.reason.clone_from(reason);
        match (self, current.status) {
            (Self::Confirm(approval), Status::Held) => next.sell(*approval),
            (Self::Cancel(reason), Status::Held | Status::Pending | Status::Confirmed) => {
                next.status = Status::Cancelled;
                say(&mut next, reason);
            }
            (Self::Reschedule(stretch), Status::Confirmed) => next.stretch = *stretch,
            (Self::Approve(reason), Status::Pending) => {
                next.sell(Approval::Auto);
                say(&mut next, reason);
            }
            (Self::Decline(reason), Status::Pending) => {
                next.status = Status::Declined;
                say(&mut next, reason);
            }
            (Self::Complete, Status::Confirmed) => next.status = Status::Completed,
            (Self::NoShow, Status::Confirmed) => next.status = Status::NoShow,
            (Self::Expire, Status::Expired) if booking.status == Status::Held => next = current,
            _ => return Err(Rejection::InvalidTransition(Box::new(current))),
        }
        Ok(next)
    }
}

impl Booking {
    fn sell(&mut self, approval: Approval) {
        self.hold_expires_at = None;
        if approval == Approval::Manual {
            self.status = Status::Pending;
        } else {
            self.status = Status::Confirmed;
            self.confirmation_code = Some(self.id.confirmation_code());
        }
    }
}
