//! A new booking of any of several resources: which of them come into question, and why none does.

use crate::any_of::AnyOf;
use crate::booking::Booking;
use crate::ids::{ConfirmationCode, ResourceId};
use crate::new_booking::NewBooking;
use crate::rejection::Rejection;
use crate::resource::Resource;
use jiff::Timestamp;

impl NewBooking<AnyOf> {
    /// The same, of this one of the resources.
    pub fn at(&self, resource: ResourceId) -> NewBooking {
        NewBooking {
            customer: self.customer.clone(),
            by: self.by.clone(),
            key: self.key.clone(),
            sale: self.sale,
            resource,
            chosen_from: Some(self.resource.clone()),
            start: self.start,
            end: self.end,
            quantity: self.quantity,
            with: self.with.clone(),
            details: self.details.clone(),
            note: self.note.clone(),
        }
    }

    /// What it would be of one of the resources alone, if that has room: without those beside it.
    pub fn decide_alone(
        &self,
        resource: &Resource,
        code: &ConfirmationCode,
        now: Timestamp,
    ) -> Result<Booking, Rejection> {
        let alone = NewBooking { with: Vec::new(), ..self.at(resource.id.clone()) };
        alone.decide(resource, &[], code, now)
    }

    /// Whether a resource comes into question: it is one of them and not asked for beside it, sells
    /// something new, is large enough, and takes so few places. Others are passed over.
    pub fn considers(&self, resource: &Resource) -> bool {
        let is_one = match &self.resource {
            AnyOf::Pool(pool) => {
                resource.venue == pool.venue && resource.pools.contains(&pool.name)
            }
            AnyOf::Resources(ids) => ids.contains(&resource.id),
        };
        is_one
            && self.with.iter().all(|with| with.resource != resource.id)
            && self.may_have_new_of(resource).is_ok()
            && resource.fits(self.quantity).is_ok()
            && resource.rules.suits(self.quantity, self.role()).is_ok()
    }
}

/// Why none of several resources holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoneHolds {
    in_transition: Option<Rejection>,
    beside: Option<Rejection>,
    is_full: bool,
    closed: Option<Rejection>,
    refused: Option<Rejection>,
}

impl NoneHolds {
    /// One that comes into question does not, for this reason.
    pub fn add(&mut self, reason: Rejection) {
        let first = match reason {
            Rejection::SlotFull => return self.is_full = true,
            Rejection::InTransition(_) => &mut self.in_transition,
            Rejection::Of { .. } => &mut self.beside,
            Rejection::Closed(_) | Rejection::NotWhole(_) => &mut self.closed,
            _ => &mut self.refused,
        };
        first.get_or_insert(reason);
    }

    /// What it comes to: whether it pays to try again, then what is asked for beside one that has room
    /// and does not have it, then whether a place may come free, then what stands against the time or
    /// the request itself. Where none came into question, there is no
    /// room.
    pub fn reason(self) -> Rejection {
        if let Some(reason) = self.in_transition.or(self.beside) {
            return reason;
        }
        if self.is_full {
            return Rejection::SlotFull;
        }
        self.closed.or(self.refused).unwrap_or(Rejection::SlotFull)
    }
}
