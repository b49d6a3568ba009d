//! The fan-out with real tables, and a network peer that speaks the @connections API.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod batches;
mod failures;
mod frames;
mod gateway;
mod giving_up;
mod moved;
mod overtaken;
mod pools;
mod privacy;
mod scene;
mod throttled;
