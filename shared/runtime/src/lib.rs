//! What every function starts with.
//!
//! | module | what it knows |
//! |---|---|
//! | [`config`] | every variable of the environment: nothing else reads it |
//! | [`clients`] | the SDK's clients, built once and before the first invocation |
//! | [`messages`] | messages of a queue, and which of them must come again |
//! | [`metrics`] | what alarms and the dashboard watch |
//! | [`queue`] | a queue, to send messages to |
//! | [`telemetry`] | where logs go |

mod ahead;
pub mod clients;
pub mod config;
mod error;
mod http;
pub mod messages;
pub mod metrics;
pub mod queue;
pub mod telemetry;

pub use ahead::ahead;
pub use clients::Clients;
pub use config::{Config, ConfigError, Tokens};
pub use error::{Error, Incomplete};
pub use messages::{Failures, Message, Messages};
pub use metrics::Metrics;
pub use queue::Queue;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;
use tokio::time::Instant;

/// Reads the environment and starts logging. Call it once, first.
pub fn start() -> Config {
    let config = Config::from_env();
    telemetry::start(&config);
    config
}

/// Answers invocations one after the other, until the process is ended from outside. The handler is
/// given the event, and the instant at which Lambda ends an invocation that has not answered.
pub async fn run<In, Out, F, Fut>(handle: F) -> Result<(), Error>
where
    In: DeserializeOwned,
    Out: Serialize,
    F: Fn(In, Instant) -> Fut,
    Fut: Future<Output = Result<Out, Error>>,
{
    let answer = |event: LambdaEvent<In>| {
        let deadline = monotonic(event.context.deadline());
        Box::pin(handle(event.payload, deadline))
    };
    Box::pin(lambda_runtime::run(service_fn(answer))).await
}

/// An instant of the wall clock on the clock that timers go by. One that has passed is now.
#[expect(clippy::disallowed_methods, reason = "Lambda says by the wall clock when it ends")]
fn monotonic(instant: SystemTime) -> Instant {
    Instant::now() + instant.duration_since(SystemTime::now()).unwrap_or_default()
}

/// How wrong this process's clock is, in milliseconds.
static SKEW: AtomicI64 = AtomicI64::new(0);

/// Has [`now`] give a wrong time from here on, early or late by so many milliseconds: for the local
/// host's program, which shows that a wrong clock does no harm. No function's own binary calls it.
pub fn skew_clock(milliseconds: i64) {
    SKEW.store(milliseconds, Ordering::Relaxed);
}

/// The present instant, in whole milliseconds: what is written is what is compared.
#[expect(clippy::disallowed_methods, reason = "here time comes from")]
pub fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    let milliseconds = now.as_millisecond().saturating_add(SKEW.load(Ordering::Relaxed));
    jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_skewed_clock_is_off_by_as_much() {
        let before = now();
        skew_clock(-3_600_000);
        let skewed = now();
        skew_clock(0);
        let hour = jiff::SignedDuration::from_hours(1);
        assert!(skewed < before && before.duration_since(skewed) <= hour);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "what is tested goes by it")]
    fn a_deadline_is_as_far_away_as_the_wall_clock_says() {
        let minute = Duration::from_mins(1);
        let earliest = Instant::now();
        let deadline = monotonic(SystemTime::now() + minute);
        let latest = Instant::now();
        // The two clocks are read one after the other.
        assert!(earliest <= deadline && deadline <= latest + minute);
        assert!(monotonic(SystemTime::UNIX_EPOCH) <= Instant::now());
    }
}
