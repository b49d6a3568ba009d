//! Event buses: what comes in by pipes and goes out by rules, as EventBridge does it.
//!
//! | file | what it knows |
//! |---|---|
//! | `event` | an event, and the envelope that everybody sees it in |
//! | `delivery` | what of an event a rule's target gets, and how |
//! | `archives` | events that are kept, and replays, as rows of the journal |
//! | `replay` | replays what archives keep |
//! | `pipe` | a record of a stream becomes an event |
//! | `log` | what came and went of late, to look at |
//!
//! Whatever an event brings about is written down in one transaction: the messages in queues, the
//! invocations, the records of delivery streams, and what archives keep. So an event is delivered to all targets once it is taken, also by
//! a host that is killed at that moment. EventBridge has steps in between, in which deliveries fail and
//! are tried again; here there is nothing that could.

mod archives;
mod delivery;
mod event;
mod log;
mod pipe;
mod replay;

pub use archives::{NewReplay, Replay};
pub use event::NewEvent;
pub use log::{Delivery, LoggedEvent, Outcome};
pub use pipe::{LARGEST_ENTRY, PipeError, PipeTarget};
pub use replay::ReplayError;

use crate::faults::Faults;
use crate::firehose::Firehose;
use crate::invocations::Invocations;
use crate::journal::{Journal, JournalError};
use crate::queues::Queues;
use crate::template::Events;
use delivery::Outlets;
use event::Envelope;
use log::Log;
use rusqlite::Transaction;
use std::sync::Arc;
use tokio::sync::watch;

/// The event buses of the template. Clones are the same.
#[derive(Debug, Clone)]
pub struct EventBuses(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plan: Events,
    journal: Journal,
    outlets: Outlets,
    log: Log,
    /// Is told of every replay that is asked for.
    replays: watch::Sender<()>,
}

/// What was written down for events, and who is to be told once that is through.
#[derive(Debug, Default)]
#[must_use = "whoever waits for it is told"]
pub(crate) struct Put {
    queues: Vec<String>,
    functions: Vec<String>,
    streams: Vec<String>,
    logged: Vec<LoggedEvent>,
}

impl EventBuses {
    /// The buses, with their rules and archives.
    pub fn new(
        plan: Events,
        journal: Journal,
        queues: Queues,
        invocations: Invocations,
        firehose: Firehose,
        faults: Faults,
    ) -> Self {
        let outlets = Outlets { queues, invocations, firehose, faults };
        Self(Arc::new(Inner {
            plan,
            journal,
            outlets,
            log: Log::default(),
            replays: watch::channel(()).0,
        }))
    }

    /// Puts events on a bus, by its logical id, all of them or none, and gives their ids. `origin` is who
    /// does so, for people to read.
    pub fn publish(
        &self,
        bus: &str,
        origin: &str,
        events: &[NewEvent],
    ) -> Result<Vec<String>, JournalError> {
        let put = self.0.journal.together(|it| self.put(it, bus, origin, events))?;
        let ids = put.logged.iter().map(|it| it.id().to_owned()).collect();
        self.tell(put);
        Ok(ids)
    }

    /// As [`Self::publish`], along with whatever else the transaction writes.
    pub(crate) fn put(
        &self,
        transaction: &Transaction<'_>,
        bus: &str,
        origin: &str,
        events: &[NewEvent],
    ) -> rusqlite::Result<Put> {
        let mut put = Put::default();
        for event in events {
            let envelope = Envelope::new(event);
            archives::keep(transaction, &self.0.plan, bus, &envelope)?;
            self.route(transaction, bus, origin, envelope, None, &mut put)?;
        }
        Ok(put)
    }

    /// Has rules deliver an event: all of the bus, or those with these logical ids.
    fn route(
        &self,
        transaction: &Transaction<'_>,
        bus: &str,
        origin: &str,
        envelope: Envelope,
        only: Option<&[String]>,
        put: &mut Put,
    ) -> rusqlite::Result<()> {
        let Inner { plan, outlets, .. } = &*self.0;
        let mut deliveries = Vec::new();
        for (id, rule) in plan.rules.iter().filter(|(_, rule)| rule.bus == bus && rule.enabled) {
            let is_asked = only.is_none_or(|only| only.contains(id));
            if !is_asked || !rule.pattern.matches(&envelope.json) {
                continue;
            }
            for target in &rule.targets {
                let delivery = outlets.deliver(transaction, id, rule, target, &envelope)?;
                put.queues.extend(delivery.queue().map(str::to_owned));
                put.functions.extend(delivery.function().map(str::to_owned));
                put.streams.extend(delivery.stream().map(str::to_owned));
                deliveries.push(delivery);
            }
        }
        put.logged.push(LoggedEvent::new(bus, origin, envelope, deliveries));
        Ok(())
    }

    /// Wakes whoever waits for what was written down.
    pub(crate) fn tell(&self, put: Put) {
        put.queues.iter().for_each(|queue| self.0.outlets.queues.tell(queue));
        put.functions.iter().for_each(|function| self.0.outlets.invocations.tell(function));
        put.streams.iter().for_each(|stream| self.0.outlets.firehose.tell(stream));
        self.0.log.append(put.logged);
    }

    /// The latest events, newest first.
    pub fn latest(&self) -> Vec<Arc<LoggedEvent>> {
        self.0.log.latest()
    }
}
