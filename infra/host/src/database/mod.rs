//! The embedded database: the tables of the template, served to the functions as DynamoDB.
//!
//! The crate `dynoxide-rs` does the work. What it leaves to its embedder is done here: indexes on
//! its stream records and their removal (`stream_file`), sweeping items whose time to live is
//! over, and the endpoint (`front`).

mod access;
mod front;
pub(crate) mod operations;
mod server;
mod stream_file;
pub(crate) mod tables;

use crate::data_dir::{self, Content, DamagedFile, DataDir, Fault, FormError};
use crate::database::front::Front;
use crate::database::server::Server;
use crate::database::stream_file::StreamFile;
use crate::faults::Faults;
use crate::guard::HostName;
use crate::iam::Iam;
use crate::journal::{Journal, JournalError};
use crate::template::{StartingPosition, Table};
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::{GetShardIteratorRequest, decode_shard_iterator};
use dynoxide::streams::shard_id;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// How often items whose time is over are looked for. DynamoDB takes up to a few days.
const TTL_SWEEP: Duration = Duration::from_mins(1);

/// How long DynamoDB keeps the records of a stream.
const STREAM_RETENTION_SECONDS: i64 = 24 * 60 * 60;

/// The tables of the template. Clones are the same database.
#[derive(Clone)]
pub struct Database {
    inner: dynoxide::Database,
    file: Arc<Path>,
    changes: watch::Receiver<()>,
}

/// What runs in the background for as long as the database is open.
#[derive(Debug)]
pub struct Service {
    server: Server,
    watcher: AbortHandle,
    sweeper: AbortHandle,
}

/// Why the database does not start or answer.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The file cannot be used.
    #[error(transparent)]
    Damaged(#[from] DamagedFile),
    /// Another release wrote the file.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A request was refused.
    #[error("the database failed: {0}")]
    Dynoxide(#[from] dynoxide::DynoxideError),
    /// The second connection to the file failed.
    #[error("the database's file failed: {0}")]
    File(#[from] rusqlite::Error),
    /// The host's own file failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No port or thread could be had.
    #[error("the database cannot be served: {0}")]
    Server(#[from] io::Error),
    /// The folder's table is not the template's.
    #[error(
        "the table {table} in the data folder {folder} was made by another template (its \
         {differing} differs): start with another --data folder, or remove this one"
    )]
    Changed {
        /// The folder.
        folder: PathBuf,
        /// The table.
        table: String,
        /// Which of its properties is another one.
        differing: String,
    },
}

/// A place in a table's stream: after the records that have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(String);

impl Position {
    /// The position that was written down as this text.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// For writing it down.
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// The number of the last record before it.
    fn number(&self) -> i64 {
        decode_shard_iterator(&self.0).map_or(0, |(_, _, number)| number)
    }
}

impl Database {
    /// Opens the folder's tables, makes those that are not there yet, and serves them to callers
    /// whom `iam` knows, under this machine's names and those in `also`.
    pub fn open(
        folder: &DataDir,
        tables: &BTreeMap<String, Table>,
        journal: &Journal,
        iam: Iam,
        faults: Faults,
        also: Vec<HostName>,
    ) -> Result<(Self, Service), DatabaseError> {
        let file = folder.tables();
        if folder.is_kept() {
            let content = data_dir::content(&file)?;
            if content == Content::Nothing && journal.has_tables()? {
                return Err(DamagedFile { file, fault: Fault::Missing }.into());
            }
            folder.settle_form(content)?;
        }
        let inner = dynoxide::Database::new(&file.to_string_lossy())?;
        tune(&inner, folder.is_kept())?;
        tables::prepare(&inner, tables, journal, folder.path())?;
        let stream_file = StreamFile::open(&file)?;
        stream_file.index()?;

        let (teller, changes) = watch::channel(());
        let watcher = tokio::spawn(stream_file.watch(teller)).abort_handle();
        let sweeper = tokio::spawn(sweep(inner.clone())).abort_handle();
        let server = Server::start(Front { database: inner.clone(), iam, faults }, also)?;
        Ok((Self { inner, file: file.into(), changes }, Service { server, watcher, sweeper }))
    }

    /// Is told of every change to any table, soon after it was made.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.clone()
    }

    /// Where a new reader of the stream begins.
    pub fn start_of(
        &self,
        stream_arn: &str,
        table: &str,
        position: StartingPosition,
    ) -> Result<Position, DatabaseError> {
        let kind = match position {
            StartingPosition::Latest => "LATEST",
            StartingPosition::TrimHorizon => "TRIM_HORIZON",
        };
        self.position(stream_arn, table, kind, None)
    }

    /// The position after the record with this sequence number.
    pub fn after(
        &self,
        stream_arn: &str,
        table: &str,
        sequence_number: &str,
    ) -> Result<Position, DatabaseError> {
        self.position(stream_arn, table, "AFTER_SEQUENCE_NUMBER", Some(sequence_number.to_owned()))
    }

    fn position(
        &self,
        stream_arn: &str,
        table: &str,
        kind: &str,
        sequence_number: Option<String>,
    ) -> Result<Position, DatabaseError> {
        let response = self.inner.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: stream_arn.to_owned(),
            shard_id: shard_id(table),
            shard_iterator_type: kind.to_owned(),
            sequence_number,
        })?;
        Ok(Position(response.shard_iterator.unwrap_or_default()))
    }

    /// The next records after that position, oldest first.
    pub fn records(&self, after: &Position, limit: usize) -> Result<Vec<Record>, DatabaseError> {
        let request = GetRecordsRequest { shard_iterator: after.0.clone(), limit: Some(limit) };
        Ok(self.inner.get_records(request)?.records)
    }

    /// Removes records of a table's stream that all readers have read and that DynamoDB would no
    /// longer keep. `read` are the positions of all readers. Returns how many there were.
    pub fn prune(&self, table: &str, read: &[Position]) -> Result<usize, DatabaseError> {
        let read = read.iter().map(Position::number).min().unwrap_or(i64::MAX);
        let oldest = Timestamp::now().as_second() - STREAM_RETENTION_SECONDS;
        Ok(StreamFile::open(&self.file)?.prune(table, read, oldest)?)
    }
}

/// Has the file written as carefully as the folder deserves.
fn tune(database: &dynoxide::Database, kept: bool) -> Result<(), DatabaseError> {
    // Nothing has to survive a crash in a folder that is removed at the end.
    database.enable_bulk_loading()?;
    if kept {
        // A commit survives the end of this process. The library's default would wait for the disk
        // at every commit, to survive the end of the machine.
        database.disable_bulk_loading()?;
    }
    Ok(())
}

/// Deletes items whose time is over, which the library leaves to whoever embeds it.
async fn sweep(database: dynoxide::Database) {
    let mut timer = tokio::time::interval(TTL_SWEEP);
    loop {
        timer.tick().await;
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "cannot sweep items whose time is over"),
            Err(_) => return,
        }
    }
}

impl Service {
    /// Where the functions find DynamoDB.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Stops serving, and closes the file once the last clone of the database is dropped.
    pub async fn stop(self) {
        self.watcher.abort();
        self.sweeper.abort();
        self.server.stop().await;
    }
}
