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

/// What a booking has of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Share {
    /// Places: until an instant, held or pending, or for good.
    Has(Quantity, Option<Timestamp>),
    /// A place in the line of those who wait for places.
    Waits,
}

impl Share {
    /// How many places it has.
    pub fn places(self) -> u32 {
        match self {
            Self::Has(places, _) => places.get(),
            Self::Waits => 0,
        }
    }

    /// The instant at which its places run out, if they do.
    pub fn bucket(self) -> Option<(Timestamp, Quantity)> {
        match self {
            Self::Has(places, until) => Some((until?, places)),
            Self::Waits => None,
        }
    }
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
        Self { before: None, after: Some(Share::Has(places, until)) }
    }

    /// Places taken until this instant are now taken for good.
    pub const fn keep(places: Quantity, until: Timestamp) -> Self {
        let before = Some(Share::Has(places, Some(until)));
        Self { before, after: Some(Share::Has(places, None)) }
    }

    /// Places taken until the first instant are now taken until the second.
    pub const fn extend(places: Quantity, until: Timestamp, later: Timestamp) -> Self {
        let before = Some(Share::Has(places, Some(until)));
        Self { before, after: Some(Share::Has(places, Some(later))) }
    }

    /// Places are given back.
    pub const fn release(places: Quantity, until: Option<Timestamp>) -> Self {
        Self { before: Some(Share::Has(places, until)), after: None }
    }

    /// Whether places that were taken until an instant are now taken for good.
    pub fn keeps(&self) -> bool {
        let ends = |share: Option<Share>| share.and_then(Share::bucket).is_some();
        ends(self.before) && matches!(self.after, Some(Share::Has(_, None)))
    }

    /// Whether it gives back places that were taken for good, and no more.
    pub fn only_gives_back_for_good(&self) -> bool {
        matches!(self, Self { before: Some(Share::Has(_, None)), after: None })
    }

    /// The places that it takes beside those that the booking had there.
    pub fn taken(&self) -> u32 {
        let places = |share: Option<Share>| share.map_or(0, Share::places);
        places(self.after).saturating_sub(places(self.before))
    }

    /// The places that it gives back.
    pub fn given_back(&self) -> u32 {
        Self { before: self.after, after: self.before }.taken()
    }

    /// By how many there are more in the line after it.
    pub fn joins(&self) -> i32 {
        let waits = |share: Option<Share>| i32::from(share == Some(Share::Waits));
        waits(self.after) - waits(self.before)
    }
}

/// What one transaction does to a slot may be more than one effect: one booking leaves, and another has
/// what it leaves.
impl IntoIterator for Effect {
    type Item = Self;
    type IntoIter = std::iter::Once<Self>;
    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self)
    }
}
