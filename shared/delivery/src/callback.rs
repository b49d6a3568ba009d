//! API Gateway's way back to a connected client: the @connections API.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>
//!
//! A call that is refused for the number of calls (429) waits for its turn and is made again, for as
//! long as there is time: that says nothing of the connection. A call that fails for other reasons is
//! made three times.

use crate::limiter::Limiter;
use crate::management::{CallError, Management};
use aws_sdk_apigatewaymanagement::Client;
use std::sync::Arc;
use std::time::Duration;
use store::ConnectionId;
use tokio::time::{Instant, sleep, timeout_at};

/// A call that fails is made so often in all.
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_millis(400);
/// After so many refusals of one frame, API Gateway is asked whether it is the client that they are
/// about.
const REFUSALS: u32 = 4;
/// So often in a row the answer has to be that it is.
const SIGNS: u32 = 8;

/// How a post ended. That a client is gone is an outcome, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// API Gateway has taken the frame.
    Sent,
    /// There is no such connection, or not yet.
    Gone,
}

/// Why nothing came of a call.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// The time was over before API Gateway took the call. Nothing is known of the connection.
    #[error("there was no time left")]
    Late,
    /// API Gateway has no more room for what the client does not read.
    #[error("the client does not read what is sent to it")]
    NotReading,
    /// The call failed as often as it may.
    #[error("a connection cannot be reached")]
    Unreachable(#[source] CallError),
}

/// Reaches connected clients. Clones share what they know of how many calls API Gateway takes.
#[derive(Debug, Clone)]
pub struct Callback {
    management: Management,
    limiter: Arc<Limiter>,
}

impl Callback {
    /// Reaches them with this client, whose own retries have to be off: they would neither know of
    /// the others' refusals nor ever end while API Gateway refuses.
    pub fn new(client: Client) -> Self {
        Self { management: Management::new(client), limiter: Arc::new(Limiter::new()) }
    }

    /// Sends a frame.
    pub async fn post(
        &self,
        id: &ConnectionId,
        frame: &[u8],
        deadline: Instant,
    ) -> Result<Delivery, Undelivered> {
        let mut retries = Retries::default();
        let mut signs = 0;
        loop {
            match self.call(id, deadline, self.management.post(id, frame)).await {
                Ok(()) => return Ok(Delivery::Sent),
                Err(Missed::Late) => return Err(Undelivered::Late),
                Err(Missed::Call(CallError::Gone)) => return Ok(Delivery::Gone),
                Err(Missed::Call(CallError::TooMany)) => {
                    retries.refused(deadline).await?;
                    if retries.refusals > REFUSALS {
                        signs = if self.has_room(id, deadline).await { signs + 1 } else { 0 };
                        if signs == SIGNS {
                            return Err(Undelivered::NotReading);
                        }
                    }
                }
                Err(Missed::Call(error)) => retries.failed(error, deadline).await?,
            }
        }
    }

    /// Closes a connection, if it is open: whether it was.
    pub async fn close(&self, id: &ConnectionId, deadline: Instant) -> Result<bool, Undelivered> {
        let mut retries = Retries::default();
        loop {
            match self.call(id, deadline, self.management.close(id)).await {
                Ok(()) => return Ok(true),
                Err(Missed::Call(CallError::Gone)) => return Ok(false),
                Err(Missed::Late) => return Err(Undelivered::Late),
                Err(Missed::Call(CallError::TooMany)) => retries.refused(deadline).await?,
                Err(Missed::Call(error)) => retries.failed(error, deadline).await?,
            }
        }
    }

    /// Whether API Gateway takes calls now. It answers 429 for two reasons and does not say which:
    /// there are too many calls, or the buffer of this one client is full. Looking at the connection
    /// needs no room in a buffer. A single answer is chance while calls are refused at random, a row
    /// of them is not.
    async fn has_room(&self, id: &ConnectionId, deadline: Instant) -> bool {
        self.call(id, deadline, self.management.look(id)).await.is_ok()
    }

    /// Makes a call when it is its turn.
    async fn call(
        &self,
        id: &ConnectionId,
        deadline: Instant,
        call: impl Future<Output = Result<(), CallError>>,
    ) -> Result<(), Missed> {
        timeout_at(deadline, self.limiter.turn()).await.map_err(|_| Missed::Late)?;
        let answer = timeout_at(deadline, call).await.map_err(|_| Missed::Late)?;
        match &answer {
            Err(CallError::TooMany) => self.limiter.refused(id),
            Ok(()) | Err(CallError::Gone) => self.limiter.accepted(),
            // Says nothing of how many calls there may be.
            Err(_) => {}
        }
        answer.map_err(Missed::Call)
    }
}

enum Missed {
    Late,
    Call(CallError),
}

/// What one frame went through.
#[derive(Default)]
struct Retries {
    refusals: u32,
    failures: u32,
}

impl Retries {
    /// Waits after a refusal.
    async fn refused(&mut self, deadline: Instant) -> Result<(), Undelivered> {
        self.refusals += 1;
        back_off(self.refusals, deadline).await
    }

    /// Waits after a failure, if it was not the last.
    async fn failed(&mut self, error: CallError, deadline: Instant) -> Result<(), Undelivered> {
        self.failures += 1;
        if self.failures == ATTEMPTS {
            return Err(Undelivered::Unreachable(error));
        }
        back_off(self.failures, deadline).await
    }
}

/// Full jitter: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
async fn back_off(times: u32, deadline: Instant) -> Result<(), Undelivered> {
    let longest = BACKOFF.saturating_mul(1 << (times - 1).min(8)).min(LONGEST_BACKOFF);
    let wait = longest.mul_f64(fastrand::f64());
    timeout_at(deadline, sleep(wait)).await.map_err(|_| Undelivered::Late)
}
