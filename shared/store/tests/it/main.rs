//! The store on a real database, through the real SDK.

#[path = "../support/mod.rs"]
mod support;

mod conflicts;
mod holds;
mod ledger;
mod model;
mod races;
mod units;
