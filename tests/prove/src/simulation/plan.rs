//! What a seed is about: who does what, and how much goes wrong. All of it is drawn from the seed
//! before anything happens, so that a part of it can be left out and the rest tried again.
//!
//! Each seed has only some kinds of faults and some kinds of steps, and those the more: a mixture of
//! everything all the time rarely gets anywhere. See "Swarm Testing" by Groce et al., ISSTA 2012.

use super::powers::Powers;
use super::step::{Act, Any, Move, Sale, Step, Topic, Written};
use super::world::{FAULTS, Fault};
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

/// What a seed is about.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where it comes from.
    pub seed: u64,
    /// How much goes wrong.
    pub profile: Profile,
    /// Weeks that pass between the rounds, if any do.
    pub leap: Option<Duration>,
    /// When nobody can be reached.
    pub outages: Vec<(Outage, Range<Duration>)>,
    /// Who takes part.
    pub clients: Vec<ClientPlan>,
    /// The numbers of the faults that do not happen after all.
    pub dropped: BTreeSet<u32>,
}

/// How much goes wrong.
#[derive(Debug, Clone)]
pub struct Profile {
    /// How often each kind of fault happens, by its number.
    pub rates: [f64; FAULTS],
    /// The share of slow ways over the network.
    pub slow: f64,
    /// How far clocks of processes are off at most, in milliseconds.
    pub skew: i64,
    /// Places that a customer may have open at once.
    pub max_open: u64,
    /// The resources, at first.
    pub resources: [Written; 2],
    /// The most records of a batch.
    pub batch: usize,
    /// How old a read may be that is not strongly consistent.
    pub lag: Duration,
    /// Whether `expire` is told of what happens; otherwise somebody has to look.
    pub expires: bool,
}

/// How nobody can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The gateway fails.
    Failing,
    /// The gateway refuses calls for their number.
    Throttling,
}

/// Who does what.
#[derive(Debug, Clone)]
pub struct ClientPlan {
    /// Who: several may be the same customer.
    pub customer: String,
    /// Whether an operator.
    pub operator: bool,
    /// How long tokens are good, in seconds.
    pub ttl: i64,
    /// What they watch from the start.
    pub topics: Vec<Topic>,
    /// What they do, round by round.
    pub rounds: Vec<Vec<Step>>,
}

/// Resources that there are.
pub const RESOURCES: [&str; 2] = ["room-0", "room-1"];
/// Kinds of steps.
const KINDS: usize = 18;
/// The pool that all of them are in.
pub const POOL: &str = "rooms";
/// What operators come as.
const POWERS: [Powers; 6] = [
    Powers::All,
    Powers::All,
    Powers::Here,
    Powers::Elsewhere,
    Powers::Elsewhere,
    Powers::Customer,
];
/// Rounds of each seed: after each everything is quiet, and looked at.
pub const ROUNDS: usize = 2;

impl Plan {
    /// The plan of this seed.
    pub fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let profile = Profile::draw(&mut random);
        let outages = outages(&mut random);
        let clients = clients(&mut random, &profile);
        let leap = pick(&mut random, &[None, None, None, None, Some(2), Some(5)]);
        let leap = leap.map(|weeks| Duration::from_hours(7 * 24 * weeks));
        Self { seed, profile, leap, outages, clients, dropped: BTreeSet::new() }
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.clients.iter().flat_map(|client| &client.rounds).map(Vec::len).sum()
    }

    /// The same without these steps, by their place in the whole.
    #[must_use]
    pub fn without_steps(&self, dropped: &Range<usize>) -> Self {
        let mut plan = self.clone();
        let mut place = 0;
        for round in plan.clients.iter_mut().flat_map(|client| &mut client.rounds) {
            round.retain(|_| {
                place += 1;
                !dropped.contains(&(place - 1))
            });
        }
        plan
    }
}

fn pick<T: Copy>(random: &mut fastrand::Rng, of: &[T]) -> T {
    of[random.usize(..of.len())]
}

impl Profile {
    fn draw(random: &mut fastrand::Rng) -> Self {
        let mut rates = [0.0; FAULTS];
        let calm = random.u32(..8) == 0;
        for (kind, most) in [
            (Fault::Conflict, 0.2),
            (Fault::Throttled, 0.1),
            (Fault::FailsBefore, 0.06),
            (Fault::FailsAfter, 0.06),
            (Fault::Late, 0.02),
            (Fault::Unprocessed, 0.5),
            (Fault::Death, 0.08),
            (Fault::PostFails, 0.5),
            (Fault::PostFailsAfter, 0.2),
            (Fault::Twice, 0.3),
            (Fault::Beside, 0.3),
            (Fault::Lag, 0.3),
            (Fault::Untold, 0.5),
            (Fault::Cut, 0.03),
            (Fault::Issuer, 0.3),
        ] {
            let chosen = random.u32(..3) == 0;
            let rate = most * random.f64();
            if chosen && !calm {
                rates[kind as usize] = rate;
            }
        }
        let first = Written {
            capacity: pick(random, &[1, 1, 2, 3]),
            sharing: true,
            slot_minutes: pick(random, &[1, 15, 30, 60]),
            hold_seconds: pick(random, &[1, 2, 2, 5, 60]),
            manual: random.u32(..4) == 0,
        };
        // Often a table of one party, on a grid of its own.
        let second = Written {
            capacity: pick(random, &[1, 2, 3]),
            sharing: random.bool(),
            slot_minutes: pick(
                random,
                match first.slot_minutes {
                    1 => &[1],
                    15 => &[15, 30],
                    _ => &[30, 60],
                },
            ),
            ..first
        };
        Self {
            rates,
            slow: pick(random, &[0.0, 0.05, 0.2, 0.5]),
            skew: pick(random, &[0, 0, 20, 200]),
            max_open: pick(random, &[50, 50, 4]),
            resources: [first, second],
            batch: pick(random, &[1, 3, 10, 100]),
            lag: Duration::from_millis(pick(random, &[50, 300, 1000])),
            expires: random.bool(),
        }
    }
}

fn outages(random: &mut fastrand::Rng) -> Vec<(Outage, Range<Duration>)> {
    if random.u32(..3) > 0 {
        return Vec::new();
    }
    let kind = pick(random, &[Outage::Failing, Outage::Throttling]);
    let from = Duration::from_millis(random.u64(..6000));
    let long = match random.u32(..400) {
        0 => 4500,
        1..10 => 100,
        _ => pick(random, &[1, 2, 2, 5, 5, 20]),
    };
    vec![(kind, from..from + Duration::from_secs(long))]
}

fn clients(random: &mut fastrand::Rng, profile: &Profile) -> Vec<ClientPlan> {
    let customers = pick(random, &["alice bob", "alice alice bob", "alice bob carol"]);
    let mut who: Vec<(&str, bool)> = customers.split(' ').map(|name| (name, false)).collect();
    who.push(("olga", true));
    let weights = weights(random);
    let opening = pick(random, &[Some(Opening::Duel), Some(Opening::Line), None, None]);
    who.into_iter()
        .enumerate()
        .map(|(number, (customer, operator))| {
            let ttl = pick(random, &[6, 20, 40_000, 40_000, 40_000]);
            let mut topics = vec![Topic::Me];
            for resource in 0..RESOURCES.len() {
                if random.bool() {
                    topics.push(Topic::Slots(resource));
                }
                if operator && random.bool() {
                    topics.push(Topic::Bookings(resource));
                }
            }
            let round = |random: &mut fastrand::Rng| {
                let steps = random.usize(2..9);
                let steps = (0..steps).map(|_| step(random, operator, &weights, profile));
                let first = opening.map(|it| it.steps(number == 0, profile.resources[0].capacity));
                first.into_iter().flatten().chain(steps).collect()
            };
            let rounds = (0..ROUNDS).map(|_| round(random)).collect();
            ClientPlan { customer: customer.to_owned(), operator, ttl, topics, rounds }
        })
        .collect()
}

/// How rounds of some seeds begin.
#[derive(Debug, Clone, Copy)]
enum Opening {
    /// Who holds a slot confirms at the end of the hold, when all others want it too.
    Duel,
    /// Who has booked all of a slot gives it back, when all others wait for it.
    Line,
}

impl Opening {
    /// What one does first: who has the slot, or one of the others.
    fn steps(self, has: bool, capacity: u32) -> Vec<Step> {
        let sell = |action, at_end, quantity| {
            let (any, with, guest) = (None, false, false);
            let (resource, slot, slots) = (0, 0, 1);
            Act::Sell(Sale { action, at_end, resource, any, slot, slots, quantity, with, guest })
        };
        let (waits, checked) = (true, false);
        let step = |pause, act| Step { pause: Duration::from_millis(pause), waits, checked, act };
        match (self, has) {
            (Self::Duel, true) => vec![
                step(0, sell("hold", false, 1)),
                step(0, Act::Confirm { which: 0, at_end: true }),
            ],
            (Self::Duel, false) => vec![step(700, sell("hold", true, 1))],
            (Self::Line, true) => {
                vec![step(0, sell("book", false, capacity)), step(1500, Act::Cancel { which: 0 })]
            }
            (Self::Line, false) => vec![step(700, sell("waitlist", false, 1))],
        }
    }
}

/// How often each kind of step is taken in this seed: some kinds not at all.
fn weights(random: &mut fastrand::Rng) -> [u32; KINDS] {
    let mut weights = [12, 14, 4, 5, 5, 3, 4, 4, 3, 2, 3, 2, 8, 14, 3, 4, 3, 2];
    for weight in &mut weights[2..] {
        if random.bool() {
            *weight = 0;
        }
    }
    weights
}

fn step(
    random: &mut fastrand::Rng,
    operator: bool,
    weights: &[u32; KINDS],
    profile: &Profile,
) -> Step {
    let total: u32 = weights.iter().sum();
    let mut drawn = random.u32(..total);
    let mut kind = 0;
    while drawn >= weights[kind] {
        drawn -= weights[kind];
        kind += 1;
    }
    let resource = usize::from(random.u32(..4) == 0);
    let Written { capacity, sharing, slot_minutes, .. } = profile.resources[resource];
    let slot = random.usize(..if capacity == 1 { 2 } else { 3 });
    let which = if random.u32(..3) == 0 { random.usize(..4) } else { 0 };
    let topic = match random.u32(..4) {
        0 => Topic::Me,
        1 if operator => Topic::Bookings(resource),
        _ => Topic::Slots(resource),
    };
    let act = match kind {
        0 | 13 => {
            let sells = if random.u32(..3) > 0 { "hold" } else { "book" };
            let any = match random.u32(..8) {
                0 if kind == 0 => Some(Any::Pool),
                1 if kind == 0 => Some(Any::Ids),
                _ => None,
            };
            Act::Sell(Sale {
                action: if kind == 0 { sells } else { "waitlist" },
                any,
                at_end: random.u32(..3) == 0,
                resource,
                slot,
                slots: pick(random, &[1, 1, 1, 2]),
                quantity: if random.u32(..4) == 0 { capacity.min(2) } else { 1 },
                with: kind == 0 && any.is_none() && random.u32(..4) == 0,
                guest: operator && random.bool(),
            })
        }
        1 if operator => Act::Approve { which },
        1 => Act::Confirm { which, at_end: random.u32(..3) == 0 },
        12 => Act::Extend { which, at_end: random.u32(..3) == 0 },
        2 => Act::Cancel { which },
        3 => Act::Reschedule { which, to: goes(random) },
        4 => Act::Subscribe(topic),
        5 => Act::Unsubscribe(topic),
        6 if operator => Act::Refresh(pick(random, &POWERS)),
        6 => Act::Refresh(Powers::Customer),
        7 if operator => {
            let written = Written {
                capacity: random.u32(1..4),
                sharing: sharing ^ (random.u32(..6) == 0),
                slot_minutes: if random.bool() { slot_minutes } else { 30 },
                hold_seconds: pick(random, &[1, 2, 5]),
                manual: random.u32(..4) == 0,
            };
            Act::Put { resource, written }
        }
        7 => Act::Again { which },
        8 if operator => pick(random, &[Act::Decline { which }, Act::Complete { which }]),
        8 | 10 => Act::Away(Duration::from_millis(random.u64(..4000))),
        9 if operator => pick(random, &[Act::NoShow { which }, Act::List { resource }]),
        9 => Act::List { resource },
        14 => Act::Update { which },
        15 => Act::Look { resource },
        17 if operator => Act::Revoke { whose: random.usize(..4) },
        16 | 17 => Act::Search {
            any: pick(random, &[Any::Pool, Any::Ids]),
            slots: pick(random, &[1, 1, 2]),
            quantity: random.u32(1..3),
        },
        _ => Act::Leave(Duration::from_millis(random.u64(..2000))),
    };
    let pause = pick(random, &[0, 0, 5, 30, 200, 1000, 2500]);
    let (waits, checked) = (random.u32(..3) > 0, random.u32(..4) == 0);
    Step { pause: Duration::from_millis(pause), waits, checked, act }
}

/// To another time, to another resource, to another number of places, or all at once.
fn goes(random: &mut fastrand::Rng) -> Move {
    let mut to = Move {
        slot: random.bool().then(|| random.usize(..4)),
        resource: (random.u32(..3) == 0).then(|| random.usize(..RESOURCES.len())),
        quantity: (random.u32(..3) == 0).then(|| random.u32(1..4)),
    };
    if let Move { slot: None, resource: None, quantity: None } = to {
        to.slot = Some(random.usize(..4));
    }
    to
}
