//! One simulated world: its clock, its chance, its faults, and what was found wrong with it.

use super::ledger::Ledger;
use super::plan::{Outage, Plan};
use super::setup::SETUP;
use super::sockets::Sockets;
use super::stale::Stale;
use host::memory::Memory;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Everything that goes wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The database refuses a write since another transaction is under way.
    Conflict,
    /// The database refuses a call for the number of calls.
    Throttled,
    /// The database fails, or the call is lost, before it is carried out.
    FailsBefore,
    /// A call is carried out, and its answer lost or a failure.
    FailsAfter,
    /// A call arrives or is answered seconds late.
    Late,
    /// A batch of reads leaves some keys unread.
    Unprocessed,
    /// A process dies.
    Death,
    /// A post fails without reaching anybody.
    PostFails,
    /// A post arrives and its answer says otherwise.
    PostFailsAfter,
    /// A batch of the stream comes twice, one after the other.
    Twice,
    /// A batch of the stream comes to two processes.
    Beside,
    /// The stream's reader falls behind.
    Lag,
    /// A client that is gone is not told of for long, or never.
    Untold,
    /// A client's network breaks.
    Cut,
    /// The issuer's key set cannot be had.
    Issuer,
}

/// Longer than anybody waits for one attempt at a call, and no longer than a call may outlive its
/// request ([`domain::resource::REQUEST_LIFE`]).
const LATEST: Duration = Duration::from_secs(4);
/// How many kinds of fault there are.
pub const FAULTS: usize = Fault::Issuer as usize + 1;

/// What was found wrong.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which promise, in words that are the same for each of its kind.
    pub promise: &'static str,
    /// What is wrong in particular.
    pub detail: String,
}

/// The world of one seed.
pub struct World {
    /// The plan that it goes by.
    pub plan: Plan,
    /// The database.
    pub memory: Memory,
    start: Instant,
    history: Option<Mutex<String>>,
    state: Mutex<State>,
    sockets: Mutex<Sockets>,
    ledger: Mutex<Ledger>,
    stale: Mutex<Stale>,
}

struct State {
    random: fastrand::Rng,
    faulty: bool,
    faults: u32,
    dropped: BTreeSet<u32>,
    compared: u32,
    busy: usize,
    broken: Option<Broken>,
    /// Transactions that are on their way to the database, by their token.
    tokens: BTreeMap<String, usize>,
    /// When the day begins that it is all about.
    morning: Timestamp,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

/// Something is under way for as long as this is there.
#[derive(Debug)]
pub struct Busy(Arc<World>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.state().busy -= 1;
    }
}

/// When every seed begins: 2027-01-11T08:00:50Z, a Monday.
pub const BASE: Timestamp = Timestamp::constant(1_799_654_450, 0);

impl World {
    /// The world of a plan, at its beginning. `recorded`: its history is kept.
    pub fn new(plan: Plan, recorded: bool) -> Arc<Self> {
        let start = Instant::now();
        let clock = move || at(start);
        let memory = Memory::open(&SETUP.plan.tables, clock).expect("it opens in memory");
        let state = State {
            random: fastrand::Rng::with_seed(plan.seed ^ 0x5eed),
            faulty: false,
            faults: 0,
            dropped: plan.dropped.clone(),
            compared: 0,
            busy: 0,
            broken: None,
            tokens: BTreeMap::new(),
            morning: BASE - SignedDuration::from_secs(50),
        };
        Arc::new(Self {
            plan,
            memory,
            start,
            history: recorded.then(Mutex::default),
            state: Mutex::new(state),
            sockets: Mutex::default(),
            ledger: Mutex::default(),
            stale: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sockets of the simulated gateway.
    pub fn sockets(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was committed so far.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a read that is not strongly consistent may answer.
    pub fn stale(&self) -> MutexGuard<'_, Stale> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The true time.
    pub fn now(&self) -> Timestamp {
        at(self.start)
    }

    /// The time of a process whose clock is off by this, in whole milliseconds as functions have it.
    pub fn now_of(&self, skew: SignedDuration) -> Timestamp {
        let now = self.now().checked_add(skew).expect("far from the end of time");
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// 08:00 on the day that it is all about, when everything opens.
    pub fn morning(&self) -> Timestamp {
        self.state().morning
    }

    /// It is about a later day from now on.
    pub fn leap(&self, time: SignedDuration) {
        self.state().morning += time;
        self.note(|| format!("-- {time:#} later"));
    }

    /// All items of a table, as they are.
    pub fn scan(&self, table: &str) -> Vec<Value> {
        let body = json!({"TableName": table, "ConsistentRead": true}).to_string();
        let (_, answer) = self.memory.call("DynamoDB_20120810.Scan", &body);
        let mut answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        match answer["Items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        }
    }

    /// A transaction of this token is on its way.
    pub fn departs(&self, token: &str) {
        *self.state().tokens.entry(token.to_owned()).or_default() += 1;
    }

    /// A transaction of this token is there. Whether another one is still on its way.
    pub fn arrives(&self, token: &str) -> bool {
        let mut state = self.state();
        let left = state.tokens.get_mut(token).map_or(0, |on_their_way| {
            *on_their_way -= 1;
            *on_their_way
        });
        if left == 0 {
            state.tokens.remove(token);
        }
        left > 0
    }

    /// Marks that something is under way.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.state().busy += 1;
        Busy(Arc::clone(self))
    }

    /// How much is under way.
    pub fn is_busy(&self) -> bool {
        self.state().busy > 0
    }

    /// Lets faults happen, or no longer.
    pub fn set_faulty(&self, faulty: bool) {
        self.state().faulty = faulty;
        self.note(|| format!("-- faults are {}", if faulty { "on" } else { "off" }));
    }

    /// Whether a fault of this kind happens now.
    pub fn fault(&self, kind: Fault) -> bool {
        let rate = self.plan.profile.rates[kind as usize];
        let number = {
            let mut state = self.state();
            if !state.faulty || rate <= 0.0 || state.random.f64() >= rate {
                return false;
            }
            state.faults += 1;
            let number = state.faults - 1;
            if state.dropped.contains(&number) {
                return false;
            }
            number
        };
        self.note(|| format!("fault {number}: {kind:?}"));
        true
    }

    /// How many faults have happened so far.
    pub fn faults(&self) -> u32 {
        self.state().faults
    }

    /// An answer is compared with what is in the tables.
    pub fn compared(&self) {
        self.state().compared += 1;
    }

    /// How many answers were compared with what is in the tables.
    pub fn comparisons(&self) -> u32 {
        self.state().compared
    }

    /// Whether an outage of this kind is under way.
    pub fn is_out(&self, kind: Outage) -> bool {
        let since = Instant::now() - self.start;
        let faulty = self.state().faulty;
        faulty && self.plan.outages.iter().any(|it| it.0 == kind && it.1.contains(&since))
    }

    /// True in this share of all cases: chance that is no fault.
    pub fn chance(&self, share: f64) -> bool {
        self.state().random.f64() < share
    }

    /// A number below this one.
    pub fn below(&self, end: usize) -> usize {
        self.state().random.usize(..end.max(1))
    }

    /// How long one way over the network takes: mostly some milliseconds, sometimes much longer.
    pub fn latency(&self) -> Duration {
        let slow = self.plan.profile.slow;
        let mut state = self.state();
        let (spread, tail) = (state.random.f64(), state.random.f64());
        let milliseconds = if state.faulty && tail < slow {
            20.0 + 600.0 * spread * spread
        } else {
            0.5 + 6.0 * spread * spread
        };
        Duration::from_secs_f64(milliseconds / 1000.0)
    }

    /// How much later than that something comes: mostly not at all, sometimes after all patience.
    pub fn late(&self) -> Duration {
        if self.fault(Fault::Late) { self.within(LATEST) } else { Duration::ZERO }
    }

    /// Any time up to this.
    pub fn within(&self, longest: Duration) -> Duration {
        longest.mul_f64(self.state().random.f64())
    }

    /// Writes a line of the history, if it is kept.
    pub fn note(&self, line: impl FnOnce() -> String) {
        if let Some(history) = &self.history {
            let elapsed = (Instant::now() - self.start).as_secs_f64();
            let line = line();
            let mut history = history.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = writeln!(history, "{elapsed:10.4} {line}");
        }
    }

    /// Notes what is wrong; the first such thing counts.
    pub fn broken(&self, promise: &'static str, detail: impl FnOnce() -> String) {
        if self.state().broken.is_none() {
            let broken = Broken { promise, detail: detail() };
            self.note(|| format!("BROKEN: {promise}: {}", broken.detail));
            self.state().broken = Some(broken);
        }
    }

    /// What was found wrong.
    pub fn verdict(&self) -> Option<Broken> {
        self.state().broken.clone()
    }

    /// The history, if it was kept.
    pub fn history(&self) -> String {
        let history = self.history.as_ref();
        history.map_or_else(String::new, |history| {
            history.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
    }
}

fn at(start: Instant) -> Timestamp {
    BASE + SignedDuration::try_from(Instant::now() - start).unwrap_or(SignedDuration::MAX)
}
