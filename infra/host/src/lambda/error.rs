//! What can become of an invocation.

use thiserror::Error;

/// Why an invocation has no result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvokeError {
    /// The function is at its reserved concurrency.
    #[error("Rate Exceeded.")]
    Throttled,
    /// The function answered with an error, timed out or ended.
    #[error("{error_type}: {message}")]
    Failed {
        /// `errorType` as Lambda reports it, such as `Runtime.ExitError`.
        error_type: String,
        /// `errorMessage` as Lambda reports it.
        message: String,
    },
}

impl InvokeError {
    pub(super) fn failed(error_type: &str, message: impl Into<String>) -> Self {
        Self::Failed { error_type: error_type.to_owned(), message: message.into() }
    }
}

/// A function whose first process did not get as far as asking for an invocation.
#[derive(Debug, Error)]
#[error("the function {function} does not start: {error}")]
pub struct WarmError {
    /// The function.
    pub function: String,
    /// What became of its process.
    pub error: InvokeError,
}
