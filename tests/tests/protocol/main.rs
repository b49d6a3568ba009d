//! The wire contract, action by action, over real sockets.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod abandoned;
mod acting_for;
mod bad_input;
mod begun;
mod bookings;
mod calendars;
mod combinations;
mod connecting;
mod erasures;
mod expiry;
mod extensions;
mod gone;
mod grids;
mod hostile;
mod idempotency;
mod kept;
mod keys;
mod listing;
mod moves;
mod names;
mod over_http;
mod payment;
mod pools;
mod privacy;
mod refusals;
mod resource_versions;
mod resources;
mod revocations;
mod sale_rules;
mod sessions;
mod stage;
mod stress;
mod topics;
mod transitions;
mod venues;
mod waitlist;
