//! Requests and answers: who asks, and whether they may.

use super::error::EventBridgeError;
use super::{put, replays};
use crate::endpoint::{operation, reply, serve};
use crate::events::EventBuses;
use crate::guard::HostName;
use crate::iam::Iam;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use tokio::task::AbortHandle;

/// In JSON within JSON, a character of an event may take twelve.
const LARGEST_REQUEST: usize = 16 * 1024 * 1024;

const JSON: &str = "application/x-amz-json-1.1";
const PREFIX: &str = "AWSEvents.";

/// What requests are answered with.
#[derive(Debug, Clone)]
pub struct EventBridgeFront {
    /// The buses.
    pub buses: EventBuses,
    /// Who may do what.
    pub iam: Iam,
}

impl EventBridgeFront {
    /// Serves on a free loopback port, under this machine's names and those in `also`, until the task is
    /// aborted.
    pub async fn serve(self, also: Vec<HostName>) -> io::Result<(SocketAddr, AbortHandle)> {
        serve(Router::new().fallback(answer).with_state(self), also, "EventBridge").await
    }

    fn operate(&self, parts: &Parts, body: &[u8]) -> Result<Value, EventBridgeError> {
        let operation = operation(parts, PREFIX).ok_or(EventBridgeError::UnknownOperation)?;
        let caller = self.iam.identify("events", parts, body)?;
        match operation {
            "PutEvents" => put::put_events(&self.buses, &caller, body),
            "StartReplay" => replays::start(&self.buses, &caller, body),
            "DescribeReplay" => replays::describe(&self.buses, &caller, body),
            _ => Err(EventBridgeError::UnknownOperation),
        }
    }
}

async fn answer(State(front): State<EventBridgeFront>, request: Request) -> Response {
    if request.method() != Method::POST {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match front.operate(&parts, &body) {
        Ok(answer) => reply(StatusCode::OK, JSON, &answer),
        Err(error) => {
            let body = json!({"__type": error.name(), "message": error.to_string()});
            reply(error.status(), JSON, &body)
        }
    }
}
