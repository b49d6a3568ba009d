//! An invocation on its way through a process.

use super::error::InvokeError;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// The largest event and the largest result of a synchronous invocation, in bytes.
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// The result of an invocation.
pub(super) type Outcome = Result<Vec<u8>, InvokeError>;

/// An invocation that a process has been given.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) request_id: String,
    /// None once the process has answered. It is busy until it asks for the next invocation, and
    /// held to the same limit.
    pub(super) reply: Option<oneshot::Sender<Outcome>>,
    pub(super) limit: AbortHandle,
}

/// An invocation that waits for a process.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) event: Vec<u8>,
    pub(super) reply: oneshot::Sender<Outcome>,
}

/// What a process is given.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) request_id: String,
    /// Milliseconds since 1970.
    pub(super) deadline_ms: u128,
    pub(super) event: Vec<u8>,
}

pub(super) fn timed_out(request_id: &str, limit: Duration) -> InvokeError {
    let seconds = limit.as_secs_f64();
    InvokeError::failed(
        "Sandbox.Timedout",
        format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds"),
    )
}

pub(super) fn exited(request_id: &str, status: &io::Result<ExitStatus>) -> InvokeError {
    let how = match status {
        Ok(status) if status.success() => "Runtime exited without providing a reason".to_owned(),
        Ok(status) => format!("Runtime exited with error: {status}"),
        Err(error) => format!("Runtime exited with error: {error}"),
    };
    InvokeError::failed("Runtime.ExitError", format!("RequestId: {request_id} Error: {how}"))
}
