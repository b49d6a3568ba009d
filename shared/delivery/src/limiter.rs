//! How fast this process may call API Gateway: as fast as it can until API Gateway refuses a call
//! for their number (429), and from then on at a rate that follows what is accepted.
//!
//! The limit is the account's, and other processes and the clients' own requests use it up too, so
//! that nobody can know it beforehand, and it changes. The rules are:
//!
//! - The first refusal sets the rate to that of the last calls that were accepted.
//! - After each tenth of a second with refusals, the rate goes down to the share that was accepted,
//!   but never below a quarter of what it was.
//! - While calls are accepted it goes up by a quarter of its size and 50 calls a second in each second, and the
//!   faster the longer none has been refused.
//!
//! Together they settle a little above the limit, where some calls in a hundred are refused: so none of
//! it is left unused, and what others leave is taken up within a second. The 50 are what lets a process
//! that begins low catch up with the others.
//!
//! A refusal counts when the one before it was of another connection: API Gateway gives the same answer
//! where a single client does not read, and that is no reason to slow down for all the others.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::ConnectionId;
use tokio::time::Instant;

/// The rate is looked at again after this long, if there were enough calls to judge by.
const WINDOW: Duration = Duration::from_millis(100);
/// Enough calls to judge by; with fewer, a window lasts for a second.
const ENOUGH: u32 = 10;
const LONGEST_WINDOW: Duration = Duration::from_secs(1);
/// The most that the rate falls by at once: few calls say little.
const STEEPEST: f64 = 0.25;
/// What a second without refusals adds to the rate: this part of it...
const GROWTH: f64 = 0.25;
/// ... and this, in calls a second.
const LIFT: f64 = 50.0;
/// So long without a refusal is twice as fast, twice as long three times as fast.
const ACCELERATION: Duration = Duration::from_millis(300);
/// The rate never falls below this, in calls a second: whether there is room again can only be found
/// out by calling.
const LEAST: f64 = 10.0;
/// Above this rate, in calls a second, there is no limit to keep: it is the quota of an account.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const MOST: f64 = 10_000.0;
/// Turns that were not taken in time are made up for by this much: timers fire late, and a process does
/// not always have the CPU.
const LATE: Duration = WINDOW;
/// A rate is not judged by less than this time.
const INSTANT: Duration = Duration::from_millis(10);

/// Gives out turns to call.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// Held by whoever is next: turns are given out in the order in which they are asked for.
    queue: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
}

impl Limiter {
    pub fn new() -> Self {
        Self { queue: tokio::sync::Mutex::default(), pace: Mutex::new(Pace::new(Instant::now())) }
    }

    /// Waits for a turn.
    pub async fn turn(&self) {
        let _next = self.queue.lock().await;
        loop {
            // The rate may have changed while this one waited.
            let turn = self.pace().turn(Instant::now());
            match turn {
                Ok(()) => return,
                Err(wait_until) => tokio::time::sleep_until(wait_until).await,
            }
        }
    }

    /// A call was accepted, whatever came of it.
    pub fn accepted(&self) {
        self.pace().accepted(Instant::now());
    }

    /// A call for this connection was refused for the number of calls.
    pub fn refused(&self, id: &ConnectionId) {
        self.pace().refused(Instant::now(), id);
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rules, without a clock.
#[derive(Debug)]
struct Pace {
    /// Calls a second, where there is a limit.
    rate: Option<f64>,
    /// When the next call may be made.
    next: Instant,
    window: Window,
    /// Calls accepted in the window before, and how long it was.
    before: (u32, Duration),
    /// Who was refused last, and when a refusal counted.
    last_refused: Option<ConnectionId>,
    refused_at: Instant,
}

/// What was answered lately.
#[derive(Debug)]
struct Window {
    start: Instant,
    latest: Instant,
    accepted: u32,
    refused: u32,
}

impl Window {
    fn new(now: Instant) -> Self {
        Self { start: now, latest: now, accepted: 0, refused: 0 }
    }

    fn is_over(&self, now: Instant) -> bool {
        let lasted = now - self.start;
        lasted >= LONGEST_WINDOW || lasted >= WINDOW && self.accepted + self.refused >= ENOUGH
    }
}

impl Pace {
    fn new(now: Instant) -> Self {
        let (window, before) = (Window::new(now), (0, Duration::ZERO));
        Self { rate: None, next: now, window, before, last_refused: None, refused_at: now }
    }

    /// Takes a turn, or says when there may be one.
    fn turn(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(rate) = self.rate else { return Ok(()) };
        if self.next > now {
            return Err(self.next);
        }
        let due = now.checked_sub(LATE).map_or(self.next, |earliest| self.next.max(earliest));
        self.next = due + Duration::from_secs_f64(1.0 / rate);
        Ok(())
    }

    fn accepted(&mut self, now: Instant) {
        self.resume(now);
        self.window.accepted += 1;
        let speed = 1.0 + (now - self.refused_at).div_duration_f64(ACCELERATION);
        let raised = |rate| rate + (GROWTH + LIFT / rate) * speed;
        self.rate = self.rate.map(raised).filter(|rate| *rate < MOST);
        self.judge(now);
    }

    fn refused(&mut self, now: Instant, id: &ConnectionId) {
        let last = self.last_refused.replace(id.clone());
        if last.is_none_or(|last| last == *id) {
            return;
        }
        self.resume(now);
        self.window.refused += 1;
        self.refused_at = now;
        if self.rate.is_none() {
            let (accepted, time) = self.before;
            let accepted = f64::from((self.window.accepted + accepted).max(1));
            let time = (time + (now - self.window.start)).max(INSTANT);
            let rate = (accepted / time.as_secs_f64()).clamp(LEAST, MOST);
            self.rate = Some(rate);
            self.next = now + Duration::from_secs_f64(1.0 / rate);
            self.window = Window::new(now);
        }
        self.judge(now);
    }

    /// A time without calls says nothing of how many are accepted.
    fn resume(&mut self, now: Instant) {
        if now.saturating_duration_since(self.window.latest) > LONGEST_WINDOW {
            self.window = Window::new(now);
            self.before = (0, Duration::ZERO);
        }
        self.window.latest = now;
    }

    fn judge(&mut self, now: Instant) {
        if !self.window.is_over(now) {
            return;
        }
        let Window { start, accepted, refused, .. } = self.window;
        let share = f64::from(accepted) / f64::from(accepted + refused);
        self.rate = self.rate.map(|rate| (rate * share.max(STEEPEST)).max(LEAST));
        self.before = (accepted, now - start);
        self.window = Window::new(now);
    }
}

#[cfg(test)]
mod tests;
