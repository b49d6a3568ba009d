//! Times at which nothing is offered.

use crate::calendar::invalid::{Invalid, MAX_CLOSURES};
use crate::calendar::period::Period;

/// A time at which nothing is offered: slots that overlap it are not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Closure {
    /// When.
    pub time: Period,
    /// Why, for people.
    pub reason: Option<String>,
}

/// The closures of a resource, as its operator gave them. They may overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Closures(Vec<Closure>);

impl Closures {
    /// Takes the closures, if each of them ends after it begins.
    pub fn new(closures: Vec<Closure>) -> Result<Self, Invalid> {
        if closures.len() > MAX_CLOSURES {
            return Err(Invalid::TooManyClosures);
        }
        match closures.iter().position(|closure| closure.time.is_empty()) {
            Some(index) => Err(Invalid::ClosureEndsEarly(index)),
            None => Ok(Self(closures)),
        }
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Closure] {
        &self.0
    }

    /// The first of them that overlaps this time.
    pub fn overlapping(&self, time: Period) -> Option<&Closure> {
        self.0.iter().find(|closure| closure.time.overlaps(time))
    }
}
