//! The store on a real database, through the real SDK.

#![expect(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a test that cannot go on has failed, and its futures live on one large stack"
)]

mod active;
mod again;
mod any_of;
mod any_of_races;
mod calendars;
mod combined_races;
mod compound_units;
mod conflicts;
mod connections;
mod crowded;
mod due;
mod erasures;
mod extensions;
mod holds;
mod kept;
mod last_moment;
mod ledger;
mod lines;
mod lists;
mod model;
mod moved;
mod pending;
mod pools;
mod races;
mod resources;
mod search;
mod units;
mod venues;
mod waiting;
