//! Queues, the mappings from them to functions, and the endpoint that answers for them: real function
//! processes, the real SDK.
//!
//! The processes are this test binary, started again: see [`worker`].
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod api;
mod deliveries;
mod durable;
mod limits;
mod templates;
mod worker;
mod world;
