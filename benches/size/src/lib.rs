//! What each action reads and writes in a large system, beside what it does in an empty one.
//!
//! The real handler of `message` answers real frames on the real store. What there is before is written
//! directly, in batches, as requests would have left it. Units are what the database reports: a read unit
//! for each 4 KB that are read strongly consistently, a write unit for each 1 KB, twice that in a
//! transaction.
//!
//! | module | what it knows |
//! |---|---|
//! | [`world`] | what there is: how much, and who is looked at |
//! | [`fill`] | writes it |
//! | [`desk`] | asks the handler, and counts |
//! | [`actions`] | every action, in order |
//! | [`report`] | the table, and the bars |

#![expect(
    missing_docs,
    clippy::unwrap_used,
    reason = "it measures: a failure is a panic, and its names say what it is"
)]

pub mod actions;
pub mod desk;
pub mod fill;
pub mod report;
pub mod world;

pub use report::Report;
pub use world::Size;

use desk::Desk;
use support::Tables;
use world::{NEW, OLD};

/// Measures every action in an empty system and in one of this size, and for subjects that have one page
/// or as much as this size says.
pub async fn measure(size: &Size) -> Report {
    let empty = open(&Size::EMPTY).await;
    let alone = actions::all(&empty, &NEW).await;
    let page = open(&Size::PAGE).await;
    let one_page = actions::all(&page, &OLD).await;
    let whole = open(size).await;
    let beside = actions::all(&whole, &NEW).await;
    let all = actions::all(&whole, &OLD).await;
    Report::new(size, alone, beside, one_page, all)
}

async fn open(size: &Size) -> Desk {
    let tables = Tables::start_unwatched();
    fill::fill(&tables, size).await;
    Desk::new(tables)
}
