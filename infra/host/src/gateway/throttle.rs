//! The rate limits of the stage and of its routes, and that of `@connections`.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html>

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::template::{Throttling, WebSocketApi};

/// One token bucket for each route that has a limit, its own or the stage's.
#[derive(Debug)]
pub(super) struct Throttle(BTreeMap<String, Mutex<Bucket>>);

impl Throttle {
    pub(super) fn new(api: &WebSocketApi, now: Instant) -> Self {
        let buckets = api.routes.iter().filter_map(|(key, route)| {
            let limit = route.throttling.or(api.throttling)?;
            Some((key.clone(), Mutex::new(Bucket::full(limit, now))))
        });
        Self(buckets.collect())
    }

    /// Whether one more request may take the route now.
    pub(super) fn admits(&self, route: &str, now: Instant) -> bool {
        self.0
            .get(route)
            .is_none_or(|bucket| bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now))
    }
}

/// How many calls of `@connections` there may be.
#[derive(Debug)]
pub(super) struct Calls(Option<Mutex<Bucket>>);

impl Calls {
    /// So many a second, and half of them at once, as the quota of an account has it.
    pub(super) fn new(a_second: Option<u32>, now: Instant) -> Self {
        Self(a_second.map(|rate| {
            let limit = Throttling { rate: rate.into(), burst: (rate / 2).max(1) };
            Mutex::new(Bucket::full(limit, now))
        }))
    }

    /// Whether one more call may be made now.
    pub(super) fn admit(&self, now: Instant) -> bool {
        self.0
            .as_ref()
            .is_none_or(|bucket| bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now))
    }
}

#[derive(Debug)]
struct Bucket {
    limit: Throttling,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(limit: Throttling, now: Instant) -> Self {
        Self { limit, tokens: f64::from(limit.burst), at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.limit.rate;
        self.tokens = (self.tokens + earned).min(f64::from(self.limit.burst));
        self.at = now;
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(Throttling { rate: 2.0, burst: 3 }, start);
        let mut taken = |millis| bucket.take(start + Duration::from_millis(millis));
        assert!(taken(0) && taken(0) && taken(0));
        assert!(!taken(0) && !taken(499));
        assert!(taken(500));
        assert!(!taken(500));
        assert!(taken(60_000) && taken(60_000) && taken(60_000));
        assert!(!taken(60_000));
    }
}
