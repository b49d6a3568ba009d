//! What is done before the first invocation.

use crate::error::Error;
use std::future::Future;
use std::time::Duration;

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
