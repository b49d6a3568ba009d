//! What every function starts with.
//!
//! | module | what it knows |
//! |---|---|
//! | [`config`] | every variable of the environment: nothing else reads it |
//! | [`clients`] | the SDK's clients, built once and before the first invocation |
//! | [`metrics`] | what alarms and the dashboard watch |
//! | [`telemetry`] | where logs go |

pub mod clients;
pub mod config;
mod http;
pub mod metrics;
pub mod telemetry;

pub use clients::Clients;
pub use config::{Config, ConfigError, Tokens};
pub use metrics::Metrics;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Reads the environment and starts logging. Call it once, first.
pub fn start() -> Config {
    let config = Config::from_env();
    telemetry::start(&config);
    config
}

/// What ends a function's process.
pub type Error = lambda_runtime::Error;

/// What is done ahead of the first invocation has this long: a fifth of what Lambda gives a start.
const AHEAD: Duration = Duration::from_secs(2);

/// Does what the first invocation would otherwise wait for. Lambda gives a process a whole CPU until
/// it asks for an invocation, and from then on what its memory pays for: a seventh at 256 MB.
/// <https://serverlessland.com/content/service/lambda/guides/effectively-running-java-on-serverless/init-heavy-lifting>
///
/// It is a favour, not a condition: a function whose database or issuer is away starts nevertheless.
/// Were it to end instead, Lambda would start it again for each invocation.
pub async fn ahead<E>(what: &str, work: impl Future<Output = Result<(), E>>)
where
    E: Into<Error>,
{
    let done = tokio::time::timeout(AHEAD, work).await.map_err(Error::from);
    if let Err(error) = done.and_then(|done| done.map_err(Into::into)) {
        tracing::warn!(error = chain(&*error), "no {what} yet");
    }
}

/// An error and all that led to it: the outermost, which JSON logs would show alone, says little.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
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
fn monotonic(instant: SystemTime) -> Instant {
    Instant::now() + instant.duration_since(SystemTime::now()).unwrap_or_default()
}

/// The present instant, in whole milliseconds: what is written is what is compared.
pub fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
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
