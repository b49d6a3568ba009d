//! What a pool knows of its processes and of the invocations that wait for them.

use super::error::InvokeError;
use super::invocation::{Current, Delivery, Invocation};
use super::process::{Kill, Number, Secret};
use super::status::Counters;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) processes: BTreeMap<Number, Process>,
    pub(super) waiting: VecDeque<Invocation>,
    /// Who waits for a process to be ready.
    pub(super) warming: Vec<oneshot::Sender<Result<(), InvokeError>>>,
    pub(super) counters: Counters,
    pub(super) last: Number,
    pub(super) stopped: bool,
}

#[derive(Debug)]
pub(super) struct Process {
    pub(super) secret: Secret,
    pub(super) pid: Option<u32>,
    pub(super) phase: Phase,
    pub(super) invocations: u64,
    pub(super) kill: Option<Kill>,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Has not asked for an invocation yet.
    Starting { limit: Option<AbortHandle>, error: Option<InvokeError> },
    /// Has asked for an invocation.
    Idle(oneshot::Sender<Delivery>),
    /// Has an invocation, from when it is given to it until it asks for the next one.
    Busy(Current),
    /// Is being killed.
    Ending,
}

impl State {
    /// Invocations that count towards the function's concurrency.
    pub(super) fn in_flight(&self) -> usize {
        let busy = |process: &&Process| matches!(&process.phase, Phase::Busy(current) if current.reply.is_some());
        self.processes.values().filter(busy).count() + self.waiting.len()
    }

    /// The process that has been idle for the shortest time; others may then be left alone.
    pub(super) fn idle(&self) -> Option<Number> {
        let idle = |(_, process): &(&Number, &Process)| matches!(process.phase, Phase::Idle(_));
        self.processes.iter().rfind(idle).map(|(number, _)| *number)
    }

    /// Processes that will soon ask for an invocation, whatever else happens.
    pub(super) fn starting_or_finishing(&self) -> usize {
        let soon_asks = |process: &&Process| match &process.phase {
            Phase::Starting { .. } => true,
            Phase::Busy(current) => current.reply.is_none(),
            Phase::Idle(_) | Phase::Ending => false,
        };
        self.processes.values().filter(soon_asks).count()
    }

    /// The invocation that has waited longest, unless nobody waits for its result any more.
    pub(super) fn next_waiting(&mut self) -> Option<Invocation> {
        std::iter::from_fn(|| self.waiting.pop_front()).find(|waiting| !waiting.reply.is_closed())
    }

    /// The invocation that this process is at, if it is that one.
    pub(super) fn current(&mut self, number: Number, request_id: &str) -> Option<&mut Current> {
        match &mut self.processes.get_mut(&number)?.phase {
            Phase::Busy(current) if current.request_id == request_id => Some(current),
            _ => None,
        }
    }

    /// A process that did not start takes one invocation with it, unless enough others will soon ask.
    pub(super) fn fail_start(&mut self, error: &InvokeError) {
        for ready in self.warming.drain(..) {
            let _ = ready.send(Err(error.clone()));
        }
        if self.waiting.len() > self.starting_or_finishing()
            && let Some(invocation) = self.next_waiting()
        {
            self.counters.errors += 1;
            let _ = invocation.reply.send(Err(error.clone()));
        }
    }
}

impl Phase {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Starting { .. } => "starting",
            Self::Idle(_) => "idle",
            Self::Busy(_) => "busy",
            Self::Ending => "ending",
        }
    }
}
