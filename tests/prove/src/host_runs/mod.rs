//! Real clients on a real local host, while everything goes wrong.
//!
//! | module | what it runs |
//! |---|---|
//! | [`faults`] | everything fails by chance; in the end all know how it is |
//! | [`race`] | a crowd wants the places of one resource |
//! | [`offline`] | clients go away and come back |
//! | [`kill`] | the host is killed, and started again on what it had written |
//! | `world`, `actor`, `life` | clients, resources, and what they do |
//! | `settle` | how it ends |
//!
//! What the clients saw goes to the checker in [`crate::history`].

mod actor;
pub mod faults;
pub mod kill;
mod life;
pub mod offline;
pub mod race;
mod settle;
mod world;

use crate::findings::{Figures, Violation};
use crate::history::{self, Checked, History, Rules, Witness};
use e2e::Host;
use jiff::SignedDuration;
use std::fmt::Display;
use std::future::Future;
use world::World;

/// Runs a part, on a runtime of its own.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads and timers");
    runtime.block_on(work)
}

/// Starts a host while others go on.
async fn start(start: impl FnOnce() -> Host + Send + 'static) -> Host {
    let started = tokio::task::spawn_blocking(start).await;
    started.expect("starting a host fails with a panic of its own")
}

/// The command that runs a seed of a part again.
fn again(part: &str, seed: u64) -> String {
    format!("cargo run --bin prove -- {part} --seed {seed}")
}

/// A run that did not come to its end.
fn failed(part: &str, seed: u64, why: &str, history: &History) -> Violation {
    Violation {
        promise: format!("seed {seed}: everything comes to its end, but {why}"),
        history: lines(&history.events),
        again: again(part, seed),
    }
}

fn lines(lines: &[impl Display]) -> String {
    lines.iter().fold(String::new(), |all, line| format!("{all}  {line}\n"))
}

/// Has the checker look at a world in the end.
fn check(
    part: &str,
    seed: u64,
    world: &World,
    skew: SignedDuration,
    witness: &Witness,
) -> Result<Checked, Violation> {
    let history = world.recorder.history();
    let rules = Rules { terms: world.terms(), skew };
    history::check(&history, &rules, Some(witness)).map_err(|broken| Violation {
        promise: format!("seed {seed}: {}", broken.promise),
        history: lines(&broken.lines),
        again: again(part, seed),
    })
}

/// Adds what was looked at to a part's figures.
fn add(figures: &mut Figures, checked: &Checked) {
    figures.add("requests", checked.operations);
    figures.add("requests without a certain answer", checked.open);
    figures.add("updates pushed", checked.pushes);
    figures.add("slots explained", checked.slots);
    figures.add("bookings explained", checked.bookings);
    figures.add("searches given up as too long", checked.undecided);
}
