//! What a history says of each of its objects: calls that overlap.

use super::record::History;
use super::search::Call;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// When a call began and ended; without an end where it took effect at any time after it began, or
/// never.
pub type Span = (Duration, Option<Duration>);

/// What was asked and answered, and between which instants of the system's clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<K> {
    /// What.
    pub kind: K,
    /// The earliest and the latest time at which a function may have decided it.
    pub decided: [Timestamp; 2],
}

impl<K: fmt::Display> fmt::Display for Step<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// The calls of one object, in the order of their begin.
pub type List<K> = Vec<Call<Step<K>>>;

/// The calls of each object, by what it is known by.
#[derive(Debug)]
pub struct Calls<'a, O, K> {
    history: &'a History,
    skew: SignedDuration,
    found: BTreeMap<O, List<K>>,
}

impl<'a, O: Ord, K> Calls<'a, O, K> {
    /// Of a history, in which clocks differ by so much.
    pub fn of(history: &'a History, skew: SignedDuration) -> Self {
        Self { history, skew, found: BTreeMap::new() }
    }

    /// The history.
    pub fn history(&self) -> &'a History {
        self.history
    }

    /// Adds a call of an object.
    pub fn add(&mut self, object: O, (begin, end): Span, kind: K) {
        let earliest = self.history.wall(begin) - self.skew;
        let latest = end.map_or(Timestamp::MAX, |end| self.history.wall(end) + self.skew);
        let step = Step { kind, decided: [earliest, latest] };
        self.found.entry(object).or_default().push(Call { begin, end, step });
    }

    /// The objects that there is a call of.
    pub fn objects(&self) -> impl Iterator<Item = &O> {
        self.found.keys()
    }

    /// All of it.
    pub fn finish(mut self) -> BTreeMap<O, List<K>> {
        for calls in self.found.values_mut() {
            calls.sort_by_key(|call| call.begin);
        }
        self.found
    }
}
