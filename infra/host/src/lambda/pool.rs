//! The processes of one function and the invocations that wait for them.

use super::error::InvokeError;
use super::invocation::{Current, Delivery, Invocation, Outcome, exited, timed_out};
use super::launch::Launch;
use super::process::{self, Kill, Number, Secret};
use super::state::{Phase, Process, State};
use super::status::{FunctionStatus, ProcessStatus, Status};
use crate::template::Function;
use std::collections::BTreeMap;
use std::io;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use uuid::Uuid;

/// How long a process may take to ask for its first invocation, as on Lambda.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// The processes of one function.
#[derive(Debug)]
pub(super) struct Pool {
    name: String,
    /// Where the Runtime API of this function's processes begins.
    base: String,
    function: Function,
    /// By which its processes sign their calls.
    keys: BTreeMap<String, String>,
    launch: Arc<Launch>,
    state: Mutex<State>,
    /// Told of every process that ended.
    ended: Notify,
}

impl Pool {
    pub(super) fn new(
        name: String,
        base: String,
        function: Function,
        keys: BTreeMap<String, String>,
        launch: Arc<Launch>,
    ) -> Self {
        let (state, ended) = (Mutex::default(), Notify::new());
        Self { name, base, function, keys, launch, state, ended }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn arn(&self) -> &str {
        &self.function.arn
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the event to an idle process, or a new one, or waits for one.
    pub(super) async fn invoke(self: &Arc<Self>, event: Vec<u8>) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        {
            let mut state = self.lock();
            let limit = self.function.reserved_concurrency.unwrap_or(usize::MAX);
            if state.in_flight() >= limit {
                state.counters.throttles += 1;
                return Err(InvokeError::Throttled);
            }
            state.waiting.push_back(Invocation { event, reply });
            self.dispatch(&mut state);
        }
        outcome.await.unwrap_or_else(|_| {
            Err(InvokeError::failed("ServiceException", "the host is shutting down"))
        })
    }

    /// Starts a process unless there is one, and waits until one is ready.
    pub(super) async fn warm(self: &Arc<Self>) -> Result<(), InvokeError> {
        let (ready, outcome) = oneshot::channel();
        {
            let mut state = self.lock();
            state.warming.push(ready);
            if state.processes.is_empty() {
                // Without other processes, a failure is told to those who warm up.
                let _ = self.start(&mut state);
            }
        }
        outcome.await.unwrap_or(Ok(()))
    }

    /// Gives waiting invocations to idle processes, and starts processes for the others.
    fn dispatch(self: &Arc<Self>, state: &mut State) {
        while let Some(number) = state.idle() {
            let Some(invocation) = state.next_waiting() else { return };
            self.hand_over(state, number, invocation);
        }
        let room = self.launch.max_processes.saturating_sub(state.processes.len());
        let missing = state.waiting.len().saturating_sub(state.starting_or_finishing());
        for _ in 0..missing.min(room) {
            if let Err(error) = self.start(state) {
                // Whoever waits is served by the processes that there are.
                tracing::warn!(function = self.name, %error, "cannot start another process");
                break;
            }
        }
    }

    fn hand_over(self: &Arc<Self>, state: &mut State, number: Number, invocation: Invocation) {
        let Some(process) = state.processes.get_mut(&number) else { return };
        let Phase::Idle(sender) = std::mem::replace(&mut process.phase, Phase::Ending) else {
            return;
        };
        let Invocation { event, reply } = invocation;
        let (delivery, request_id, limit) = self.begin(number, event);
        if self.launch.faults.crash_before() {
            process.phase = Phase::Busy(Current { request_id, reply: Some(reply), limit });
            process.kill.take();
            return;
        }
        match sender.send(delivery) {
            Ok(()) => {
                if let Some(after) = self.launch.faults.crash_during() {
                    self.crash(number, request_id.clone(), after);
                }
                let current = Current { request_id, reply: Some(reply), limit };
                process.phase = Phase::Busy(current);
                process.invocations += 1;
                state.counters.invocations += 1;
            }
            Err(Delivery { event, .. }) => {
                // The process hung up while it was idle; another one will do.
                limit.abort();
                process.kill.take();
                state.waiting.push_front(Invocation { event, reply });
            }
        }
    }

    /// What the process is given, the invocation's id, and what ends it when it takes too long.
    fn begin(self: &Arc<Self>, number: Number, event: Vec<u8>) -> (Delivery, String, AbortHandle) {
        let request_id = Uuid::new_v4().to_string();
        let timeout = self.function.timeout;
        let deadline = SystemTime::now() + timeout;
        let limit = tokio::spawn({
            let (pool, request_id) = (Arc::clone(self), request_id.clone());
            async move {
                tokio::time::sleep(timeout).await;
                pool.timed_out(number, &request_id);
            }
        });
        let delivery = Delivery {
            request_id: request_id.clone(),
            deadline_ms: deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis(),
            event,
        };
        (delivery, request_id, limit.abort_handle())
    }

    /// Starts a process. An error is not yet anybody's: there are other processes. Without any, a
    /// waiting invocation has failed with it instead.
    fn start(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        if state.stopped {
            return Ok(());
        }
        state.last += 1;
        let number = state.last;
        match self.spawn(number) {
            Ok((secret, pid, kill)) => {
                state.counters.cold_starts += 1;
                let pool = Arc::clone(self);
                let limit = tokio::spawn(async move {
                    tokio::time::sleep(INIT_LIMIT).await;
                    if pool.init_failed(number, timed_out(&Uuid::new_v4().to_string(), INIT_LIMIT))
                    {
                        pool.kill(number);
                    }
                });
                let phase = Phase::Starting { limit: Some(limit.abort_handle()), error: None };
                let process = Process { secret, pid, phase, invocations: 0, kill: Some(kill) };
                state.processes.insert(number, process);
            }
            Err(error) if !state.processes.is_empty() => return Err(error),
            Err(error) => {
                let program = self.launch.program.display();
                let error = InvokeError::failed(
                    "Runtime.InvalidEntrypoint",
                    format!("cannot start {program}: {error}"),
                );
                state.fail_start(&error);
            }
        }
        Ok(())
    }

    fn spawn(self: &Arc<Self>, number: Number) -> io::Result<(Secret, Option<u32>, Kill)> {
        let secret = Secret::random().map_err(io::Error::other)?;
        let runtime_api = format!("{}/{number}/{}", self.base, secret.as_str());
        let command = process::command(&self.launch, &self.function, &self.keys, &runtime_api);
        let pool = Arc::clone(self);
        let (pid, kill) =
            process::start(command, &self.name, move |status| pool.ended(number, &status))?;
        Ok((secret, pid, kill))
    }

    /// Whether this is the secret of that process.
    pub(super) fn knows(&self, number: Number, secret: &Secret) -> bool {
        self.lock().processes.get(&number).is_some_and(|process| process.secret == *secret)
    }

    /// Waits for an invocation for this process; `None` if the process is not to have one.
    pub(super) async fn next(self: &Arc<Self>, number: Number) -> Option<Delivery> {
        let receiver = {
            let mut state = self.lock();
            let (sender, receiver) = oneshot::channel();
            let process = state.processes.get_mut(&number)?;
            match &process.phase {
                Phase::Starting { limit, .. } => {
                    limit.iter().for_each(AbortHandle::abort);
                    process.phase = Phase::Idle(sender);
                    state.warming.drain(..).for_each(|ready| drop(ready.send(Ok(()))));
                }
                Phase::Busy(current) if current.reply.is_none() => {
                    current.limit.abort();
                    process.phase = Phase::Idle(sender);
                }
                Phase::Idle(_) => process.phase = Phase::Idle(sender),
                Phase::Busy(_) | Phase::Ending => return None,
            }
            self.dispatch(&mut state);
            receiver
        };
        receiver.await.ok()
    }

    /// Takes the result of an invocation; false if this process is not at that invocation.
    pub(super) fn respond(&self, number: Number, request_id: &str, outcome: Outcome) -> bool {
        let mut state = self.lock();
        let current = state.current(number, request_id);
        if current.is_some_and(|current| current.reply.is_some())
            && self.launch.faults.crash_after()
        {
            // Whoever asked hears of the process's end, and not of its work.
            state.processes.get_mut(&number).and_then(|process| process.kill.take());
            return true;
        }
        let current = state.current(number, request_id);
        let Some(reply) = current.and_then(|current| current.reply.take()) else { return false };
        if outcome.is_err() {
            state.counters.errors += 1;
        }
        // Whoever asked may have gone.
        let _ = reply.send(outcome);
        true
    }

    /// Remembers why a process could not start; its end follows. False if it has started.
    pub(super) fn init_failed(&self, number: Number, failure: InvokeError) -> bool {
        let mut state = self.lock();
        let process = state.processes.get_mut(&number);
        let Some(Process { phase: Phase::Starting { error, .. }, .. }) = process else {
            return false;
        };
        *error = Some(failure);
        true
    }

    fn kill(&self, number: Number) {
        if let Some(process) = self.lock().processes.get_mut(&number) {
            process.kill.take();
        }
    }

    /// Kills a process after a while, if it is still at that invocation.
    fn crash(self: &Arc<Self>, number: Number, request_id: String, after: Duration) {
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let works = {
                let mut state = pool.lock();
                let current = state.current(number, &request_id);
                current.is_some_and(|current| current.reply.is_some())
            };
            if works {
                pool.kill(number);
            }
        });
    }

    fn timed_out(&self, number: Number, request_id: &str) {
        let mut state = self.lock();
        let Some(current) = state.current(number, request_id) else { return };
        let reply = current.reply.take();
        if let Some(process) = state.processes.get_mut(&number) {
            process.phase = Phase::Ending;
            process.kill.take();
        }
        tracing::warn!(function = self.name, timeout = ?self.function.timeout, "a process took too long");
        // Without a reply to give, the process hung after it had answered.
        if let Some(reply) = reply {
            state.counters.errors += 1;
            state.counters.timeouts += 1;
            let _ = reply.send(Err(timed_out(request_id, self.function.timeout)));
        }
    }

    /// A process has ended.
    fn ended(self: &Arc<Self>, number: Number, status: &io::Result<ExitStatus>) {
        let mut state = self.lock();
        let Some(process) = state.processes.remove(&number) else { return };
        if !state.stopped {
            tracing::warn!(function = self.name, pid = process.pid, ?status, "a process ended");
        }
        match process.phase {
            Phase::Busy(current) => {
                current.limit.abort();
                if let Some(reply) = current.reply {
                    state.counters.errors += 1;
                    let _ = reply.send(Err(exited(&current.request_id, status)));
                }
            }
            Phase::Starting { limit, error } => {
                limit.iter().for_each(AbortHandle::abort);
                let error = error.unwrap_or_else(|| exited(&Uuid::new_v4().to_string(), status));
                state.fail_start(&error);
            }
            Phase::Idle(_) | Phase::Ending => {}
        }
        self.dispatch(&mut state);
        drop(state);
        self.ended.notify_waiters();
    }

    /// Kills every process and waits for their ends.
    pub(super) async fn stop(&self) {
        loop {
            let ended = self.ended.notified();
            {
                let mut state = self.lock();
                state.stopped = true;
                state.waiting.clear();
                for process in state.processes.values_mut() {
                    process.kill.take();
                }
                if state.processes.is_empty() {
                    return;
                }
            }
            ended.await;
        }
    }

    /// Adds this function and its processes to the status.
    pub(super) fn report(&self, logical_id: &str, status: &mut Status) {
        let state = self.lock();
        status.processes.extend(state.processes.values().map(|process| ProcessStatus {
            function: self.name.clone(),
            pid: process.pid,
            state: process.phase.name(),
            invocations: process.invocations,
        }));
        let function = FunctionStatus {
            logical_id: logical_id.to_owned(),
            timeout_ms: self.function.timeout.as_millis(),
            reserved_concurrency: self.function.reserved_concurrency,
            waiting: state.waiting.len(),
            counters: state.counters,
        };
        status.functions.insert(self.name.clone(), function);
    }
}
