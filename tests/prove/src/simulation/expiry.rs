//! The way from the stream over the bus to `expire`: a queue that keeps messages back, and hands some of them out late,
//! twice or out of order, and once more where a process has failed or died.

use super::functions::Expire;
use super::world::{Fault, World};
use host::streams::Change;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often the stream is polled.
const POLL: Duration = Duration::from_millis(50);
/// When a message comes again that was not worked on to the end.
const VISIBILITY: Duration = Duration::from_mins(1);
/// The longest that a queue keeps a message back.
const LONGEST_DELAY: i64 = 900;

/// From the stream to `expire`.
pub struct Expiry {
    world: Arc<World>,
    expire: Arc<Expire>,
    /// How many records are done with.
    done: usize,
}

impl Expiry {
    /// Begins with the first record.
    pub fn new(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), expire: Arc::new(Expire::new(world)), done: 0 }
    }

    /// Passes on what happens for as long as the world lasts.
    pub async fn run(mut self) {
        loop {
            let record = self.world.ledger().records.get(self.done).cloned();
            let Some(record) = record else {
                sleep(POLL).await;
                continue;
            };
            if let Some(event) = event(&record) {
                let times = if self.world.fault(Fault::Twice) { 2 } else { 1 };
                for _ in 0..times {
                    let (world, expire) = (Arc::clone(&self.world), Arc::clone(&self.expire));
                    tokio::spawn(message(world, expire, event.clone()));
                }
            }
            self.done += 1;
            self.world.ledger().published = self.done;
        }
    }
}

/// A message, until it is done with.
async fn message(world: Arc<World>, expire: Arc<Expire>, event: String) {
    let mut later = None;
    loop {
        if let Some(later) = later.take() {
            let left: SignedDuration = Timestamp::duration_since(later, world.now());
            let seconds = left.as_millis().max(0).unsigned_abs().div_ceil(1000);
            let seconds = seconds.min(LONGEST_DELAY.unsigned_abs().into());
            sleep(Duration::from_secs(u64::try_from(seconds).unwrap_or_default())).await;
        }
        // What is kept back is not under way.
        let _busy = world.busy();
        let lag = if world.fault(Fault::Lag) { Duration::from_secs(4) } else { Duration::ZERO };
        sleep(world.latency() + world.within(lag)).await;
        match expire.invoke(&event).await {
            Some(Ok(None)) => return,
            Some(Ok(again)) => later = again,
            Some(Err(_)) | None => sleep(VISIBILITY).await,
        }
    }
}

/// What the pipe makes of a record, where the rule of `expire` lets it through.
fn event(record: &Change) -> Option<String> {
    let record: Value = serde_json::from_str(&record.json).expect("it is JSON");
    let (kind, new) = (&record["dynamodb"]["Keys"]["SK"]["S"], &record["dynamodb"]["NewImage"]);
    let kind = kind.as_str().unwrap_or_default();
    let text = |name: &str| {
        let value = new[name]["S"].as_str().or(new[name]["N"].as_str());
        value.unwrap_or_default().to_owned()
    };
    let waits = !matches!(text("waiting").as_str(), "" | "0");
    let open = matches!(text("status").as_str(), "held" | "pending" | "waitlisted");
    let told = match kind.as_bytes() {
        [b'B', b'#', ..] => open,
        [b'S', b'#', ..] => waits,
        _ => kind == "META",
    };
    let names =
        ["id", "version", "status", "resource", "start", "holdUntil", "pendingUntil"].into_iter();
    let fields = names.map(|name| (name.to_owned(), json!(text(name))));
    let mut detail: serde_json::Map<_, _> = fields.collect();
    detail.insert("kind".to_owned(), json!(kind));
    told.then(|| json!({ "detail": detail }).to_string())
}
