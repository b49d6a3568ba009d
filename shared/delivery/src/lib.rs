//! Who is told of a change, and how.
//!
//! | module | what it knows |
//! |---|---|
//! | [`topic`] | topics: as clients name them, and as the table does |
//! | [`conflate`] | many changes -> the newest of each thing, by topic |
//! | [`fanout`] | a batch of changes -> who is told what |
//! | [`dispatch`] | who gets which updates -> posts, and what becomes of those who cannot be told |
//! | `reach` | one connection: posted to, closed, forgotten |
//! | `memory` | who was told what of a batch that comes again |
//! | [`callback`] | API Gateway's way back to a client: turns and retries |
//! | [`management`] | one call of it, and what its answer means |
//! | `limiter` | how many calls API Gateway takes |

pub mod callback;
pub mod conflate;
pub mod dispatch;
pub mod fanout;
mod limiter;
pub mod management;
mod memory;
mod reach;
pub mod topic;

pub use callback::{Callback, Delivery, Undelivered};
pub use conflate::News;
pub use dispatch::Report;
pub use fanout::{Batch, Fanout};
pub use reach::may_be_opening;
