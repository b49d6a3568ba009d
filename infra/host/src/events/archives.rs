//! Events that are kept, and replays of them, as rows of the journal.

use super::event::Envelope;
use crate::template::Events;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use serde_json::Value;

/// A replay that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReplay {
    /// Its name, which no other replay has.
    pub name: String,
    /// The logical id of the archive.
    pub archive: String,
    /// The logical ids of the rules that deliver; all of the bus without them.
    pub rules: Option<Vec<String>>,
    /// Of the events that happened from then on, in milliseconds since 1970,
    pub from_ms: i64,
    /// and up to then.
    pub to_ms: i64,
}

/// A replay, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// What was asked for.
    pub replay: NewReplay,
    /// When it was asked for, in milliseconds since 1970.
    pub started_ms: i64,
    /// When it was through.
    pub ended_ms: Option<i64>,
    /// When the last event happened that was replayed.
    pub last_ms: Option<i64>,
    /// The row of that event.
    pub(super) last: i64,
}

/// An event that an archive has.
pub(super) struct Archived {
    pub(super) number: i64,
    pub(super) envelope: Envelope,
}

/// Keeps an event in the archives of its bus that want it.
pub(super) fn keep(
    connection: &Connection,
    plan: &Events,
    bus: &str,
    envelope: &Envelope,
) -> Result<()> {
    for (id, archive) in plan.archives.iter().filter(|(_, archive)| archive.bus == bus) {
        if archive.pattern.as_ref().is_some_and(|pattern| !pattern.matches(&envelope.json)) {
            continue;
        }
        let sql = "INSERT INTO archived (archive, time_ms, event) VALUES (?1, ?2, ?3)";
        let time = envelope.time.as_millisecond();
        let event = envelope.json.to_string();
        connection.prepare_cached(sql)?.execute(params![id, time, event])?;
    }
    Ok(())
}

/// Removes what happened before that instant.
pub(super) fn expire(connection: &Connection, archive: &str, oldest: i64) -> Result<usize> {
    let sql = "DELETE FROM archived WHERE archive = ?1 AND time_ms < ?2";
    connection.execute(sql, params![archive, oldest])
}

pub(super) fn insert_replay(connection: &Connection, replay: &NewReplay, now: i64) -> Result<bool> {
    let rules = replay.rules.as_ref().map(|rules| Value::from(rules.clone()).to_string());
    let sql = "INSERT OR IGNORE INTO replays (name, archive, rules, from_ms, to_ms, started_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let NewReplay { name, archive, from_ms, to_ms, .. } = replay;
    let made = connection.execute(sql, params![name, archive, rules, from_ms, to_ms, now])?;
    Ok(made > 0)
}

const REPLAY: &str =
    "SELECT name, archive, rules, from_ms, to_ms, started_ms, ended_ms, last_ms, last
                      FROM replays";

fn read_replay(row: &Row<'_>) -> Result<Replay> {
    let rules: Option<String> = row.get(2)?;
    let replay = NewReplay {
        name: row.get(0)?,
        archive: row.get(1)?,
        rules: rules.and_then(|rules| serde_json::from_str(&rules).ok()),
        from_ms: row.get(3)?,
        to_ms: row.get(4)?,
    };
    let (started_ms, ended_ms) = (row.get(5)?, row.get(6)?);
    Ok(Replay { replay, started_ms, ended_ms, last_ms: row.get(7)?, last: row.get(8)? })
}

pub(super) fn replay(connection: &Connection, name: &str) -> Result<Option<Replay>> {
    let sql = format!("{REPLAY} WHERE name = ?1");
    connection.query_row(&sql, [name], read_replay).optional()
}

/// The oldest replay that is not through.
pub(super) fn next_replay(connection: &Connection) -> Result<Option<Replay>> {
    let sql = format!("{REPLAY} WHERE ended_ms IS NULL ORDER BY started_ms LIMIT 1");
    connection.query_row(&sql, [], read_replay).optional()
}

/// The next events of a replay, in the order in which they came.
pub(super) fn page(connection: &Connection, replay: &Replay, most: usize) -> Result<Vec<Archived>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, time_ms, event FROM archived
         WHERE archive = ?1 AND time_ms BETWEEN ?2 AND ?3 AND number > ?4 ORDER BY number LIMIT ?5",
    )?;
    let NewReplay { name, archive, from_ms, to_ms, .. } = &replay.replay;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![archive, from_ms, to_ms, replay.last, most], |row| {
        let time = Timestamp::from_millisecond(row.get(1)?).unwrap_or_default();
        let mut json: Value = serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or_default();
        // By which rules tell it from what happens now.
        json["replay-name"] = name.as_str().into();
        Ok(Archived { number: row.get(0)?, envelope: Envelope { time, json } })
    })?;
    rows.collect()
}

/// Writes down how far a replay is; `end` is when it was through.
pub(super) fn progress(
    connection: &Connection,
    name: &str,
    last: Option<(i64, i64)>,
    end: Option<i64>,
) -> Result<()> {
    if let Some((number, time)) = last {
        let sql = "UPDATE replays SET last = ?2, last_ms = ?3 WHERE name = ?1";
        connection.execute(sql, params![name, number, time])?;
    }
    if end.is_some() {
        let sql = "UPDATE replays SET ended_ms = ?2 WHERE name = ?1";
        connection.execute(sql, params![name, end])?;
    }
    Ok(())
}
