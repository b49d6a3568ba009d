//! A new booking: what is asked for -> the booking or a rejection.

use crate::any_of::AnyOf;
use crate::booking::{Booking, Status};
use crate::calendar::{Length, MAX_SLOTS};
use crate::claim::{Claim, With};
use crate::details::Details;
use crate::ids::{
    BookingHash, BookingId, ConfirmationCode, CustomerId, Key, ResourceId, Role, fingerprint,
};
use crate::numbers::{Quantity, Version};
use crate::rejection::Rejection;
use crate::resource::{Resource, State};
use jiff::Timestamp;

/// How places are sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sale {
    /// They are kept until the hold is confirmed or runs out.
    Hold,
    /// They are sold at once, or wait for an operator's approval.
    Book,
    /// They are waited for, where there are not enough.
    Wait,
}

/// Who makes a new booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MadeBy {
    /// The customer whose it will be.
    Customer,
    /// An operator, for themselves.
    Operator,
    /// This operator, for the customer whose it will be.
    OperatorFor(CustomerId),
}

/// What a new booking asks for: of one resource, or of [`AnyOf`] several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBooking<R = ResourceId> {
    /// Whose it will be.
    pub customer: CustomerId,
    /// Who asks.
    pub by: MadeBy,
    /// The attempt's name.
    pub key: Key,
    /// How.
    pub sale: Sale,
    /// What.
    pub resource: R,
    /// What the resource was chosen from, if it was.
    pub chosen_from: Option<AnyOf>,
    /// From when.
    pub start: Timestamp,
    /// Until when; defaults to one slot, or as many as the resource asks for at least.
    pub end: Option<Timestamp>,
    /// Places in each slot.
    pub quantity: Quantity,
    /// What of other resources, for the same time.
    pub with: Vec<With>,
    /// What its owner and operators keep with it.
    pub details: Details,
    /// What operators keep with it.
    pub note: Option<String>,
}

impl<R> NewBooking<R> {
    /// The hash that names the booking among its customer's. On a sale for somebody the key is the
    /// operator's, apart from that customer's own keys.
    pub fn hash(&self) -> BookingHash {
        match &self.by {
            MadeBy::Customer | MadeBy::Operator => BookingHash::derive(&self.customer, &self.key),
            MadeBy::OperatorFor(operator) => {
                BookingHash::derive_for(operator, &self.customer, &self.key)
            }
        }
    }

    /// Whether what its customer has open counts: an operator who acts for them is not held up.
    pub fn is_limited(&self) -> bool {
        !matches!(self.by, MadeBy::OperatorFor(_))
    }

    /// In which role.
    pub fn role(&self) -> Role {
        match self.by {
            MadeBy::Customer => Role::Customer,
            MadeBy::Operator | MadeBy::OperatorFor(_) => Role::Operator,
        }
    }

    /// Who asks.
    fn asks(&self) -> &CustomerId {
        match &self.by {
            MadeBy::Customer | MadeBy::Operator => &self.customer,
            MadeBy::OperatorFor(operator) => operator,
        }
    }

    /// Refuses what a resource does not sell anew: a paused one only to somebody for whom an operator
    /// acts.
    pub(crate) fn may_have_new_of(&self, resource: &Resource) -> Result<(), Rejection> {
        match resource.state {
            State::Paused if !self.is_limited() => Ok(()),
            _ => resource.sells(),
        }
    }
}

impl NewBooking {
    /// What is asked for: of which it will be a booking first.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceId> {
        std::iter::once(&self.resource).chain(self.with.iter().map(|with| &with.resource))
    }

    /// The id that the booking would have.
    pub fn id(&self) -> BookingId {
        BookingId::new(self.resource.clone(), self.start, self.hash())
    }

    /// The fields that make two requests of one key the same request. Whose it will be is in the hash.
    /// Of a resource that was chosen, what it was chosen from counts.
    /// What is kept with it is there only where something is: bookings from before that keep theirs.
    pub fn fingerprint(&self) -> String {
        let action = match self.sale {
            Sale::Hold => "hold",
            Sale::Book => "book",
            Sale::Wait => "waitlist",
        };
        let end = self.end.map(|end| end.to_string()).unwrap_or_default();
        let chosen_from = self.chosen_from.as_ref().map(AnyOf::fingerprint);
        let what = chosen_from.unwrap_or_else(|| self.resource.to_string());
        let asked = format!("{action} {what} {}/{end} {}", self.start, self.quantity);
        let note = self.note.as_deref().unwrap_or_default();
        let with = |with: &With| format!(" with {} {}", with.resource, with.quantity);
        let asked = self.with.iter().map(with).fold(asked, |asked, with| asked + &with);
        if self.details.is_empty() && note.is_empty() {
            return asked;
        }
        format!("{asked} {}", fingerprint([self.details.fingerprint().as_str(), note]))
    }

    /// The booking that this request makes, if its resources can be booked so: `others` are those of
    /// [`Self::with`], in order; `code` is its confirmation code if it is sold at once. Whether its slots
    /// have room is theirs to say.
    pub fn decide(
        &self,
        resource: &Resource,
        others: &[Resource],
        code: &ConfirmationCode,
        now: Timestamp,
    ) -> Result<Booking, Rejection> {
        let confirming = resource.confirming().with(others);
        if self.sale == Sale::Book {
            confirming.by.allows(self.role())?;
        }
        let fewest = Length::Slots(resource.rules.fewest_slots());
        let length = self.end.map_or(fewest, Length::Until);
        let claim = self.claim(resource, length, self.quantity, now)?;
        let until = Length::Until(claim.stretch.end());
        let with = self.with.iter().zip(others).enumerate().map(|(index, (asked, other))| {
            let claim = resource.goes_with(other);
            let claim = claim.and_then(|()| self.claim(other, until, asked.quantity, now));
            claim.map_err(|rejection| rejection.of_other(index))
        });
        let with = with.collect::<Result<Vec<_>, _>>()?;
        fit_one_transaction(&claim, &with)?;
        let Claim { stretch, quantity, places, .. } = claim;
        let mut booking = Booking {
            id: self.id(),
            resource: resource.id.clone(),
            venue: resource.venue.clone(),
            customer: self.customer.clone(),
            deadlines: resource.rules.deadlines(stretch.start()),
            stretch,
            quantity,
            places,
            with,
            status: Status::Held,
            version: Version::FIRST,
            hold_expires_at: None,
            pending_expires_at: None,
            confirmation_code: None,
            reason: None,
            details: self.details.clone(),
            note: self.note.clone().filter(|note| !note.is_empty()),
            created_by: self.asks().clone(),
            updated_by: self.asks().clone(),
            created_at: now,
            updated_at: now,
            ended_at: None,
            fingerprint: self.fingerprint(),
            last_attempt: None,
        };
        match self.sale {
            Sale::Hold => booking.hold_expires_at = Some(resource.hold_seconds.end(now)),
            Sale::Book => booking.sell(&confirming, code, now),
            Sale::Wait => booking.status = Status::Waitlisted,
        }
        if booking.at(now).status == Status::Expired {
            return Err(Rejection::Closed("it begins now: there is no time left for this"));
        }
        Ok(booking)
    }

    /// What it takes of one resource.
    fn claim(
        &self,
        resource: &Resource,
        length: Length,
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<Claim, Rejection> {
        self.may_have_new_of(resource)?;
        resource.claim((self.start, length), quantity, self.role(), now)
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

/// Refuses more slots together than one transaction writes.
pub(crate) fn fit_one_transaction(own: &Claim, with: &[Claim]) -> Result<(), Rejection> {
    let claims = std::iter::once(own).chain(with);
    let slots: usize = claims.map(|claim| claim.stretch.lengths().len()).sum();
    if slots > MAX_SLOTS {
        let message = format!("a booking has at most {MAX_SLOTS} slots, of all its resources");
        return Err(Rejection::LimitExceeded(message));
    }
    Ok(())
}
