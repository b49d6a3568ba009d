//! What is done to one connection: posted to, closed, forgotten.

use crate::callback::{Callback, Delivery, Undelivered};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;
use store::{ConnectionId, Connections, Subscriber};
use tokio::time::{Instant, timeout_at};

/// Until `$connect` has answered, a connection is not there for posts (410). This long after it was
/// remembered it is there, or it will never be: API Gateway waits 29 s for an authorizer and 29 s for
/// an integration, and the clocks of two processes differ a little.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
const OPENING: SignedDuration = SignedDuration::from_secs(29 + 29 + 2);

/// Whether a connection that was remembered then, in milliseconds since 1970, may not be open yet.
pub fn may_be_opening(connected: i64, now: Timestamp) -> bool {
    i128::from(now.as_millisecond() - connected) < OPENING.as_millis()
}

/// What one connection is to be told.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Places in the list of updates.
    pub updates: Vec<usize>,
    /// The lowest index in the batch of a record that these, or its closing, are for.
    pub first: usize,
    /// When it connected, in milliseconds since 1970.
    connected: i64,
    /// When its token ends, in seconds since 1970.
    expires: i64,
}

impl Outbox {
    pub fn new(to: &Subscriber, first: usize) -> Self {
        let Subscriber { connected, expires, .. } = *to;
        Self { updates: Vec::new(), first, connected, expires }
    }

    /// Adds what comes of one subscription.
    pub fn add(&mut self, index: usize, updates: impl IntoIterator<Item = usize>) {
        self.first = self.first.min(index);
        self.updates.extend(updates);
    }
}

/// How a connection was posted to.
#[derive(Debug)]
pub(crate) enum Posted {
    /// It got so many frames.
    Sent(usize),
    /// It is not open yet.
    Opening,
    /// It was gone, and is forgotten.
    Gone,
    /// It did not get all.
    Not(Undelivered),
}

/// The frames that say these updates.
pub(crate) type Frames = (Vec<usize>, Arc<[Vec<u8>]>);

/// The connections of one batch, until its deadline.
#[derive(Debug)]
pub(crate) struct Reach<'a> {
    connections: &'a Connections,
    callback: &'a Callback,
    now: Timestamp,
    /// When it was `now`.
    began: Instant,
    /// Until when frames are posted, and until when connections are closed.
    posting: Instant,
    deadline: Instant,
    updates: Vec<Box<RawValue>>,
}

impl<'a> Reach<'a> {
    pub fn new(
        connections: &'a Connections,
        callback: &'a Callback,
        now: Timestamp,
        [posting, deadline]: [Instant; 2],
    ) -> Self {
        let (began, updates) = (Instant::now(), Vec::new());
        Self { connections, callback, now, began, posting, deadline, updates }
    }

    /// Adds updates to the list.
    pub fn add(&mut self, updates: Vec<Box<RawValue>>) {
        self.updates.extend(updates);
    }

    /// The frames of these updates: the same as before, if they say the same.
    pub fn frames(&self, updates: &[usize], before: &mut Option<Frames>) -> Arc<[Vec<u8>]> {
        match before {
            Some((same, frames)) if same == updates => Arc::clone(frames),
            _ => {
                let pieces = updates.iter().map(|index| &*self.updates[*index]);
                let frames = protocol::outbound::frames(pieces).expect("updates are JSON already");
                let frames: Arc<[_]> = frames.into_iter().map(String::into_bytes).collect();
                *before = Some((updates.to_vec(), Arc::clone(&frames)));
                frames
            }
        }
    }

    /// Posts all frames, one after the other, until its token ends: then there was no time. Whether it
    /// has brought a new one in time is found out when it is to be told again.
    pub async fn post(&self, id: &ConnectionId, outbox: &Outbox, frames: &[Vec<u8>]) -> Posted {
        let left = outbox.expires.saturating_mul(1000) - self.now.as_millisecond();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        let end = self.began.checked_add(left).map_or(self.posting, |end| end.min(self.posting));
        for frame in frames {
            match self.callback.post(id, frame, end).await {
                Ok(Delivery::Sent) => {}
                Ok(Delivery::Gone) => {
                    if may_be_opening(outbox.connected, self.now) {
                        // Not open yet: its client has asked for no snapshot so far, and will find
                        // this change in it.
                        return Posted::Opening;
                    }
                    self.forget(id).await;
                    return Posted::Gone;
                }
                Err(error) => return Posted::Not(error),
            }
        }
        Posted::Sent(frames.len())
    }

    /// Closes a connection, so that its client comes back, and forgets it.
    pub async fn close(&self, id: &ConnectionId) -> Result<(), Undelivered> {
        self.callback.close(id, self.deadline).await?;
        self.forget(id).await;
        Ok(())
    }

    /// Forgets a connection, and its subscriptions with it.
    async fn forget(&self, id: &ConnectionId) {
        let forgotten = Box::pin(self.connections.forget(id));
        // Nothing is lost where it fails: the next change finds the connection gone again.
        match timeout_at(self.deadline, forgotten).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(connection = %id, error, "a connection that is gone could not be forgotten");
            }
            Err(_) => {
                tracing::warn!(connection = %id, "there was no time to forget a connection that is gone");
            }
        }
    }
}
