//! The queues of the template, which hold what was given up, for a person to look at.

use crate::journal::{Journal, JournalError};
use crate::template::Queue;
use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// All queues. Clones share them.
#[derive(Debug, Clone)]
pub struct Queues {
    journal: Journal,
    retention: Arc<BTreeMap<String, Duration>>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub message_id: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Its text, as it was sent.
    pub body: String,
}

impl Queues {
    /// The queues of the template, by logical id, with the messages that the journal has.
    pub fn new(queues: &BTreeMap<String, Queue>, journal: Journal) -> Self {
        let retention = queues.iter().map(|(id, queue)| (id.clone(), queue.retention)).collect();
        Self { journal, retention: Arc::new(retention) }
    }

    /// Sends a message to a queue, by its logical id.
    pub fn send(&self, queue: &str, body: &str) -> Result<(), JournalError> {
        let now = Timestamp::now().as_millisecond();
        let sql = "INSERT INTO messages (queue, id, sent_ms, body) VALUES (?1, ?2, ?3, ?4)";
        self.journal.write(sql, params![queue, uuid::Uuid::new_v4().to_string(), now, body])
    }

    /// The messages of a queue, oldest first; `None` if there is no such queue.
    pub fn messages(&self, queue: &str) -> Result<Option<Vec<Message>>, JournalError> {
        let Some(retention) = self.retention.get(queue) else { return Ok(None) };
        let oldest = Timestamp::now().saturating_sub(*retention).unwrap_or(Timestamp::UNIX_EPOCH);
        self.journal.run(|connection| {
            connection.execute(
                "DELETE FROM messages WHERE queue = ?1 AND sent_ms < ?2",
                params![queue, oldest.as_millisecond()],
            )?;
            let mut statement = connection.prepare(
                "SELECT id, sent_ms, body FROM messages WHERE queue = ?1 ORDER BY number",
            )?;
            let rows = statement.query_map([queue], |row| {
                let sent_ms = row.get(1)?;
                Ok(Message {
                    message_id: row.get(0)?,
                    sent_at: Timestamp::from_millisecond(sent_ms).unwrap_or_default(),
                    body: row.get(2)?,
                })
            })?;
            rows.collect::<Result<_, _>>().map(Some)
        })
    }

    /// How many messages each queue holds.
    pub fn counts(&self) -> Result<BTreeMap<&str, usize>, JournalError> {
        self.retention
            .keys()
            .map(|queue| Ok((queue.as_str(), self.messages(queue)?.map_or(0, |it| it.len()))))
            .collect()
    }
}
