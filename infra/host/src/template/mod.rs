//! Reads the synthesized template into a plan that this machine can run.
//!
//! [`Plan::read`] takes `CloudFormation` JSON as `cdk synth` writes it. Each resource is either read
//! into a struct that names every property it may have (`resources`), or it is of a type on the
//! list of those that mean nothing here (`ignored`). Whatever is neither stops the start with the
//! resource's logical id: nothing that the template says is passed over in silence.

mod apis;
mod arn;
mod document;
mod error;
mod event_plan;
mod ignored;
mod input_template;
mod matcher;
mod names;
mod path;
mod pattern;
mod plan;
mod read;
mod reader;
mod resolve;
mod resources;
mod stream_plan;
mod stream_prefix;

pub use arn::{ACCOUNT, PARTITION, REGION, STACK, URL_SUFFIX};
pub(crate) use arn::{queue as queue_arn, queue_url, stream as stream_arn, table as table_arn};
pub use error::TemplateError;
pub use event_plan::{
    Archive, AsyncInvocation, Bucket, DeliveryStream, Destination, EventBus, Events, Outlet, Pipe,
    Rule, RuleTarget, ServiceGrant, TargetInput, TextOrPath,
};
pub use input_template::{InputTemplate, InputTemplateError};
pub use matcher::PatternError;
pub use path::{JsonPath, NoPath};
pub use pattern::Pattern;
pub use plan::{
    Authorizer, Effect, Function, Grant, HttpApi, HttpRoute, Plan, Queue, QueueMapping, Redrive,
    Role, Route, StreamMapping, Table, Throttling, WebSocketApi,
};
pub(crate) use resources::policy::OneOrMore;
pub use stream_plan::{StartingPosition, StreamReader};
pub use stream_prefix::{NoPrefix, Prefix};
