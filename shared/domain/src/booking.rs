//! One booking and the statuses it goes through.

use crate::calendar::{Period, Stretch};
use crate::claim::Claim;
use crate::deadlines::Deadlines;
use crate::details::Details;
use crate::effect::{Effect, Share, SlotOf};
use crate::ids::{BookingId, ConfirmationCode, CustomerId, ResourceId, VenueId};
use crate::numbers::{Quantity, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a booking stands. See [`crate::command`] for what leads from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Places are kept until the hold runs out.
    Held,
    /// Waits for an operator, until it runs out.
    Pending,
    /// Sold.
    Confirmed,
    /// Waits for places to come free.
    Waitlisted,
    /// Given back.
    Cancelled,
    /// It ran out, held or pending.
    Expired,
    /// An operator said no.
    Declined,
    /// The customer came.
    Completed,
    /// The customer did not come.
    NoShow,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Held,
        Self::Pending,
        Self::Confirmed,
        Self::Waitlisted,
        Self::Cancelled,
        Self::Expired,
        Self::Declined,
        Self::Completed,
        Self::NoShow,
    ];

    /// Whether nothing leads on from it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Held | Self::Pending | Self::Confirmed | Self::Waitlisted)
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Waitlisted => "waitlisted",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::Completed => "completed",
            Self::NoShow => "noShow",
        }
    }
}

/// One booking as it was written last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Booking {
    /// Its id: where it was first sold, and the hash of its customer's key.
    pub id: BookingId,
    /// What is booked.
    pub resource: ResourceId,
    /// Who operates it: the venue of the resource that it was first sold at.
    pub venue: VenueId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Which slots.
    pub stretch: Stretch,
    /// Places in each slot, as they were asked for.
    pub quantity: Quantity,
    /// Places that it takes in each slot: all of them where bookings do not share a slot.
    pub places: Quantity,
    /// What it takes of other resources of the venue, for the same time.
    pub with: Vec<Claim>,
    /// Where it stands.
    pub status: Status,
    /// How often it was written.
    pub version: Version,
    /// While held: when the hold runs out.
    pub hold_expires_at: Option<Timestamp>,
    /// While pending: when it runs out. What became pending before there was such an end has none.
    pub pending_expires_at: Option<Timestamp>,
    /// Until when its customer may change it, frozen when it was sold there.
    pub deadlines: Deadlines,
    /// Once confirmed.
    pub confirmation_code: Option<ConfirmationCode>,
    /// Why it was cancelled or declined, in the caller's words, at most 500 characters.
    pub reason: Option<String>,
    /// What its owner and operators keep with it.
    pub details: Details,
    /// What operators keep with it, for their eyes only, at most 500 characters.
    pub note: Option<String>,
    /// Who made it.
    pub created_by: CustomerId,
    /// Who changed it last. That it ran out is nobody's change.
    pub updated_by: CustomerId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was written last.
    pub updated_at: Timestamp,
    /// When it came to its end, where it was written since.
    pub ended_at: Option<Timestamp>,
    /// The fields that it was asked for with, to tell a repeated request from a different one.
    pub fingerprint: String,
    /// The attempt that changed it last, if that attempt had a key.
    pub last_attempt: Option<Mark>,
}

/// What is kept of an attempt to change a booking: enough to recognise it when it is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// Whose attempt, under which key.
    #[serde(rename = "k")]
    pub key: String,
    /// What was to be done.
    #[serde(rename = "f")]
    pub fields: String,
}

impl Booking {
    /// When it runs out, as a hold or while it waits for an operator: its places are in the buckets
    /// of that instant.
    pub fn runs_out_at(&self) -> Option<Timestamp> {
        match self.status {
            Status::Held => self.hold_expires_at,
            Status::Pending => self.pending_expires_at,
            _ => None,
        }
    }

    /// When it is over by itself: it runs out, or what it waits for begins.
    pub fn over_at(&self) -> Option<Timestamp> {
        match self.status {
            Status::Waitlisted => Some(self.stretch.start()),
            _ => self.runs_out_at(),
        }
    }

    /// The booking as it is at this instant: one that has run out is expired, one version on,
    /// whether that has been recorded or not.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let mut booking = self.clone();
        if let Some(until) = self.over_at()
            && until <= now
        {
            booking.status = Status::Expired;
            booking.hold_expires_at = None;
            booking.pending_expires_at = None;
            booking.version = self.version.next();
            booking.updated_at = until;
            booking.last_attempt = None;
        }
        booking
    }

    /// Whether it has places or waits for them to become its own: held, pending or confirmed.
    pub fn is_active(&self) -> bool {
        matches!(self.status, Status::Held | Status::Pending | Status::Confirmed)
    }

    /// Whether it waits for something: a confirmation, an operator or places.
    pub fn is_open(&self) -> bool {
        matches!(self.status, Status::Held | Status::Pending | Status::Waitlisted)
    }

    /// Without what people wrote: its details, the note and the reason. Nothing where there is none.
    pub fn erased(&self, by: &CustomerId, now: Timestamp) -> Option<Self> {
        let nothing = self.details.is_empty() && self.note.is_none() && self.reason.is_none();
        (!nothing).then(|| Self {
            details: Details::default(),
            note: None,
            reason: None,
            version: self.version.next(),
            updated_by: by.clone(),
            updated_at: now,
            ended_at: Some(self.ended()),
            last_attempt: None,
            ..self.clone()
        })
    }

    /// When it came to its end, of one that has: later writes leave that as it is.
    pub(crate) fn ended(&self) -> Timestamp {
        self.ended_at.unwrap_or(self.updated_at)
    }

    /// What it takes of the resource that it is a booking of.
    pub fn claim(&self) -> Claim {
        Claim {
            resource: self.resource.clone(),
            stretch: self.stretch.clone(),
            quantity: self.quantity,
            places: self.places,
        }
    }

    /// What it takes of each of its resources: of the one that it is a booking of first.
    pub fn claims(&self) -> impl Iterator<Item = Claim> + '_ {
        std::iter::once(self.claim()).chain(self.with.iter().cloned())
    }

    /// Places in each slot, of all its resources together, as far as a quantity goes.
    pub fn places_asked_for(&self) -> Quantity {
        let others = self.with.iter().map(|claim| claim.quantity.get());
        let places = others.fold(self.quantity.get(), u32::saturating_add);
        Quantity::new(places.min(Quantity::MAX)).unwrap_or(self.quantity)
    }

    /// Its resources: the one that it is a booking of first.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceId> {
        std::iter::once(&self.resource).chain(self.with.iter().map(|claim| &claim.resource))
    }

    /// What it has of each slot, as it was written last.
    fn shares(&self) -> BTreeMap<SlotOf, Share> {
        let has_some = |slot: &Period| match self.status {
            Status::Held
            | Status::Pending
            | Status::Confirmed
            | Status::Completed
            | Status::Waitlisted => true,
            // What had begun when the customer did not come can be sold to nobody else.
            Status::NoShow => slot.start <= self.ended(),
            Status::Cancelled | Status::Expired | Status::Declined => false,
        };
        let mut shares = BTreeMap::new();
        for Claim { resource, stretch, places, .. } in self.claims() {
            let share = match self.status {
                Status::Waitlisted => Share::Waits,
                _ => Share::Has(places, self.runs_out_at()),
            };
            let slots = stretch.slots().filter(has_some);
            shares.extend(slots.map(|slot| (SlotOf { resource: resource.clone(), slot }, share)));
        }
        shares
    }

    /// How many places it takes in the slot of this start of a resource, as it was written last.
    pub fn places_in(&self, resource: &ResourceId, start: Timestamp) -> u32 {
        let shares = self.shares();
        let mut there = shares.iter().filter(|(of, _)| of.resource == *resource);
        there.find(|(of, _)| of.slot.start == start).map_or(0, |(_, share)| share.places())
    }

    /// What a booking's change from `before` (nothing: it is new) to `after` does to each slot.
    ///
    /// Running out is not among it: the slots' expiry buckets give those places back. Nor is it that what
    /// somebody waited for has begun: nobody looks at that line any more.
    pub fn effects(before: Option<&Self>, after: &Self) -> Vec<(SlotOf, Effect)> {
        let nothing = Effect { before: None, after: None };
        let mut effects: BTreeMap<SlotOf, Effect> = BTreeMap::new();
        for (slot, share) in before.map(Self::shares).unwrap_or_default() {
            effects.entry(slot).or_insert(nothing).before = Some(share);
        }
        for (slot, share) in after.shares() {
            effects.entry(slot).or_insert(nothing).after = Some(share);
        }
        effects.into_iter().filter(|(_, effect)| effect.before != effect.after).collect()
    }
}
