//! DynamoDB's HTTP endpoint.
//!
//! The library has an endpoint of its own, but it lets everybody do everything, web pages included.
//! Here a request has to be signed, and its caller has to be allowed what it asks for.

use super::access::needs;
use super::operations;
use crate::faults::{CallFault, Faults};
use crate::iam::{Denied, Iam, SignatureError};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use dynoxide::{Database, DynoxideError};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::json;
use thiserror::Error;

/// DynamoDB takes no larger request:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const LARGEST_REQUEST: usize = 16 * 1024 * 1024;

const JSON: &str = "application/x-amz-json-1.0";
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const CHECKSUM: HeaderName = HeaderName::from_static("x-amz-crc32");

/// What a request is answered with.
#[derive(Clone)]
pub(super) struct Front {
    pub(super) database: Database,
    pub(super) iam: Iam,
    pub(super) faults: Faults,
}

impl Front {
    /// The routes of the endpoint.
    pub(super) fn router(self) -> Router {
        Router::new().fallback(answer).with_state(self)
    }

    async fn operate(&self, parts: &Parts, body: &[u8]) -> Result<String, FrontError> {
        let target = parts.headers.get(TARGET).and_then(|it| it.to_str().ok());
        let operation = target.and_then(operations::of_target);
        let (name, run) = operation.ok_or(FrontError::UnknownOperation)?;
        let caller = self.iam.identify("dynamodb", parts, body)?;
        let body = std::str::from_utf8(body).map_err(|_| FrontError::Unreadable)?;
        for access in needs(name, body).map_err(|_| FrontError::Unreadable)? {
            caller.may(&access)?;
        }
        if !caller.is_function() {
            return Ok(run(&self.database, body)?);
        }
        let fate = self.faults.call(name, body).await;
        fate.before(name, body)?;
        let answer = run(&self.database, body)?;
        fate.after()?;
        Ok(answer)
    }
}

async fn answer(State(front): State<Front>, request: Request) -> Response {
    match (request.method(), request.uri().path()) {
        // DynamoDB says so to anybody; functions connect ahead of their first call with it.
        (&Method::GET, "/") => {
            reply(StatusCode::OK, None, "healthy: dynamodb.us-east-1.amazonaws.com ".to_owned())
        }
        (&Method::POST, "/") => {
            let (parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
                return StatusCode::PAYLOAD_TOO_LARGE.into_response();
            };
            match front.operate(&parts, &body).await {
                Ok(answer) => reply(StatusCode::OK, Some(JSON), answer),
                Err(FrontError::Fault(CallFault::Lost)) => broken(),
                Err(error) => reply(error.status(), Some(JSON), error.body()),
            }
        }
        _ => reply(StatusCode::NOT_FOUND, None, "<UnknownOperationException/>\n".to_owned()),
    }
}

/// Why a request is not carried out.
#[derive(Debug, Error)]
enum FrontError {
    #[error("no such operation")]
    UnknownOperation,
    #[error("the request cannot be read")]
    Unreadable,
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Database(#[from] DynoxideError),
    #[error(transparent)]
    Fault(#[from] CallFault),
}

impl FrontError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Database(error) => {
                StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::Fault(fault) => fault.status(),
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn body(&self) -> String {
        let kind = |name: &str| format!("com.amazon.coral.service#{name}");
        match self {
            Self::UnknownOperation => json!({"__type": kind("UnknownOperationException")}),
            Self::Unreadable => json!({"__type": kind("SerializationException")}),
            Self::Signature(error @ SignatureError::Missing) => {
                json!({"__type": kind(error.name()), "message": "Request is missing Authentication Token"})
            }
            Self::Signature(error) => {
                json!({"__type": kind(error.name()), "message": error.to_string()})
            }
            // The message is in capitals here: https://github.com/sebdah/dynamic-dynamodb/issues/321
            Self::Denied(denied) => {
                json!({"__type": kind("AccessDeniedException"), "Message": denied.to_string()})
            }
            Self::Database(error) => return error.to_json(),
            Self::Fault(fault) => fault.body(),
        }
        .to_string()
    }
}

/// An answer in the middle of which the connection breaks.
fn broken() -> Response {
    let breaks = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
    Response::new(Body::from_stream(breaks))
}

/// An answer with the headers that every answer of DynamoDB has. SDKs compare the checksum.
fn reply(status: StatusCode, content_type: Option<&'static str>, body: String) -> Response {
    let mut response =
        (status, [(CHECKSUM, HeaderValue::from(crc32fast::hash(body.as_bytes())))], body)
            .into_response();
    let headers = response.headers_mut();
    match content_type {
        Some(kind) => headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind)),
        None => headers.remove(CONTENT_TYPE),
    };
    if let Ok(id) = HeaderValue::try_from(request_id()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// 52 capital letters and digits.
fn request_id() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(52).collect::<String>().to_uppercase()
}
