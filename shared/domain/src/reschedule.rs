//! Moves a booking: to another time, to another resource, to another number of places, in one.

use crate::booking::{Booking, Status};
use crate::calendar::Length;
use crate::claim::Claim;
use crate::deadlines::Deadlines;
use crate::ids::{ResourceId, Role};
use crate::new_booking::fit_one_transaction;
use crate::numbers::Quantity;
use crate::rejection::Rejection;
use crate::resource::Resource;
use jiff::Timestamp;

/// What a booking is to become. What is not said stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reschedule {
    /// When it starts.
    pub start: Option<Timestamp>,
    /// When it ends. Without it, a booking is as long as it was.
    pub end: Option<Timestamp>,
    /// Of what it is a booking.
    pub resource: Option<ResourceId>,
    /// Places in each slot.
    pub quantity: Option<Quantity>,
}

/// Where a booking goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// What it takes of the resource that it is a booking of.
    pub claim: Claim,
    /// What it takes of others.
    pub with: Vec<Claim>,
    /// Its deadlines there.
    pub deadlines: Deadlines,
    /// When it runs out there while it is pending.
    pub pending_expires_at: Option<Timestamp>,
}

impl Reschedule {
    /// To another time, as long as it was or up to this end.
    pub fn to(start: Timestamp, end: Option<Timestamp>) -> Self {
        Self { start: Some(start), end, ..Self::default() }
    }

    /// The resource that it will be a booking of.
    pub fn resource<'a>(&'a self, booking: &'a Booking) -> &'a ResourceId {
        self.resource.as_ref().unwrap_or(&booking.resource)
    }

    /// Where the booking goes, as the rules of its resources are now. `with` are the others, in the
    /// booking's order. Whether there is room is for their slots to say.
    pub fn decide(
        &self,
        booking: &Booking,
        resource: &Resource,
        with: &[Resource],
        role: Role,
        now: Timestamp,
    ) -> Result<Destination, Rejection> {
        let goes_elsewhere = resource.id != booking.resource;
        if goes_elsewhere {
            booking.may_go_to(resource)?;
            if booking.status != Status::Held {
                // It would be sold there without whoever confirms what is sold there.
                resource.confirm_by.allows(role)?;
            }
            resource.sells()?;
        }
        let time = booking.stretch.time();
        let start = self.start.unwrap_or(time.start);
        let same_length = || start.checked_add(time.length()).unwrap_or(Timestamp::MAX);
        let end = self.end.unwrap_or_else(same_length);
        if end <= start {
            let message = "expected an instant after the start".to_owned();
            return Err(Rejection::Unacceptable { field: "/end", message });
        }
        let moves = (start, end) != (time.start, time.end);

        let quantity = self.quantity.unwrap_or(booking.quantity);
        let claim = if moves || goes_elsewhere || quantity > booking.quantity {
            resource.claim((start, Length::Until(end)), quantity, role, now)?
        } else {
            resource.rules.suits(quantity, role)?;
            let (stretch, places) = (booking.stretch.clone(), resource.places(quantity));
            // What it has already stays as it is, whatever has become of the resource.
            let places = if quantity == booking.quantity { booking.places } else { places };
            Claim { resource: resource.id.clone(), stretch, quantity, places }
        };
        let others = booking.with.iter().zip(with).enumerate().map(|(index, (other, resource))| {
            if !moves {
                return Ok(other.clone());
            }
            let time = (start, Length::Until(end));
            let claim = resource.claim(time, other.quantity, role, now);
            claim.map_err(|rejection| rejection.of_other(index))
        });
        let with = others.collect::<Result<Vec<_>, _>>()?;
        fit_one_transaction(&claim, &with)?;
        let pending_expires_at = match resource.pending_minutes {
            _ if booking.status != Status::Pending => None,
            None => Some(start),
            // The operator's time does not begin anew.
            Some(_) => booking.pending_expires_at.map(|end| end.min(start)),
        };
        Ok(Destination {
            deadlines: resource.rules.deadlines(start),
            claim,
            with,
            pending_expires_at,
        })
    }
}

impl Destination {
    /// Where the booking is.
    pub fn of(booking: &Booking) -> Self {
        Self {
            claim: booking.claim(),
            with: booking.with.clone(),
            deadlines: booking.deadlines,
            pending_expires_at: booking.pending_expires_at,
        }
    }
}

impl Booking {
    /// Refuses what it cannot be a booking of.
    fn may_go_to(&self, resource: &Resource) -> Result<(), Rejection> {
        let refused =
            |message: String| Err(Rejection::Unacceptable { field: "/resource", message });
        if resource.venue != self.venue {
            return refused(format!("expected a resource of the booking's venue, {}", self.venue));
        }
        if self.with.iter().any(|claim| claim.resource == resource.id) {
            return refused("the booking is with this resource already".to_owned());
        }
        Ok(())
    }

    /// Whether it would have a slot that it has, at another length. A slot is sold at one length at a
    /// time, also to the booking that has it already.
    pub(crate) fn is_resized_by(&self, to: &Destination) -> bool {
        self.claims().any(|before| {
            let mut after = std::iter::once(&to.claim).chain(&to.with);
            let same = after.find(|after| after.resource == before.resource);
            same.is_some_and(|after| after.stretch.resizes(&before.stretch))
        })
    }
}
