//! What a booking takes of one resource.

use crate::calendar::Stretch;
use crate::ids::ResourceId;
use crate::numbers::Quantity;

/// What a booking takes of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Of which.
    pub resource: ResourceId,
    /// Which slots.
    pub stretch: Stretch,
    /// Places in each slot, as they were asked for.
    pub quantity: Quantity,
    /// Places that it takes in each slot: all of them where bookings do not share a slot.
    pub places: Quantity,
}

/// What is asked of another resource, for the same time as the booking's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct With {
    /// Of which.
    pub resource: ResourceId,
    /// Places in each slot.
    pub quantity: Quantity,
}
