//! Least privilege: what the functions are granted is what they use.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod only_aws;
mod refused;
mod used;
