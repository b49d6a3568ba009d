//! What reads tables' streams: event source mappings to functions, as Lambda runs them, and pipes to
//! event buses.
//!
//! Each reads its stream in order, one batch at a time, and goes on only when the batch is
//! done: the function or the bus has taken it, or it was given up within the limits and the
//! on-failure destination was told. How far it got is written down after every step, so that a host that
//! starts again goes on there.

mod batch_result;
mod consumer;
mod give_up;
mod reader;
mod record;

use crate::database::{Database, DatabaseError, Position};
use crate::events::{EventBuses, PipeTarget};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::lambda::Functions;
use crate::queues::Queues;
pub use crate::streams::batch_result::BatchResult;
use crate::streams::consumer::Consumer;
use crate::streams::reader::Reader;
pub use crate::streams::record::{Change, event};
use crate::template::Plan;
use std::time::Duration;
use tokio::task::JoinSet;

/// How often records that DynamoDB would have forgotten are removed.
const PRUNE: Duration = Duration::from_hours(1);

/// What the readers stand on.
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
    /// Where pipes lead.
    pub buses: EventBuses,
    /// What batches meet.
    pub faults: Faults,
}

/// The mappings and pipes of the template; they end when this is dropped.
pub struct Mappings {
    waiting: Vec<Reader>,
    plan: Plan,
    surroundings: Surroundings,
    tasks: JoinSet<()>,
}

impl Mappings {
    /// Finds each reader's position. One that has none takes its starting position, so that no
    /// change from now on is missed.
    pub fn prepare(plan: &Plan, surroundings: &Surroundings) -> Result<Self, DatabaseError> {
        let mut waiting = Vec::new();
        for (id, mapping) in &plan.stream_mappings {
            let function = plan.functions.get(&mapping.function);
            let consumer = Consumer::Function {
                id: mapping.function.clone(),
                arn: function.map(|it| it.arn.clone()).unwrap_or_default(),
                reports_failures: mapping.reports_failures,
                functions: surroundings.functions.clone(),
            };
            waiting.push(Reader::new(id, &mapping.reader, consumer, plan, surroundings.clone())?);
        }
        for (id, pipe) in &plan.events.pipes {
            let bus = plan.events.buses.get(&pipe.bus);
            let consumer = Consumer::Pipe(Box::new(PipeTarget {
                id: id.clone(),
                pipe: pipe.clone(),
                buses: surroundings.buses.clone(),
                bus_arn: bus.map(|bus| bus.arn.clone()).unwrap_or_default(),
            }));
            waiting.push(Reader::new(id, &pipe.reader, consumer, plan, surroundings.clone())?);
        }
        let (plan, surroundings) = (plan.clone(), surroundings.clone());
        Ok(Self { waiting, plan, surroundings, tasks: JoinSet::new() })
    }

    /// Delivers from now on.
    pub fn start(&mut self) {
        for reader in self.waiting.drain(..) {
            self.tasks.spawn(reader.run());
        }
        self.tasks.spawn(prune(self.plan.clone(), self.surroundings.clone()));
    }
}

/// Removes stream records that every reader has done with and that are a day old.
async fn prune(plan: Plan, surroundings: Surroundings) {
    let mut timer = tokio::time::interval(PRUNE);
    loop {
        timer.tick().await;
        let (plan, surroundings) = (plan.clone(), surroundings.clone());
        let pruned = tokio::task::spawn_blocking(move || {
            for (id, table) in &plan.tables {
                let mappings = plan.stream_mappings.iter().map(|(id, it)| (id, &it.reader));
                let pipes = plan.events.pipes.iter().map(|(id, it)| (id, &it.reader));
                let readers = mappings.chain(pipes).filter(|(_, it)| it.table == *id);
                let positions = readers
                    .filter_map(|(reader, _)| surroundings.journal.position(reader).transpose())
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
