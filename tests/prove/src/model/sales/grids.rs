//! Scenarios in which the grid changes while somebody sells.
//!
//! The clock steps by as long as a request may live, less a second: so a request may write after one
//! step, and not after two. A hold lasts a little longer than a step.

use super::scenario::{Scenario, room};
use super::scenarios::Size;
use domain::Sale::{Book, Hold};
use domain::resource::REQUEST_LIFE;
use jiff::SignedDuration;

fn scenario(name: &'static str, minutes: u32, capacity: u32, ticks: u8) -> Scenario {
    let (resource, tick) =
        (room(minutes, capacity, 16), REQUEST_LIFE - SignedDuration::from_secs(1));
    Scenario { resource, tick, life: 1, ticks, ..Scenario::new(name, capacity) }
}

/// Slots of an hour become slots of half an hour, and others again.
pub fn finer(size: Size) -> Scenario {
    let scenario = scenario("a finer grid", 60, 1, size.pick(3, 4))
        .sell(1, "alice", "a", size.pick(Book, Hold), (0, 1, 60), 1)
        .sell(1, "bob", "b", Book, (1, 1, 30), 1)
        .put(1, 30, 1);
    match size {
        Size::Small => scenario,
        Size::Large => scenario.confirm(1, "alice", 0).cancel(1, "alice", 0).put(1, 60, 1),
    }
}

/// Slots of half an hour become slots of an hour.
fn coarser() -> Scenario {
    scenario("a coarser grid", 30, 1, 4)
        .sell(1, "alice", "a", Hold, (1, 1, 30), 1)
        .put(1, 60, 1)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1)
        .confirm(1, "alice", 0)
        .cancel(1, "alice", 0)
}

/// What was sold on the grid before moves to today's.
fn moved() -> Scenario {
    scenario("moves to another grid", 60, 1, 4)
        .sell(1, "alice", "a", Book, (0, 1, 60), 1)
        .put(1, 30, 1)
        .reschedule(1, "alice", 0, (0, 1, 30))
        .reschedule(1, "alice", 0, (1, 1, 30))
        .reschedule(1, "alice", 0, (0, 2, 30))
        .sell(1, "bob", "b", Book, (1, 1, 30), 1)
}

/// Slots that overlap in part.
fn askew() -> Scenario {
    scenario("a grid that is askew", 60, 2, 4)
        .sell(1, "alice", "a", Hold, (1, 1, 60), 1)
        .put(1, 45, 2)
        .sell(1, "bob", "b", Book, (1, 1, 45), 1)
        .sell(1, "carol", "c", Book, (2, 1, 45), 2)
        .confirm(1, "alice", 0)
        .reschedule(1, "bob", 1, (2, 1, 45))
}

/// Three grids, one after the other.
fn three() -> Scenario {
    scenario("three grids", 60, 1, 4)
        .sell(1, "alice", "a", Book, (0, 1, 60), 1)
        .put(1, 30, 1)
        .put(1, 90, 1)
        .sell(1, "bob", "b", Book, (1, 1, 30), 1)
        .sell(1, "carol", "c", Book, (0, 1, 90), 1)
}

/// All of them; in the small, the first.
pub fn all(size: Size) -> Vec<Scenario> {
    match size {
        Size::Small => vec![finer(size)],
        Size::Large => vec![finer(size), coarser(), moved(), askew(), three()],
    }
}
