//! `@connections`: what functions do to connections.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>
//!
//! Who may call it is decided before, by `admission`.

use super::close::Close;
use super::connection::{Connection, PostError};
use super::{Shared, ids};
use crate::faults::PostFate;
use crate::guard::ERROR_TYPE;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Of a body that is too large, this much is read, so that its sender gets to read the answer.
pub(super) const MOST_READ: usize = 1024 * 1024;

/// An error of the API, as its model has it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum ManagementError {
    /// An id that is none: <https://github.com/localstack/localstack/issues/4694>.
    #[error("Invalid connectionId")]
    BadId,
    #[error("The message is not UTF-8 text")]
    NotText,
    #[error("Forbidden: @connections is for callers on this machine")]
    Forbidden,
    /// A connection that is not open: gone, or still in its `$connect`.
    #[error("The connection is gone")]
    Gone,
    #[error("The message is larger than 128 KB")]
    TooLarge,
    /// There are more calls than the account may make.
    #[error("Too Many Requests")]
    TooMany,
    /// The documentation's second meaning of it: the client side's buffer is full.
    /// <https://docs.aws.amazon.com/botocore/latest/reference/services/apigatewaymanagementapi/client/exceptions/LimitExceededException.html>
    #[error("The client does not read what is sent to it")]
    Full,
    /// The gateway's own fault.
    #[error("Internal server error")]
    Failed,
}

impl IntoResponse for ManagementError {
    fn into_response(self) -> Response {
        let (status, kind) = match self {
            Self::BadId | Self::NotText => (StatusCode::BAD_REQUEST, "BadRequestException"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "ForbiddenException"),
            Self::Gone => (StatusCode::GONE, "GoneException"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException"),
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerErrorException"),
            Self::TooMany | Self::Full => (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException"),
        };
        let headers = [(CONTENT_TYPE, "application/json"), (ERROR_TYPE, kind)];
        (status, headers, json!({"message": self.to_string()}).to_string()).into_response()
    }
}

impl Shared {
    fn find(&self, id: &str) -> Result<Arc<Connection>, ManagementError> {
        if !ids::is_one(id) {
            return Err(ManagementError::BadId);
        }
        self.registry.get(id).ok_or(ManagementError::Gone)
    }

    /// Ends a connection as a broken network does: neither side is told.
    fn cut(&self, id: &str) {
        if let Some(connection) = self.registry.remove(id) {
            connection.end(Close::lost());
        }
    }
}

/// Refuses calls beyond the limit, whatever they are for.
pub(super) async fn throttled(
    State(shared): State<Arc<Shared>>,
    call: Request,
    next: Next,
) -> Result<Response, ManagementError> {
    if shared.calls.admits(Instant::now()) {
        Ok(next.run(call).await)
    } else {
        Err(ManagementError::TooMany)
    }
}

/// Lets calls meet what `--faults` asks for.
pub(super) async fn faulty(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    call: Request,
    next: Next,
) -> Result<Response, ManagementError> {
    match shared.faults.post().await {
        PostFate::Good => Ok(next.run(call).await),
        PostFate::Dropped if call.method() == Method::POST => {
            shared.cut(&id);
            Ok(StatusCode::OK.into_response())
        }
        PostFate::Dropped | PostFate::Gone => {
            shared.cut(&id);
            Err(ManagementError::Gone)
        }
        PostFate::TooMany => Err(ManagementError::TooMany),
        PostFate::Failed => Err(ManagementError::Failed),
        PostFate::FailedAfter => {
            next.run(call).await;
            Err(ManagementError::Failed)
        }
    }
}

/// POST: answers 200 once the message is in the connection's queue.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, ManagementError> {
    let connection = shared.find(&id)?;
    let body = to_bytes(body, MOST_READ).await.map_err(|_| ManagementError::TooLarge)?;
    if body.len() > shared.limits.message_bytes {
        return Err(ManagementError::TooLarge);
    }
    let text = Utf8Bytes::try_from(body).map_err(|_| ManagementError::NotText)?;
    connection.post(text).map_err(|error| match error {
        PostError::Gone => ManagementError::Gone,
        PostError::Full => ManagementError::Full,
    })?;
    Ok(StatusCode::OK)
}

/// GET: since when, from where, and when last.
pub(super) async fn look(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ManagementError> {
    let connection = shared.find(&id)?;
    let body = json!({
        "connectedAt": format!("{:.3}", connection.session.connected_at),
        "identity": connection.session.identity(),
        "lastActiveAt": format!("{:.3}", connection.last_active_at()),
    });
    Ok(([(CONTENT_TYPE, "application/json")], body.to_string()).into_response())
}

/// DELETE: closes the connection with 1000.
pub(super) async fn close(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<StatusCode, ManagementError> {
    let connection = shared.find(&id)?;
    shared.registry.remove(&id);
    connection.end(Close::deleted());
    Ok(StatusCode::NO_CONTENT)
}
