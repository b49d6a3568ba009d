//! The harness of the end to end suite: a running gateway and the people who use it.
//!
//! The tests know the gateway from outside only: its sockets, its tables and its processes.
//! They run against the built `booking-gateway` of this workspace, or, where `BOOKING_URL` is
//! set, against a deployed gateway (see [`gateway`]).

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

pub mod client;
pub mod connections;
pub mod events;
pub mod faults;
pub mod gateway;
pub mod host;
pub mod http;
pub mod processes;
pub mod readme;
pub mod scene;
pub mod shape;
pub mod tables;
pub mod template;
pub mod tokens;
pub mod wait;
pub mod wscat;

pub use client::Client;
pub use gateway::Gateway;
pub use host::Host;
pub use reqwest;
pub use scene::{Room, unique};
pub use serde_json::{Value, json};
