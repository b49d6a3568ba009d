//! What the template says, with every reference resolved.

use super::event_plan::Events;
use super::pattern::Pattern;
use super::stream_plan::StreamReader;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that this machine runs.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The tables, by logical id.
    pub tables: BTreeMap<String, Table>,
    /// The functions, by logical id.
    pub functions: BTreeMap<String, Function>,
    /// The event source mappings from a table's stream to a function, by logical id.
    pub stream_mappings: BTreeMap<String, StreamMapping>,
    /// The event source mappings from a queue to a function, by logical id.
    pub queue_mappings: BTreeMap<String, QueueMapping>,
    /// The queues, by logical id.
    pub queues: BTreeMap<String, Queue>,
    /// Event buses, and what hangs off them.
    pub events: Events,
    /// The roles, by logical id.
    pub roles: BTreeMap<String, Role>,
    /// The WebSocket API.
    pub api: WebSocketApi,
    /// The HTTP APIs.
    pub http_apis: Vec<HttpApi>,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// The request that creates it, as DynamoDB's `CreateTable` takes it.
    pub create: Value,
    /// The attribute that holds when an item is to be deleted, in seconds.
    pub ttl_attribute: Option<String>,
    /// The stream's ARN, if the table has a stream.
    pub stream_arn: Option<String>,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// The function's name in AWS.
    pub name: String,
    /// The function's ARN.
    pub arn: String,
    /// Which function of this program it is.
    pub handler: String,
    /// The logical id of the role that it has.
    pub role: String,
    /// Its environment as the template writes it.
    pub environment: BTreeMap<String, String>,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Its memory in MiB, which it is told but not held to.
    pub memory_mib: u32,
    /// How many invocations may run at once; more are throttled.
    pub reserved_concurrency: Option<usize>,
}

/// An event source mapping from a table's stream to a function.
#[derive(Debug, Clone)]
pub struct StreamMapping {
    /// How it reads.
    pub reader: StreamReader,
    /// The function's logical id.
    pub function: String,
    /// Whether the function says which record failed.
    pub reports_failures: bool,
}

/// A standard queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The queue's name.
    pub name: String,
    /// How long it keeps a message, from when it was sent: 1 minute to 14 days.
    pub retention: Duration,
    /// For how long a message that was received is nobody else's, unless the receiver says: 0 to 12 hours.
    pub visibility: Duration,
    /// How long after it was sent a message can be received, unless its sender says: 0 to 15 minutes.
    pub delay: Duration,
    /// How long a receiver waits for a message, unless it says: 0 to 20 seconds.
    pub wait: Duration,
    /// The largest message in bytes, attributes included: 1 KiB to 1 MiB.
    pub largest_message: usize,
    /// What becomes of messages that are received again and again.
    pub redrive: Option<Redrive>,
}

/// What becomes of a message that nobody deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The logical id of the dead-letter queue that it is moved to.
    pub queue: String,
    /// After how many times that it was received: 1 to 1,000.
    pub receives: u32,
}

/// An event source mapping from a queue to a function.
#[derive(Debug, Clone)]
pub struct QueueMapping {
    /// The queue's logical id.
    pub queue: String,
    /// The function's logical id.
    pub function: String,
    /// The most messages of one batch: 1 to 10,000.
    pub batch_size: usize,
    /// How long to wait for a batch to fill.
    pub batching_window: Duration,
    /// Which messages are delivered: those that match one of these, or all where there is none. The
    /// others are deleted.
    pub filters: Vec<Pattern>,
    /// How many batches are delivered at once, at most.
    pub concurrency: usize,
    /// Whether the function says which messages failed.
    pub reports_failures: bool,
}

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// The role's name.
    pub name: String,
    /// The role's ARN.
    pub arn: String,
    /// What its policies say, in their order.
    pub grants: Vec<Grant>,
}

/// One action on one resource, as a policy allows or denies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The logical id of the policy.
    pub policy: String,
    /// What the policy does about it.
    pub effect: Effect,
    /// The action, such as `dynamodb:GetItem`; may have wildcards.
    pub action: String,
    /// The resource's ARN; may have wildcards.
    pub resource: String,
}

/// What a policy does about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It is allowed, unless another policy denies it.
    Allow,
    /// It is denied, whatever other policies say.
    Deny,
}

/// A WebSocket API with the one stage that it is deployed to.
#[derive(Debug, Clone, PartialEq)]
pub struct WebSocketApi {
    /// The API's id: ten lower case letters and digits, derived from its logical id.
    pub id: String,
    /// Which part of a message names its route, such as `$request.body.action`.
    pub selection_expression: String,
    /// The stage's name, which is the first segment of every path.
    pub stage: String,
    /// The routes by their key: `$connect`, `$disconnect`, `$default` and named ones.
    pub routes: BTreeMap<String, Route>,
    /// What every route without a limit of its own is held to.
    pub throttling: Option<Throttling>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The logical id of the function that answers.
    pub function: String,
    /// How long the API waits for it; 29 s unless the template says less.
    pub timeout: Duration,
    /// Who decides whether a client may connect; only `$connect` has one.
    pub authorizer: Option<Authorizer>,
    /// Whether the function's body goes back to the client.
    pub route_response: bool,
    /// This route's own limit.
    pub throttling: Option<Throttling>,
}

/// A REQUEST authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// The logical id of the function that decides.
    pub function: String,
    /// Selectors such as `route.request.header.Authorization`; all must be present, or the
    /// client gets 401 without the function being asked.
    pub identity_sources: Vec<String>,
}

/// An HTTP API with its stage `$default`, which is no part of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpApi {
    /// The API's id: ten lower case letters and digits, derived from its logical id.
    pub id: String,
    /// The routes.
    pub routes: Vec<HttpRoute>,
}

/// Where a request over HTTP goes.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRoute {
    /// The route's logical id.
    pub id: String,
    /// Such as `POST`; `ANY` for those that no other route of the path has.
    pub method: String,
    /// Such as `/v1`.
    pub path: String,
    /// The logical id of the function that answers.
    pub function: String,
    /// How long the API waits for it; 30 s unless the template says less.
    pub timeout: Duration,
    /// This route's own limit, or the stage's.
    pub throttling: Option<Throttling>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttling {
    /// Requests per second.
    pub rate: f64,
    /// Requests at once.
    pub burst: u32,
}
