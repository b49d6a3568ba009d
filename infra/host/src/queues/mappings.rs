//! The event source mappings of the template from queues to functions.

use super::Queues;
use super::mapping::Mapping;
use crate::lambda::Functions;
use crate::template::Plan;
use tokio::task::JoinSet;

/// The mappings from queues; they end when this is dropped, and what they had in hand comes again.
#[derive(Debug)]
pub struct QueueMappings {
    _tasks: JoinSet<()>,
}

impl QueueMappings {
    /// Delivers from now on.
    pub fn start(plan: &Plan, queues: &Queues, functions: &Functions) -> Self {
        let mut tasks = JoinSet::new();
        for (id, settings) in &plan.queue_mappings {
            let mapping = Mapping::new(id, settings, queues.clone(), functions.clone());
            tasks.spawn(mapping.run());
        }
        Self { _tasks: tasks }
    }
}
