//! The rate limits of the stage and of its routes, and that of `@connections`.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html>

use crate::template::{Throttling, WebSocketApi};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// One token bucket for each route that has a limit, its own or the stage's.
#[derive(Debug)]
pub(super) struct Throttle(BTreeMap<String, Bucket>);

impl Throttle {
    pub(super) fn new(api: &WebSocketApi, now: Instant) -> Self {
        let buckets = api.routes.iter().filter_map(|(key, route)| {
            let limit = route.throttling.or(api.throttling)?;
            Some((key.clone(), Bucket::full(limit, now)))
        });
        Self(buckets.collect())
    }

    /// Whether one more request may take the route now.
    pub(super) fn admits(&self, route: &str, now: Instant) -> bool {
        self.0.get(route).is_none_or(|bucket| bucket.admits(now))
    }
}

/// How many calls of `@connections` there may be.
#[derive(Debug)]
pub(super) struct Calls(Option<Bucket>);

impl Calls {
    /// So many a second, and half of them at once, as the quota of an account has it.
    pub(super) fn new(a_second: Option<u32>, now: Instant) -> Self {
        Self(a_second.map(|rate| {
            let limit = Throttling { rate: rate.into(), burst: (rate / 2).max(1) };
            Bucket::full(limit, now)
        }))
    }

    /// Whether one more call may be made now.
    pub(super) fn admits(&self, now: Instant) -> bool {
        self.0.as_ref().is_none_or(|bucket| bucket.admits(now))
    }
}

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: Throttling,
    /// The tokens that there were, and when.
    tokens: Mutex<(f64, Instant)>,
}

impl Bucket {
    pub(crate) fn full(limit: Throttling, now: Instant) -> Self {
        Self { limit, tokens: Mutex::new((f64::from(limit.burst), now)) }
    }

    /// Takes a token, if there is one.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, at) = *state;
        let earned = now.saturating_duration_since(at).as_secs_f64() * self.limit.rate;
        let tokens = (tokens + earned).min(f64::from(self.limit.burst));
        let admitted = tokens >= 1.0;
        *state = (if admitted { tokens - 1.0 } else { tokens }, now);
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_and_then_the_rate() {
        let start = Instant::now();
        let bucket = Bucket::full(Throttling { rate: 2.0, burst: 3 }, start);
        let taken = |millis| bucket.admits(start + Duration::from_millis(millis));
        assert!(taken(0) && taken(0) && taken(0));
        assert!(!taken(0) && !taken(499));
        assert!(taken(500));
        assert!(!taken(500));
        assert!(taken(60_000) && taken(60_000) && taken(60_000));
        assert!(!taken(60_000));
    }
}
