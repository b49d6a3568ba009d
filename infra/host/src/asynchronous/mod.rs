//! Makes the invocations that nobody waits for, as Lambda does: it tries again what failed, gives up what
//! is too old, and tells destinations how it went.
//!
//! | file | what it knows |
//! |---|---|
//! | `attempt` | one attempt, and what follows from it |
//! | `record` | what destinations are told |
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

mod attempt;
mod record;

use crate::events::EventBuses;
use crate::invocations::Invocations;
use crate::journal::Journal;
use crate::lambda::Functions;
use crate::queues::Queues;
use crate::template::Plan;
use attempt::Maker;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Invocations of one function that are under way at once, at most; the processes of a function are fewer.
const AT_ONCE: usize = 16;

/// How long to wait when the journal fails.
const PAUSE: Duration = Duration::from_secs(1);

/// What the makers stand on.
#[derive(Clone)]
pub struct AsyncSurroundings {
    /// The invocations.
    pub invocations: Invocations,
    /// The functions.
    pub functions: Functions,
    /// Where destinations are.
    pub queues: Queues,
    /// Where destinations are.
    pub buses: EventBuses,
    /// In which it is written down that an invocation is done with.
    pub journal: Journal,
    /// How long after its first failure an invocation is made again; after the second one, twice as
    /// long. On AWS, one minute.
    pub retry_after: Duration,
}

/// Who makes the invocations; what they have in hand when this is dropped begins anew at the next start.
#[derive(Debug)]
pub struct AsyncInvocations {
    _tasks: JoinSet<()>,
}

impl AsyncInvocations {
    /// Makes invocations from now on.
    pub fn start(plan: &Plan, surroundings: &AsyncSurroundings) -> Self {
        let mut tasks = JoinSet::new();
        for (id, function) in &plan.functions {
            let settings = plan.events.invocations.get(id).cloned().unwrap_or_default();
            let maker = Maker {
                function: id.clone(),
                arn: function.arn.clone(),
                settings,
                plan: Arc::new(plan.events.clone()),
                surroundings: surroundings.clone(),
            };
            tasks.spawn(run(Arc::new(maker)));
        }
        Self { _tasks: tasks }
    }
}

async fn run(maker: Arc<Maker>) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut attempts = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        while attempts.try_join_next().is_some() {}
        match maker.surroundings.invocations.next(&maker.function).await {
            Ok(pending) => {
                let maker = Arc::clone(&maker);
                attempts.spawn(async move {
                    maker.attempt(pending).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::error!(function = maker.function, %error, "cannot read invocations");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
