//! Whether some order of overlapping calls explains what they answered.
//!
//! The method is that of Wing and Gong, with Lowe's memory of what was tried, on a part of the history
//! that is an object of its own, as Porcupine has it: "Testing for linearizability", Concurrency and
//! Computation, 2017. The crates that do this (`stateright`, `todc-utils`) know no call that may or may
//! not have happened, and no time.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Something that answers one call after the other.
pub trait Object {
    /// How it is.
    type State: Clone + Eq + Hash;
    /// A call with its answer.
    type Step;

    /// How it is at first.
    fn start(&self) -> Self::State;

    /// Whether a call only looks.
    fn looks(&self, step: &Self::Step) -> bool;

    /// How it may be after a call that was answered so; nothing where it would not answer so.
    fn step(&self, state: &Self::State, step: &Self::Step) -> Vec<Self::State>;
}

/// A call with its answer.
#[derive(Debug, Clone)]
pub struct Call<S> {
    /// When it began.
    pub begin: Duration,
    /// When it ended; `None` where it took effect at any time after it began, or never.
    pub end: Option<Duration>,
    /// What it is.
    pub step: S,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An order that explains all answers.
    Order,
    /// There is none. The longest that there is, and what no step comes after it.
    Nothing {
        /// Places in the list of calls.
        longest: Vec<usize>,
    },
    /// The search was too long.
    Undecided,
}

/// States looked at before the search is given up.
const MOST: usize = 3_000_000;

/// A place in the search: how it is, and what may come next.
struct Frame<S> {
    state: S,
    /// The call that led here.
    by: Option<usize>,
    /// Calls that were not tried, the last of them first.
    calls: Vec<usize>,
    /// How else it may be after the call that was tried last.
    others: Vec<(usize, S)>,
}

/// Looks for an order of the calls, sorted by their begin, in which each comes between its begin and
/// its end.
pub fn search<O: Object>(object: &O, calls: &[Call<O::Step>]) -> Found {
    debug_assert!(calls.is_sorted_by_key(|call| call.begin));
    // What is done is remembered as the sum of a random number for each call.
    let mut random = fastrand::Rng::with_seed(calls.len() as u64);
    let names: Vec<u128> = calls.iter().map(|_| random.u128(..)).collect();
    let mut done = vec![false; calls.len()];
    let mut sum = 0;
    let mut left = calls.iter().filter(|call| call.end.is_some()).count();
    if left == 0 {
        return Found::Order;
    }
    let mut seen = HashSet::new();
    let mut order = Vec::new();
    let mut longest = Vec::new();
    let start = object.start();
    let calls_first = candidates(object, calls, &done, &start);
    let mut frames = vec![Frame { state: start, by: None, calls: calls_first, others: Vec::new() }];
    while let Some(frame) = frames.last_mut() {
        let Some((call, state)) = advance(object, calls, frame) else {
            if let Some(call) = frame.by {
                done[call] = false;
                sum ^= names[call];
                order.pop();
                left += usize::from(calls[call].end.is_some());
            }
            frames.pop();
            continue;
        };
        if !seen.insert((sum ^ names[call], hash(&state))) {
            continue;
        }
        if seen.len() > MOST {
            return Found::Undecided;
        }
        done[call] = true;
        sum ^= names[call];
        order.push(call);
        left -= usize::from(calls[call].end.is_some());
        if left == 0 {
            return Found::Order;
        }
        if order.len() > longest.len() {
            longest.clone_from(&order);
        }
        let next = candidates(object, calls, &done, &state);
        frames.push(Frame { state, by: Some(call), calls: next, others: Vec::new() });
    }
    Found::Nothing { longest }
}

/// The next step from here that was not tried.
fn advance<O: Object>(
    object: &O,
    calls: &[Call<O::Step>],
    frame: &mut Frame<O::State>,
) -> Option<(usize, O::State)> {
    loop {
        if let Some(other) = frame.others.pop() {
            return Some(other);
        }
        let call = frame.calls.pop()?;
        let states = object.step(&frame.state, &calls[call].step).into_iter();
        frame.others.extend(states.rev().map(|state| (call, state)));
    }
}

/// What may come next, the best last: calls that began before the first of those still open ended.
fn candidates<O: Object>(
    object: &O,
    calls: &[Call<O::Step>],
    done: &[bool],
    state: &O::State,
) -> Vec<usize> {
    let first = done.iter().position(|done| !done).unwrap_or(done.len());
    let mut open = Vec::new();
    let mut earliest = Duration::MAX;
    for (place, call) in calls.iter().enumerate().skip(first) {
        if done[place] {
            continue;
        }
        if call.begin > earliest {
            break;
        }
        earliest = earliest.min(call.end.unwrap_or(Duration::MAX));
        open.push(place);
    }
    // Some of those may have begun after another had ended.
    open.retain(|place| calls[*place].begin <= earliest);
    // A look that shows what is so is as good now as later, and holds up nothing.
    let shows = |place: &&usize| {
        let step = &calls[**place].step;
        object.looks(step) && object.step(state, step).contains(state)
    };
    if let Some(look) = open.iter().find(shows) {
        return vec![*look];
    }
    // What had to be done first was probably done first; what may never have been, last.
    open.sort_by_key(|place| std::cmp::Reverse(calls[*place].end.unwrap_or(Duration::MAX)));
    open
}

fn hash(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
