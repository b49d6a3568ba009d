//! A circuit breaker: an endpoint that keeps failing is left alone for a while, and then tried with one request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row after which the endpoint is left alone.
const FAILURES: u32 = 5;
/// For how long.
const PAUSE: Duration = Duration::from_secs(30);

/// A circuit breaker of one process.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Nobody asks before this.
    until: Option<Instant>,
}

impl Breaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how long the endpoint is to be left alone. Once that is over, whoever comes first tries it for all.
    pub fn is_open(&self, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        let until = state.until?;
        if now < until {
            return Some(until - now);
        }
        state.until = Some(now + PAUSE);
        None
    }

    /// What came of a request; `true`: the endpoint decided.
    pub fn note(&self, decided: bool, now: Instant) {
        let mut state = self.state();
        if decided {
            *state = State::default();
        } else {
            state.failures = state.failures.saturating_add(1);
            if state.failures >= FAILURES {
                state.until = Some(now + PAUSE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_failing_is_left_alone_and_tried_by_one() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..FAILURES {
            assert_eq!(breaker.is_open(now), None);
            breaker.note(false, now);
        }
        let almost = now + PAUSE - Duration::from_secs(1);
        assert_eq!(breaker.is_open(almost), Some(Duration::from_secs(1)));
        let then = now + PAUSE;
        assert_eq!(breaker.is_open(then), None, "one tries");
        assert_eq!(breaker.is_open(then), Some(PAUSE), "and the others wait for what comes of it");
        breaker.note(false, then);
        assert!(breaker.is_open(then).is_some());
        let again = then + PAUSE;
        assert_eq!(breaker.is_open(again), None);
        breaker.note(true, again);
        for _ in 1..FAILURES {
            breaker.note(false, again);
            assert_eq!(breaker.is_open(again), None);
        }
    }
}
