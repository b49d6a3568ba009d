//! Who asks for what.

use super::super::mutation::Mutation;
use super::super::sales::scenarios::Size;

/// Who asks for what.
#[derive(Debug)]
#[must_use]
pub struct Scenario {
    /// What it is called in figures and failures.
    pub name: &'static str,
    /// The orders: a key, places, and how often it may be sent.
    pub orders: Vec<(usize, u32, u8)>,
    /// Places that the customer may have open.
    pub max: u64,
    /// Requests under way at once.
    pub at_once: usize,
    /// How often the clock steps, each time by as long as a request may live.
    pub ticks: u8,
    /// How often places come and go, for others.
    pub changes: u8,
    /// How often a booking is closed.
    pub closes: u8,
    /// What is done wrong.
    pub mutation: Option<Mutation>,
}

/// All of them.
pub fn all(size: Size) -> Vec<Scenario> {
    vec![two_keys(size), one_key(size)]
}

/// Two keys, and places for one of them.
pub fn two_keys(size: Size) -> Scenario {
    Scenario {
        name: "a limit and two keys",
        orders: vec![(0, 1, size.pick(1, 2)), (1, 1, 1), (2, 1, size.pick(0, 1))],
        max: 1,
        at_once: 2,
        ticks: size.pick(1, 2),
        changes: 1,
        closes: size.pick(0, 1),
        mutation: None,
    }
}

/// One key that is sent again while the first attempt is still under way, for the same or for less.
pub fn one_key(size: Size) -> Scenario {
    Scenario {
        name: "a limit and a key that is repeated",
        orders: vec![(0, 2, size.pick(1, 2)), (0, 1, 1), (1, 1, 1)],
        max: 2,
        at_once: 2,
        ticks: size.pick(0, 1),
        changes: 2,
        closes: size.pick(0, 1),
        mutation: None,
    }
}

impl Scenario {
    /// With this done wrong.
    pub fn with(self, mutation: Mutation) -> Self {
        Self { mutation: Some(mutation), ..self }
    }
}
