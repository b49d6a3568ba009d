//! Events that are kept for a replay.

use super::event::Envelope;
use crate::template::Events;
use rusqlite::{Connection, Result, params};

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
