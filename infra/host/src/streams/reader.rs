//! One reader of a stream: an event source mapping or a pipe.

use super::Surroundings;
use super::batch_result::BatchResult;
use super::consumer::{Consumer, Failure};
use super::give_up::{Condition, GivenUp, LastResult};
use super::record::Change;
use crate::database::{DatabaseError, Position};
use crate::lambda::PAYLOAD_LIMIT;
use crate::template::{Plan, StreamReader};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// What a stream keeps; nothing older is delivered.
const STREAM_RETENTION: Duration = Duration::from_hours(24);
/// The pause before the first retry; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Room in an event for what is around its records.
const ENVELOPE: usize = 64;

/// One reader, with the records that it has read but not delivered.
pub(super) struct Reader {
    id: String,
    settings: StreamReader,
    table: String,
    consumer: Consumer,
    surroundings: Surroundings,
    /// Up to where records have been read; what is delivered may lie behind.
    read: Position,
    buffer: VecDeque<Change>,
    /// Until when the batch in the buffer may fill.
    window_end: Option<Instant>,
}

/// Records that are delivered together.
struct Batch {
    changes: Vec<Change>,
    /// How often the consumer failed with exactly these, retries of a larger batch not counted.
    failures: u32,
    last_result: LastResult,
}

impl Reader {
    pub(super) fn new(
        id: &str,
        settings: &StreamReader,
        consumer: Consumer,
        plan: &Plan,
        surroundings: Surroundings,
    ) -> Result<Self, DatabaseError> {
        let table = plan.tables.get(&settings.table).map(|it| it.name.clone()).unwrap_or_default();
        let read = if let Some(position) = surroundings.journal.position(id)? {
            Position::from_text(position)
        } else {
            let (arn, starting) = (&settings.stream_arn, settings.starting_position);
            let start = surroundings.database.start_of(arn, &table, starting)?;
            surroundings.journal.put_position(id, start.as_text())?;
            start
        };
        Ok(Self {
            id: id.to_owned(),
            settings: settings.clone(),
            table,
            consumer,
            surroundings,
            read,
            buffer: VecDeque::new(),
            window_end: None,
        })
    }

    /// Delivers batches for as long as the host runs.
    pub(super) async fn run(mut self) {
        let mut changes = self.surroundings.database.changes();
        loop {
            changes.mark_unchanged();
            self.surroundings.faults.lag().await;
            if let Err(error) = self.fill().await {
                tracing::error!(reader = self.id, %error, "cannot read the stream");
                tokio::time::sleep(LONGEST_PAUSE).await;
                continue;
            }
            if let Some(batch) = self.take_batch() {
                self.deliver(batch).await;
                continue;
            }
            let window = async {
                match self.window_end {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                more = changes.changed() => {
                    if more.is_err() {
                        return;
                    }
                    tokio::time::sleep(self.consumer.patience()).await;
                }
                () = window => {}
            }
        }
    }

    /// Reads on until the buffer holds a full batch or the stream has no more.
    async fn fill(&mut self) -> Result<(), DatabaseError> {
        while self.buffer.len() < self.settings.batch_size {
            let (database, position) = (self.surroundings.database.clone(), self.read.clone());
            let (arn, table) = (self.settings.stream_arn.clone(), self.table.clone());
            let limit = self.settings.batch_size - self.buffer.len();
            let read = tokio::task::spawn_blocking(move || {
                let records = database.records(&position, limit)?;
                let last = records.last().map(|record| &record.dynamodb.sequence_number);
                let position = last.map(|last| database.after(&arn, &table, last)).transpose()?;
                Ok::<_, DatabaseError>((records, position))
            });
            let Ok(read) = read.await else { return Ok(()) };
            let (records, Some(position)) = read? else { return Ok(()) };
            let is_end = records.len() < limit;
            for record in records {
                match Change::read(&record, &self.settings.stream_arn, &self.settings.filters) {
                    Ok(Some(change)) => self.buffer.push_back(change),
                    Ok(None) => {}
                    Err(error) => {
                        tracing::error!(reader = self.id, %error, "an unreadable record");
                    }
                }
            }
            self.read = position;
            if is_end {
                // Whatever is written from now on is told.
                break;
            }
        }
        Ok(())
    }

    /// The next batch, once it is full or has waited for as long as it may.
    fn take_batch(&mut self) -> Option<Batch> {
        if self.buffer.is_empty() {
            return None;
        }
        let mut size = ENVELOPE;
        let fits = self.buffer.iter().take_while(|change| {
            size += change.json.len() + 1;
            size <= PAYLOAD_LIMIT
        });
        let count = fits.take(self.settings.batch_size).count();
        let is_full = count == self.settings.batch_size || count < self.buffer.len();
        let window = self.settings.batching_window;
        let end = *self.window_end.get_or_insert_with(|| Instant::now() + window);
        if !is_full && Instant::now() < end {
            return None;
        }
        self.window_end = None;
        // A record too large for any event goes alone, and fails.
        let changes = self.buffer.drain(..count.max(1)).collect();
        Some(Batch { changes, failures: 0, last_result: LastResult::NotInvoked })
    }

    /// Has the consumer take the batch, whole or in parts, or gives it up.
    async fn deliver(&self, batch: Batch) {
        let mut throttled = 0;
        let mut pending = self.cut(batch);
        while let Some(mut batch) = pending.pop() {
            self.give_up_old(&mut batch).await;
            if batch.changes.is_empty() {
                continue;
            }
            if self.surroundings.faults.duplicate() {
                let _ = self.consumer.consume(&batch.changes).await;
            }
            match self.consumer.consume(&batch.changes).await {
                Ok(BatchResult::Done) => {
                    self.done(&batch.changes).await;
                    throttled = 0;
                }
                Ok(BatchResult::FailedFrom(index)) => {
                    batch.last_result = LastResult::Reported;
                    let rest = batch.changes.split_off(index);
                    self.done(&batch.changes).await;
                    let progress = index > 0;
                    batch.changes = rest;
                    self.failed(batch, progress, &mut pending).await;
                    throttled = 0;
                }
                // The batch did not reach the consumer: only its age counts.
                Err(Failure::Throttled) => {
                    pending.push(batch);
                    pause(throttled).await;
                    throttled += 1;
                }
                Err(error) => {
                    tracing::warn!(reader = self.id, records = batch.changes.len(), %error, "a batch failed");
                    batch.last_result = LastResult::Unhandled;
                    self.failed(batch, false, &mut pending).await;
                    throttled = 0;
                }
            }
        }
    }

    /// The batch in one part or, by a fault, in two; the first is the last of the list.
    fn cut(&self, mut batch: Batch) -> Vec<Batch> {
        let Some(place) = self.surroundings.faults.split(batch.changes.len()) else {
            return vec![batch];
        };
        let second = batch.changes.split_off(place);
        let second = Batch { changes: second, failures: 0, last_result: batch.last_result };
        vec![second, batch]
    }

    /// Decides how a batch comes again that the consumer failed with. A batch of which a part is
    /// done is already split, at the record that failed; splitting is not counted as a retry.
    async fn failed(&self, mut batch: Batch, progress: bool, pending: &mut Vec<Batch>) {
        if self.settings.bisect && progress {
            batch.failures = 0;
            pending.push(batch);
            return pause(0).await;
        }
        if self.settings.bisect && batch.changes.len() > 1 {
            let last_result = batch.last_result;
            let second = batch.changes.split_off(batch.changes.len() / 2);
            pending.push(Batch { changes: second, failures: 0, last_result });
            pending.push(Batch { failures: 0, ..batch });
            return pause(0).await;
        }
        batch.failures += 1;
        if self.settings.retry_attempts.is_some_and(|limit| batch.failures > limit) {
            self.give_up(&batch.changes, &batch, Condition::RetryAttemptsExhausted).await;
            return;
        }
        let failures = batch.failures;
        pending.push(batch);
        pause(failures - 1).await;
    }

    async fn give_up_old(&self, batch: &mut Batch) {
        let limit = self.settings.record_age.unwrap_or(STREAM_RETENTION).min(STREAM_RETENTION);
        let limit = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
        let oldest = Timestamp::now().as_second().saturating_sub(limit);
        let kept = batch.changes.partition_point(|change| change.created < oldest);
        if kept > 0 {
            let old: Vec<_> = batch.changes.drain(..kept).collect();
            self.give_up(&old, batch, Condition::RecordAgeExceeded).await;
        }
    }

    /// Tells the on-failure destination, and goes on behind these records.
    async fn give_up(&self, changes: &[Change], batch: &Batch, condition: Condition) {
        tracing::error!(reader = self.id, records = changes.len(), ?condition, "records given up");
        if let Some(queue) = &self.settings.on_failure {
            let message = GivenUp {
                by: self.consumer.arn(),
                stream_arn: &self.settings.stream_arn,
                table: &self.table,
                changes,
                condition,
                invocations: batch.failures,
                last_result: batch.last_result,
            }
            .message();
            // The records are not passed over before the queue has the message.
            while let Err(error) = self.surroundings.queues.send(queue, &message) {
                tracing::error!(queue, %error, "cannot send to the on-failure destination");
                tokio::time::sleep(LONGEST_PAUSE).await;
            }
        }
        self.done(changes).await;
    }

    /// Writes down that everything up to the last of these is done.
    async fn done(&self, changes: &[Change]) {
        let Some(last) = changes.last() else { return };
        let (surroundings, id) = (self.surroundings.clone(), self.id.clone());
        let (arn, table) = (self.settings.stream_arn.clone(), self.table.clone());
        let number = last.sequence_number.clone();
        let written = tokio::task::spawn_blocking(move || {
            let position = surroundings.database.after(&arn, &table, &number)?;
            Ok::<_, DatabaseError>(surroundings.journal.put_position(&id, position.as_text())?)
        });
        if let Ok(Err(error)) = written.await {
            // These records come again when the host starts again, which functions must bear.
            tracing::error!(reader = self.id, %error, "cannot write down a position");
        }
    }
}

async fn pause(retries: u32) {
    let factor = 1_u32.checked_shl(retries).unwrap_or(u32::MAX);
    tokio::time::sleep(FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)).await;
}
