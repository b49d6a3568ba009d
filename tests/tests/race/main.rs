//! Many at once: clients that want the same places, and requests that overtake each other on one
//! connection. Shown by the tables.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod any_of;
mod changes;
mod crowd;
mod last_place;
mod pipelined;
mod stretches;
