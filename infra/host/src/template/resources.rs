//! The resources that this host runs: each struct names all the properties that it may have.
//!
//! A property that changes nothing on one machine is named too, with the reason, as a field that
//! begins with an underscore, which `rename_all` drops. Any other property is refused when the
//! template is read.

pub(super) mod bucket;
pub(super) mod bus;
pub(super) mod delivery_stream;
pub(super) mod event_source_mapping;
pub(super) mod function;
pub(super) mod invoke_config;
pub(super) mod pipe;
pub(super) mod policy;
pub(super) mod queue;
pub(super) mod rule;
pub(super) mod service_policy;
pub(super) mod table;

use super::arn;
use super::event_plan::{Bucket, DeliveryStream, Destination, EventBus};
use super::plan::{Function, Queue, Role, Table};
use std::collections::BTreeMap;

/// What other resources refer to by ARN or name.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) tables: BTreeMap<String, Table>,
    pub(super) functions: BTreeMap<String, Function>,
    pub(super) queues: BTreeMap<String, Queue>,
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) buses: BTreeMap<String, EventBus>,
    pub(super) buckets: BTreeMap<String, Bucket>,
    pub(super) delivery_streams: BTreeMap<String, DeliveryStream>,
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

impl Named {
    /// The logical id of the event bus with this ARN or name.
    pub(super) fn bus(&self, reference: &str) -> Option<&str> {
        find(&self.buses, |it| it.arn == reference || it.name == reference)
    }

    /// The logical id of the bucket with this ARN.
    pub(super) fn bucket(&self, arn: &str) -> Option<&str> {
        find(&self.buckets, |it| it.arn == arn)
    }

    /// The logical id of the delivery stream with this ARN.
    pub(super) fn delivery_stream(&self, arn: &str) -> Option<&str> {
        find(&self.delivery_streams, |it| it.arn == arn)
    }

    /// What has this ARN and can be told of something.
    pub(super) fn destination(&self, arn: &str) -> Option<Destination> {
        let queue = || self.queue(arn).map(|id| Destination::Queue(id.to_owned()));
        let function = || self.function(arn).map(|id| Destination::Function(id.to_owned()));
        let bus = || self.bus(arn).map(|id| Destination::Bus(id.to_owned()));
        queue().or_else(function).or_else(bus)
    }
}

fn find<T>(named: &BTreeMap<String, T>, is_it: impl Fn(&T) -> bool) -> Option<&str> {
    named.iter().find(|(_, it)| is_it(it)).map(|(id, _)| id.as_str())
}
