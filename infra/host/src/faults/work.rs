//! What invocations, batches and processes meet.

use super::Faults;
use super::chance::Fault;
use std::time::Duration;

/// By which a process is told how wrong its clock is, in milliseconds. Which program it is decides
/// whether it listens.
const SKEW: &str = "CLOCK_SKEW_MS";

impl Faults {
    /// Whether a process is killed instead of being given an event.
    pub(crate) fn crash_before(&self) -> bool {
        self.meets(Fault::CrashBefore)
    }

    /// How long after it has the event a process is killed, if it is.
    pub(crate) fn crash_during(&self) -> Option<Duration> {
        self.wait(Fault::CrashDuring, |plan| plan.functions.crash_ms)
    }

    /// Whether a process is killed that has just answered, and the answer lost.
    pub(crate) fn crash_after(&self) -> bool {
        self.meets(Fault::CrashAfter)
    }

    /// Whether a batch is given to its function once more than it has to be.
    pub(crate) fn duplicate(&self) -> bool {
        self.meets(Fault::Duplicate)
    }

    /// Where a batch of so many records is cut in two, if it is.
    pub(crate) fn split(&self, records: usize) -> Option<usize> {
        if records < 2 || !self.meets(Fault::Split) {
            return None;
        }
        let part = self.with(|script| script.part(Fault::Split))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a part of a small number"
        )]
        let place = (part * (records - 1) as f64) as usize;
        Some(place + 1)
    }

    /// Waits, where reading on from a stream is late.
    pub(crate) async fn lag(&self) {
        if let Some(wait) = self.wait(Fault::Lag, |plan| plan.stream.lag_ms) {
            tokio::time::sleep(wait).await;
        }
    }

    /// The variable that tells a process that starts how wrong its clock is.
    pub(crate) fn clock(&self) -> Option<(&'static str, String)> {
        self.with(|script| {
            let most = script.plan.clock.skew_ms.duration();
            if most.is_zero() {
                return None;
            }
            let part = script.part(Fault::Skew);
            script.count(Fault::Skew);
            let skew = 2.0 * part * most.as_secs_f64() * 1000.0 - most.as_secs_f64() * 1000.0;
            Some((SKEW, format!("{skew:.0}")))
        })?
    }
}
