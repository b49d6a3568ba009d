//! Calls functions the way API Gateway does.

use super::Shared;
use crate::lambda::{Functions, InvokeError};
use serde_json::Value;
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntegrationError {
    /// It is not there in time. The function goes on working: nobody listens any more.
    #[error("the function did not answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error(transparent)]
    Invoke(#[from] InvokeError),
}

impl Shared {
    /// Calls a function and waits for its answer.
    pub(super) async fn call(
        &self,
        function: &str,
        event: &Value,
        timeout: Duration,
    ) -> Result<Vec<u8>, IntegrationError> {
        call(&self.functions, function, event, timeout).await
    }
}

/// Calls a function and waits for its answer.
pub(crate) async fn call(
    functions: &Functions,
    function: &str,
    event: &Value,
    timeout: Duration,
) -> Result<Vec<u8>, IntegrationError> {
    let (functions, function) = (functions.clone(), function.to_owned());
    let event = event.to_string().into_bytes();
    // In a task of its own: an answer that comes too late, or whose client has left, is still
    // worked out to the end, as Lambda does.
    let call = tokio::spawn(async move { functions.invoke(&function, event).await });
    match tokio::time::timeout(timeout, call).await {
        Err(_) => Err(IntegrationError::Timeout(timeout)),
        Ok(Ok(answer)) => Ok(answer?),
        Ok(Err(ended)) => Err(IntegrationError::Invoke(InvokeError::Failed {
            error_type: "Runtime.Unknown".to_owned(),
            message: ended.to_string(),
        })),
    }
}
