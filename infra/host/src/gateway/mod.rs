//! The WebSocket endpoint, as API Gateway behaves.
//!
//! | file | what it knows |
//! |---|---|
//! | `handshake` | authorizer and `$connect`, before the client is told anything |
//! | `socket` | one connection's frames, in and out, until it ends and `$disconnect` is told |
//! | `messages` | a message's route, function and reply |
//! | `management` | `@connections`: post, look, close |
//! | `admission` | who may use `@connections` |
//! | `session`, `head`, `policy`, `response` | what goes to functions and what comes from them |
//! | `selection`, `throttle`, `limits`, `close`, `ids` | the rules |
//! | `connection`, `registry` | what is open |
//!
//! What is not here: TLS, custom domains, request validation, mapping templates, and integrations
//! other than a Lambda proxy.

mod admission;
mod close;
mod connection;
mod handshake;
mod head;
pub(crate) mod ids;
mod integration;
mod limits;
mod management;
mod messages;
mod policy;
mod registry;
mod response;
mod selection;
mod session;
mod socket;
mod throttle;

pub(crate) use head::trace_id;
pub(crate) use integration::{IntegrationError, call};
pub(crate) use response::status;
pub(crate) use throttle::Bucket;

pub use limits::Limits;
pub use selection::SelectionError;

use crate::faults::Faults;
use crate::gateway::close::Close;
use crate::gateway::registry::Registry;
use crate::gateway::selection::Selection;
use crate::gateway::throttle::{Calls, Throttle};
use crate::iam::Iam;
use crate::journal::OpenConnections;
use crate::lambda::Functions;
use crate::template::WebSocketApi;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long the last connections may take to wind up.
const LAST_SECOND: Duration = Duration::from_secs(1);

/// The endpoint of one WebSocket API. Clones are the same endpoint.
#[derive(Debug, Clone)]
pub struct Gateway(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    api: WebSocketApi,
    functions: Functions,
    /// What the host remembers of connections beyond its own life.
    remembered: OpenConnections,
    /// Who may use `@connections`.
    iam: Iam,
    /// What calls of `@connections` meet.
    faults: Faults,
    limits: Limits,
    selection: Selection,
    throttle: Throttle,
    calls: Calls,
    registry: Registry,
    /// One permit for each connection that there may be.
    permits: Arc<Semaphore>,
}

impl Gateway {
    /// The endpoint of `api`.
    pub fn with_limits(
        api: WebSocketApi,
        functions: Functions,
        remembered: OpenConnections,
        iam: Iam,
        faults: Faults,
        limits: Limits,
    ) -> Result<Self, SelectionError> {
        Ok(Self(Arc::new(Shared {
            selection: Selection::parse(&api.selection_expression)?,
            throttle: Throttle::new(&api, Instant::now()),
            calls: Calls::new(limits.calls_per_second, Instant::now()),
            api,
            functions,
            remembered,
            iam,
            faults,
            limits,
            registry: Registry::new(),
            permits: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
        })))
    }

    /// `/{stage}` for clients. The server has to offer `ConnectInfo<SocketAddr>`.
    pub fn clients_router(&self) -> Router {
        let stage = &self.0.api.stage;
        Router::new()
            .route(&format!("/{stage}"), get(handshake::upgrade))
            .route(&format!("/{stage}/"), get(handshake::upgrade))
            .with_state(Arc::clone(&self.0))
    }

    /// `/{stage}/@connections/{id}` for functions. The server has to offer
    /// `ConnectInfo<SocketAddr>`.
    pub fn management_router(&self) -> Router {
        let stage = &self.0.api.stage;
        let connection = || {
            get(management::look)
                .post(management::post)
                .delete(management::close)
                .route_layer(from_fn_with_state(Arc::clone(&self.0), management::faulty))
                .route_layer(from_fn_with_state(Arc::clone(&self.0), management::throttled))
                .route_layer(from_fn_with_state(Arc::clone(&self.0), admission::admit))
        };
        Router::new()
            .route(&format!("/{stage}/@connections/{{id}}"), connection())
            .route(&format!("/{stage}/%40connections/{{id}}"), connection())
            .with_state(Arc::clone(&self.0))
    }

    /// Takes no more connections, closes those that are open with 1001, and waits for their
    /// `$disconnect`, for a second at most.
    pub async fn close(&self) {
        for connection in self.0.registry.close() {
            connection.end(Close::going_away());
        }
        // Those that are not through by then are told of at the next start.
        let _ = tokio::time::timeout(LAST_SECOND, self.0.registry.all_gone()).await;
    }
}
