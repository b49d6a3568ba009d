//! A new booking: what is asked for -> the booking or a rejection.

use crate::booking::{Booking, Status};
use crate::ids::{BookingHash, BookingId, ConfirmationCode, CustomerId, Key, ResourceId};
use crate::numbers::{Quantity, Version};
use crate::rejection::Rejection;
use crate::resource::Resource;
use jiff::Timestamp;

/// How places are sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sale {
    /// They are kept until the hold is confirmed or runs out.
    Hold,
    /// They are sold at once, or wait for an operator's approval.
    Book,
}

/// What a new booking asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBooking {
    /// Who asks.
    pub customer: CustomerId,
    /// The attempt's name.
    pub key: Key,
    /// How.
    pub sale: Sale,
    /// What.
    pub resource: ResourceId,
    /// From when.
    pub start: Timestamp,
    /// Until when; defaults to one slot.
    pub end: Option<Timestamp>,
    /// Places in each slot.
    pub quantity: Quantity,
}

impl NewBooking {
    /// The hash that names the booking among its customer's.
    pub fn hash(&self) -> BookingHash {
        BookingHash::derive(&self.customer, &self.key)
    }

    /// The id that the booking would have.
    pub fn id(&self) -> BookingId {
        BookingId::new(self.resource.clone(), self.start, self.hash())
    }

    /// The fields that make two requests of one key the same request.
    pub fn fingerprint(&self) -> String {
        let action = match self.sale {
            Sale::Hold => "hold",
            Sale::Book => "book",
        };
        let end = self.end.map(|end| end.to_string()).unwrap_or_default();
        format!("{action} {} {}/{end} {}", self.resource, self.start, self.quantity)
    }

    /// The booking that this request makes, if the resource can be booked so; `code` is its
    /// confirmation code if it is sold at once. Whether its slots have room is theirs to say.
    pub fn decide(
        &self,
        resource: &Resource,
        code: &ConfirmationCode,
        now: Timestamp,
    ) -> Result<Booking, Rejection> {
        let stretch = resource.grid.stretch(self.start, self.end, now)?;
        resource.fits(self.quantity)?;
        resource.settled(&stretch, now)?;
        let mut booking = Booking {
            id: self.id(),
            resource: resource.id.clone(),
            customer: self.customer.clone(),
            stretch,
            quantity: self.quantity,
            status: Status::Held,
            version: Version::FIRST,
            hold_expires_at: None,
            confirmation_code: None,
            reason: None,
            created_at: now,
            updated_at: now,
            fingerprint: self.fingerprint(),
            last_attempt: None,
        };
        match self.sale {
            Sale::Hold => booking.hold_expires_at = Some(resource.hold_seconds.end(now)),
            Sale::Book => booking.sell(resource.approval, code),
        }
        Ok(booking)
    }

    /// Whether this key already made a booking with the same fields: this one.
    pub fn repeats(&self, booking: &Booking) -> Result<(), Rejection> {
        if booking.fingerprint == self.fingerprint() {
            Ok(())
        } else {
            Err(Rejection::IdempotencyMismatch)
        }
    }
}
