//! One call of the @connections API, and what its answer means.

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewaymanagement::operation::delete_connection::DeleteConnectionError;
use aws_sdk_apigatewaymanagement::operation::get_connection::GetConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use store::ConnectionId;

/// Why a call was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no such connection, or not yet.
    #[error("there is no such connection")]
    Gone,
    /// There are more calls than API Gateway takes, or than this client reads.
    #[error("there are too many calls")]
    TooMany,
    /// A frame was not taken.
    #[error("a frame could not be posted")]
    Post(#[source] Box<SdkError<PostToConnectionError>>),
    /// A connection was not closed.
    #[error("a connection could not be closed")]
    Close(#[source] Box<SdkError<DeleteConnectionError>>),
    /// A connection was not looked at.
    #[error("a connection could not be looked at")]
    Look(#[source] Box<SdkError<GetConnectionError>>),
}

/// The API.
#[derive(Debug, Clone)]
pub(crate) struct Management(Client);

impl Management {
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// Sends a frame.
    pub async fn post(&self, id: &ConnectionId, frame: &[u8]) -> Result<(), CallError> {
        let post = self.0.post_to_connection().connection_id(id.as_str()).data(Blob::new(frame));
        let posted = post.send().await.map(drop);
        posted.map_err(|error| meaning(error, CallError::Post))
    }

    /// Closes a connection.
    pub async fn close(&self, id: &ConnectionId) -> Result<(), CallError> {
        let closed = self.0.delete_connection().connection_id(id.as_str()).send().await;
        closed.map(drop).map_err(|error| meaning(error, CallError::Close))
    }

    /// Looks whether a connection is open.
    pub async fn look(&self, id: &ConnectionId) -> Result<(), CallError> {
        let seen = self.0.get_connection().connection_id(id.as_str()).send().await;
        seen.map(drop).map_err(|error| meaning(error, CallError::Look))
    }
}

/// By the status, which is what API Gateway's own limits answer with; its model names the errors too.
fn meaning<E: ProvideErrorMetadata>(
    error: SdkError<E>,
    otherwise: fn(Box<SdkError<E>>) -> CallError,
) -> CallError {
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match (status, code) {
        (Some(410), _) | (_, Some("GoneException")) => CallError::Gone,
        (Some(429), _) | (_, Some("LimitExceededException" | "ThrottlingException")) => {
            CallError::TooMany
        }
        _ => otherwise(Box::new(error)),
    }
}
