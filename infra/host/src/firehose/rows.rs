//! Records that wait, as rows of the journal.

use rusqlite::{Connection, Result, params};

pub(super) struct Record {
    pub(super) number: i64,
    pub(super) text: String,
    /// When it came, in milliseconds since 1970.
    pub(super) came_ms: i64,
}

/// What waits for a file.
pub(super) struct Waiting {
    pub(super) bytes: usize,
    pub(super) oldest_ms: i64,
}

pub(super) fn insert(connection: &Connection, stream: &str, text: &str, now: i64) -> Result<()> {
    let sql = "INSERT INTO gathered (stream, came_ms, bytes, record) VALUES (?1, ?2, ?3, ?4)";
    let bytes = i64::try_from(text.len()).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.execute(params![stream, now, bytes, text])?;
    Ok(())
}

pub(super) fn waiting(connection: &Connection, stream: &str) -> Result<Option<Waiting>> {
    let sql = "SELECT SUM(bytes), MIN(came_ms) FROM gathered WHERE stream = ?1";
    let read: (Option<i64>, Option<i64>) = connection
        .prepare_cached(sql)?
        .query_row([stream], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(bytes), Some(oldest_ms)) = read else { return Ok(None) };
    Ok(Some(Waiting { bytes: usize::try_from(bytes).unwrap_or(0), oldest_ms }))
}

/// The oldest records, of about so many bytes together.
pub(super) fn oldest(connection: &Connection, stream: &str, most: usize) -> Result<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, record, came_ms FROM gathered WHERE stream = ?1 ORDER BY number",
    )?;
    let rows = statement.query_map([stream], |row| {
        Ok(Record { number: row.get(0)?, text: row.get(1)?, came_ms: row.get(2)? })
    })?;
    let (mut records, mut bytes) = (Vec::new(), 0);
    for record in rows {
        let record = record?;
        bytes += record.text.len();
        records.push(record);
        if bytes >= most {
            break;
        }
    }
    Ok(records)
}

pub(super) fn delete(connection: &Connection, stream: &str, last: i64) -> Result<()> {
    let sql = "DELETE FROM gathered WHERE stream = ?1 AND number <= ?2";
    connection.execute(sql, params![stream, last])?;
    Ok(())
}
