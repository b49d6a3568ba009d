//! A second connection to the database's file, for its stream records.
//!
//! The library keeps them in a table `_stream_records` that has no index and only grows: after ten
//! thousand writes, each further one takes four times as long. An index on exactly the expressions
//! of its queries keeps writes at their speed.

use rusqlite::{Connection, params};
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// How often the file is looked at for changes, by a counter in memory: some microseconds.
const LOOK: Duration = Duration::from_millis(10);

/// The library holds the file's lock for the length of one transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How many records are removed in one transaction, so that no write has to wait for long.
const PRUNED_AT_ONCE: usize = 500;

const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS host_stream_by_table
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE INDEX IF NOT EXISTS host_stream_by_shard
        ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));
";

/// The newest record stays, for the library counts on from it.
const PRUNE: &str = "
    DELETE FROM _stream_records WHERE id IN (
        SELECT id FROM _stream_records
        WHERE table_name = ?1
            AND CAST(sequence_number AS INTEGER) <= ?2
            AND created_at < ?3
            AND CAST(sequence_number AS INTEGER) < (
                SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records
                WHERE table_name = ?1
            )
        LIMIT ?4
    )
";

/// The second connection.
pub(super) struct StreamFile(Connection);

impl StreamFile {
    pub(super) fn open(file: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(Self(connection))
    }

    /// Makes the indexes that the library's queries need.
    pub(super) fn index(&self) -> rusqlite::Result<()> {
        self.0.execute_batch(INDEXES)
    }

    /// Tells of every change that another connection made to the file, until nobody listens.
    pub(super) async fn watch(self, changed: watch::Sender<()>) {
        let mut seen = 0;
        let mut timer = tokio::time::interval(LOOK);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !changed.is_closed() {
            timer.tick().await;
            match self.version() {
                Ok(version) if version == seen => {}
                Ok(version) => {
                    seen = version;
                    changed.send_replace(());
                }
                Err(error) => tracing::debug!(%error, "cannot look at the database's file"),
            }
        }
    }

    /// A number that is another one after every change by another connection.
    fn version(&self) -> rusqlite::Result<i64> {
        self.0.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
    }

    /// Removes records up to a sequence number and a time in seconds.
    pub(super) fn prune(&self, table: &str, read: i64, oldest: i64) -> rusqlite::Result<usize> {
        let mut total = 0;
        loop {
            let removed = self.0.execute(PRUNE, params![table, read, oldest, PRUNED_AT_ONCE])?;
            total += removed;
            if removed < PRUNED_AT_ONCE {
                return Ok(total);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(connection: &Connection, sql: &str) -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    /// The library's own statements: a new version of it must not lose the indexes unnoticed.
    #[test]
    fn the_librarys_queries_use_the_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tables.sqlite3");
        let database = dynoxide::Database::new(file.to_str().unwrap()).unwrap();
        let stream_file = StreamFile::open(&file).unwrap();
        stream_file.index().unwrap();

        let next_number = "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
            FROM _stream_records WHERE table_name = 't'";
        let read =
            "SELECT event_name, keys_json, new_image, old_image, sequence_number, created_at,
                user_identity, event_id
            FROM _stream_records
            WHERE table_name = 't' AND shard_id = 's' AND CAST(sequence_number AS INTEGER) > 5
            ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 100";
        let range = "SELECT MIN(CAST(sequence_number AS INTEGER)),
                MAX(CAST(sequence_number AS INTEGER))
            FROM _stream_records WHERE table_name = 't' AND shard_id = 's'";
        for (sql, index) in [
            (next_number, "SEARCH _stream_records USING COVERING INDEX host_stream_by_table"),
            (read, "SEARCH _stream_records USING INDEX host_stream_by_shard"),
            (range, "SEARCH _stream_records USING COVERING INDEX host_stream_by_shard"),
        ] {
            let plan = plan(&stream_file.0, sql);
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
        drop(database);
    }

    #[test]
    fn records_are_pruned_that_are_old_and_read_but_for_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tables.sqlite3");
        let _database = dynoxide::Database::new(file.to_str().unwrap()).unwrap();
        let stream_file = StreamFile::open(&file).unwrap();
        stream_file.index().unwrap();
        let insert = |table: &str, number: i64, created: i64| {
            let sql = "INSERT INTO _stream_records
                (table_name, event_name, keys_json, sequence_number, shard_id, created_at)
                VALUES (?1, 'INSERT', '{}', ?2, 's', ?3)";
            stream_file.0.execute(sql, params![table, number.to_string(), created]).unwrap();
        };
        let left = |table: &str| -> Vec<i64> {
            let sql = "SELECT CAST(sequence_number AS INTEGER) FROM _stream_records
                WHERE table_name = ?1 ORDER BY 1";
            let mut statement = stream_file.0.prepare(sql).unwrap();
            statement.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        stream_file.0.execute_batch("BEGIN").unwrap();
        for number in 1..=2_000 {
            insert("rooms", number, number);
            insert("other", number, number);
        }
        stream_file.0.execute_batch("COMMIT").unwrap();

        assert_eq!(stream_file.prune("rooms", 1_500, 1_700).unwrap(), 1_500, "what is not read");
        assert_eq!(stream_file.prune("rooms", i64::MAX, 1_700).unwrap(), 199, "what is too new");
        assert_eq!(left("rooms"), (1_700..=2_000).collect::<Vec<_>>());
        assert_eq!(stream_file.prune("rooms", i64::MAX, i64::MAX).unwrap(), 300);
        assert_eq!(left("rooms"), [2_000]);
        assert_eq!(left("other").len(), 2_000);
    }
}
