//! Many clients want the same places: what is sold is what there is. Shown by the tables.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod changes;
mod crowd;
mod last_place;
mod stretches;
