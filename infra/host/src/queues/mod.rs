//! The queues of the template, as SQS behaves with a standard queue.
//!
//! | file | what it knows |
//! |---|---|
//! | `message`, `attribute` | messages, before and after they are received |
//! | `digest` | the MD5 digests by which SDKs check what they sent and received |
//! | `receipt` | by which a receiver names what it received |
//! | `rows` | the statements: messages are rows of the journal |
//! | `batch`, `mapping`, `mappings` | event source mappings from queues to functions |
//! | `record` | a message in the shape in which Lambda hands it to a function |
//!
//! A message that is received becomes invisible for a while, and comes again unless it is deleted.
//! All of it is in the journal: a host that is killed loses none, and may hand one out twice. Nobody
//! polls: whoever waits for a message is told when one is sent, and sleeps until the next one becomes
//! visible.

mod attribute;
mod batch;
pub(crate) mod digest;
mod mapping;
mod mappings;
mod message;
mod receipt;
mod record;
mod rows;

pub use attribute::Attribute;
pub use mappings::QueueMappings;
pub use message::{Message, NewMessage, Received};
pub use receipt::HandleError;
pub use rows::Counts;

use crate::faults::Faults;
use crate::journal::{Journal, JournalError};
use crate::template::{Queue, queue_arn};
use jiff::Timestamp;
use receipt::Handle;
use rusqlite::Transaction;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// For how long nobody can empty a queue again:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html>
const BETWEEN_PURGES: Duration = Duration::from_mins(1);

/// No sleep is longer: the clock that messages go by may jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// From when a message that was received first it can be kept invisible, at most.
pub(crate) const LONGEST_VISIBILITY: Duration = Duration::from_hours(12);

/// All queues. Clones share them.
#[derive(Debug, Clone)]
pub struct Queues {
    journal: Journal,
    faults: Faults,
    by_id: Arc<BTreeMap<String, Shared>>,
}

#[derive(Debug)]
struct Shared {
    settings: Queue,
    /// Is told of every message that may have become visible.
    news: watch::Sender<()>,
    purged: Mutex<Option<Instant>>,
}

/// A queue has just been emptied, and cannot be again yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgeInProgress;

impl Queues {
    /// The queues of the template, by logical id, with the messages that the journal has. Those that a
    /// mapping of the run before had in hand are visible at once: its functions ended with it.
    pub fn new(
        queues: &BTreeMap<String, Queue>,
        journal: Journal,
        faults: Faults,
    ) -> Result<Self, JournalError> {
        journal.run(|connection| rows::release(connection, now_ms()))?;
        let queues = queues.iter().map(|(id, settings)| {
            let (news, _) = watch::channel(());
            (id.clone(), Shared { settings: settings.clone(), news, purged: Mutex::default() })
        });
        Ok(Self { journal, faults, by_id: Arc::new(queues.collect()) })
    }

    /// The logical id and the settings of the queue with this name.
    pub fn named(&self, name: &str) -> Option<(&str, &Queue)> {
        let found = self.by_id.iter().find(|(_, queue)| queue.settings.name == name);
        found.map(|(id, queue)| (id.as_str(), &queue.settings))
    }

    /// The settings of a queue, by its logical id.
    pub fn settings(&self, queue: &str) -> Option<&Queue> {
        self.by_id.get(queue).map(|queue| &queue.settings)
    }

    /// The names of all queues.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_id.values().map(|queue| queue.settings.name.as_str())
    }

    /// Sends a message to a queue, by its logical id, with the queue's delay.
    pub fn send(&self, queue: &str, body: &str) -> Result<(), JournalError> {
        self.send_message(queue, &NewMessage::of_service(body)).map(drop)
    }

    /// Sends a message to a queue, and gives its id.
    pub fn send_message(&self, queue: &str, message: &NewMessage) -> Result<String, JournalError> {
        let id = self.journal.together(|transaction| self.put(transaction, queue, message))?;
        self.tell(queue);
        Ok(id)
    }

    /// Puts a message into a queue along with whatever else the transaction writes, and gives its id.
    /// When it is through, the queue's receivers are to be [told](Self::tell).
    pub(crate) fn put(
        &self,
        transaction: &Transaction<'_>,
        queue: &str,
        message: &NewMessage,
    ) -> rusqlite::Result<String> {
        let id = uuid::Uuid::new_v4().to_string();
        let delay = self.settings(queue).map_or(Duration::ZERO, |settings| settings.delay);
        let delay = message.delay.unwrap_or(delay);
        let now = now_ms();
        let copies = if self.faults.message_twice() { 2 } else { 1 };
        for _ in 0..copies {
            let late = self.faults.message_late();
            rows::insert(transaction, queue, &id, message, now, now + ms(delay + late))?;
        }
        Ok(id)
    }

    /// Wakes whoever waits for a message of this queue.
    pub(crate) fn tell(&self, queue: &str) {
        if let Some(queue) = self.by_id.get(queue) {
            queue.news.send_replace(());
        }
    }

    /// Receives up to `most` messages that are visible now, and makes them invisible for `visibility`, or
    /// for as long as the queue says. A message that was received too often goes to the dead-letter
    /// queue instead, one that is too old goes for good. `mapping` is the event source mapping that
    /// receives, if it is one.
    pub fn receive(
        &self,
        queue: &str,
        most: usize,
        visibility: Option<Duration>,
        mapping: Option<&str>,
    ) -> Result<Vec<Received>, JournalError> {
        let Some(settings) = self.settings(queue) else { return Ok(Vec::new()) };
        let now = now_ms();
        let until = now + ms(visibility.unwrap_or(settings.visibility));
        let terms = rows::Terms {
            queue,
            now,
            until,
            oldest: now - ms(settings.retention),
            mapping,
            redrive: settings.redrive.as_ref(),
            arn: queue_arn(&settings.name),
        };
        let received =
            self.journal.together(|transaction| rows::receive(transaction, &terms, most))?;
        if received.dead > 0
            && let Some(redrive) = &settings.redrive
        {
            tracing::warn!(
                queue,
                to = redrive.queue,
                messages = received.dead,
                "messages were received too often"
            );
            self.tell(&redrive.queue);
        }
        Ok(received.messages)
    }

    /// Waits until a message of this queue may be visible.
    pub async fn visible(&self, queue: &str) -> Result<(), JournalError> {
        let Some(shared) = self.by_id.get(queue) else {
            return std::future::pending().await;
        };
        let mut news = shared.news.subscribe();
        loop {
            news.mark_unchanged();
            let next = self.journal.run(|connection| rows::next_visible(connection, queue))?;
            let wait = next.map_or(LONGEST_SLEEP, |next| between(now_ms(), next));
            if wait.is_zero() {
                return Ok(());
            }
            tokio::select! {
                _ = news.changed() => {}
                () = tokio::time::sleep(wait.min(LONGEST_SLEEP)) => {}
            }
        }
    }

    /// Deletes a message that was received. One that was received again meanwhile stays, as its new
    /// receiver has it; one that is gone is no error.
    pub fn delete(&self, queue: &str, handle: &str) -> Result<(), HandleError> {
        let handle = Handle::read(handle, queue)?;
        self.journal.run(|connection| rows::delete(connection, queue, &handle))?;
        Ok(())
    }

    /// Deletes messages that were received.
    pub(crate) fn delete_all(&self, queue: &str, handles: &[&str]) -> Result<(), HandleError> {
        let handles: Vec<_> =
            handles.iter().map(|it| Handle::read(it, queue)).collect::<Result<_, _>>()?;
        self.journal.together(|transaction| {
            handles.iter().try_for_each(|handle| rows::delete(transaction, queue, handle))
        })?;
        Ok(())
    }

    /// Makes a message that was received invisible for so long from now on; zero gives it back.
    pub fn change_visibility(
        &self,
        queue: &str,
        handle: &str,
        visibility: Duration,
    ) -> Result<(), HandleError> {
        let handle = Handle::read(handle, queue)?;
        let now = now_ms();
        let first_received = self
            .journal
            .run(|connection| rows::first_received(connection, queue, &handle, now))?
            .ok_or(HandleError::NotInFlight)?;
        let until = now + ms(visibility);
        if until > first_received + ms(LONGEST_VISIBILITY) {
            return Err(HandleError::TooLong);
        }
        self.journal.run(|connection| rows::set_visible(connection, queue, &handle, until))?;
        self.tell(queue);
        Ok(())
    }

    /// Deletes all messages of a queue.
    pub fn purge(&self, queue: &str) -> Result<Result<(), PurgeInProgress>, JournalError> {
        let Some(shared) = self.by_id.get(queue) else { return Ok(Ok(())) };
        let mut purged = shared.purged.lock().unwrap_or_else(PoisonError::into_inner);
        if purged.is_some_and(|last| last.elapsed() < BETWEEN_PURGES) {
            return Ok(Err(PurgeInProgress));
        }
        self.journal.run(|connection| rows::purge(connection, queue))?;
        *purged = Some(Instant::now());
        Ok(Ok(()))
    }

    /// The messages of a queue, oldest first, those in flight among them; `None` if there is no such
    /// queue. Nothing about them changes.
    pub fn messages(&self, queue: &str) -> Result<Option<Vec<Message>>, JournalError> {
        let Some(settings) = self.settings(queue) else { return Ok(None) };
        let oldest = now_ms() - ms(settings.retention);
        self.journal.run(|connection| {
            rows::expire(connection, queue, oldest)?;
            rows::messages(connection, queue).map(Some)
        })
    }

    /// How many messages a queue holds, and which of them can be received.
    pub fn count(&self, queue: &str) -> Result<Counts, JournalError> {
        let now = now_ms();
        let retention = self.settings(queue).map_or(Duration::MAX, |settings| settings.retention);
        self.journal.run(|connection| {
            rows::expire(connection, queue, now.saturating_sub(ms(retention)))?;
            rows::count(connection, queue, now)
        })
    }

    /// How many messages each queue holds, in flight and delayed ones included.
    pub fn counts(&self) -> Result<BTreeMap<&str, u64>, JournalError> {
        let count = |queue: &String| self.count(queue).map(Counts::all);
        self.by_id.keys().map(|queue| Ok((queue.as_str(), count(queue)?))).collect()
    }
}

pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Whole milliseconds, rounded up: nothing is visible before its time.
pub(crate) fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros().div_ceil(1000)).unwrap_or(i64::MAX)
}

/// From one instant to another, if that is later.
fn between(now: i64, then: i64) -> Duration {
    Duration::from_millis(u64::try_from(then.saturating_sub(now)).unwrap_or(0))
}
