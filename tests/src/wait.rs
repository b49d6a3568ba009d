//! Waiting for something to become true: the deadline only ends a test that would hang.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it; `BOOKING_PATIENCE` says how many
/// seconds where a minute is too long.
pub static LIMIT: LazyLock<Duration> = LazyLock::new(|| {
    let seconds = std::env::var("BOOKING_PATIENCE").map(|text| text.parse().unwrap());
    Duration::from_secs(seconds.unwrap_or(60))
});

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Looks again and again until `look` finds something.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < *LIMIT, "waited {:?} for {what}", *LIMIT);
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// Fails the test when `work` takes longer than [`LIMIT`].
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(*LIMIT, work).await;
    done.unwrap_or_else(|_| panic!("waited {:?} for {what}", *LIMIT))
}
