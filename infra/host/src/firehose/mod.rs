//! Delivery streams: records are gathered, and written to files of a bucket together, as Firehose does.
//!
//! | file | what it knows |
//! |---|---|
//! | `rows` | records that wait, as rows of the journal |
//! | `writer` | files |
//!
//! A record is in the journal until the file that has it is whole under its name. So none is lost, and one
//! is written twice where the host ends in between, as Firehose may.
//! <https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html>

mod rows;
mod writer;

use crate::journal::{Journal, JournalError};
use crate::template::{DeliveryStream, Events};
use jiff::Timestamp;
use rows::Waiting;
use rusqlite::Transaction;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// No sleep is longer: the clock that records go by may jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// How long records that come are waited for.
const SETTLE: Duration = Duration::from_millis(50);

/// The delivery streams of the template. Clones are the same.
#[derive(Debug, Clone)]
pub struct Firehose(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    journal: Journal,
    streams: BTreeMap<String, Stream>,
}

#[derive(Debug)]
struct Stream {
    settings: DeliveryStream,
    /// The bucket.
    folder: PathBuf,
    news: watch::Sender<()>,
}

/// Why records are not written.
#[derive(Debug, Error)]
pub enum FirehoseError {
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file cannot be written.
    #[error("cannot write a file of a bucket: {0}")]
    File(#[from] io::Error),
}

impl Firehose {
    /// The streams, whose buckets are folders in `buckets`.
    pub fn new(plan: &Events, journal: Journal, buckets: &Path) -> Self {
        let streams = plan.delivery_streams.iter().map(|(id, settings)| {
            let bucket = plan.buckets.get(&settings.bucket);
            let folder = buckets.join(bucket.map_or("", |bucket| bucket.name.as_str()));
            let (settings, news) = (settings.clone(), watch::channel(()).0);
            (id.clone(), Stream { settings, folder, news })
        });
        Self(Arc::new(Inner { journal, streams: streams.collect() }))
    }

    /// Takes a record along with whatever else the transaction writes. When it is through, the stream is to
    /// be [told](Self::tell).
    pub(crate) fn put(
        &self,
        transaction: &Transaction<'_>,
        stream: &str,
        record: &str,
    ) -> rusqlite::Result<()> {
        let delimits = self.0.streams.get(stream).is_some_and(|stream| stream.settings.delimits);
        let delimiter = if delimits { "\n" } else { "" };
        let now = Timestamp::now().as_millisecond();
        rows::insert(transaction, stream, &format!("{record}{delimiter}"), now)
    }

    /// Wakes who writes a stream's files.
    pub(crate) fn tell(&self, stream: &str) {
        if let Some(stream) = self.0.streams.get(stream) {
            stream.news.send_replace(());
        }
    }

    /// Writes what waits at once, however little it is. Gives the number of records.
    pub fn flush(&self) -> Result<usize, FirehoseError> {
        let mut written = 0;
        for (id, stream) in &self.0.streams {
            while let count @ 1.. = self.write(id, stream)? {
                written += count;
            }
        }
        Ok(written)
    }

    /// Writes files from now on, until this is dropped.
    pub(crate) fn start(&self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for id in self.0.streams.keys() {
            tasks.spawn(self.clone().run(id.clone()));
        }
        tasks
    }

    async fn run(self, id: String) {
        let Some(stream) = self.0.streams.get(&id) else { return };
        let mut news = stream.news.subscribe();
        loop {
            news.mark_unchanged();
            let wait = match self.wait(&id, stream) {
                Ok(Some(Duration::ZERO)) => match self.write(&id, stream) {
                    Ok(_) => continue,
                    Err(error) => {
                        tracing::error!(stream = id, %error, "records are not written");
                        tokio::time::sleep(LONGEST_SLEEP).await;
                        continue;
                    }
                },
                Ok(wait) => wait.unwrap_or(LONGEST_SLEEP),
                Err(error) => {
                    tracing::error!(stream = id, %error, "cannot read records");
                    LONGEST_SLEEP
                }
            };
            tokio::select! {
                // Many come at once: it is looked at them together.
                _ = news.changed() => tokio::time::sleep(SETTLE.min(wait)).await,
                () = tokio::time::sleep(wait.min(LONGEST_SLEEP)) => {}
            }
        }
    }

    /// How long until the next file is due; `None` if nothing waits.
    fn wait(&self, id: &str, stream: &Stream) -> Result<Option<Duration>, JournalError> {
        let waiting = self.0.journal.run(|connection| rows::waiting(connection, id))?;
        let Some(Waiting { bytes, oldest_ms }) = waiting else { return Ok(None) };
        if bytes >= stream.settings.buffer_bytes {
            return Ok(Some(Duration::ZERO));
        }
        let age = Timestamp::now().as_millisecond().saturating_sub(oldest_ms);
        let age = Duration::from_millis(u64::try_from(age).unwrap_or(0));
        Ok(Some(stream.settings.buffer_time.saturating_sub(age)))
    }

    /// Writes one file. Gives the number of its records.
    fn write(&self, id: &str, stream: &Stream) -> Result<usize, FirehoseError> {
        let most = stream.settings.buffer_bytes;
        let records = self.0.journal.run(|connection| rows::oldest(connection, id, most))?;
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(0) };
        let time = Timestamp::from_millisecond(first.came_ms).unwrap_or_default();
        writer::write(&stream.folder, &stream.settings, time, &records)?;
        self.0.journal.run(|connection| rows::delete(connection, id, last.number))?;
        Ok(records.len())
    }
}
