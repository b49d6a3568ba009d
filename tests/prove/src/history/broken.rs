//! A promise that a history breaks.

use std::fmt;

/// A promise that a history breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which promise.
    pub promise: String,
    /// What shows it, one step a line.
    pub lines: Vec<String>,
}

impl Broken {
    pub(super) fn new(promise: impl Into<String>, lines: Vec<String>) -> Self {
        Self { promise: promise.into(), lines }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.promise)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
