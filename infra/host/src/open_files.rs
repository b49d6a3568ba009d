//! How many files and sockets may be open at once.
//!
//! Every client is a socket, and every function process some pipes and sockets. The soft limit that
//! a process starts with is often far lower than what it may raise it to: 256 on macOS.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than one machine's clients ever need: a client address has fewer ports.
const WANTED: u64 = 65_536;

/// What macOS grants where its hard limit says "unlimited": `OPEN_MAX`.
const GRANTED_ON_MACOS: u64 = 10_240;

/// What a function may have open on Lambda.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const ON_LAMBDA: u64 = 1_024;

/// The host's own: databases, listeners, and the calls of functions that are under way.
const OWN: u64 = 96;

/// A function process: standard input, output and error, the handle to wait for its end, and its
/// connections to the Runtime API and the database.
const PER_PROCESS: u64 = 6;

/// With room for fewer clients than this, the limit is worth a word.
const FEW_CLIENTS: u64 = 1_000;

/// What a limit has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The limit.
    pub limit: u64,
    /// Processes of one function.
    pub processes: usize,
    /// Clients at the same time.
    pub clients: usize,
}

impl Room {
    /// Divides a limit between clients and so many processes of each function, or fewer: a third of
    /// it is for processes at most, but there is always one of each.
    pub fn divide(limit: u64, functions: usize, processes: usize) -> Self {
        let each = PER_PROCESS * functions.max(1) as u64;
        let processes = (limit / 3 / each).clamp(1, processes as u64);
        let clients = limit.saturating_sub(OWN + processes * each).max(1);
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self { limit, processes: count(processes), clients: count(clients) }
    }

    /// Says how little room there is, if it is little.
    pub fn warn(&self) {
        if (self.clients as u64) < FEW_CLIENTS {
            tracing::warn!(
                "the limit of {} open files has room for {} clients: raise it before the start, \
                 for example with `ulimit -n {GRANTED_ON_MACOS}`",
                self.limit,
                self.clients
            );
        }
    }
}

/// Raises the soft limit as far as this process may, and answers what it is then.
pub fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current.unwrap_or(u64::MAX);
    let possible = |wanted: &u64| *wanted > current && maximum.is_none_or(|most| *wanted <= most);
    let set = |wanted: &u64| {
        setrlimit(Resource::Nofile, Rlimit { current: Some(*wanted), maximum }).is_ok()
    };
    let most = maximum.unwrap_or(WANTED).min(WANTED);
    [most, GRANTED_ON_MACOS].into_iter().filter(possible).find(set).unwrap_or(current)
}

/// Gives a function the limit that it has on Lambda, so that one that needs more fails here too.
pub fn limit_as_on_lambda() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = Some(maximum.map_or(ON_LAMBDA, |most| most.min(ON_LAMBDA)));
    // Lowering a soft limit cannot fail.
    let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_processes_share_the_limit() {
        let room = |limit| {
            let Room { processes, clients, .. } = Room::divide(limit, 5, 8);
            (processes, clients)
        };
        assert_eq!(room(65_536), (8, 65_536 - 96 - 240));
        assert_eq!(room(1_024), (8, 688));
        assert_eq!(room(256), (2, 100));
        assert_eq!(room(64), (1, 1));
        assert_eq!(Room::divide(u64::MAX, 0, 8).processes, 8);
        assert_eq!(Room::divide(65_536, 5, 40).processes, 40);
    }
}
