//! HTTP APIs, as API Gateway behaves.
//!
//! | file | what it knows |
//! |---|---|
//! | `routes` | which route a request takes, and which routes cannot be here |
//! | `event` | a request -> what the function is told |
//! | `answer` | what the function answers -> the response |
//! | `refusal` | what the API itself answers |
//!
//! What is not here: TLS, custom domains, authorizers, CORS, variables in paths, stages other than
//! `$default`, payload format 1.0, and integrations other than a Lambda proxy.

mod answer;
mod event;
mod refusal;
mod routes;

pub use routes::ClashError;

use crate::gateway::{IntegrationError, call, ids};
use crate::http_api::event::Call;
use crate::http_api::refusal::Refusal;
use crate::http_api::routes::Routes;
use crate::lambda::{Functions, InvokeError};
use crate::template::HttpApi;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::routing::any;
use futures::StreamExt as _;
use http::header::{HeaderName, HeaderValue};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// The largest request, in bytes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const PAYLOAD_LIMIT: usize = 10 * 1024 * 1024;
/// Of a request that is too large, this much is read, so that its sender gets to read the answer.
const MOST_READ: usize = 4 * PAYLOAD_LIMIT;
/// The request's id, in every response.
const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// The endpoints of all HTTP APIs of a template. Clones are the same endpoints.
#[derive(Debug, Clone)]
pub struct HttpApis(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    routes: Routes,
    functions: Functions,
}

impl HttpApis {
    /// The endpoints of these APIs, beside a WebSocket API's stage of this name.
    ///
    /// # Errors
    ///
    /// A route has a path where something else is served.
    pub fn new(apis: Vec<HttpApi>, functions: Functions, stage: &str) -> Result<Self, ClashError> {
        Ok(Self(Arc::new(Shared { routes: Routes::new(apis, stage)?, functions })))
    }

    /// Every path that a route has. The server has to offer `ConnectInfo<SocketAddr>`.
    pub fn router(&self) -> Router {
        let paths = self.0.routes.paths();
        let router = paths.fold(Router::new(), |router, path| router.route(path, any(answer)));
        router.with_state(Arc::clone(&self.0))
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let request_id = ids::new();
    let mut response = match shared.answer(&request_id, peer, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

impl Shared {
    async fn answer(
        &self,
        request_id: &str,
        peer: SocketAddr,
        request: Request,
    ) -> Result<Response, Refusal> {
        let (head, body) = request.into_parts();
        let route = self.routes.find(&head.method, head.uri.path()).ok_or(Refusal::NotFound)?;
        if !route.admits(Instant::now()) {
            return Err(Refusal::TooMany);
        }
        let body = read(body).await?;
        let call_event = Call { head: &head, body: &body, peer, request_id, route }.event();
        let fault = |error: &dyn std::fmt::Display| {
            let (route, function) = (&route.key, &route.function);
            tracing::warn!(request = request_id, route, function, "no answer: {error}");
        };
        let answered = call(&self.functions, &route.function, &call_event, route.timeout).await;
        let answered = answered.map_err(|error| {
            fault(&error);
            Refusal::of(&error)
        })?;
        answer::response(&answered).ok_or_else(|| {
            fault(&"the function's answer is not {statusCode, headers, body, cookies}");
            Refusal::Internal
        })
    }
}

/// The whole body, unless it is too large.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let (mut kept, mut seen) = (Vec::new(), 0_usize);
    while seen < MOST_READ
        && let Some(chunk) = chunks.next().await
    {
        // Whoever stops in the middle does not read the answer.
        let chunk = chunk.map_err(|_| Refusal::TooLarge)?;
        seen += chunk.len();
        if seen <= PAYLOAD_LIMIT {
            kept.extend_from_slice(&chunk);
        }
    }
    if seen > PAYLOAD_LIMIT { Err(Refusal::TooLarge) } else { Ok(kept.into()) }
}

impl Refusal {
    fn of(error: &IntegrationError) -> Self {
        match error {
            IntegrationError::Timeout(_) | IntegrationError::Invoke(InvokeError::Throttled) => {
                Self::Unavailable
            }
            IntegrationError::Invoke(InvokeError::Failed { error_type, .. })
                if error_type == "RequestTooLargeException" =>
            {
                Self::TooLarge
            }
            IntegrationError::Invoke(_) => Self::Internal,
        }
    }
}
