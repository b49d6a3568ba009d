//! Invocations as rows of the journal.

use rusqlite::{Connection, OptionalExtension as _, Result, params};
use std::collections::BTreeMap;

/// An invocation that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub(super) number: i64,
    /// The function's logical id.
    pub function: String,
    /// Its id, which is the same however often it is made.
    pub id: String,
    /// The event, in JSON.
    pub event: String,
    /// When it was asked for, in milliseconds since 1970.
    pub created_ms: i64,
    /// How often the function failed with it.
    pub failures: u32,
    /// How often in a row the function was too busy for it.
    pub throttles: u32,
}

pub(super) fn insert(
    connection: &Connection,
    function: &str,
    id: &str,
    event: &str,
    now: i64,
    due: i64,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO invocations (function, id, event, created_ms, due_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![function, id, event, now, due])?;
    Ok(())
}

/// What had begun when the host ended has not.
pub(super) fn release(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE invocations SET begun = 0 WHERE begun = 1", [])?;
    Ok(())
}

pub(super) fn begin(connection: &Connection, function: &str, now: i64) -> Result<Option<Pending>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, function, id, event, created_ms, failures, throttles FROM invocations
         WHERE function = ?1 AND begun = 0 AND due_ms <= ?2 ORDER BY due_ms, number LIMIT 1",
    )?;
    let pending = statement.query_row(params![function, now], |row| {
        Ok(Pending {
            number: row.get(0)?,
            function: row.get(1)?,
            id: row.get(2)?,
            event: row.get(3)?,
            created_ms: row.get(4)?,
            failures: row.get(5)?,
            throttles: row.get(6)?,
        })
    });
    let pending = pending.optional()?;
    if let Some(Pending { number, .. }) = &pending {
        let sql = "UPDATE invocations SET begun = 1 WHERE number = ?1";
        connection.prepare_cached(sql)?.execute([number])?;
    }
    Ok(pending)
}

pub(super) fn next_due(connection: &Connection, function: &str) -> Result<Option<i64>> {
    let sql = "SELECT MIN(due_ms) FROM invocations WHERE function = ?1 AND begun = 0";
    connection.prepare_cached(sql)?.query_row([function], |row| row.get(0))
}

pub(super) fn delete(connection: &Connection, number: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM invocations WHERE number = ?1")?.execute([number])?;
    Ok(())
}

pub(super) fn put_off(connection: &Connection, pending: &Pending, due: i64) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "UPDATE invocations SET begun = 0, due_ms = ?2, failures = ?3, throttles = ?4
         WHERE number = ?1",
    )?;
    statement.execute(params![pending.number, due, pending.failures, pending.throttles])?;
    Ok(())
}

pub(super) fn counts(connection: &Connection) -> Result<BTreeMap<String, u64>> {
    let mut statement =
        connection.prepare("SELECT function, COUNT(*) FROM invocations GROUP BY function")?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    rows.collect()
}
