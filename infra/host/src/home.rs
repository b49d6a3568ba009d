//! What the host says about itself.

mod events;

use crate::faults::{Faults, FaultsError};
use crate::iam::Iam;
use crate::lambda::Functions;
use crate::off_the_bus::OffTheBus;
use crate::template::Events;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::UPGRADE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use axum::{Json, Router};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where clients connect, and with what.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// The address that is listened on.
    pub address: SocketAddr,
    /// The stage's name.
    pub stage: String,
    /// Whether this host gives out tokens.
    pub gives_tokens: bool,
}

impl Entrance {
    /// The endpoint's URL.
    pub fn url(&self) -> String {
        format!("ws://{}/{}", self.address, self.stage)
    }

    /// A command that connects, with a token that this query asks for.
    pub fn wscat(&self, query: &str) -> String {
        format!("npx wscat -c {} {}", self.url(), self.authorization(query))
    }

    /// A command that posts to this path, but for what it posts, with a token that this query asks for.
    pub fn curl(&self, path: &str, query: &str) -> String {
        format!("curl http://{}{path} {}", self.address, self.authorization(query))
    }

    fn authorization(&self, query: &str) -> String {
        let token = if self.gives_tokens {
            format!("$(curl -s 'http://{}/dev/token?{query}')", self.address)
        } else {
            "TOKEN".to_owned()
        };
        format!("-H \"Authorization: Bearer {token}\"")
    }
}

/// What the pages show.
#[derive(Debug, Clone)]
pub struct Home {
    /// Where clients connect.
    pub entrance: Entrance,
    /// How to connect, and what to type first.
    pub help: String,
    /// Whether everything has started.
    pub ready: Arc<AtomicBool>,
    /// The functions.
    pub functions: Functions,
    /// Queues, event buses and invocations that nobody waits for.
    pub off_the_bus: OffTheBus,
    /// Who may do what.
    pub iam: Iam,
    /// What goes wrong.
    pub faults: Faults,
    /// Where the functions find DynamoDB.
    pub database: SocketAddr,
    /// Where the functions find SQS.
    pub sqs: SocketAddr,
    /// Where they find EventBridge.
    pub eventbridge: SocketAddr,
    /// What hangs off the buses.
    pub events: Events,
    /// The folder of buckets.
    pub buckets: PathBuf,
    /// The tables' names, by logical id.
    pub tables: BTreeMap<String, String>,
}

impl Home {
    /// `/` and `/health`.
    pub fn router(&self) -> Router {
        Router::new().route("/", get(help)).route("/health", get(health)).with_state(self.clone())
    }

    /// What answers where nothing else does.
    pub fn fallback(&self) -> MethodRouter {
        any(nowhere).with_state(self.clone())
    }

    /// `/dev/*`, for this machine's eyes only.
    pub fn dev_router(&self) -> Router {
        Router::new()
            .route("/dev/endpoints", get(endpoints))
            .route("/dev/events", get(events::events))
            .route("/dev/faults", get(faults).put(replace_faults))
            .route("/dev/flush", post(flush))
            .route("/dev/functions", get(functions))
            .route("/dev/iam", get(iam))
            .route("/dev/queues", get(queues))
            .route("/dev/queues/{queue}", get(queue))
            .with_state(self.clone())
    }
}

async fn help(State(home): State<Home>) -> String {
    home.help
}

async fn health(State(home): State<Home>) -> (StatusCode, &'static str) {
    if home.ready.load(Ordering::Acquire) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting\n")
    }
}

/// What there is no page for. A wrong stage or path is 403 to a WebSocket client, as on API Gateway
/// (<https://github.com/aws/aws-sdk-php/issues/1955>), what it is to an HTTP API for a program that sends
/// something, and a hint to whoever types it.
async fn nowhere(State(home): State<Home>, request: Request) -> Response {
    let (url, path) = (home.entrance.url(), request.uri().path());
    if request.headers().contains_key(UPGRADE) {
        tracing::warn!(path, "a client asks for a WebSocket that is not there: it is at {url}");
        return (StatusCode::FORBIDDEN, Json(json!({"message": "Forbidden"}))).into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::NOT_FOUND, Json(json!({"message": "Not Found"}))).into_response();
    }
    let address = home.entrance.address;
    let help =
        format!("no page {path}: clients connect to {url}, and http://{address}/ says how\n");
    (StatusCode::NOT_FOUND, help).into_response()
}

async fn endpoints(State(home): State<Home>) -> Response {
    let database = format!("http://{}", home.database);
    let sqs = format!("http://{}", home.sqs);
    let eventbridge = format!("http://{}", home.eventbridge);
    let Events { buses, rules, archives, buckets, .. } = &home.events;
    let folder = |name: &str| home.buckets.join(name);
    let buckets: BTreeMap<_, _> = buckets.iter().map(|(id, it)| (id, folder(&it.name))).collect();
    let buses: BTreeMap<_, _> = buses.iter().map(|(id, it)| (id, &it.arn)).collect();
    let rules: BTreeMap<_, _> = rules.iter().map(|(id, it)| (id, &it.arn)).collect();
    let archives: BTreeMap<_, _> = archives.iter().map(|(id, it)| (id, &it.arn)).collect();
    let endpoints = json!({
        "dynamodb": database,
        "sqs": sqs,
        "eventbridge": eventbridge,
        "tables": home.tables,
        "buses": buses,
        "rules": rules,
        "archives": archives,
        "buckets": buckets,
    });
    Json(endpoints).into_response()
}

async fn faults(State(home): State<Home>) -> Response {
    match home.faults.status() {
        Some(status) => Json(status).into_response(),
        None => (StatusCode::NOT_FOUND, format!("{}\n", FaultsError::Off)).into_response(),
    }
}

/// From the answer on, what goes wrong is what this plan says.
async fn replace_faults(State(home): State<Home>, plan: Bytes) -> Response {
    match home.faults.replace(&plan) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error @ FaultsError::Off) => {
            (StatusCode::NOT_FOUND, format!("{error}\n")).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

/// What delivery streams have gathered is in files from the answer on.
async fn flush(State(home): State<Home>) -> Response {
    match home.off_the_bus.firehose.flush() {
        Ok(records) => Json(json!({ "records": records })).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn functions(State(home): State<Home>) -> Response {
    Json(home.functions.status()).into_response()
}

async fn iam(State(home): State<Home>) -> Response {
    Json(home.iam.status()).into_response()
}

async fn queues(State(home): State<Home>) -> Response {
    match home.off_the_bus.queues.counts() {
        Ok(counts) => Json(json!({ "queues": counts })).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn queue(State(home): State<Home>, Path(queue): Path<String>) -> Response {
    match home.off_the_bus.queues.messages(&queue) {
        Ok(Some(messages)) => Json(json!({ "messages": messages })).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, format!("no queue {queue}\n")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
