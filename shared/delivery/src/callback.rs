//! API Gateway's way back to a connected client: the @connections API.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::operation::delete_connection::DeleteConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use store::ConnectionId;

/// How a post ended. That a client is gone is an outcome, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// API Gateway has taken the frame.
    Sent,
    /// There is no such connection, or not yet.
    Gone,
}

/// A connection could not be reached within the client's retries.
#[derive(Debug, thiserror::Error)]
#[error("a connection could not be reached")]
pub struct Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Reaches connected clients.
#[derive(Debug, Clone)]
pub struct Callback {
    client: Client,
}

impl Callback {
    /// Reaches them with this client, whose retries are the budget of each call.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Sends a frame.
    pub async fn post(&self, id: &ConnectionId, frame: Blob) -> Result<Delivery, Unreachable> {
        let post = self.client.post_to_connection().connection_id(id.as_str()).data(frame);
        match post.send().await {
            Ok(_) => Ok(Delivery::Sent),
            Err(error) if is_gone(&error, PostToConnectionError::is_gone_exception) => {
                Ok(Delivery::Gone)
            }
            Err(error) => Err(Unreachable(error.into())),
        }
    }

    /// Closes a connection, if it is open.
    pub async fn close(&self, id: &ConnectionId) -> Result<(), Unreachable> {
        match self.client.delete_connection().connection_id(id.as_str()).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_gone(&error, DeleteConnectionError::is_gone_exception) => Ok(()),
            Err(error) => Err(Unreachable(error.into())),
        }
    }
}

fn is_gone<E, R>(error: &SdkError<E, R>, gone: fn(&E) -> bool) -> bool {
    error.as_service_error().is_some_and(gone)
}
