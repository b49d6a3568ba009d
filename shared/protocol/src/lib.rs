//! The wire contract, version 1: what clients send and get.
//!
//! | module | what it knows |
//! |---|---|
//! | [`request`] | every action and its fields |
//! | [`mod@decode`] | a frame's text -> a request, or an error that names the field |
//! | `parse` | an action's fields -> their type, or an error that names the field |
//! | [`fields`] | the values that fields take: instants, topics, texts |
//! | [`any_of`] | several resources of which any will do |
//! | [`reply`] | results of requests |
//! | [`size`] | how much JSON fits a frame |
//! | [`update`] | what changed, cut into pieces and packed into frames |
//! | [`outbound`] | every frame that is sent |
//! | [`input`] | resources as operators write them |
//! | [`rules`] | what a resource asks of customers, as operators write it |
//! | [`calendar`] | their calendars |
//! | [`view`] | resources, slots and bookings as clients see them |
//! | [`error`] | the error codes |
//! | [`asyncapi`] | all of this as AsyncAPI 3, in `asyncapi.json` |

pub mod any_of;
pub mod asyncapi;
pub mod calendar;
pub mod companions;
pub mod decode;
pub mod error;
pub mod fields;
pub mod input;
pub mod outbound;
mod parse;
pub mod reply;
pub mod request;
pub mod rules;
pub mod size;
pub mod update;
pub mod view;

pub use decode::{Frame, decode};
pub use error::{Code, WireError};
pub use fields::{BookingRef, Instant, Note, RequestId, TopicName};
pub use reply::Reply;
pub use request::Request;
pub use size::{MAX_INBOUND, MAX_OUTBOUND};
pub use update::Update;
