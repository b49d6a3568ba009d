//! The booking rules: pure and synchronous. No IO, no clock, no wire or storage format.
//!
//! | module | what it knows |
//! |---|---|
//! | [`ids`] | who and what: customers, resources, bookings |
//! | [`numbers`] | quantities, capacities, versions and their ranges |
//! | [`opening`] | weekly opening hours, and the slots they make on a real calendar |
//! | [`resource`] | what can be booked, and which stretches of it |
//! | [`slot`] | how much of one slot is taken, held and free at an instant |
//! | [`booking`] | one booking and the statuses it goes through |
//! | [`command`] | what may be done to a booking: state, command, now -> new state or rejection |
//! | [`rejection`] | why not |

pub mod booking;
pub mod command;
pub mod ids;
pub mod numbers;
pub mod opening;
pub mod rejection;
pub mod resource;
pub mod slot;

pub use booking::{Booking, Status};
pub use command::{Command, Request};
pub use ids::{BookingId, CustomerId, Key, ResourceId, Role};
pub use numbers::{Capacity, HoldSeconds, Quantity, SlotMinutes, Version};
pub use opening::Opening;
pub use rejection::Rejection;
pub use resource::{Approval, Resource, Stretch, TimeZoneName};
pub use slot::{Hold, Slot};

/// At most this many slots in one booking: they are written in one transaction together with the
/// booking, and `DynamoDB` takes 100 items in one.
pub const MAX_SLOTS: usize = 96;
