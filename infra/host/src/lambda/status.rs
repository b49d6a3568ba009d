//! What the processes are doing, for people and tests to look at.

use serde::Serialize;
use std::collections::BTreeMap;

/// All functions and their processes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Status {
    /// Every process that runs now.
    pub processes: Vec<ProcessStatus>,
    /// Every function, by the name under which its processes are listed.
    pub functions: BTreeMap<String, FunctionStatus>,
}

/// One process.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessStatus {
    /// The function.
    pub function: String,
    /// The process id; none while the system is still creating it.
    pub pid: Option<u32>,
    /// `starting`, `idle`, `busy` or `ending`.
    pub state: &'static str,
    /// How many invocations it was given.
    pub invocations: u64,
}

/// One function.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionStatus {
    /// Its logical id in the template.
    pub logical_id: String,
    /// How long an invocation may take, in milliseconds.
    pub timeout_ms: u128,
    /// How many invocations may run at once, if the template limits them.
    pub reserved_concurrency: Option<usize>,
    /// Invocations that wait for a process.
    pub waiting: usize,
    /// What happened since the start.
    #[serde(flatten)]
    pub counters: Counters,
}

/// What happened to a function since the start.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Invocations given to a process.
    pub invocations: u64,
    /// Invocations that failed, those that timed out among them.
    pub errors: u64,
    /// Invocations that took too long.
    pub timeouts: u64,
    /// Invocations refused for the reserved concurrency.
    pub throttles: u64,
    /// Processes started.
    pub cold_starts: u64,
}
