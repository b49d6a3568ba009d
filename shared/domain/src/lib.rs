//! The booking rules: pure and synchronous. No IO, no clock, no wire or storage format.
//!
//! | module | what it knows |
//! |---|---|
//! | [`ids`] | who and what: customers, resources, bookings |
//! | [`numbers`] | quantities, capacities, versions and their ranges |
//! | [`opening`] | weekly opening hours, and the slots they make on a real calendar |
//! | [`grid`] | when a resource's slots are, and which stretches of them can be booked |
//! | [`resource`] | what can be booked, and what it offers at an instant |
//! | [`slot`] | how much of one slot is taken, held and free at an instant |
//! | [`booking`] | one booking, the statuses it goes through, and the places that it takes |
//! | [`request`] | a new booking: what is asked for -> the booking or rejection |
//! | [`command`] | what may be done to a booking: state, command, now -> new state or rejection |
//! | [`rejection`] | why not |
//! | [`base36`] | whole numbers as short texts |

pub mod base36;
pub mod booking;
pub mod command;
pub mod grid;
pub mod ids;
pub mod numbers;
pub mod opening;
pub mod rejection;
pub mod request;
pub mod resource;
pub mod slot;

pub use booking::{Booking, Status};
pub use command::{Action, Attempt, Command, Decision};
pub use grid::{Grid, Stretch};
pub use ids::{BookingHash, BookingId, ConfirmationCode, CustomerId, Key, ResourceId, Role};
pub use numbers::{Capacity, HoldSeconds, Quantity, SlotMinutes, Version};
pub use opening::Opening;
pub use rejection::Rejection;
pub use request::Request;
pub use resource::{Approval, Availability, FormerGrid, Resource, TimeZoneName};
pub use slot::{Effect, Slot, Terms};

/// At most this many slots in one booking: they are written in one transaction together with the
/// booking, and `DynamoDB` takes 100 items in one.
pub const MAX_SLOTS: usize = 96;
