//! What a command does to the slots of a booking.

use crate::numbers::Quantity;
use jiff::Timestamp;

/// What a command does to a booking's places in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Places are taken: held until an instant, or for good.
    Take(Quantity, Option<Timestamp>),
    /// Places held until this instant are now taken for good.
    Keep(Quantity, Timestamp),
    /// Places held until the first instant are now held until the second, which is later.
    Extend(Quantity, Timestamp, Timestamp),
    /// Places are given back; they were held until an instant, or taken for good.
    Release(Quantity, Option<Timestamp>),
}
