//! Who gets which updates -> posts, and what becomes of those who cannot be told.
//!
//! | what happens to a connection | what is done |
//! |---|---|
//! | it is gone (410) | it is forgotten, unless it may still be opening |
//! | it cannot be reached, or does not read | it is closed, so that its client comes back and catches up |
//! | hardly any connection can be reached | they are told again; closed only after a minute of this |
//! | there was no time for it | it is told again |
//! | it would be told again, but the records are too old to come again | it is closed |
//! | it has to be closed and cannot be | the batch is reported as failed |

use crate::callback::{Callback, Undelivered};
use crate::memory::{Memory, UpdateHash};
use crate::reach::{Outbox, Posted, Reach};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::time::Duration;
use store::{ConnectionId, Connections, Subscriber, TopicKey};
use tokio::time::Instant;

/// Calls under way at once, for each virtual CPU: measured to keep one busy.
const CALLS_AT_ONCE: usize = 64;
/// So few who cannot be reached are closed without asking whether it is API Gateway's fault.
const FEW: usize = 3;
/// For so long, it may be API Gateway's fault that hardly any connection can be reached.
const OUTAGE: SignedDuration = SignedDuration::from_mins(1);

/// What came of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Frames that API Gateway took.
    pub sent: usize,
    /// Connections that turned out to be gone, and are forgotten.
    pub gone: usize,
    /// Connections that could not be told, and were closed.
    pub closed: usize,
    /// Connections that could neither be told nor closed, and are to be told again.
    pub untold: usize,
    /// The lowest index in the batch from which on it must be told again.
    pub failed_from: Option<usize>,
}

impl Report {
    fn failed(&mut self, index: usize) {
        self.failed_from = Some(self.failed_from.map_or(index, |first| first.min(index)));
    }
}

/// How old the records of a batch are.
#[derive(Debug)]
pub(crate) struct Ages {
    made: Vec<Timestamp>,
    now: Timestamp,
    max: SignedDuration,
}

impl Ages {
    /// Records made then do not come again once they are older than this.
    pub fn new(made: Vec<Timestamp>, now: Timestamp, max: Duration) -> Self {
        let max = SignedDuration::try_from(max).unwrap_or(SignedDuration::MAX);
        Self { made, now, max }
    }

    /// The stream is in the order of time: what follows this index is younger.
    fn of(&self, index: usize) -> SignedDuration {
        let made = self.made.get(index).copied().unwrap_or(self.now);
        self.now.duration_since(made)
    }

    /// Whether the record at this index may not come again. The last sixth of its time is enough for
    /// some attempts at closing: an invocation and the pause after it take a minute or two.
    fn is_last(&self, index: usize) -> bool {
        self.of(index) >= self.max - self.max / 6
    }

    fn outlasts_an_outage(&self, index: usize) -> bool {
        self.of(index) >= OUTAGE || self.is_last(index)
    }
}

type Outboxes = BTreeMap<ConnectionId, Outbox>;

/// One batch on its way out.
pub(crate) struct Dispatch<'a> {
    reach: Reach<'a>,
    memory: &'a Memory,
    ages: Ages,
    hashes: Vec<UpdateHash>,
    outboxes: Outboxes,
    closing: Outboxes,
    report: Report,
}

impl<'a> Dispatch<'a> {
    /// A batch that nobody is told yet. Frames are posted until the first instant, and connections
    /// closed until the second.
    pub fn new(
        connections: &'a Connections,
        callback: &'a Callback,
        memory: &'a Memory,
        ages: Ages,
        until: [Instant; 2],
    ) -> Self {
        Self {
            reach: Reach::new(connections, callback, ages.now, until),
            memory,
            ages,
            hashes: Vec::new(),
            outboxes: Outboxes::new(),
            closing: Outboxes::new(),
            report: Report::default(),
        }
    }

    /// These are to get a topic's updates, the first of them for the record at this index.
    pub fn tell(
        &mut self,
        topic: &TopicKey,
        index: usize,
        subscribers: Vec<Subscriber>,
        updates: Vec<Box<RawValue>>,
    ) {
        let places = self.hashes.len()..self.hashes.len() + updates.len();
        self.hashes.extend(updates.iter().map(|update| self.memory.hash(topic, update.get())));
        self.reach.add(updates);
        for one in subscribers {
            let is_new = |update: &usize| !self.memory.has(self.hashes[*update], &one.connection);
            let updates: Vec<usize> = places.clone().filter(is_new).collect();
            if !updates.is_empty() {
                put(&mut self.outboxes, &one, index, updates);
            }
        }
    }

    /// These are to be closed, for the record at this index.
    pub fn close(&mut self, index: usize, subscribers: Vec<Subscriber>) {
        for one in subscribers {
            put(&mut self.closing, &one, index, Vec::new());
        }
    }

    /// These cannot be told of the record at this index now: they will be when it comes again, or
    /// are closed where it does not.
    pub fn retry_or_close(&mut self, index: usize, subscribers: Vec<Subscriber>) {
        if self.ages.is_last(index) {
            self.close(index, subscribers);
        } else {
            self.report.untold += subscribers.len();
            self.retry(index);
        }
    }

    /// The record at this index has to come again.
    pub fn retry(&mut self, index: usize) {
        self.report.failed(index);
    }

    /// Posts, closes, and reports.
    pub async fn run(mut self) -> Report {
        // Who is closed reads all of it when they come back.
        for (id, closing) in &mut self.closing {
            if let Some(outbox) = self.outboxes.remove(id) {
                closing.add(outbox.first, outbox.updates);
            }
        }
        let told = Box::pin(self.post()).await;
        Box::pin(self.close_all()).await;
        if self.report.failed_from.is_some() {
            let hashes = &self.hashes;
            let had = |(id, updates): &'_ (ConnectionId, Vec<usize>)| {
                let updates = updates.iter().map(|update| hashes[*update]);
                updates.map(|update| (update, id.clone())).collect::<Vec<_>>()
            };
            self.memory.remember(told.iter().flat_map(had));
        } else {
            self.memory.forget(self.hashes);
        }
        self.report
    }

    /// Posts to everybody. Answers who got which updates.
    async fn post(&mut self) -> Vec<(ConnectionId, Vec<usize>)> {
        let mut outboxes: Vec<_> = std::mem::take(&mut self.outboxes).into_iter().collect();
        // Those who are told the same share the same bytes, which are gone when they are told.
        outboxes.sort_by(|(_, one), (_, other)| one.updates.cmp(&other.updates));
        let (mut reached, mut told) = (0, Vec::new());
        let (mut unreachable, mut late) = (Vec::new(), Vec::new());
        let (reach, mut frames) = (&self.reach, None);
        let posts = outboxes.into_iter().map(|(id, outbox)| {
            let frames = reach.frames(&outbox.updates, &mut frames);
            async move {
                let posted = Box::pin(reach.post(&id, &outbox, &frames)).await;
                (id, outbox, posted)
            }
        });
        let mut posts = futures::stream::iter(posts).buffer_unordered(CALLS_AT_ONCE);
        while let Some((id, outbox, posted)) = posts.next().await {
            match posted {
                Posted::Sent(frames) => {
                    reached += 1;
                    self.report.sent += frames;
                    told.push((id, outbox.updates));
                }
                Posted::Opening => reached += 1,
                Posted::Gone => {
                    reached += 1;
                    self.report.gone += 1;
                }
                Posted::Not(Undelivered::Late) => late.push((id, outbox)),
                Posted::Not(error) => {
                    let is_api = matches!(error, Undelivered::Unreachable(_));
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(connection = %id, error, "a connection cannot be told");
                    if is_api {
                        unreachable.push((id, outbox));
                    } else {
                        self.closing.insert(id, outbox);
                    }
                }
            }
        }
        drop(posts);
        // Where hardly anybody can be reached it is hardly the clients' fault, and closing them all
        // would only have them come back all at once.
        let is_outage = unreachable.len() > FEW && unreachable.len() > reached;
        let closes = |outbox: &Outbox| !is_outage || self.ages.outlasts_an_outage(outbox.first);
        let (close, again): (Vec<_>, Vec<_>) =
            unreachable.into_iter().partition(|(_, outbox)| closes(outbox));
        let (last, late): (Vec<_>, Vec<_>) =
            late.into_iter().partition(|(_, outbox)| self.ages.is_last(outbox.first));
        for (_, outbox) in again.iter().chain(&late) {
            self.report.untold += 1;
            self.report.failed(outbox.first);
        }
        self.closing.extend(close.into_iter().chain(last));
        told
    }

    /// Closes those who are not told, so that their clients come back and catch up.
    async fn close_all(&mut self) {
        let closing = std::mem::take(&mut self.closing);
        let reach = &self.reach;
        let closes = closing.into_iter().map(|(id, outbox)| async move {
            let closed = Box::pin(reach.close(&id)).await;
            (id, outbox, closed)
        });
        let mut closes = futures::stream::iter(closes).buffer_unordered(CALLS_AT_ONCE);
        while let Some((id, outbox, closed)) = closes.next().await {
            match closed {
                Ok(()) => self.report.closed += 1,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(connection = %id, error, "a connection cannot be closed");
                    self.report.untold += 1;
                    self.report.failed(outbox.first);
                }
            }
        }
    }
}

fn put(outboxes: &mut Outboxes, to: &Subscriber, index: usize, updates: Vec<usize>) {
    let outbox = outboxes.entry(to.connection.clone());
    outbox.or_insert_with(|| Outbox::new(to, index)).add(index, updates);
}
