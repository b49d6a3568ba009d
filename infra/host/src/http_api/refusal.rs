//! What an HTTP API itself answers.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;

/// Why no function's answer goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No route has this method and path.
    NotFound,
    /// The request, or the event made of it, is too large.
    TooLarge,
    /// The route's limit.
    TooMany,
    /// The function failed, or its answer is none.
    Internal,
    /// The function did not answer in time, or may not run:
    /// <https://github.com/cortexlabs/cortex/issues/1225> has the timeout as it was seen. That Lambda's
    /// throttling gives the same is an assumption.
    Unavailable,
}

impl Refusal {
    pub(super) fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let headers = [(CONTENT_TYPE, "application/json")];
        (status, headers, json!({"message": message}).to_string()).into_response()
    }
}
