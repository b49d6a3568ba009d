//! One open connection, as the rest of the gateway sees it.

use super::close::Close;
use super::session::Session;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A connection: what it is, a bounded queue to its client, and a way to end it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) session: Session,
    outbound: mpsc::Sender<Utf8Bytes>,
    close: watch::Sender<Option<Close>>,
    opened: Instant,
    /// Milliseconds from `opened` to the last message either way.
    active: AtomicU64,
}

/// Why a message cannot be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PostError {
    /// The connection is closed or about to be.
    Gone,
    /// The client does not read what it already has to get.
    Full,
}

impl Connection {
    /// A connection and the other end of its queue.
    pub(super) fn new(session: Session, queued: usize) -> (Self, mpsc::Receiver<Utf8Bytes>) {
        let (outbound, queue) = mpsc::channel(queued);
        let connection = Self {
            session,
            outbound,
            close: watch::Sender::new(None),
            opened: Instant::now(),
            active: AtomicU64::new(0),
        };
        (connection, queue)
    }

    pub(super) fn id(&self) -> &str {
        &self.session.connection_id
    }

    /// Queues a message, or says at once why not: a client that does not read holds nobody up.
    pub(super) fn post(&self, text: Utf8Bytes) -> Result<(), PostError> {
        if self.close.borrow().is_some() {
            return Err(PostError::Gone);
        }
        self.outbound.try_send(text).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => PostError::Full,
            mpsc::error::TrySendError::Closed(_) => PostError::Gone,
        })
    }

    /// Queues the reply to one of the client's own messages, and waits for room if need be: the
    /// client's further messages wait with it.
    pub(super) async fn reply(&self, text: Utf8Bytes) {
        // A closed queue means that there is nobody left to read the reply.
        let _ = self.outbound.send(text).await;
    }

    /// Asks the connection to end. The first to ask says why.
    pub(super) fn end(&self, close: Close) {
        self.close.send_if_modified(|asked| {
            let first = asked.is_none();
            if first {
                *asked = Some(close);
            }
            first
        });
    }

    /// Waits until somebody asks the connection to end.
    pub(super) async fn asked_to_end(&self) -> Close {
        let mut asked = self.close.subscribe();
        match asked.wait_for(Option::is_some).await.map(|close| close.clone()) {
            Ok(Some(close)) => close,
            _ => Close::lost(),
        }
    }

    /// Notes that a message came or went.
    pub(super) fn touch(&self) {
        let millis = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.active.store(millis, Ordering::Relaxed);
    }

    /// When the last message came or went.
    pub(super) fn last_active_at(&self) -> Timestamp {
        let millis = self.active.load(Ordering::Relaxed);
        let since = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        self.session.connected_at.checked_add(since).unwrap_or(self.session.connected_at)
    }

    /// Waits until the connection is older than `lifetime`, or has been idle for longer than
    /// `idle`.
    pub(super) async fn outlived(&self, lifetime: Duration, idle: Duration) {
        let end = self.opened + lifetime;
        loop {
            let active = Duration::from_millis(self.active.load(Ordering::Relaxed));
            let due = end.min(self.opened + active + idle);
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}
