//! What the template says of event buses, with every reference resolved.

use super::input_template::InputTemplate;
use super::path::JsonPath;
use super::pattern::Pattern;
use super::stream_plan::StreamReader;
use super::stream_prefix::Prefix;
use std::collections::BTreeMap;
use std::time::Duration;

/// An event bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBus {
    /// The bus's name.
    pub name: String,
    /// The bus's ARN.
    pub arn: String,
}

/// A pipe from a table's stream to an event bus.
#[derive(Debug, Clone)]
pub struct Pipe {
    /// The pipe's name.
    pub name: String,
    /// The pipe's ARN.
    pub arn: String,
    /// The logical id of the role that it has.
    pub role: String,
    /// How it reads.
    pub reader: StreamReader,
    /// The logical id of the bus.
    pub bus: String,
    /// What events have as `source`.
    pub source: TextOrPath,
    /// What events have as `detail-type`.
    pub detail_type: TextOrPath,
    /// What events have as `resources`.
    pub resources: Vec<String>,
    /// What of a record events have as `detail`; without it, all of it.
    pub input: Option<InputTemplate>,
}

/// A text, or where in a record it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextOrPath {
    /// Always this one.
    Text(String),
    /// What the record has there.
    Path(JsonPath),
}

/// A rule of an event bus.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The rule's name.
    pub name: String,
    /// The rule's ARN.
    pub arn: String,
    /// The logical id of the bus.
    pub bus: String,
    /// Which events it is for.
    pub pattern: Pattern,
    /// Whether it is in force.
    pub enabled: bool,
    /// Who is told.
    pub targets: Vec<RuleTarget>,
}

/// Who a rule tells of an event.
#[derive(Debug, Clone)]
pub struct RuleTarget {
    /// The target's id, unique in its rule.
    pub id: String,
    /// Where the event goes.
    pub to: Outlet,
    /// What of the event.
    pub input: TargetInput,
    /// How often a delivery that failed is tried again: 0 to 185.
    pub retries: u32,
    /// For how long it is tried: 1 minute to 24 hours.
    pub age: Duration,
    /// The logical id of the queue that gets what could not be delivered.
    pub dead_letters: Option<String>,
}

/// Where rules deliver to, by its logical id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlet {
    /// A queue.
    Queue(String),
    /// A function, which nobody waits for.
    Function(String),
    /// A delivery stream.
    Stream {
        /// The stream.
        id: String,
        /// The role with which the rule writes to it.
        role: String,
    },
}

/// Something that can be told of something, by its logical id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A queue.
    Queue(String),
    /// A function, which nobody waits for.
    Function(String),
    /// An event bus.
    Bus(String),
}

/// What of an event its target gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetInput {
    /// All of it.
    Event,
    /// This text, whatever the event.
    Constant(String),
    /// The part that this path leads to.
    Part(JsonPath),
    /// What the event makes of this template.
    Template(InputTemplate),
}

/// What becomes of invocations of a function that nobody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsyncInvocation {
    /// How often an invocation that failed is tried again: 0 to 2.
    pub retries: u32,
    /// How old an event may become: 1 minute to 6 hours.
    pub age: Duration,
    /// Who is told of those that succeeded.
    pub on_success: Option<Destination>,
    /// Who is told of those that were given up.
    pub on_failure: Option<Destination>,
}

impl Default for AsyncInvocation {
    /// As Lambda has it for a function that does not say:
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>
    fn default() -> Self {
        Self { retries: 2, age: Duration::from_hours(6), on_success: None, on_failure: None }
    }
}

/// An archive of the events of a bus.
#[derive(Debug, Clone)]
pub struct Archive {
    /// The archive's name.
    pub name: String,
    /// The archive's ARN.
    pub arn: String,
    /// The logical id of the bus.
    pub bus: String,
    /// Which events it keeps; all of them without it.
    pub pattern: Option<Pattern>,
    /// For how long; for good without it.
    pub retention: Option<Duration>,
}

/// A bucket, which is a folder here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// The bucket's ARN.
    pub arn: String,
}

/// A delivery stream of Firehose to a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryStream {
    /// The stream's name.
    pub name: String,
    /// The stream's ARN.
    pub arn: String,
    /// The logical id of the bucket.
    pub bucket: String,
    /// The logical id of the role that it has.
    pub role: String,
    /// Where in the bucket its files are.
    pub prefix: Prefix,
    /// What their names end in.
    pub extension: String,
    /// Whether they are compressed.
    pub gzip: bool,
    /// Whether each record ends in a new line.
    pub delimits: bool,
    /// With how much a file is written: 1 to 128 MiB.
    pub buffer_bytes: usize,
    /// After how long it is written, however little it has: up to 15 minutes.
    pub buffer_time: Duration,
}

/// What a service of AWS may do to a resource of the template, by the resource's own policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceGrant {
    /// The service, such as `events.amazonaws.com`.
    pub service: String,
    /// The action; may have wildcards.
    pub action: String,
    /// The resource's ARN; may have wildcards.
    pub resource: String,
    /// On behalf of which resources, by their ARNs, which may have wildcards; of any, if it is `None`.
    pub sources: Option<Vec<String>>,
}

/// All that hangs off event buses.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// The buses, by logical id.
    pub buses: BTreeMap<String, EventBus>,
    /// The pipes, by logical id; those that are stopped are left out.
    pub pipes: BTreeMap<String, Pipe>,
    /// The rules, by logical id.
    pub rules: BTreeMap<String, Rule>,
    /// The archives, by logical id.
    pub archives: BTreeMap<String, Archive>,
    /// The buckets, by logical id.
    pub buckets: BTreeMap<String, Bucket>,
    /// The delivery streams, by logical id.
    pub delivery_streams: BTreeMap<String, DeliveryStream>,
    /// What becomes of invocations that nobody waits for, by the function's logical id, where the
    /// template says so.
    pub invocations: BTreeMap<String, AsyncInvocation>,
    /// What services may do.
    pub service_grants: Vec<ServiceGrant>,
}
