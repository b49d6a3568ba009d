//! The resources that this host runs: each struct names all the properties that it may have.
//!
//! A property that changes nothing on one machine is named too, with the reason, as a field that
//! begins with an underscore. Any other property is refused when the template is read.

pub(super) mod event_source_mapping;
pub(super) mod events;
pub(super) mod function;
pub(super) mod policy;
pub(super) mod queue;
pub(super) mod table;

use std::collections::{BTreeMap, BTreeSet};

use super::arn;
use super::plan::{Function, Queue, Role, Table};

/// What other resources refer to by ARN or name.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) tables: BTreeMap<String, Table>,
    pub(super) functions: BTreeMap<String, Function>,
    pub(super) queues: BTreeMap<String, Queue>,
    pub(super) roles: BTreeMap<String, Role>,
    /// The ARNs of event buses.
    pub(super) buses: BTreeSet<String>,
}

impl Named {
    /// The logical id of the function with this ARN or name.
    pub(super) fn function(&self, reference: &str) -> Option<&str> {
        let found = self
            .functions
            .iter()
            .find(|(_, function)| function.arn == reference || function.name == reference)?;
        Some(found.0)
    }

    /// The logical id of the table with this stream.
    pub(super) fn table_of_stream(&self, stream_arn: &str) -> Option<&str> {
        let found = self
            .tables
            .iter()
            .find(|(_, table)| table.stream_arn.as_deref() == Some(stream_arn))?;
        Some(found.0)
    }

    /// The logical id of the role with this ARN.
    pub(super) fn role(&self, role_arn: &str) -> Option<&str> {
        let found = self.roles.iter().find(|(_, role)| role.arn == role_arn)?;
        Some(found.0)
    }

    /// The logical id of the queue with this ARN.
    pub(super) fn queue(&self, queue_arn: &str) -> Option<&str> {
        let found = self.queues.iter().find(|(_, queue)| arn::queue(&queue.name) == queue_arn)?;
        Some(found.0)
    }
}
