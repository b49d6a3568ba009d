//! The booking rules: pure and synchronous. No IO, no clock, no wire or storage format.
//!
//! | module | what it knows |
//! |---|---|
//! | [`ids`] | who and what: customers, venues, resources, bookings |
//! | [`details`] | what front ends keep with a booking or a resource |
//! | [`numbers`] | quantities, capacities, versions and their ranges |
//! | [`calendar`] | when a resource's slots are, and which stretches of them can be booked |
//! | [`pools`] | which resources are as good as each other |
//! | [`waitlist`] | to whom places are offered that come free |
//! | [`any_of`] | several resources of which any will do, and the order of choice |
//! | [`time_zone`] | time zones by name |
//! | [`resource`] | what can be booked, and what it offers at an instant |
//! | [`rules`] | what a resource asks of customers |
//! | [`deadlines`] | until when a customer may change a booking |
//! | [`effect`] | what a command does to the slots of a booking |
//! | [`slot`] | how much of one slot is taken, held and free at an instant |
//! | [`booking`] | one booking, the statuses it goes through, and the places that it takes |
//! | [`claim`] | what a booking takes of one resource |
//! | [`new_booking`] | a new booking: what is asked for -> the booking or rejection |
//! | [`choice`] | a new booking of any of several resources |
//! | [`search`] | the stretches that somebody could book |
//! | [`command`] | what may be done to a booking: state, command, now -> new state or rejection |
//! | [`reschedule`] | where a booking may move: state, what is asked for, now -> destination or rejection |
//! | [`rejection`] | why not |
//! | [`base36`] | whole numbers as short texts |

pub mod any_of;
pub mod base36;
pub mod booking;
pub mod calendar;
pub mod choice;
pub mod claim;
pub mod command;
pub mod deadlines;
pub mod details;
pub mod effect;
pub mod ids;
pub mod new_booking;
pub mod numbers;
pub mod pools;
pub mod rejection;
pub mod reschedule;
pub mod resource;
pub mod rules;
pub mod search;
pub mod slot;
pub mod time_zone;
pub mod waitlist;

pub use any_of::{AnyOf, Candidate};
pub use booking::{Booking, Status};
pub use calendar::{Calendar, MAX_SLOTS, Period, Stretch};
pub use choice::NoneHolds;
pub use claim::{Claim, With};
pub use command::{Action, Attempt, Command, Decision};
pub use deadlines::Deadlines;
pub use details::Details;
pub use effect::{Effect, Share, SlotOf};
pub use ids::{
    BookingHash, BookingId, ConfirmationCode, CustomerId, Key, PoolName, ResourceId, Role, VenueId,
};
pub use new_booking::{MadeBy, NewBooking, Sale};
pub use numbers::{
    Capacity, HoldSeconds, MaxHoldSeconds, PendingMinutes, Quantity, Rank, SlotLength, SlotMinutes,
    Version,
};
pub use pools::{Pool, Pools};
pub use rejection::Rejection;
pub use reschedule::{Destination, Reschedule};
pub use resource::{Approval, Availability, ConfirmBy, Confirming, FormerGrid, Resource, State};
pub use rules::Rules;
pub use search::Sought;
pub use slot::{Slot, Terms};
pub use time_zone::TimeZoneName;
