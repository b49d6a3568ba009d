//! What ends a function's process, or an invocation.

/// An event that does not say what its source always says.
#[derive(Debug, thiserror::Error)]
#[error("the event has no {0}")]
pub struct Incomplete(pub &'static str);

/// What ends a function's process.
pub type Error = lambda_runtime::Error;
