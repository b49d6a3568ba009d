//! What goes wrong on purpose: `--faults`.
//!
//! A laptop is a kind place: its database never conflicts, throttles or loses an answer, its functions
//! do not crash and its clients are always there. What a file asks for goes wrong here, by chance and
//! by a seed: the n-th call of a kind meets the same fault in every run. Which call is the n-th is up
//! to the processes, so that a run is only as repeatable as they are.
//!
//! | file | what it knows |
//! |---|---|
//! | `plan` | the file: what goes wrong, how often |
//! | `chance` | which call meets a fault |
//! | `calls` | what a call to the database meets |
//! | `posts` | what a call of `@connections` meets |
//! | `messages` | what messages of queues and calls to them meet |
//! | `work` | what invocations, batches and processes meet |
//!
//! Without the file nothing of this does anything.

mod calls;
mod chance;
mod messages;
mod plan;
mod posts;
#[cfg(test)]
mod tests;
mod work;

use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;

pub(crate) use calls::CallFault;
use chance::{Fault, Script};
pub(crate) use messages::QueueFault;
use plan::Plan;
pub(crate) use posts::PostFate;

/// What goes wrong. Clones are the same; the default is nothing, for good.
#[derive(Debug, Clone, Default)]
pub struct Faults(Option<Arc<Mutex<Script>>>);

/// Why a plan is none.
#[derive(Debug, Error)]
pub enum FaultsError {
    /// The file cannot be read.
    #[error("cannot read the faults in {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A field is not what it should be.
    #[error("the faults are not readable: {0}")]
    Plan(#[from] serde_path_to_error::Error<serde_json::Error>),
    /// The host was started without.
    #[error("this host was started without --faults")]
    Off,
}

impl Faults {
    /// What the command line asks for.
    pub fn of(file: Option<&Path>) -> Result<Self, FaultsError> {
        file.map_or_else(|| Ok(Self::default()), Self::read)
    }

    /// What a file asks for.
    pub fn read(path: &Path) -> Result<Self, FaultsError> {
        let text = std::fs::read(path)
            .map_err(|source| FaultsError::File { path: path.to_owned(), source })?;
        let plan = parse(&text)?;
        tracing::warn!(
            seed = plan.seed,
            "faults are on: things go wrong as {} asks for",
            path.display()
        );
        Ok(Self(Some(Arc::new(Mutex::new(Script::new(plan))))))
    }

    /// Replaces all of it by another plan; `{}` is nothing. Processes keep the clocks that they have.
    pub fn replace(&self, plan: &[u8]) -> Result<(), FaultsError> {
        let script = self.0.as_ref().ok_or(FaultsError::Off)?;
        *script.lock().unwrap_or_else(PoisonError::into_inner) = Script::new(parse(plan)?);
        Ok(())
    }

    /// The present plan and how often each of its faults was met; `None` without `--faults`.
    pub fn status(&self) -> Option<Value> {
        self.with(|script| script.status())
    }

    fn with<T>(&self, what: impl FnOnce(&mut Script) -> T) -> Option<T> {
        let script = self.0.as_ref()?;
        Some(what(&mut script.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn meets(&self, fault: Fault) -> bool {
        self.with(|script| script.meets(fault)).unwrap_or(false)
    }

    /// How long to wait, of `longest` in the plan, where this fault is met.
    fn wait(&self, fault: Fault, longest: impl FnOnce(&Plan) -> plan::Millis) -> Option<Duration> {
        self.with(|script| {
            let longest = longest(&script.plan).duration();
            script.meets(fault).then(|| longest.mul_f64(script.part(fault)))
        })?
    }
}

fn parse(text: &[u8]) -> Result<Plan, serde_path_to_error::Error<serde_json::Error>> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(text))
}
