//! Who is told of a change, and how.
//!
//! | module | what it knows |
//! |---|---|
//! | [`topic`] | topics: as clients name them, and as the table does |
//! | [`conflate`] | many changes -> the newest of each thing, by topic |
//! | [`callback`] | API Gateway's way back to a connected client |
//! | [`fanout`] | a batch of changes -> one frame for each connection |

pub mod callback;
pub mod conflate;
pub mod fanout;
pub mod topic;

pub use callback::{Callback, Delivery, Unreachable};
pub use conflate::News;
pub use fanout::Fanout;
