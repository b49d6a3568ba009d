//! Resources, slots and bookings.
//!
//! | module | what it does |
//! |---|---|
//! | [`resources`] | writes, reads and lists resources |
//! | [`sell`] | holds and books |
//! | [`any_of`] | holds and books whichever of several resources has room |
//! | [`change`] | confirms, cancels, reschedules, ... |
//! | [`own`] | a customer's bookings |
//! | [`calendar`] | a resource's bookings, by the pointers in its calendar |
//! | [`venue`] | a venue's resources, and their bookings |
//! | [`pool`] | which resources are in a pool |
//! | [`pool_slots`] | what the resources of a pool offer |
//! | [`search`] | what could be booked of several resources |
//! | [`slots`] | what is offered |
//! | [`due`] | what time has brought: what is over, and what came free for who waits |
//! | [`fulfil`] | which bookings the fulfilment endpoint decides about |
//! | [`stranded`] | how many bookings a change of a calendar leaves outside of it |
//! | [`erase`] | removes what people wrote |
//! | [`revoke`] | tokens that are good no more |
//! | `line` | who waits for places, and is offered those that come free |
//! | `limit` | how much of what a customer may have at once |
//! | [`open`] | what a customer has open, and how much that may be |
//! | `used_keys` | the keys that operators have used on sales for somebody |
//! | `write` | the writes that transactions are made of |

pub mod any_of;
pub mod calendar;
pub mod change;
pub mod due;
pub mod erase;
pub mod fulfil;
mod limit;
mod line;
pub mod open;
pub mod own;
pub mod pool;
pub mod pool_slots;
pub mod resources;
pub mod revoke;
pub mod search;
pub mod sell;
pub mod slots;
pub mod stranded;
mod used_keys;
pub mod venue;
mod write;

use crate::table::Table;
use crate::transact::Units;
use aws_sdk_dynamodb::Client;

/// Conditions that do not hold are decided anew; attempts before [`crate::Error::Busy`].
const DECISIONS: u32 = 10;
/// Bookings that one request looks at before it answers with a cursor, however few are what was
/// asked for.
const EXAMINED: usize = 500;
/// Calls under way at once on behalf of one request.
const AT_ONCE: usize = 8;

/// The bookings table.
#[derive(Debug, Clone)]
pub struct Bookings {
    table: Table,
}

impl Bookings {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table { client, name: table.into(), units: Units::default() } }
    }

    /// Counts the capacity units of all that this handle and its clones read and write.
    pub fn units(&self) -> &Units {
        &self.table.units
    }
}
