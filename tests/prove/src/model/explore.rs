//! Every state that a model can come to, breadth first, so that the first history found that breaks a
//! promise is a shortest one.
//!
//! The `stateright` crate does this too. It brings a web server for its explorer, and second versions
//! of crates that are here already (`rand`, `hashbrown`), none of them optional; and this is a page.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

/// States that are worked on at once, before what they lead to is put together.
const ROUND: usize = 1 << 14;
/// How often progress is shown.
const PROGRESS: Duration = Duration::from_secs(5);

/// A promise that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which promise.
    pub promise: &'static str,
    /// How it does not hold.
    pub how: String,
}

impl Broken {
    /// This promise does not hold, for this reason.
    pub fn new(promise: &'static str, how: impl fmt::Display) -> Self {
        Self { promise, how: how.to_string() }
    }
}

/// What can happen, one step at a time.
pub trait Model: Sync {
    /// Everything there is at one time.
    type State: Clone + Hash + Send + Sync;
    /// What may happen next.
    type Step: Send;
    /// What came of a step, for whoever reads the history.
    type Outcome: fmt::Display;

    /// How it begins.
    fn start(&self) -> Self::State;

    /// All that may happen next, always in the same order.
    fn steps(&self, state: &Self::State) -> Vec<Self::Step>;

    /// What a step makes of a state, or which promise it breaks.
    fn take(
        &self,
        state: &Self::State,
        step: &Self::Step,
    ) -> Result<(Self::State, Self::Outcome), Broken>;

    /// Whether all promises hold in a state, as they did in the one before it.
    fn check(&self, before: &Self::State, state: &Self::State) -> Result<(), Broken>;

    /// A step in words.
    fn tell(&self, state: &Self::State, step: &Self::Step) -> String;
}

/// What an exploration came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explored {
    /// Different states.
    pub states: usize,
    /// Steps that lead from one state to another: each is another order of events.
    pub transitions: usize,
    /// Steps of the longest of the shortest ways to a state.
    pub depth: usize,
    /// Whether there was time for all of it.
    pub complete: bool,
    /// How long it took.
    pub took: Duration,
}

/// The shortest history that breaks a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterexample {
    /// The promise.
    pub broken: Broken,
    /// One step a line.
    pub history: Vec<String>,
}

/// A state: the one that it was first come to from, and by which of its steps.
type Way = (u32, u16);

/// A state that was found in a round.
struct Found<S> {
    mark: u64,
    way: Way,
    state: S,
    broken: Option<Broken>,
}

/// Comes to every state of a model until the end.
pub fn explore<M: Model>(
    name: &str,
    model: &M,
    end: Instant,
) -> Result<Explored, Box<Counterexample>> {
    let began = Instant::now();
    let start = model.start();
    if let Err(broken) = model.check(&start, &start) {
        return Err(Box::new(Counterexample { broken, history: Vec::new() }));
    }
    let mut known = HashSet::from([mark(&start)]);
    // The first is its own origin.
    let mut ways: Vec<Way> = vec![(0, 0)];
    let mut level = vec![(0, start)];
    let mut explored =
        Explored { states: 1, transitions: 0, depth: 0, complete: true, took: Duration::ZERO };
    let mut shown = began;
    while !level.is_empty() && explored.complete {
        let mut next = Vec::new();
        for round in level.chunks(ROUND) {
            if Instant::now() >= end {
                explored.complete = false;
                break;
            }
            let (found, transitions) = work(model, round, &known);
            explored.transitions += transitions;
            for Found { mark, way, state, broken } in found {
                if let Some(broken) = broken {
                    let history = history(model, &ways, way);
                    return Err(Box::new(Counterexample { broken, history }));
                }
                if known.insert(mark) {
                    let place = u32::try_from(ways.len()).expect("fewer states than memory");
                    ways.push(way);
                    next.push((place, state));
                }
            }
            if shown.elapsed() >= PROGRESS {
                shown = Instant::now();
                let rate = per_second(ways.len(), began.elapsed());
                let (states, depth) = (ways.len(), explored.depth);
                eprintln!("  {name}: {states} states, depth {depth}, {rate} states/s");
            }
        }
        explored.depth += usize::from(!next.is_empty());
        level = next;
    }
    explored.states = ways.len();
    explored.took = began.elapsed();
    Ok(explored)
}

/// So many in a second.
pub fn per_second(number: usize, time: Duration) -> u64 {
    u64::try_from(number as u128 * 1000 / time.as_millis().max(1)).unwrap_or(u64::MAX)
}

/// What the states of a round lead to, but for what was known before it, and over how many steps.
fn work<M: Model>(
    model: &M,
    round: &[(u32, M::State)],
    known: &HashSet<u64>,
) -> (Vec<Found<M::State>>, usize) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = round.len().div_ceil(threads).max(256);
    thread::scope(|scope| {
        let parts: Vec<_> = round
            .chunks(share)
            .map(|part| scope.spawn(move || follow(model, part, known)))
            .collect();
        let (mut found, mut transitions) = (Vec::new(), 0);
        for part in parts {
            let (more, steps) = part.join().expect("a model does not panic");
            found.extend(more);
            transitions += steps;
        }
        (found, transitions)
    })
}

fn follow<M: Model>(
    model: &M,
    part: &[(u32, M::State)],
    known: &HashSet<u64>,
) -> (Vec<Found<M::State>>, usize) {
    let (mut found, mut transitions) = (Vec::new(), 0);
    for (place, state) in part {
        for (number, step) in model.steps(state).iter().enumerate() {
            transitions += 1;
            let way = (*place, u16::try_from(number).expect("a state has few steps"));
            match model.take(state, step) {
                Ok((next, _)) => {
                    let mark = mark(&next);
                    if !known.contains(&mark) {
                        let broken = model.check(state, &next).err();
                        found.push(Found { mark, way, state: next, broken });
                    }
                }
                Err(broken) => {
                    let state = state.clone();
                    found.push(Found { mark: 0, way, state, broken: Some(broken) });
                }
            }
        }
    }
    (found, transitions)
}

/// States are told apart by 64 bits: of ten million, two are taken for one with a chance of one in
/// 300,000.
fn mark<S: Hash>(state: &S) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

/// The steps to where the last way leads.
fn history<M: Model>(model: &M, ways: &[Way], last: Way) -> Vec<String> {
    let mut steps = vec![last.1];
    let mut place = last.0;
    while place != 0 {
        let (before, step) = ways[place as usize];
        steps.push(step);
        place = before;
    }
    let mut state = model.start();
    let mut lines = Vec::new();
    for number in steps.into_iter().rev() {
        let all = model.steps(&state);
        let step = &all[usize::from(number)];
        let told = model.tell(&state, step);
        match model.take(&state, step) {
            Ok((next, outcome)) => {
                lines.push(format!("{told}{outcome}"));
                state = next;
            }
            Err(_) => lines.push(told),
        }
    }
    lines
}
