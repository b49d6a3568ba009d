//! Small models of the system, explored as a whole: every order of events, not only those that somebody
//! thought of.
//!
//! What decides is the product's own code (`domain`); what is modelled is what lies between: requests
//! that are worked on at the same time, one call of the database a step, processes that die, answers
//! that are lost, clocks that differ.
//!
//! | module | what it knows |
//! |---|---|
//! | [`mod@explore`] | every state that a model can come to |
//! | [`kept`] | values that many states share |
//! | [`mutation`] | designs that are wrong, to see that the models can tell |
//! | [`sales`] | holds, bookings, changes, expiry |
//! | [`limit`] | how much a customer may have open |
//! | [`pushes`] | connections, subscriptions, what clients are told |

pub mod explore;
pub mod kept;
pub mod limit;
pub mod mutation;
pub mod pushes;
pub mod sales;

use crate::{Budget, Figures, Violation};
use explore::{Counterexample, Explored, Model, explore, per_second};
use limit::Limit;
use pushes::Pushes;
use sales::Sales;
use sales::scenarios::{self, Size};
use std::time::{Duration, Instant};

/// Explores all models, each as far as there is time.
pub fn run(budget: &Budget) -> Result<Figures, Violation> {
    let mut total = Total::default();
    for scenario in scenarios::all(Size::Large) {
        let name = scenario.name;
        total.add(name, &Sales::new(scenario), budget.end)?;
    }
    for scenario in limit::scenario::all(Size::Large) {
        let name = scenario.name;
        total.add(name, &Limit::new(scenario), budget.end)?;
    }
    for scenario in pushes::scenario::all(Size::Large) {
        let name = scenario.name;
        total.add(name, &Pushes::new(scenario), budget.end)?;
    }
    Ok(total.figures())
}

/// Figures of all models together.
#[derive(Debug, Default)]
struct Total {
    figures: Figures,
    states: usize,
    transitions: usize,
    took: Duration,
}

impl Total {
    fn add<M: Model>(&mut self, name: &str, model: &M, end: Instant) -> Result<(), Violation> {
        let explored = explore(name, model, end).map_err(|found| violation(name, &found))?;
        let Explored { states, transitions, depth, complete, took } = explored;
        let all = if complete { "" } else { ", NOT ALL: no time left" };
        let rate = per_second(states, took);
        let line = format!(
            "{states} states, {transitions} transitions, depth {depth}, {rate} states/s{all}"
        );
        eprintln!("  {name}: {line}");
        self.figures.add(name, line);
        self.states += states;
        self.transitions += transitions;
        self.took += took;
        Ok(())
    }

    fn figures(mut self) -> Figures {
        self.figures.add("different states", self.states);
        self.figures.add("transitions (each another order of events)", self.transitions);
        self.figures.add("states per second", per_second(self.states, self.took));
        self.figures
    }
}

/// A counterexample, for whoever reads it.
fn violation(name: &str, found: &Counterexample) -> Violation {
    let lines = found.history.iter().enumerate();
    let history: Vec<String> = lines.map(|(n, line)| format!("{:>3}. {line}", n + 1)).collect();
    Violation {
        promise: format!("{}: {} ({name})", found.broken.promise, found.broken.how),
        history: history.join("\n"),
        again: "cargo run -p prove -- model".to_owned(),
    }
}
