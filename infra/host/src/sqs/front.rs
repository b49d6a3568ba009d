//! Requests and answers: who asks, and whether they may.

use super::call::Call;
use super::error::SqsError;
use super::operations;
use crate::endpoint::{operation, reply, serve};
use crate::faults::Faults;
use crate::guard::HostName;
use crate::iam::Iam;
use crate::queues::Queues;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderName, Method, StatusCode};
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use tokio::task::AbortHandle;

/// In JSON, a character of a message may take six.
const LARGEST_REQUEST: usize = 8 * 1024 * 1024;

const JSON: &str = "application/x-amz-json-1.0";
const PREFIX: &str = "AmazonSQS.";
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// What requests are answered with.
#[derive(Debug, Clone)]
pub struct SqsFront {
    /// The queues.
    pub queues: Queues,
    /// Who may do what.
    pub iam: Iam,
    /// What calls of functions meet.
    pub faults: Faults,
}

impl SqsFront {
    /// Serves on a free loopback port, under this machine's names and those in `also`, until the task is
    /// aborted.
    pub async fn serve(self, also: Vec<HostName>) -> io::Result<(SocketAddr, AbortHandle)> {
        serve(Router::new().fallback(answer).with_state(self), also, "SQS").await
    }

    async fn operate(&self, parts: &Parts, body: &[u8]) -> Result<Value, SqsError> {
        let operation = operation(parts, PREFIX).ok_or(SqsError::UnknownOperation)?;
        let caller = self.iam.identify("sqs", parts, body)?;
        let is_function = caller.is_function();
        if is_function {
            self.faults.queue_call()?;
        }
        let call = Call { queues: &self.queues, caller };
        let answer = operations::run(&call, operation, body).await?;
        if is_function {
            self.faults.queue_answer()?;
        }
        Ok(answer)
    }
}

async fn answer(State(front): State<SqsFront>, request: Request) -> Response {
    if request.method() != Method::POST {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match front.operate(&parts, &body).await {
        Ok(answer) => reply(StatusCode::OK, JSON, &answer),
        Err(error) => {
            let name = error.name();
            let fault = if error.is_senders() { "Sender" } else { "Receiver" };
            let code = [(QUERY_ERROR, format!("{};{fault}", name.code))];
            let kind = format!("com.amazonaws.sqs#{}", name.shape);
            let body = json!({"__type": kind, "message": error.to_string()});
            (code, reply(error.status(), JSON, &body)).into_response()
        }
    }
}
