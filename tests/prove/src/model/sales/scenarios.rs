//! The scenarios that are explored. Each is small enough that all of it is; what one leaves out,
//! another has.

use super::grids;
use super::scenario::{Scenario, code};
use domain::Sale::{Book, Hold, Wait};
use domain::{Action, Approval, HoldSeconds, PendingMinutes};
use jiff::SignedDuration;

/// How much of a scenario is explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A second or so.
    Small,
    /// All that there is time for.
    Large,
}

impl Size {
    /// One number or another.
    pub fn pick<T>(self, small: T, large: T) -> T {
        match self {
            Self::Small => small,
            Self::Large => large,
        }
    }
}

/// Two customers want the last place; answers are lost and holds run out.
pub fn last_place(size: Size) -> Scenario {
    let scenario = Scenario::new("the last place", 1)
        .sell(size.pick(1, 2), "alice", "a", Hold, (0, 1, 60), 1)
        .sell(1, "bob", "b", Hold, (0, 1, 60), 1)
        .confirm(1, "alice", 0)
        .confirm(1, "bob", 1)
        .cancel(1, "alice", 0);
    Scenario { ticks: size.pick(2, 3), ..scenario }
}

/// Three at once want a place; as many requests are under way.
pub fn crowd(size: Size) -> Scenario {
    let scenario = Scenario::new("a crowd", size.pick(1, 2))
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .sell(1, "bob", "b", size.pick(Book, Hold), (0, 1, 60), 1)
        .sell(1, "carol", "c", Book, (0, 1, 60), 1)
        .confirm(size.pick(0, 1), "alice", 0)
        .confirm(size.pick(0, 1), "bob", 1);
    Scenario { at_once: 3, ticks: size.pick(0, 2), ..scenario }
}

/// A hold has run out, and two want its place.
pub fn run_out(size: Size) -> Scenario {
    let scenario = Scenario::new("a hold that has run out", 1)
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1)
        .sell(1, "carol", "c", size.pick(Book, Hold), (0, 1, 60), 1)
        .confirm(size.pick(0, 1), "carol", 2);
    Scenario { at_once: size.pick(2, 3), ticks: size.pick(2, 3), ..scenario }
}

/// A hold is extended while it runs out, and another customer wants its place.
pub fn extensions(size: Size) -> Scenario {
    let scenario = Scenario::new("a hold that is extended", 1)
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .extend(size.pick(1, 2), "alice", 0)
        .confirm(1, "alice", 0)
        .cancel(size.pick(0, 1), "alice", 0)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1);
    Scenario { ticks: size.pick(3, 4), ..scenario }
}

/// Clocks that differ by a step, which is half of a hold.
pub fn clocks(size: Size) -> Scenario {
    let scenario = Scenario::new("clocks that differ", size.pick(1, 2))
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .sell(1, "carol", "c", Book, (0, 1, 60), size.pick(1, 2))
        .confirm(1, "alice", 0)
        .cancel(size.pick(0, 1), "alice", 0)
        .sell(size.pick(0, 1), "bob", "b", Hold, (0, 1, 60), 1);
    Scenario { ticks: size.pick(2, 3), skews: &[0, 1], ..scenario }
}

/// The same key, for the same and for something else.
pub fn keys(size: Size) -> Scenario {
    let scenario = Scenario::new("keys that are repeated", 2)
        .sell(2, "alice", "a", Hold, (0, 1, 60), 1)
        .sell(1, "alice", "a", Book, (0, 1, 60), 2)
        .confirm(size.pick(1, 2), "alice", 0)
        .cancel(1, "alice", 0);
    Scenario { ticks: size.pick(0, 2), ..scenario }
}

/// Two slots: what is sold moves from one to the other, or covers both.
pub fn moves(size: Size) -> Scenario {
    let scenario = Scenario::new("moves", 1)
        .sell(1, "alice", "a", Book, (0, 1, 60), 1)
        .sell(1, "bob", "b", Hold, (1, 1, 60), 1)
        .confirm(size.pick(0, 1), "bob", 1)
        .reschedule(1, "alice", 0, (0, 2, 60))
        .reschedule(1, "alice", 0, (1, 1, 60))
        .cancel(1, "alice", 0);
    Scenario { ticks: size.pick(0, 2), ..scenario }
}

/// A hold moves to the other slot while it runs out, and others want both.
pub fn held_moves(size: Size) -> Scenario {
    let scenario = Scenario::new("a hold that moves", 1)
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .reschedule(1, "alice", 0, (1, 1, 60))
        .reschedule(size.pick(0, 1), "alice", 0, (0, 2, 60))
        .confirm(1, "alice", 0)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1)
        .sell(size.pick(0, 1), "carol", "c", Hold, (1, 1, 60), 1);
    Scenario { ticks: size.pick(2, 3), ..scenario }
}

/// A room with a projector is wanted, and the projector alone; holds of both run out.
pub fn with(size: Size) -> Scenario {
    let scenario = Scenario::new("a room with a projector", 1)
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .with_projector()
        .sell(1, "bob", "b", size.pick(Book, Hold), (0, 1, 60), 1)
        .of_projector()
        .sell(size.pick(0, 1), "carol", "c", Book, (0, 1, 60), 1)
        .with_projector()
        .confirm(1, "alice", 0)
        .cancel(1, "alice", 0);
    Scenario { ticks: size.pick(2, 3), skews: size.pick(&[0], &[0, 1]), ..scenario }
}

/// An operator approves or declines.
pub fn approval(size: Size) -> Scenario {
    let mut scenario = Scenario::new("approval", 1);
    scenario.resource.approval = Approval::Manual;
    let scenario = scenario
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1)
        .confirm(1, "alice", 0)
        .cancel(1, "alice", 0)
        .operator(1, 0, "approve", Action::Approve(None, code()))
        .operator(1, 0, "decline", Action::Decline(None));
    Scenario { ticks: size.pick(0, 2), ..scenario }
}

/// Nobody answers what is pending: it runs out, as a hold does, while an operator approves and another
/// customer wants its place.
pub fn unanswered(size: Size) -> Scenario {
    let mut scenario = Scenario::new("what nobody answers", 1);
    scenario.resource.approval = Approval::Manual;
    scenario.resource.pending_minutes = PendingMinutes::new(1).ok();
    scenario.resource.hold_seconds = HoldSeconds::new(60).expect("it is a length");
    let scenario = scenario
        .sell(1, "alice", "a", size.pick(Book, Hold), (0, 1, 60), 1)
        .confirm(size.pick(0, 1), "alice", 0)
        .operator(1, 0, "approve", Action::Approve(None, code()))
        .operator(size.pick(0, 1), 0, "decline", Action::Decline(None))
        .cancel(1, "alice", 0)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1);
    let tick = SignedDuration::from_secs(30);
    Scenario { ticks: size.pick(3, 4), tick, skews: size.pick(&[0], &[0, 1]), ..scenario }
}

/// What is pending runs out when it starts, whatever else is said.
pub fn unanswered_until_the_start(size: Size) -> Scenario {
    let mut scenario = Scenario::new("what nobody answers before it starts", 1);
    scenario.resource.approval = Approval::Manual;
    let scenario = scenario
        .sell(1, "alice", "a", size.pick(Book, Hold), (0, 2, 60), 1)
        .confirm(size.pick(0, 1), "alice", 0)
        .operator(1, 0, "approve", Action::Approve(None, code()))
        .cancel(size.pick(0, 1), "alice", 0)
        // The second of its slots has not begun.
        .sell(1, "bob", "b", Book, (1, 1, 60), 1)
        .opening_after(2);
    Scenario { ticks: 3, ..scenario }
}

/// The booking begins: the customer came, or did not, or the operator takes it back.
pub fn begun(size: Size) -> Scenario {
    let scenario = Scenario::new("what has begun", 1)
        .sell(1, "alice", "a", Book, (0, 2, 60), 1)
        .cancel(1, "alice", 0)
        .operator(1, 0, "complete", Action::Complete)
        .operator(1, 0, "mark as no show", Action::NoShow)
        .operator(1, 0, "cancel", Action::Cancel(None))
        .sell(size.pick(0, 1), "bob", "b", Hold, (1, 1, 60), 1)
        .opening_after(1);
    Scenario { ticks: 1, ..scenario }
}

/// The capacity changes while somebody sells.
pub fn capacity(size: Size) -> Scenario {
    let scenario = Scenario::new("a change of the capacity", 1)
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1)
        .confirm(size.pick(0, 1), "alice", 0)
        .put(1, 60, 2)
        .put(size.pick(0, 1), 60, 1);
    Scenario { ticks: size.pick(0, 3), ..scenario }
}

/// One waits for the last place, which is given back while a newcomer wants it.
pub fn line(size: Size) -> Scenario {
    let scenario = Scenario::new("a line", 1)
        .sell(1, "alice", "a", Book, (0, 1, 60), 1)
        .sell(1, "carol", "c", Wait, (0, 1, 60), 1)
        .cancel(1, "alice", 0)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1)
        .cancel(size.pick(0, 1), "carol", 1)
        .sell(size.pick(0, 1), "dave", "d", Wait, (0, 1, 60), 1);
    Scenario { ticks: size.pick(0, 1), ..scenario }
}

/// A hold runs out while somebody waits for its place, and a newcomer wants it; so does the offer.
pub fn offered_late(size: Size) -> Scenario {
    let scenario = Scenario::new("a hold that runs out before a line", 1)
        .sell(1, "alice", "a", Hold, (0, 1, 60), 1)
        .sell(1, "carol", "c", Wait, (0, 1, 60), 1)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1)
        .confirm(size.pick(0, 1), "carol", 1)
        .cancel(size.pick(0, 1), "alice", 0);
    Scenario { ticks: size.pick(2, 4), skews: size.pick(&[0], &[0, 1]), ..scenario }
}

/// Two wait, of whom the first wants more than comes free.
pub fn passed_over(size: Size) -> Scenario {
    let scenario = Scenario::new("who does not fit is passed over", 2)
        .sell(1, "alice", "a", Book, (0, 1, 60), 1)
        .sell(1, "bob", "b", Book, (0, 1, 60), 1)
        .sell(1, "carol", "c", Wait, (0, 1, 60), 2)
        .sell(1, "dave", "d", Wait, (0, 1, 60), 1)
        .cancel(1, "alice", 0)
        .cancel(size.pick(0, 1), "bob", 1);
    Scenario { ticks: 0, ..scenario }
}

/// All of them.
pub fn all(size: Size) -> Vec<Scenario> {
    let mut all: Vec<Scenario> = [
        last_place,
        crowd,
        run_out,
        extensions,
        clocks,
        keys,
        moves,
        held_moves,
        with,
        approval,
        unanswered,
        unanswered_until_the_start,
        begun,
        capacity,
        line,
        offered_late,
        passed_over,
    ]
    .map(|scenario| scenario(size))
    .into();
    all.extend(grids::all(size));
    all
}
