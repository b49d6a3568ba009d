//! What a part found, and its figures.

use std::fmt;

/// The figures of a part, in the order in which they are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(Vec<(String, String)>);

impl Figures {
    /// Adds a figure.
    pub fn add(&mut self, name: &str, value: impl fmt::Display) {
        self.0.push((name.to_owned(), value.to_string()));
    }

    /// A figure by its name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            writeln!(f, "  {name:<40} {value}")?;
        }
        Ok(())
    }
}

/// A promise that was broken, how it came to that, and how to see it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{promise}\n\n{history}\nAgain: {again}")]
pub struct Violation {
    /// Which promise.
    pub promise: String,
    /// The shortest history found that breaks it, one step a line.
    pub history: String,
    /// The command that shows it again.
    pub again: String,
}
