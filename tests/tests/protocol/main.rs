//! The wire contract, action by action, over real sockets.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod abandoned;
mod bad_input;
mod begun;
mod bookings;
mod connecting;
mod extensions;
mod gone;
mod grids;
mod hostile;
mod idempotency;
mod keys;
mod listing;
mod names;
mod refusals;
mod resources;
mod sessions;
mod stage;
mod stress;
mod topics;
mod transitions;
