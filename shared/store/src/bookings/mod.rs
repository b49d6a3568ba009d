//! Resources, slots and bookings.
//!
//! | module | what it does |
//! |---|---|
//! | [`resources`] | writes, reads and lists resources |
//! | [`place`] | holds and books |
//! | [`change`] | confirms, cancels, approves, ... |
//! | [`reschedule`] | moves a booking |
//! | [`read`] | snapshots and lists |
//! | `sweep` | drops holds that have run out, where there are many |
//! | `write` | the writes that transactions are made of |

pub mod change;
pub mod place;
pub mod read;
pub mod reschedule;
pub mod resources;
mod sweep;
mod write;

use crate::transact::Units;
use aws_sdk_dynamodb::Client;

/// Conditions that do not hold are decided anew so many times before the caller is told to wait.
const DECISIONS: u32 = 10;

/// The bookings table.
#[derive(Debug, Clone)]
pub struct Bookings {
    client: Client,
    table: String,
    units: Units,
}

impl Bookings {
    /// The table of this name.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, units: Units::default() }
    }

    /// Counts the write units of all that this handle and its clones write.
    pub fn units(&self) -> &Units {
        &self.units
    }
}
