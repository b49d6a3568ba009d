//! What the driver of a seed and its clients tell each other.

use super::view::View;
use crate::simulation::powers::Powers;
use crate::simulation::step::Topic;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What clients are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// The round of their steps.
    pub round: usize,
    /// Whether everything is to come to rest: no more faults, and tokens that last.
    pub rests: bool,
}

/// How a client is.
#[derive(Debug, Default)]
pub struct Standing {
    /// Whether its steps of this round are done.
    pub done: bool,
    /// Why it is not at rest.
    pub restless: Option<&'static str>,
    /// Its connection.
    pub connection: Option<String>,
    /// What it sees, by what it watches: while it is at rest.
    pub views: BTreeMap<Topic, View>,
    /// The newest version of each booking that it was told of in a reply.
    pub acknowledged: BTreeMap<String, u64>,
    /// As what it comes now, and the end of its token.
    pub token: Option<(Powers, i64)>,
}

/// What the driver of a seed and its clients tell each other.
pub struct Board {
    phase: Mutex<Phase>,
    /// Wakes in the order in which it was waited for; tokio's `watch` would wake in a random one.
    changed: Notify,
    standings: Mutex<Vec<Standing>>,
}

impl Board {
    /// For so many clients.
    pub fn new(clients: usize) -> Self {
        let phase = Mutex::new(Phase { round: 0, rests: false });
        let standings = (0..clients).map(|_| Standing::default()).collect();
        Self { phase, changed: Notify::new(), standings: Mutex::new(standings) }
    }

    /// What clients are to do from now on.
    pub fn set(&self, phase: Phase) {
        for standing in self.standings().iter_mut() {
            standing.done = false;
            standing.restless = Some("it has not looked");
        }
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
        self.changed.notify_waiters();
    }

    /// What clients are to do.
    pub fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until that is another.
    pub async fn changes(&self) {
        self.changed.notified().await;
    }

    /// How the clients are.
    pub fn standings(&self) -> MutexGuard<'_, Vec<Standing>> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
