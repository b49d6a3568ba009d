//! `$default`: one client request over a WebSocket. The reply goes back over the route response.

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use jiff::Timestamp;
use protocol::{Frame, WireError};
use requests::App;
use store::ConnectionId;
use tokio::time::Instant;

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let clients = runtime::Clients::new(&config)?;
    let app = App::new(&config, &clients)?;
    clients.warm().await;
    runtime::run(async |event, deadline| handle(&app, &event, runtime::now(), deadline).await).await
}

/// Answers one frame.
pub async fn handle(
    app: &App,
    event: &ApiGatewayWebsocketProxyRequest,
    now: Timestamp,
    deadline: Instant,
) -> Result<ApiGatewayProxyResponse, runtime::Error> {
    let id = event.request_context.connection_id.as_deref();
    let id = ConnectionId::new(id.ok_or(runtime::Incomplete("connectionId"))?);
    let frame = if event.is_base64_encoded {
        Frame::unreadable(WireError::bad_request("a request is a text frame", None))
    } else {
        protocol::decode(event.body.as_deref().unwrap_or_default())
    };
    let answer = app.on_connection(&id, frame, now, deadline).await?;
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = 200;
    response.body = Some(answer.frame.into());
    Ok(response)
}
