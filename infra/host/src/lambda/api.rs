//! The Lambda Runtime API, which function processes ask for invocations and report to.
//!
//! As documented under "Using the Lambda runtime API for custom runtimes". One port serves all
//! processes: each has a base path of its own, with a secret in it that only its process knows. To
//! whoever does not know one, no path does anything.

use super::error::InvokeError;
use super::invocation::{Delivery, PAYLOAD_LIMIT};
use super::pool::Pool;
use super::process::{Number, Secret};
use crate::guard::Guard;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::net::TcpListener;

type Pools = Arc<BTreeMap<String, Arc<Pool>>>;

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, guard: Guard, pools: Pools) {
    let runtime = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{request}/response", post(response))
        .route("/invocation/{request}/error", post(error))
        .route("/init/error", post(init_error))
        .layer(DefaultBodyLimit::max(PAYLOAD_LIMIT))
        .with_state(pools);
    let router = Router::new().nest("/{function}/{process}/{secret}/2018-06-01/runtime", runtime);
    let listener = listener.tap_io(|connection| {
        // Latency, not packets, is what counts on the loopback.
        let _ = connection.set_nodelay(true);
    });
    if let Err(error) = axum::serve(listener, guard.own(router)).await {
        tracing::error!(%error, "the Lambda Runtime API ended");
    }
}

/// The process that calls.
struct Caller {
    pool: Arc<Pool>,
    process: Number,
}

impl FromRequestParts<Pools> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, pools: &Pools) -> Result<Self, StatusCode> {
        #[derive(Deserialize)]
        struct Base {
            function: String,
            process: Number,
            secret: String,
        }
        let base = Path::<Base>::from_request_parts(parts, pools).await;
        let Path(Base { function, process, secret }) = base.map_err(|_| StatusCode::NOT_FOUND)?;
        let pool = pools.get(&function).ok_or(StatusCode::NOT_FOUND)?;
        if !pool.knows(process, &Secret::given(secret)) {
            return Err(StatusCode::NOT_FOUND);
        }
        Ok(Self { pool: Arc::clone(pool), process })
    }
}

/// The last part of the path of an invocation's result.
#[derive(Deserialize)]
struct Invocation {
    request: String,
}

async fn next(Caller { pool, process }: Caller) -> Response {
    match pool.next(process).await {
        Some(delivery) => answer(delivery, &pool),
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
    caller: Caller,
    Path(invocation): Path<Invocation>,
    body: Result<Bytes, BytesRejection>,
) -> StatusCode {
    let result = body.map(Vec::from).map_err(|_| {
        InvokeError::failed(
            "Function.ResponseSizeTooLarge",
            format!("Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."),
        )
    });
    let too_large = result.is_err();
    match settle(&caller, &invocation, result) {
        StatusCode::ACCEPTED if too_large => StatusCode::PAYLOAD_TOO_LARGE,
        status => status,
    }
}

async fn error(caller: Caller, Path(invocation): Path<Invocation>, body: Bytes) -> StatusCode {
    settle(&caller, &invocation, Err(failure(&body)))
}

async fn init_error(Caller { pool, process }: Caller, body: Bytes) -> StatusCode {
    pool.init_failed(process, failure(&body));
    StatusCode::ACCEPTED
}

fn settle(
    Caller { pool, process }: &Caller,
    Invocation { request }: &Invocation,
    result: Result<Vec<u8>, InvokeError>,
) -> StatusCode {
    if pool.respond(*process, request, result) {
        StatusCode::ACCEPTED
    } else {
        // The invocation has timed out, or never was this process's.
        StatusCode::FORBIDDEN
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
