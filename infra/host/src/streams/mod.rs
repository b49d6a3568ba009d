//! Event source mappings from tables' streams to functions, as Lambda runs them.
//!
//! Each mapping reads its stream in order, one batch at a time, and goes on only when the batch is
//! done: the function has taken it, or the mapping gave it up within its limits and told its
//! on-failure destination. How far it got is written down after every step, so that a host that
//! starts again goes on there.

mod batch_result;
mod give_up;
mod mapping;
mod record;

use crate::database::{Database, DatabaseError, Position};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::lambda::Functions;
use crate::queues::Queues;
pub use crate::streams::batch_result::BatchResult;
use crate::streams::mapping::Mapping;
pub use crate::streams::record::{Change, event};
use crate::template::Plan;
use std::time::Duration;
use tokio::task::JoinSet;

/// How often records that DynamoDB would have forgotten are removed.
const PRUNE: Duration = Duration::from_hours(1);

/// What the mappings stand on.
#[derive(Clone)]
pub struct Surroundings {
    /// The tables.
    pub database: Database,
    /// The functions.
    pub functions: Functions,
    /// Where positions are written down.
    pub journal: Journal,
    /// Where on-failure destinations are.
    pub queues: Queues,
    /// What batches meet.
    pub faults: Faults,
}

/// The mappings of the template; they end when this is dropped.
pub struct Mappings {
    waiting: Vec<Mapping>,
    plan: Plan,
    surroundings: Surroundings,
    tasks: JoinSet<()>,
}

impl Mappings {
    /// Finds each mapping's position. One that has none takes its starting position, so that no
    /// change from now on is missed.
    pub fn prepare(plan: &Plan, surroundings: &Surroundings) -> Result<Self, DatabaseError> {
        let waiting = plan
            .stream_mappings
            .iter()
            .map(|(id, settings)| Mapping::new(id, settings, plan, surroundings.clone()))
            .collect::<Result<_, _>>()?;
        let (plan, surroundings) = (plan.clone(), surroundings.clone());
        Ok(Self { waiting, plan, surroundings, tasks: JoinSet::new() })
    }

    /// Delivers from now on.
    pub fn start(&mut self) {
        for mapping in self.waiting.drain(..) {
            self.tasks.spawn(mapping.run());
        }
        self.tasks.spawn(prune(self.plan.clone(), self.surroundings.clone()));
    }
}

/// Removes stream records that every mapping has done with and that are a day old.
async fn prune(plan: Plan, surroundings: Surroundings) {
    let mut timer = tokio::time::interval(PRUNE);
    loop {
        timer.tick().await;
        let (plan, surroundings) = (plan.clone(), surroundings.clone());
        let pruned = tokio::task::spawn_blocking(move || {
            for (id, table) in &plan.tables {
                let readers = plan.stream_mappings.iter().filter(|(_, it)| it.table == *id);
                let positions = readers
                    .filter_map(|(mapping, _)| surroundings.journal.position(mapping).transpose())
                    .map(|position| Ok(Position::from_text(position?)))
                    .collect::<Result<Vec<_>, DatabaseError>>()?;
                let removed = surroundings.database.prune(&table.name, &positions)?;
                tracing::debug!(table = table.name, removed, "pruned the stream");
            }
            Ok::<_, DatabaseError>(())
        });
        match pruned.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "cannot prune the streams"),
            Err(_) => return,
        }
    }
}
