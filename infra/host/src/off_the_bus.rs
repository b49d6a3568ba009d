//! Queues, event buses, delivery streams and invocations that nobody waits for, put together: they deliver to
//! each other.

use crate::asynchronous::{AsyncInvocations, AsyncSurroundings};
use crate::eventbridge::EventBridgeFront;
use crate::events::EventBuses;
use crate::faults::Faults;
use crate::firehose::Firehose;
use crate::guard::HostName;
use crate::iam::Iam;
use crate::invocations::Invocations;
use crate::journal::{Journal, JournalError};
use crate::lambda::Functions;
use crate::queues::{QueueMappings, Queues};
use crate::sqs::SqsFront;
use crate::template::Plan;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};

/// All that works without anybody who waits for it. Clones are the same.
#[derive(Debug, Clone)]
pub struct OffTheBus {
    /// The queues.
    pub queues: Queues,
    /// Invocations that nobody waits for.
    pub invocations: Invocations,
    /// The event buses.
    pub buses: EventBuses,
    /// The delivery streams.
    pub firehose: Firehose,
    journal: Journal,
}

/// Where functions and developers find it. It is served until this is dropped.
#[derive(Debug)]
pub struct Endpoints {
    /// SQS.
    pub sqs: SocketAddr,
    /// EventBridge.
    pub eventbridge: SocketAddr,
    servers: [AbortHandle; 2],
}

impl Drop for Endpoints {
    fn drop(&mut self) {
        self.servers.iter().for_each(AbortHandle::abort);
    }
}

/// Who hands it to functions. What they have in hand when this is dropped comes again at the next start.
#[derive(Debug)]
pub struct Deliveries {
    _queues: QueueMappings,
    _invocations: AsyncInvocations,
    _replays: JoinSet<()>,
    _files: JoinSet<()>,
}

impl OffTheBus {
    /// What the template has of it, with what the journal has. `buckets` is the folder of buckets.
    pub fn open(
        plan: &Plan,
        journal: &Journal,
        faults: &Faults,
        buckets: &Path,
    ) -> Result<Self, JournalError> {
        let queues = Queues::new(&plan.queues, journal.clone(), faults.clone())?;
        let invocations = Invocations::new(&plan.functions, journal.clone())?;
        let firehose = Firehose::new(&plan.events, journal.clone(), buckets);
        let (events, journal) = (plan.events.clone(), journal.clone());
        let (to_queues, to_functions) = (queues.clone(), invocations.clone());
        let (to_files, met) = (firehose.clone(), faults.clone());
        let buses =
            EventBuses::new(events, journal.clone(), to_queues, to_functions, to_files, met);
        Ok(Self { queues, invocations, buses, firehose, journal })
    }

    /// Serves it to callers whom `iam` knows, on loopback ports, under this machine's names and those in
    /// `also`.
    pub async fn serve(
        &self,
        iam: &Iam,
        faults: &Faults,
        also: &[HostName],
    ) -> io::Result<Endpoints> {
        let (queues, buses) = (self.queues.clone(), self.buses.clone());
        let front = SqsFront { queues, iam: iam.clone(), faults: faults.clone() };
        let (sqs, sqs_server) = front.serve(also.to_vec()).await?;
        let front = EventBridgeFront { buses, iam: iam.clone() };
        let (eventbridge, eventbridge_server) = front.serve(also.to_vec()).await?;
        Ok(Endpoints { sqs, eventbridge, servers: [sqs_server, eventbridge_server] })
    }

    /// Delivers to functions from now on. An invocation that nobody waits for is made again so long after
    /// its first failure, and twice as long after the second one.
    pub fn start(&self, plan: &Plan, functions: &Functions, retry_after: Duration) -> Deliveries {
        let surroundings = AsyncSurroundings {
            invocations: self.invocations.clone(),
            functions: functions.clone(),
            queues: self.queues.clone(),
            buses: self.buses.clone(),
            journal: self.journal.clone(),
            retry_after,
        };
        let mut replays = JoinSet::new();
        replays.spawn(self.buses.clone().run_replays());
        Deliveries {
            _replays: replays,
            _files: self.firehose.start(),
            _queues: QueueMappings::start(plan, &self.queues, functions),
            _invocations: AsyncInvocations::start(plan, &surroundings),
        }
    }
}
