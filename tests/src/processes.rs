//! The function processes of a local host, and signals to them.

use crate::host::Host;
use crate::wait::eventually;
use serde_json::Value;
use std::process::Command;

/// One process of a function, as `GET /dev/functions` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The function's name.
    pub function: String,
    /// Its process id.
    pub pid: u32,
    /// `starting`, `idle` or `busy`.
    pub state: String,
}

/// Sends a signal by its name, such as `STOP`. A process that is gone already is no failure.
pub fn signal(pid: u32, name: &str) {
    Command::new("sh")
        .args(["-c", r#"kill -s "$0" "$1" 2>/dev/null || true"#, name, &pid.to_string()])
        .status()
        .unwrap();
}

/// Whether a process runs; one that nobody waited for yet does not.
pub fn runs(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
    state != Some('Z')
}

/// All descendants of a process.
pub fn descendants(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit(')').next()?.split_whitespace().nth(1)?;
            Some((pid, parent.parse().ok()?))
        })
        .collect();
    let mut found = vec![pid];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

impl Host {
    /// The processes of one function.
    pub async fn processes(&self, function: &str) -> Vec<Process> {
        let state = self.get_json("/dev/functions").await;
        state["processes"]
            .as_array()
            .unwrap_or_else(|| panic!("no processes in {state}"))
            .iter()
            .map(|process| Process {
                function: text(process, "function"),
                pid: u32::try_from(process["pid"].as_u64().unwrap()).unwrap(),
                state: text(process, "state"),
            })
            .filter(|process| process.function == function)
            .collect()
    }

    /// How often a function was invoked so far.
    pub async fn invocations(&self, function: &str) -> u64 {
        let state = self.get_json("/dev/functions").await;
        state["functions"][function]["invocations"]
            .as_u64()
            .unwrap_or_else(|| panic!("no invocations of {function} in {state}"))
    }

    /// Stops every idle process of a function, so that its next invocation stays in one of them.
    pub async fn freeze(&self, function: &str) -> Vec<Process> {
        let idle = eventually("the function is idle", async || {
            let processes = self.processes(function).await;
            let all_idle = processes.iter().all(|process| process.state == "idle");
            (all_idle && !processes.is_empty()).then_some(processes)
        })
        .await;
        for process in &idle {
            signal(process.pid, "STOP");
        }
        idle
    }

    /// Waits until one of the function's processes has an invocation.
    pub async fn busy(&self, function: &str) -> Process {
        eventually("an invocation arrives", async || {
            let processes = self.processes(function).await;
            processes.into_iter().find(|process| process.state == "busy")
        })
        .await
    }
}

/// Lets frozen processes go on.
pub fn thaw(frozen: &[Process]) {
    for process in frozen {
        signal(process.pid, "CONT");
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}
