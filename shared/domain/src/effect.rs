//! What a command does to the slots of a booking.

use crate::calendar::Period;
use crate::ids::ResourceId;
use crate::numbers::Quantity;
use jiff::Timestamp;

/// A slot of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotOf {
    /// Whose.
    pub resource: ResourceId,
    /// Which.
    pub slot: Period,
}

/// What a booking has of a slot: places, until an instant, held or pending, or for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    /// How many.
    pub places: Quantity,
    /// Until when, if not for good.
    pub until: Option<Timestamp>,
}

/// What a command does to a booking's share of one slot. The two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Effect {
    /// What it had.
    pub before: Option<Share>,
    /// What it has.
    pub after: Option<Share>,
}

impl Effect {
    /// Places are taken.
    pub const fn take(places: Quantity, until: Option<Timestamp>) -> Self {
        Self { before: None, after: Some(Share { places, until }) }
    }

    /// Places taken until this instant are now taken for good.
    pub const fn keep(places: Quantity, until: Timestamp) -> Self {
        let before = Some(Share { places, until: Some(until) });
        Self { before, after: Some(Share { places, until: None }) }
    }

    /// Places taken until the first instant are now taken until the second.
    pub const fn extend(places: Quantity, until: Timestamp, later: Timestamp) -> Self {
        let before = Some(Share { places, until: Some(until) });
        Self { before, after: Some(Share { places, until: Some(later) }) }
    }

    /// Places are given back.
    pub const fn release(places: Quantity, until: Option<Timestamp>) -> Self {
        Self { before: Some(Share { places, until }), after: None }
    }

    /// Whether places that were taken until an instant are now taken for good.
    pub fn keeps(&self) -> bool {
        let until = |share: Option<Share>| share.map(|share| share.until.is_some());
        until(self.before) == Some(true) && until(self.after) == Some(false)
    }

    /// Whether it gives back places that were taken for good, and no more.
    pub fn only_gives_back_for_good(&self) -> bool {
        matches!(self, Self { before: Some(Share { until: None, .. }), after: None })
    }

    /// The places that it takes beside those that the booking had there.
    pub fn taken(&self) -> u32 {
        let places = |share: Option<Share>| share.map_or(0, |share| share.places.get());
        places(self.after).saturating_sub(places(self.before))
    }

    /// The places that it gives back.
    pub fn given_back(&self) -> u32 {
        Self { before: self.after, after: self.before }.taken()
    }
}
