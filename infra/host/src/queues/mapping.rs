//! One event source mapping.

use super::message::Received;
use super::{Queues, batch, record};
use crate::journal::JournalError;
use crate::lambda::{Functions, InvokeError, PAYLOAD_LIMIT};
use crate::template::{QueueMapping, queue_arn};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The pause after the function was throttled; it doubles with each further time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Room in an event for what is around its records.
const ENVELOPE: usize = 64;

/// One mapping.
pub(super) struct Mapping {
    id: String,
    settings: QueueMapping,
    queue_arn: String,
    /// How long a batch is this mapping's own.
    visibility: Duration,
    queues: Queues,
    functions: Functions,
}

/// Messages that were received together.
struct Batch {
    messages: Vec<Received>,
    /// From then on they may be somebody else's.
    until: Instant,
}

impl Mapping {
    pub(super) fn new(
        id: &str,
        settings: &QueueMapping,
        queues: Queues,
        functions: Functions,
    ) -> Self {
        let queue = queues.settings(&settings.queue);
        Self {
            id: id.to_owned(),
            settings: settings.clone(),
            queue_arn: queue.map(|queue| queue_arn(&queue.name)).unwrap_or_default(),
            visibility: queue.map_or(Duration::ZERO, |queue| queue.visibility),
            queues,
            functions,
        }
    }

    /// Delivers batches for as long as the host runs, several at once.
    pub(super) async fn run(self) {
        let room = Arc::new(Semaphore::new(self.settings.concurrency));
        let mapping = Arc::new(self);
        let mut batches = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            while batches.try_join_next().is_some() {}
            match mapping.gather().await {
                Ok(batch) => {
                    let mapping = Arc::clone(&mapping);
                    batches.spawn(async move {
                        mapping.deliver(batch).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::error!(mapping = mapping.id, %error, "cannot read the queue");
                    tokio::time::sleep(LONGEST_PAUSE).await;
                }
            }
        }
    }

    /// Receives a batch: what is there at once, or, with a window, until it is full or has waited for as
    /// long as it may.
    async fn gather(&self) -> Result<Batch, JournalError> {
        let queue = &self.settings.queue;
        let mut messages = Vec::new();
        let mut until = Instant::now();
        let mut window = None;
        loop {
            if messages.is_empty() {
                self.queues.visible(queue).await?;
                until = Instant::now() + self.visibility;
            }
            let most = self.settings.batch_size - messages.len();
            messages.extend(self.queues.receive(queue, most, None, Some(&self.id))?);
            if messages.is_empty() {
                continue;
            }
            let batching = self.settings.batching_window.min(self.visibility);
            let end = *window.get_or_insert_with(|| Instant::now() + batching);
            if messages.len() >= self.settings.batch_size || Instant::now() >= end {
                return Ok(Batch { messages, until });
            }
            tokio::select! {
                more = self.queues.visible(queue) => more?,
                () = tokio::time::sleep_until(end) => {}
            }
        }
    }

    /// Has the function take the batch, in as many parts as its size makes necessary.
    async fn deliver(&self, batch: Batch) {
        let (mut messages, mut records, mut size) = (Vec::new(), Vec::new(), ENVELOPE);
        for message in batch.messages {
            let Ok(record) = record::record(&message, &self.queue_arn) else { continue };
            if !record::passes(&record, &self.settings.filters) {
                self.delete(&[&message]);
                continue;
            }
            if size + record.len() > PAYLOAD_LIMIT && !records.is_empty() {
                self.invoke(&messages, &records, batch.until).await;
                (messages, records, size) = (Vec::new(), Vec::new(), ENVELOPE);
            }
            size += record.len() + 1;
            messages.push(message);
            records.push(record);
        }
        if !messages.is_empty() {
            self.invoke(&messages, &records, batch.until).await;
        }
    }

    /// Messages that the function does not take stay as they are: they come again when their
    /// visibility ends. While it is throttled it is asked again until then:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
    async fn invoke(&self, messages: &[Received], records: &[String], until: Instant) {
        let event = format!(r#"{{"Records":[{}]}}"#, records.join(","));
        let mut pause = FIRST_PAUSE;
        loop {
            let event = event.clone().into_bytes();
            match self.functions.invoke(&self.settings.function, event).await {
                Ok(result) if self.settings.reports_failures => {
                    let done = batch::done(&result, messages);
                    if done.len() < messages.len() {
                        let failed = messages.len() - done.len();
                        tracing::warn!(mapping = self.id, failed, "messages failed");
                    }
                    return self.delete(&done);
                }
                Ok(_) => return self.delete(&messages.iter().collect::<Vec<_>>()),
                Err(InvokeError::Throttled) if Instant::now() + pause < until => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => {
                    let messages = messages.len();
                    tracing::warn!(mapping = self.id, messages, %error, "a batch failed");
                    return;
                }
            }
        }
    }

    fn delete(&self, messages: &[&Received]) {
        let handles: Vec<_> = messages.iter().map(|it| it.receipt_handle.as_str()).collect();
        if let Err(error) = self.queues.delete_all(&self.settings.queue, &handles) {
            // They come again, which functions must bear.
            tracing::error!(mapping = self.id, %error, "cannot delete messages");
        }
    }
}
