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
pub use config::{ConfigError, function_handler};
pub use metrics::Metrics;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;

/// What ends a function's process.
pub type Error = lambda_runtime::Error;

/// Answers invocations one after the other, until the process is ended from outside.
pub async fn run<In, Out, F, Fut>(handle: F) -> Result<(), Error>
where
    In: DeserializeOwned,
    Out: Serialize,
    F: Fn(In) -> Fut,
    Fut: Future<Output = Result<Out, Error>>,
{
    let answer = |event: LambdaEvent<In>| Box::pin(handle(event.payload));
    Box::pin(lambda_runtime::run(service_fn(answer))).await
}

/// The present instant, in whole milliseconds: what is written is what is compared.
pub fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
