//! That the checker of histories accepts what is right, and finds each thing that can go wrong.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod bad;
mod good;
mod story;
