//! `POST /v1`: one client request over HTTPS, for servers: the same frames as over a WebSocket, with a
//! token in each request.
//!
//! | module | what it knows |
//! |---|---|
//! | `body` | what the gateway made of a body -> a frame |
//! | `response` | the frame that answers it -> a status, headers and a body |

mod body;
mod response;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use jiff::Timestamp;
use requests::App;
use requests::answer::Bearer;
use tokio::time::Instant;

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let clients = runtime::Clients::new(&config)?;
    let app = App::new(&config, &clients)?;
    // The issuer's keys are fetched with the first request: every one of them brings a token.
    clients.warm().await;
    runtime::run(async |event, deadline| handle(&app, &event, runtime::now(), deadline).await).await
}

/// Answers one request.
pub async fn handle(
    app: &App,
    event: &ApiGatewayV2httpRequest,
    now: Timestamp,
    deadline: Instant,
) -> Result<ApiGatewayV2httpResponse, runtime::Error> {
    let request_id = event.request_context.request_id.as_deref();
    let bearer = Bearer {
        token: identity::bearer(&event.headers),
        request_id: request_id.ok_or(runtime::Incomplete("requestId"))?,
    };
    let frame = body::frame(event.body.as_deref().unwrap_or_default(), event.is_base64_encoded);
    let answer = app.with_token(&bearer, frame, now, deadline).await?;
    Ok(response::response(answer))
}
