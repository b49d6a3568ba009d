//! The Lambda Runtime API, which function processes ask for invocations and report to.
//!
//! As documented under "Using the Lambda runtime API for custom runtimes". One port serves all
//! processes: each has a base path of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde::Deserialize;
use tokio::net::TcpListener;

use super::invocation::Delivery;
use super::pool::Pool;
use super::process::Number;
use super::{InvokeError, PAYLOAD_LIMIT};

type Pools = Arc<BTreeMap<String, Arc<Pool>>>;

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, pools: Pools) {
    let runtime = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{request}/response", post(response))
        .route("/invocation/{request}/error", post(error))
        .route("/init/error", post(init_error))
        .layer(DefaultBodyLimit::max(PAYLOAD_LIMIT))
        .with_state(pools);
    let router = Router::new().nest("/fn/{function}/{process}/2018-06-01/runtime", runtime);
    let listener = listener.tap_io(|connection| {
        // Latency, not packets, is what counts on the loopback.
        let _ = connection.set_nodelay(true);
    });
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the Lambda Runtime API ended");
    }
}

async fn next(
    State(pools): State<Pools>,
    Path((function, process)): Path<(String, Number)>,
) -> Response {
    let Some(pool) = pools.get(&function) else { return StatusCode::NOT_FOUND.into_response() };
    match pool.next(process).await {
        Some(delivery) => answer(delivery, pool),
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

fn answer(delivery: Delivery, pool: &Pool) -> Response {
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", delivery.request_id),
        ("lambda-runtime-deadline-ms", delivery.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", pool.arn().to_owned()),
    ];
    (headers, delivery.event).into_response()
}

async fn response(
    State(pools): State<Pools>,
    Path((function, process, request)): Path<(String, Number, String)>,
    body: Result<Bytes, BytesRejection>,
) -> StatusCode {
    let result = body.map(Vec::from).map_err(|_| {
        InvokeError::failed(
            "Function.ResponseSizeTooLarge",
            format!("Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."),
        )
    });
    let too_large = result.is_err();
    match settle(&pools, &function, process, &request, result) {
        StatusCode::ACCEPTED if too_large => StatusCode::PAYLOAD_TOO_LARGE,
        status => status,
    }
}

async fn error(
    State(pools): State<Pools>,
    Path((function, process, request)): Path<(String, Number, String)>,
    body: Bytes,
) -> StatusCode {
    settle(&pools, &function, process, &request, Err(failure(&body)))
}

async fn init_error(
    State(pools): State<Pools>,
    Path((function, process)): Path<(String, Number)>,
    body: Bytes,
) -> StatusCode {
    let Some(pool) = pools.get(&function) else { return StatusCode::NOT_FOUND };
    pool.init_failed(process, failure(&body));
    StatusCode::ACCEPTED
}

fn settle(
    pools: &Pools,
    function: &str,
    process: Number,
    request: &str,
    result: Result<Vec<u8>, InvokeError>,
) -> StatusCode {
    match pools.get(function) {
        None => StatusCode::NOT_FOUND,
        Some(pool) if pool.respond(process, request, result) => StatusCode::ACCEPTED,
        // The invocation has timed out, or never was this process's.
        Some(_) => StatusCode::FORBIDDEN,
    }
}

fn failure(body: &[u8]) -> InvokeError {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Diagnostic {
        error_type: String,
        error_message: String,
    }
    match serde_json::from_slice(body) {
        Ok(Diagnostic { error_type, error_message }) => {
            InvokeError::Failed { error_type, message: error_message }
        }
        Err(_) => InvokeError::failed("Runtime.Unknown", String::from_utf8_lossy(body)),
    }
}
