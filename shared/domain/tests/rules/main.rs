//! The booking rules, as a caller of the crate sees them.

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
