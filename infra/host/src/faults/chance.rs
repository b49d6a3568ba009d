//! Which fault a call meets: by the seed and by how many came before it.

use super::plan::{Plan, Rate};
use fastrand::Rng;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// Something that goes wrong. Each has a sequence of chances of its own, so that more calls of one
/// kind change nothing about those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Conflict,
    Throttle,
    Fail,
    FailAfter,
    LoseAnswer,
    SlowCall,
    DropPost,
    GonePost,
    TooManyPosts,
    FailPost,
    FailPostAfter,
    SlowPost,
    CrashBefore,
    CrashDuring,
    CrashAfter,
    Duplicate,
    Split,
    Lag,
    Skew,
    MessageTwice,
    MessageLate,
    FailQueue,
    FailQueueAfter,
    EventTwice,
    EventLate,
}

impl Fault {
    /// Its name, as the file has it.
    fn name(self) -> &'static str {
        match self {
            Self::Conflict => "database.conflict",
            Self::Throttle => "database.throttle",
            Self::Fail => "database.fail",
            Self::FailAfter => "database.failAfter",
            Self::LoseAnswer => "database.loseAnswer",
            Self::SlowCall => "database.slow",
            Self::DropPost => "posts.drop",
            Self::GonePost => "posts.gone",
            Self::TooManyPosts => "posts.tooMany",
            Self::FailPost => "posts.fail",
            Self::FailPostAfter => "posts.failAfter",
            Self::SlowPost => "posts.slow",
            Self::CrashBefore => "functions.crashBefore",
            Self::CrashDuring => "functions.crashDuring",
            Self::CrashAfter => "functions.crashAfter",
            Self::Duplicate => "stream.duplicate",
            Self::Split => "stream.split",
            Self::Lag => "stream.lag",
            Self::Skew => "clock.skew",
            Self::MessageTwice => "queues.duplicate",
            Self::MessageLate => "queues.late",
            Self::FailQueue => "queues.fail",
            Self::FailQueueAfter => "queues.failAfter",
            Self::EventTwice => "bus.duplicate",
            Self::EventLate => "bus.late",
        }
    }

    fn rate(self, plan: &Plan) -> Rate {
        let Plan { database, posts, functions, stream, queues, bus, .. } = plan;
        match self {
            Self::Conflict => database.conflict,
            Self::Throttle => database.throttle,
            Self::Fail => database.fail,
            Self::FailAfter => database.fail_after,
            Self::LoseAnswer => database.lose_answer,
            Self::SlowCall => database.slow,
            Self::DropPost => posts.drop,
            Self::GonePost => posts.gone,
            Self::TooManyPosts => posts.too_many,
            Self::FailPost => posts.fail,
            Self::FailPostAfter => posts.fail_after,
            Self::SlowPost => posts.slow,
            Self::CrashBefore => functions.crash_before,
            Self::CrashDuring => functions.crash_during,
            Self::CrashAfter => functions.crash_after,
            Self::Duplicate => stream.duplicate,
            Self::Split => stream.split,
            Self::Lag => stream.lag,
            Self::MessageTwice => queues.duplicate,
            Self::MessageLate => queues.late,
            Self::FailQueue => queues.fail,
            Self::FailQueueAfter => queues.fail_after,
            Self::EventTwice => bus.duplicate,
            Self::EventLate => bus.late,
            // Each process that starts has a clock of its own.
            Self::Skew => Rate::default(),
        }
    }

    /// How many calls in a row meet it.
    fn burst(self, plan: &Plan) -> u32 {
        let burst = match self {
            Self::Throttle => plan.database.burst,
            Self::GonePost | Self::TooManyPosts | Self::FailPost => plan.posts.burst,
            _ => 1,
        };
        burst.max(1)
    }
}

/// The chances of one fault.
#[derive(Debug)]
struct Chances {
    random: Rng,
    /// So many calls more are of the same burst.
    more: u32,
    met: u64,
}

/// What goes wrong at present.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) plan: Plan,
    chances: BTreeMap<Fault, Chances>,
    met: u64,
    /// Of the transactions that were asked for.
    pub(super) tokens: HashSet<String>,
}

impl Script {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, chances: BTreeMap::new(), met: 0, tokens: HashSet::new() }
    }

    /// Chances of this fault, to draw from.
    fn chances(&mut self, fault: Fault) -> &mut Chances {
        let seed = self.plan.seed;
        self.chances.entry(fault).or_insert_with(|| {
            let mut random = Rng::with_seed(seed);
            // Its place in the list makes another sequence of the same seed.
            let place = fault as u64;
            random = Rng::with_seed(random.u64(..) ^ place.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            Chances { random, more: 0, met: 0 }
        })
    }

    /// Whether this call meets the fault.
    pub(super) fn meets(&mut self, fault: Fault) -> bool {
        let share = fault.rate(&self.plan).share();
        if share <= 0.0 || self.plan.most.is_some_and(|most| self.met >= most) {
            return false;
        }
        let burst = fault.burst(&self.plan);
        let chances = self.chances(fault);
        if chances.more > 0 {
            chances.more -= 1;
        } else if chances.random.f64() < share {
            chances.more = burst - 1;
        } else {
            return false;
        }
        self.count(fault);
        true
    }

    /// Counts that a fault was met.
    pub(super) fn count(&mut self, fault: Fault) {
        self.chances(fault).met += 1;
        self.met += 1;
    }

    /// A number from 0 up to 1 that belongs to this fault's details.
    pub(super) fn part(&mut self, fault: Fault) -> f64 {
        self.chances(fault).random.f64()
    }

    /// The plan, and how often each fault was met.
    pub(super) fn status(&self) -> Value {
        let met: BTreeMap<_, _> =
            self.chances.iter().map(|(fault, chances)| (fault.name(), chances.met)).collect();
        json!({"plan": self.plan, "met": met})
    }
}
