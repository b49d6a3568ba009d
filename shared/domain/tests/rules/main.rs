//! The booking rules, as a caller of the crate sees them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calendar;
mod calendar_properties;
mod capacity;
mod extremes;
mod fixtures;
mod repeats;
mod resell;
mod slots;
mod stretches;
mod transitions;
mod world;
