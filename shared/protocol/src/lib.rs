//! The wire contract, version 1: what clients send and get.
//!
//! | module | what it knows |
//! |---|---|
//! | [`request`] | every action and its fields |
//! | [`decode`] | a frame's text -> a request, or an error that names the field |
//! | [`fields`] | the values that fields take: instants, topics, texts |
//! | [`reply`] | replies, errors and their frames |
//! | [`update`] | pushed frames |
//! | [`view`] | resources, slots and bookings as clients see them |
//! | [`error`] | the error codes |
//! | [`asyncapi`] | all of this as AsyncAPI 3, in `asyncapi.json` |

pub mod asyncapi;
pub mod decode;
pub mod error;
pub mod fields;
pub mod reply;
pub mod request;
pub mod update;
pub mod view;

pub use decode::{Frame, decode};
pub use error::{Code, WireError};
pub use fields::{BookingRef, Instant, RequestId, TopicName};
pub use reply::Reply;
pub use request::Request;

/// No outbound frame is larger than this, in bytes: API Gateway's limit for one message.
pub const MAX_OUTBOUND: usize = 128 * 1024;
