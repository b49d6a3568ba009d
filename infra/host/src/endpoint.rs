//! What the endpoints of AWS services have in common here: a free loopback port, and requests in JSON whose
//! operation a header names.

use crate::guard::{Guard, HostName};
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt as _;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Why a request cannot be read: which field is wrong, and how.
pub(crate) type Unreadable = serde_path_to_error::Error<serde_json::Error>;

/// Serves on a free loopback port, under this machine's names and those in `also`, until the task is
/// aborted.
pub(crate) async fn serve(
    router: Router,
    also: Vec<HostName>,
    service: &'static str,
) -> io::Result<(SocketAddr, AbortHandle)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let router = Guard::new(address, also).own(router);
    let listener = listener.tap_io(|connection| {
        // An answer is small, and must not wait for the one before to be acknowledged.
        let _ = connection.set_nodelay(true);
    });
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, service, "a service is no longer served");
        }
    });
    Ok((address, server.abort_handle()))
}

/// The operation that a request asks for, of the service with this prefix.
pub(crate) fn operation<'a>(parts: &'a Parts, prefix: &str) -> Option<&'a str> {
    let target = parts.headers.get(TARGET).and_then(|it| it.to_str().ok());
    target.and_then(|target| target.strip_prefix(prefix))
}

/// Reads a request, or the part of it that this struct has.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body))
}

/// An answer.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: &Value) -> Response {
    let id = uuid::Uuid::new_v4().to_string();
    let headers = [(CONTENT_TYPE, content_type.to_owned()), (REQUEST_ID, id)];
    (status, headers, body.to_string()).into_response()
}
