//! What time brings: bookings that are over by themselves, and places for those who wait.
//!
//! A rule on the bus sends each event that something may become of to this function's queue. One of a booking that
//! is not over yet is sent back to the queue, to come again then: a queue keeps a message back for 15 minutes at
//! most, so one that is due later goes round. Nothing depends on it but who is told when: see [`store::bookings::due`].

use jiff::Timestamp;
use runtime::{Failures, Messages, Queue};
use std::time::Duration;
use store::{Bookings, Published};
use tokio::time::Instant;

/// Time that Lambda is left to take the answer.
const ANSWER: Duration = Duration::from_millis(500);
/// What is over later than this is looked at each time that it comes round: it may have been cancelled since.
const ROUND: Duration = Duration::from_mins(15);

/// What is worked with.
#[derive(Debug)]
pub struct App {
    /// Resources, slots and bookings.
    pub bookings: Bookings,
    /// Where messages come from, and go back to.
    pub queue: Queue,
}

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let clients = runtime::Clients::new(&config)?;
    let app = App {
        bookings: Bookings::new(clients.dynamodb(), config.bookings_table()?),
        queue: clients.queue(config.queue_url()?),
    };
    clients.warm().await;
    runtime::run(async |messages, deadline| Ok(app.handle(messages, deadline).await)).await
}

impl App {
    /// Works on a batch of messages, and reports those that must come again.
    async fn handle(&self, messages: Messages, deadline: Instant) -> Failures {
        let work = async |message: &runtime::Message| {
            let now = runtime::now();
            if let Some(later) = see_to(&self.bookings, &message.body, now).await? {
                self.queue.send(&message.body, until(later, now)).await?;
            }
            Ok(())
        };
        messages.each(deadline - ANSWER, work).await
    }
}

/// Does what an event asks for at this instant. Answers when there will be something to do, if that is later.
pub async fn see_to(
    bookings: &Bookings,
    event: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, store::Error> {
    match Published::read(event)? {
        Published::Booking { over_at: None, .. } => Ok(None),
        // Soon: without a look at it, as nearly all come to that.
        Published::Booking { over_at: Some(over), .. }
            if now < over && until(over, now) <= ROUND =>
        {
            Ok(Some(over))
        }
        Published::Booking { id, version, .. } => bookings.expire(&id, version, now).await,
        Published::Slot { resource, start } => {
            bookings.offer_slot(&resource, start, now).await?;
            Ok(None)
        }
        Published::Resource(resource) => {
            bookings.offer_all(&resource, now).await?;
            Ok(None)
        }
    }
}

/// How long it is until an instant.
fn until(instant: Timestamp, now: Timestamp) -> Duration {
    instant.duration_since(now).try_into().unwrap_or_default()
}
