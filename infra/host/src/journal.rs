//! What the host itself has to remember beside the tables.

use crate::data_dir::{DamagedFile, content};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS tables (name TEXT PRIMARY KEY, created_as TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS positions (mapping TEXT PRIMARY KEY, position TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS connections (id TEXT PRIMARY KEY, event BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS queued (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        id TEXT NOT NULL,
        sender TEXT NOT NULL,
        sent_ms INTEGER NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL DEFAULT '{}',
        visible_ms INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0,
        first_received_ms INTEGER,
        receipt TEXT,
        mapping TEXT,
        dead_from TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS queued_visible ON queued (queue, visible_ms, number);
    CREATE INDEX IF NOT EXISTS queued_sent ON queued (queue, sent_ms);
    CREATE TABLE IF NOT EXISTS invocations (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        function TEXT NOT NULL,
        id TEXT NOT NULL,
        event TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        begun INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        throttles INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS invocations_due ON invocations (function, begun, due_ms, number);
    CREATE TABLE IF NOT EXISTS archived (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        archive TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        event TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS archived_time ON archived (archive, time_ms);
    CREATE TABLE IF NOT EXISTS gathered (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        stream TEXT NOT NULL,
        came_ms INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS gathered_stream ON gathered (stream, number);
    CREATE TABLE IF NOT EXISTS replays (
        name TEXT PRIMARY KEY,
        archive TEXT NOT NULL,
        rules TEXT,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        started_ms INTEGER NOT NULL,
        ended_ms INTEGER,
        last_ms INTEGER,
        last INTEGER NOT NULL DEFAULT 0
    ) STRICT;
";

/// Takes over what earlier releases wrote: messages that nobody could receive.
const UPGRADE: &str = "
    INSERT INTO queued (queue, id, sender, sent_ms, body, visible_ms)
        SELECT queue, id, '', sent_ms, body, sent_ms FROM messages ORDER BY number;
    DROP TABLE messages;
";

/// A small database beside the tables. Clones share it.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Mutex<Connection>>);

/// Why the journal does not answer.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Its file cannot be used.
    #[error(transparent)]
    Damaged(#[from] DamagedFile),
    /// Its file failed while it was in use.
    #[error("the host's own file failed: {0}")]
    Failed(#[from] rusqlite::Error),
}

impl Journal {
    /// Opens the file, or makes it. One that is not kept need not survive a crash.
    pub fn open(file: &Path, kept: bool) -> Result<Self, JournalError> {
        if kept {
            content(file)?;
        }
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", if kept { "NORMAL" } else { "OFF" })?;
        connection.execute_batch(SCHEMA)?;
        if connection.table_exists(None, "messages")? {
            let transaction = connection.unchecked_transaction()?;
            transaction.execute_batch(UPGRADE)?;
            transaction.commit()?;
        }
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs one or more statements; none takes longer than writing a line to a log.
    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(work(&connection)?)
    }

    /// Runs statements that are carried out together or not at all.
    pub(crate) fn together<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        self.run(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })
    }

    /// Runs one statement that writes.
    pub(crate) fn write(&self, sql: &str, parameters: impl Params) -> Result<(), JournalError> {
        self.run(|connection| connection.execute(sql, parameters)).map(drop)
    }

    /// Whether any table has been created.
    pub fn has_tables(&self) -> Result<bool, JournalError> {
        self.run(|connection| {
            connection.query_row("SELECT EXISTS (SELECT 1 FROM tables)", [], |row| row.get(0))
        })
    }

    /// How a table was created, if it was.
    pub fn table(&self, name: &str) -> Result<Option<Value>, JournalError> {
        let text: Option<String> = self.run(|connection| {
            let sql = "SELECT created_as FROM tables WHERE name = ?1";
            connection.query_row(sql, [name], |row| row.get(0)).optional()
        })?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Remembers how a table is created.
    pub fn put_table(&self, name: &str, created_as: &Value) -> Result<(), JournalError> {
        let sql = "INSERT OR REPLACE INTO tables VALUES (?1, ?2)";
        self.write(sql, [name, &created_as.to_string()])
    }

    /// How far an event source mapping has read.
    pub fn position(&self, mapping: &str) -> Result<Option<String>, JournalError> {
        self.run(|connection| {
            let sql = "SELECT position FROM positions WHERE mapping = ?1";
            connection.query_row(sql, [mapping], |row| row.get(0)).optional()
        })
    }

    /// Remembers how far an event source mapping has read.
    pub fn put_position(&self, mapping: &str, position: &str) -> Result<(), JournalError> {
        self.write("INSERT OR REPLACE INTO positions VALUES (?1, ?2)", [mapping, position])
    }
}

/// Which connections are open, so that the next run can tell their functions that they closed.
///
/// API Gateway calls the `$disconnect` route, as well as it can, for connections that its own
/// failures end. A host that was killed does so when it starts again.
#[derive(Debug, Clone)]
pub struct OpenConnections {
    journal: Journal,
    sealed: Arc<AtomicBool>,
}

impl OpenConnections {
    /// The connections that this journal remembers.
    pub fn new(journal: Journal) -> Self {
        Self { journal, sealed: Arc::default() }
    }

    /// Keeps what is open from now on: the functions are about to be ended, so that a `$disconnect`
    /// that still runs will not be through. The next run begins with it.
    pub fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    /// Remembers a connection with the event that its `$disconnect` would get.
    ///
    /// Called once the function of `$connect` has accepted, before the client is told.
    pub fn open(&self, id: &str, disconnect_event: &[u8]) {
        let sql = "INSERT OR REPLACE INTO connections VALUES (?1, ?2)";
        self.note(sql, params![id, disconnect_event]);
    }

    /// Forgets a connection whose `$disconnect` function has been called.
    pub fn closed(&self, id: &str) {
        if !self.sealed.load(Ordering::Acquire) {
            self.note("DELETE FROM connections WHERE id = ?1", [id]);
        }
    }

    /// The connections that the run before left open, with their events.
    pub fn left_over(&self) -> Result<Vec<(String, Vec<u8>)>, JournalError> {
        self.journal.run(|connection| {
            let mut statement = connection.prepare("SELECT id, event FROM connections")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    fn note(&self, sql: &str, parameters: impl Params) {
        // The client is not to be refused for a note about it: the note only matters after a crash.
        if let Err(error) = self.journal.write(sql, parameters) {
            tracing::error!(%error, "cannot note down a connection");
        }
    }
}
