//! What a command does to the slots of a booking.

use crate::numbers::Quantity;
use jiff::Timestamp;

/// What a command does to a booking's places in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Places are taken: until an instant, held or pending, or for good.
    Take(Quantity, Option<Timestamp>),
    /// Places taken until this instant are now taken for good.
    Keep(Quantity, Timestamp),
    /// Places taken until the first instant are now taken until the second.
    Extend(Quantity, Timestamp, Timestamp),
    /// Places are given back; they were taken until an instant, or for good.
    Release(Quantity, Option<Timestamp>),
}
