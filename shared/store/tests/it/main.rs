//! The store on a real database, through the real SDK.

#[path = "../support/mod.rs"]
mod support;

mod conflicts;
mod connections;
mod holds;
mod ledger;
mod lists;
mod model;
mod races;
mod resources;
mod units;
