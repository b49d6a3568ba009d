//! What clients saw, and when.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Something that a client did or saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, since the history begins.
    pub at: Duration,
    /// Which client; it may have several connections, one after the other.
    pub client: usize,
    /// What.
    pub what: What,
}

/// What a client did or saw.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It is connected.
    Connected {
        /// As whom.
        customer: String,
        /// Whether as an operator.
        operator: bool,
    },
    /// It sent a request; its `id` is unlike all others of the history.
    Sent(Value),
    /// A frame came: a reply, an error, an update, or what the gateway says itself.
    Heard(Value),
    /// Its connection ended, on whatever side and for whatever reason.
    Ended,
}

/// All that clients did and saw, by one monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The wall clock's time when it begins: what the system under test goes by.
    pub begun: Timestamp,
    /// In the order of time.
    pub events: Vec<Event>,
}

impl History {
    /// Without any event.
    pub fn new(begun: Timestamp) -> Self {
        Self { begun, events: Vec::new() }
    }

    /// The wall clock's time at a time of this history.
    pub fn wall(&self, at: Duration) -> Timestamp {
        let at = SignedDuration::try_from(at).unwrap_or(SignedDuration::MAX);
        self.begun.checked_add(at).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, client, what } = self;
        write!(f, "{:>10.3} ms  client {client:<3} ", at.as_secs_f64() * 1000.0)?;
        match what {
            What::Connected { customer, operator: false } => write!(f, "connected as {customer}"),
            What::Connected { customer, operator: true } => {
                write!(f, "connected as the operator {customer}")
            }
            What::Sent(request) => write!(f, "-> {request}"),
            What::Heard(frame) => write!(f, "<- {frame}"),
            What::Ended => write!(f, "the connection ended"),
        }
    }
}

/// Writes a history that several clients have a part in. Clones write the same.
#[derive(Debug, Clone)]
pub struct Recorder {
    start: Instant,
    history: Arc<Mutex<History>>,
}

impl Recorder {
    /// A history that begins now.
    pub fn start() -> Self {
        let history = Arc::new(Mutex::new(History::new(Timestamp::now())));
        Self { start: Instant::now(), history }
    }

    /// Time since the history began.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Writes down what a client just did or saw.
    pub fn add(&self, client: usize, what: What) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that the order is that of time.
        let at = self.start.elapsed();
        history.events.push(Event { at, client, what });
    }

    /// The history so far.
    pub fn history(&self) -> History {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
