//! From a stream by a pipe to a bus, by rules to queues and functions: real tables, real function
//! processes, the synthesized template's own pipe.
//!
//! The processes are this test binary, started again: see [`worker`].
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod checks;
mod durable;
mod files;
mod functions;
mod pipe;
mod replays;
mod rules;
mod templates;
mod worker;
mod world;
