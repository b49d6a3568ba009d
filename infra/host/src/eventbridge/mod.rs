//! The event buses' HTTP endpoint, as EventBridge answers functions and developers: the protocol
//! `awsJson1.1` that the SDKs speak. <https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html>
//!
//! | file | what it knows |
//! |---|---|
//! | `front` | requests and answers: who asks, and whether they may |
//! | `put` | events that are put on a bus |
//! | `replays` | replays of what archives keep |
//! | `error` | refusals, by the names that SDKs know |
//!
//! It answers for the buses, rules and archives of the template. Nobody makes, changes or removes one here.

mod error;
mod front;
mod put;
mod replays;

pub use front::EventBridgeFront;
