//! Replays what archives keep, and forgets what they keep no longer.

use super::archives::{self, NewReplay, Replay};
use super::{EventBuses, Inner, Put};
use crate::journal::JournalError;
use jiff::Timestamp;
use std::time::Duration;
use thiserror::Error;

/// How many events are replayed in one transaction.
const PAGE: usize = 50;
/// How often archives are looked through for what is too old.
const SWEEP: Duration = Duration::from_hours(1);
/// How long to wait when the journal fails.
const PAUSE: Duration = Duration::from_secs(10);

/// Why a replay does not start.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// There is one of that name.
    #[error("Replay {0} already exists.")]
    Exists(String),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl EventBuses {
    /// The logical id and the ARN of the bus with this name or ARN.
    pub fn find(&self, bus: &str) -> Option<(&str, &str)> {
        let found = self.0.plan.buses.iter().find(|(_, it)| it.name == bus || it.arn == bus);
        found.map(|(id, bus)| (id.as_str(), bus.arn.as_str()))
    }

    /// The logical ids of the archive with this ARN and of its bus.
    pub fn archive(&self, arn: &str) -> Option<(&str, &str)> {
        let found = self.0.plan.archives.iter().find(|(_, archive)| archive.arn == arn);
        found.map(|(id, archive)| (id.as_str(), archive.bus.as_str()))
    }

    /// The logical id of the rule with this ARN.
    pub fn rule(&self, arn: &str) -> Option<&str> {
        let found = self.0.plan.rules.iter().find(|(_, rule)| rule.arn == arn);
        found.map(|(id, _)| id.as_str())
    }

    /// Starts a replay: rules deliver once more what they delivered then. It goes on at the next start if
    /// the host ends.
    pub fn start_replay(&self, replay: NewReplay) -> Result<Replay, ReplayError> {
        let Inner { journal, replays, .. } = &*self.0;
        let now = Timestamp::now().as_millisecond();
        if !journal.run(|connection| archives::insert_replay(connection, &replay, now))? {
            return Err(ReplayError::Exists(replay.name));
        }
        replays.send_replace(());
        Ok(Replay { replay, started_ms: now, ended_ms: None, last_ms: None, last: 0 })
    }

    /// How far a replay is.
    pub fn replay(&self, name: &str) -> Result<Option<Replay>, JournalError> {
        self.0.journal.run(|connection| archives::replay(connection, name))
    }

    /// Replays what is asked for, for as long as the host runs.
    pub(crate) async fn run_replays(self) {
        let mut news = self.0.replays.subscribe();
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            news.mark_unchanged();
            let done = loop {
                match self.replay_page() {
                    Ok(true) => tokio::task::yield_now().await,
                    Ok(false) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            if let Err(error) = done {
                tracing::error!(%error, "cannot replay events");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            tokio::select! {
                _ = news.changed() => {}
                _ = sweep.tick() => {
                    if let Err(error) = self.sweep() {
                        tracing::error!(%error, "cannot look through the archives");
                    }
                }
            }
        }
    }

    /// Replays some events of the oldest replay; false if there is none. They are delivered in the
    /// transaction that says so: once, whenever the host ends.
    fn replay_page(&self) -> Result<bool, JournalError> {
        let Inner { plan, journal, .. } = &*self.0;
        let put = journal.together(|transaction| {
            let Some(replay) = archives::next_replay(transaction)? else { return Ok(None) };
            let name = &replay.replay.name;
            let bus = plan.archives.get(&replay.replay.archive).map(|archive| archive.bus.clone());
            let events = match &bus {
                Some(_) => archives::page(transaction, &replay, PAGE)?,
                // The template has the archive no longer.
                None => Vec::new(),
            };
            let end = (events.len() < PAGE).then(|| Timestamp::now().as_millisecond());
            let last = events.last().map(|it| (it.number, it.envelope.time.as_millisecond()));
            let mut put = Put::default();
            for event in events {
                let (bus, origin) = (bus.as_deref().unwrap_or_default(), format!("replay {name}"));
                let only = replay.replay.rules.as_deref();
                self.route(transaction, bus, &origin, event.envelope, only, &mut put)?;
            }
            archives::progress(transaction, name, last, end)?;
            Ok(Some(put))
        })?;
        let Some(put) = put else { return Ok(false) };
        self.tell(put);
        Ok(true)
    }

    /// Forgets what archives keep no longer.
    pub fn sweep(&self) -> Result<(), JournalError> {
        let Inner { plan, journal, .. } = &*self.0;
        let now = Timestamp::now();
        for (id, archive) in &plan.archives {
            let Some(retention) = archive.retention else { continue };
            let oldest = now.saturating_sub(retention).unwrap_or_default().as_millisecond();
            journal.run(|connection| archives::expire(connection, id, oldest))?;
        }
        Ok(())
    }
}
