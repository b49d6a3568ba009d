//! The two tables: keys, items, reads and transactions.
//!
//! Every command is one conditional transaction, decided by `domain` on what was read and written
//! only if that still holds; nothing is locked and no table is scanned. Reads that a decision or a
//! snapshot depends on are strongly consistent.
//!
//! | module | what it knows |
//! |---|---|
//! | [`keys`] | where each item lives |
//! | [`items`] | items <-> domain values, for the tables and for their stream |
//! | [`concerned`] | whom an item concerns that cannot be read |
//! | [`bookings`] | resources, slots and bookings |
//! | [`connections`] | connections and subscriptions |
//! | `table` | reads and single writes, counted |
//! | [`cursor`] | where the next page starts |
//! | [`transact`] | transactions, their retries, and what made them fail |
//! | [`error`] | what can go wrong |

pub mod bookings;
pub mod concerned;
pub mod connections;
pub mod cursor;
pub mod error;
pub mod items;
pub mod keys;
mod table;
pub mod transact;

pub use bookings::Bookings;
pub use concerned::Concerned;
pub use connections::{
    Connection, ConnectionId, Connections, Revoked, Subscribed, Subscriber, TopicKey,
};
pub use error::{CommandError, Error, Unavailable};
pub use items::Change;
pub use items::published::Published;
pub use items::record::{OldImage, Record};
pub use serde_dynamo::Item;
