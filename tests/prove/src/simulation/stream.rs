//! The event source mapping from the bookings table's stream to `push`, as Lambda runs it: batches of
//! any size, late, twice, halved, and retried from the record that failed until they are too old.

use super::functions::Push;
use super::gateway::Gateway;
use super::setup::SETUP;
use super::world::{Fault, World};
use host::streams::{BatchResult, Change, event};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often the stream is polled.
const POLL: Duration = Duration::from_millis(50);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The mapping.
pub struct Mapping {
    world: Arc<World>,
    push: Arc<Push>,
    /// How many records are done with.
    done: usize,
}

impl Mapping {
    /// Begins with the first record.
    pub fn new(gateway: &Gateway) -> Self {
        Self { world: Arc::clone(gateway.world()), push: Arc::new(Push::new(gateway)), done: 0 }
    }

    /// Delivers for as long as the world lasts.
    pub async fn run(mut self) {
        loop {
            let batch = self.next();
            if batch.is_empty() {
                sleep(POLL).await;
                continue;
            }
            let _busy = self.world.busy();
            if self.world.fault(Fault::Lag) {
                sleep(self.world.within(Duration::from_secs(4))).await;
            }
            self.done += batch.len();
            self.world.ledger().delivered = self.done;
            self.deliver(batch).await;
        }
    }

    fn next(&self) -> Vec<Change> {
        let most = 1 + self.world.below(self.world.plan.profile.batch);
        let ledger = self.world.ledger();
        ledger.records[self.done..].iter().take(most).cloned().collect()
    }

    async fn deliver(&mut self, batch: Vec<Change>) {
        let mut pending = vec![(batch, 0)];
        while let Some((mut batch, failures)) = pending.pop() {
            self.give_up_old(&mut batch);
            if batch.is_empty() {
                continue;
            }
            sleep(self.world.latency()).await;
            self.note("gets", &batch);
            if self.world.fault(Fault::Beside) {
                self.once_more(&batch);
            }
            let result = self.push.invoke(event(&batch)).await;
            if result.is_some() && self.world.fault(Fault::Twice) {
                pending.push((batch, failures));
                continue;
            }
            let index = match result {
                None => 0,
                Some(result) => match BatchResult::read(&result, &batch) {
                    BatchResult::Done => continue,
                    BatchResult::FailedFrom(index) => index,
                },
            };
            self.note("has failed with a part of", &batch);
            let mut rest = batch.split_off(index);
            if index > 0 {
                pending.push((rest, 0));
                sleep(FIRST_PAUSE).await;
            } else if rest.len() > 1 {
                let second = rest.split_off(rest.len() / 2);
                pending.extend([(second, 0), (rest, 0)]);
                sleep(FIRST_PAUSE).await;
            } else {
                pending.push((rest, failures + 1));
                sleep((FIRST_PAUSE * (1 << failures.min(8))).min(LONGEST_PAUSE)).await;
            }
        }
    }

    /// The batch comes to another process too, at the same time or while later ones are delivered.
    fn once_more(&self, batch: &[Change]) {
        let (world, push, batch) = (Arc::clone(&self.world), Arc::clone(&self.push), event(batch));
        tokio::spawn(async move {
            let _busy = world.busy();
            sleep(world.within(Duration::from_secs(2))).await;
            push.invoke(batch).await;
        });
    }

    fn note(&self, what: &str, batch: &[Change]) {
        self.world.note(|| {
            let numbers: Vec<&str> = batch.iter().map(|it| it.sequence_number.as_str()).collect();
            format!("push {what} {:?} to {:?}", numbers.first(), numbers.last())
        });
    }

    /// What is too old goes to a queue of failures: those whom it concerns were closed before, or it
    /// is for a person to look at.
    fn give_up_old(&self, batch: &mut Vec<Change>) {
        let age = SETUP.mapping.reader.record_age.unwrap_or(Duration::MAX).as_secs();
        let oldest = self.world.now().as_second() - i64::try_from(age).unwrap_or(i64::MAX);
        let old = batch.partition_point(|change| change.created < oldest);
        if old > 0 {
            self.world.note(|| format!("{old} records are given up"));
            self.world.ledger().given_up += old;
            batch.drain(..old);
        }
    }
}
