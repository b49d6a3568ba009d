//! Messages as rows of the journal.
//!
//! A message in flight has a receipt and becomes visible in the future; one that is delayed becomes
//! visible in the future and has none.

use super::attribute::Attribute;
use super::message::{Message, NewMessage, Received};
use super::receipt::Handle;
use crate::template::Redrive;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use std::collections::BTreeMap;

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that can be received.
    pub visible: u64,
    /// Those that somebody has received.
    pub in_flight: u64,
    /// Those that nobody can receive yet.
    pub delayed: u64,
}

impl Counts {
    /// All of them.
    pub fn all(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

pub(super) fn insert(
    connection: &Connection,
    queue: &str,
    id: &str,
    message: &NewMessage,
    now: i64,
    visible: i64,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO queued (queue, id, sender, sent_ms, body, attributes, visible_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let attributes = serde_json::to_string(&message.attributes).unwrap_or_else(|_| "{}".to_owned());
    statement.execute(params![
        queue,
        id,
        message.sender,
        now,
        message.body,
        attributes,
        visible
    ])?;
    Ok(())
}

/// On what terms messages are received.
pub(super) struct Terms<'a> {
    pub(super) queue: &'a str,
    pub(super) now: i64,
    /// Until when they are nobody else's.
    pub(super) until: i64,
    /// What was sent before this is gone.
    pub(super) oldest: i64,
    pub(super) mapping: Option<&'a str>,
    pub(super) redrive: Option<&'a Redrive>,
    /// The queue's ARN, which its dead letters carry.
    pub(super) arn: String,
}

#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) messages: Vec<Received>,
    /// How many went to the dead-letter queue.
    pub(super) dead: usize,
}

/// Receives what is visible. Each round that finds nothing but dead and old messages removes these,
/// so that it ends.
pub(super) fn receive(connection: &Connection, terms: &Terms<'_>, most: usize) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    loop {
        let rows = visible(connection, terms, most)?;
        let is_end = rows.is_empty();
        for (number, message) in rows {
            if message.sent_ms < terms.oldest {
                connection
                    .prepare_cached("DELETE FROM queued WHERE number = ?1")?
                    .execute([number])?;
                continue;
            }
            let redrive = terms.redrive.filter(|redrive| message.receives >= redrive.receives);
            if let Some(redrive) = redrive {
                bury(connection, number, redrive, terms)?;
                outcome.dead += 1;
            } else {
                outcome.messages.push(take(connection, number, message, terms)?);
            }
        }
        if is_end || !outcome.messages.is_empty() {
            return Ok(outcome);
        }
    }
}

fn visible(
    connection: &Connection,
    terms: &Terms<'_>,
    most: usize,
) -> Result<Vec<(i64, Received)>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, id, body, attributes, sender, sent_ms, first_received_ms, receives, dead_from
         FROM queued WHERE queue = ?1 AND visible_ms <= ?2 ORDER BY visible_ms, number LIMIT ?3",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows =
        statement.query_map(params![terms.queue, terms.now, most], |row| read(row, terms.now))?;
    rows.collect()
}

fn read(row: &Row<'_>, now: i64) -> Result<(i64, Received)> {
    let message = Received {
        message_id: row.get(1)?,
        receipt_handle: String::new(),
        body: row.get(2)?,
        attributes: attributes(&row.get::<_, String>(3)?),
        sender: row.get(4)?,
        sent_ms: row.get(5)?,
        first_received_ms: row.get::<_, Option<i64>>(6)?.unwrap_or(now),
        receives: row.get(7)?,
        dead_from: row.get(8)?,
    };
    Ok((row.get(0)?, message))
}

fn attributes(text: &str) -> BTreeMap<String, Attribute> {
    serde_json::from_str(text).unwrap_or_default()
}

fn take(
    connection: &Connection,
    number: i64,
    message: Received,
    terms: &Terms<'_>,
) -> Result<Received> {
    let handle = Handle::new(number);
    let mut statement = connection.prepare_cached(
        "UPDATE queued SET receives = receives + 1, first_received_ms = ?2, receipt = ?3,
         visible_ms = ?4, mapping = ?5 WHERE number = ?1",
    )?;
    let first = message.first_received_ms;
    statement.execute(params![number, first, handle.receipt, terms.until, terms.mapping])?;
    let receipt_handle = handle.text(terms.queue);
    Ok(Received { receipt_handle, receives: message.receives + 1, ..message })
}

/// Moves a message to the dead-letter queue. There it keeps its id and the time at which it was sent,
/// by which that queue's retention counts, and how often it was received:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
fn bury(connection: &Connection, number: i64, redrive: &Redrive, terms: &Terms<'_>) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "UPDATE queued SET queue = ?2, dead_from = ?3, visible_ms = ?4, receipt = NULL, mapping = NULL
         WHERE number = ?1",
    )?;
    statement.execute(params![number, redrive.queue, terms.arn, terms.now])?;
    Ok(())
}

/// Makes visible what mappings had in flight.
pub(super) fn release(connection: &Connection, now: i64) -> Result<()> {
    let sql = "UPDATE queued SET visible_ms = ?1, mapping = NULL
               WHERE mapping IS NOT NULL AND visible_ms > ?1";
    connection.execute(sql, [now])?;
    Ok(())
}

/// When the next message becomes or became visible, in milliseconds since 1970.
pub(super) fn next_visible(connection: &Connection, queue: &str) -> Result<Option<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT MIN(visible_ms) FROM queued WHERE queue = ?1")?;
    statement.query_row([queue], |row| row.get(0))
}

pub(super) fn delete(connection: &Connection, queue: &str, handle: &Handle) -> Result<()> {
    let mut statement = connection
        .prepare_cached("DELETE FROM queued WHERE number = ?1 AND queue = ?2 AND receipt = ?3")?;
    statement.execute(params![handle.number, queue, handle.receipt])?;
    Ok(())
}

/// When a message that is in flight was received first.
pub(super) fn first_received(
    connection: &Connection,
    queue: &str,
    handle: &Handle,
    now: i64,
) -> Result<Option<i64>> {
    let sql = "SELECT first_received_ms FROM queued
               WHERE number = ?1 AND queue = ?2 AND receipt = ?3 AND visible_ms > ?4";
    let parameters = params![handle.number, queue, handle.receipt, now];
    connection.query_row(sql, parameters, |row| row.get(0)).optional()
}

pub(super) fn set_visible(
    connection: &Connection,
    queue: &str,
    handle: &Handle,
    visible: i64,
) -> Result<()> {
    let sql = "UPDATE queued SET visible_ms = ?4 WHERE number = ?1 AND queue = ?2 AND receipt = ?3";
    connection.execute(sql, params![handle.number, queue, handle.receipt, visible])?;
    Ok(())
}

pub(super) fn purge(connection: &Connection, queue: &str) -> Result<()> {
    connection.execute("DELETE FROM queued WHERE queue = ?1", [queue])?;
    Ok(())
}

/// Deletes what is too old.
pub(super) fn expire(connection: &Connection, queue: &str, oldest: i64) -> Result<()> {
    let sql = "DELETE FROM queued WHERE queue = ?1 AND sent_ms < ?2";
    connection.execute(sql, params![queue, oldest])?;
    Ok(())
}

pub(super) fn messages(connection: &Connection, queue: &str) -> Result<Vec<Message>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, sent_ms, body, visible_ms, receives, dead_from FROM queued WHERE queue = ?1
         ORDER BY number",
    )?;
    let now = Timestamp::now();
    let instant = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default();
    let rows = statement.query_map([queue], |row| {
        Ok(Message {
            message_id: row.get(0)?,
            sent_at: instant(row.get(1)?),
            body: row.get(2)?,
            visible_at: Some(instant(row.get(3)?)).filter(|visible| *visible > now),
            receives: row.get(4)?,
            dead_from: row.get(5)?,
        })
    })?;
    rows.collect()
}

pub(super) fn count(connection: &Connection, queue: &str, now: i64) -> Result<Counts> {
    let mut statement = connection.prepare_cached(
        "SELECT COUNT(*) FILTER (WHERE visible_ms <= ?2),
                COUNT(*) FILTER (WHERE visible_ms > ?2 AND receipt IS NOT NULL),
                COUNT(*) FILTER (WHERE visible_ms > ?2 AND receipt IS NULL)
         FROM queued WHERE queue = ?1",
    )?;
    statement.query_row(params![queue, now], |row| {
        let number = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
        Ok(Counts { visible: number(0)?, in_flight: number(1)?, delayed: number(2)? })
    })
}
