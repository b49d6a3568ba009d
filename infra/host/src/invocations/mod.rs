//! Invocations that nobody waits for: they are written down first, and made when their time has come.
//!
//! A row of the journal is an invocation that is not done yet. It is here from when somebody asks for it
//! until the function has taken it or it was given up; a host that is killed makes those again that it
//! had begun. Who makes them is [`crate::asynchronous`].

mod rows;

use crate::journal::{Journal, JournalError};
use crate::template::Function;
use jiff::Timestamp;
use rusqlite::Transaction;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

pub use rows::Pending;

/// No sleep is longer: the clock that invocations go by may jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// The invocations of all functions. Clones share them.
#[derive(Debug, Clone)]
pub struct Invocations {
    journal: Journal,
    /// Told of every invocation of a function, by its logical id.
    news: Arc<BTreeMap<String, watch::Sender<()>>>,
}

impl Invocations {
    /// Those that the journal has. What the run before had begun begins anew.
    pub fn new(
        functions: &BTreeMap<String, Function>,
        journal: Journal,
    ) -> Result<Self, JournalError> {
        journal.run(rows::release)?;
        let news = functions.keys().map(|id| (id.clone(), watch::channel(()).0)).collect();
        Ok(Self { journal, news: Arc::new(news) })
    }

    /// Asks for an invocation along with whatever else the transaction writes, and gives its id. When it
    /// is through, the function's maker is to be [told](Self::tell).
    #[expect(clippy::unused_self, reason = "whoever may tell may put")]
    pub(crate) fn put(
        &self,
        transaction: &Transaction<'_>,
        function: &str,
        event: &str,
        delay: Duration,
    ) -> rusqlite::Result<String> {
        let id = uuid::Uuid::new_v4().to_string();
        let now = Timestamp::now().as_millisecond();
        let due = now + i64::try_from(delay.as_millis()).unwrap_or(0);
        rows::insert(transaction, function, &id, event, now, due)?;
        Ok(id)
    }

    /// Wakes whoever makes this function's invocations.
    pub(crate) fn tell(&self, function: &str) {
        if let Some(news) = self.news.get(function) {
            news.send_replace(());
        }
    }

    /// How many invocations each function still has before it.
    pub fn counts(&self) -> Result<BTreeMap<String, u64>, JournalError> {
        self.journal.run(rows::counts)
    }

    /// Waits until an invocation of this function is due, and begins it.
    pub(crate) async fn next(&self, function: &str) -> Result<Pending, JournalError> {
        let Some(news) = self.news.get(function) else { return std::future::pending().await };
        let mut news = news.subscribe();
        loop {
            news.mark_unchanged();
            let now = Timestamp::now().as_millisecond();
            if let Some(pending) = self.journal.together(|it| rows::begin(it, function, now))? {
                return Ok(pending);
            }
            let due = self.journal.run(|connection| rows::next_due(connection, function))?;
            let wait = due.map_or(LONGEST_SLEEP, |due| {
                Duration::from_millis(u64::try_from(due - now).unwrap_or(0))
            });
            tokio::select! {
                _ = news.changed() => {}
                () = tokio::time::sleep(wait.min(LONGEST_SLEEP)) => {}
            }
        }
    }

    /// It is done with, along with whatever else the transaction writes.
    pub(crate) fn end(transaction: &Transaction<'_>, pending: &Pending) -> rusqlite::Result<()> {
        rows::delete(transaction, pending.number)
    }

    /// It is to be made again after a while, the function having failed or been too busy.
    pub(crate) fn again(&self, pending: &Pending, after: Duration) -> Result<(), JournalError> {
        let due = Timestamp::now().as_millisecond()
            + i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 2);
        self.journal.run(|connection| rows::put_off(connection, pending, due))?;
        self.tell(&pending.function);
        Ok(())
    }
}
