//! `$disconnect`: forgets the connection. API Gateway calls it when it can; what it does not tell
//! of is found by the next push or collected in time.

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use store::{ConnectionId, Connections};

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let clients = runtime::Clients::new(&config)?;
    let connections = Connections::new(clients.dynamodb(), config.connections_table()?);
    clients.warm().await;
    runtime::run(async |event, _deadline| handle(&connections, &event).await).await
}

/// Forgets the connection.
pub async fn handle(
    connections: &Connections,
    event: &ApiGatewayWebsocketProxyRequest,
) -> Result<ApiGatewayProxyResponse, runtime::Error> {
    let id = event.request_context.connection_id.as_deref();
    let id = ConnectionId::new(id.ok_or(runtime::Incomplete("connectionId"))?);
    connections.forget(&id).await?;
    tracing::info!(connection = %id, "disconnected");
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = 200;
    Ok(response)
}
