//! The booking rules, as a caller of the crate sees them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attempts;
mod calendars;
mod capacity;
mod choices;
mod effects;
mod extensions;
mod extremes;
mod fixtures;
mod former_grids;
mod grid_changes;
mod grids;
mod hold_ends;
mod observers;
mod ops;
mod repeats;
mod sale_rules;
mod slots;
mod stretches;
mod time_zones;
mod transitions;
mod world;
