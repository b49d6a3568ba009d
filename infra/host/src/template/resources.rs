//! The resources that this host runs: each struct names all the properties that it may have.
//!
//! A property that changes nothing on one machine is named too, with the reason, as a field that
//! begins with an underscore, which `rename_all` drops. Any other property is refused when the
//! template is read.

pub(super) mod event_source_mapping;
pub(super) mod events;
pub(super) mod function;
pub(super) mod policy;
pub(super) mod queue;
pub(super) mod table;

use super::arn;
use super::plan::{Function, Queue, Role, Table};
use std::collections::{BTreeMap, BTreeSet};

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
        find(&self.functions, |it| it.arn == reference || it.name == reference)
    }

    /// The logical id of the table with this stream.
    pub(super) fn table_of_stream(&self, stream_arn: &str) -> Option<&str> {
        find(&self.tables, |it| it.stream_arn.as_deref() == Some(stream_arn))
    }

    /// The logical id of the role with this ARN.
    pub(super) fn role(&self, role_arn: &str) -> Option<&str> {
        find(&self.roles, |it| it.arn == role_arn)
    }

    /// The logical id of the queue with this ARN.
    pub(super) fn queue(&self, queue_arn: &str) -> Option<&str> {
        find(&self.queues, |it| arn::queue(&it.name) == queue_arn)
    }
}

fn find<T>(named: &BTreeMap<String, T>, is_it: impl Fn(&T) -> bool) -> Option<&str> {
    named.iter().find(|(_, it)| is_it(it)).map(|(id, _)| id.as_str())
}
