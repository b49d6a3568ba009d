//! The sockets of the simulated gateway: who is connected, what they may be told, and what is sent.

use super::powers::Powers;
use super::world::{Busy, World};
use jiff::SignedDuration;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

/// A post that is made in time may arrive so late.
const LATE: SignedDuration = SignedDuration::from_secs(7);

/// All sockets there ever were, by their id.
pub type Sockets = BTreeMap<String, Socket>;

/// Where a connection stands at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// `$connect` has not answered.
    Opening,
    /// It is open, as far as the gateway knows.
    Open,
    /// It is closed.
    Closed,
}

/// A connection at the gateway.
#[derive(Debug)]
pub struct Socket {
    /// Where it stands.
    pub state: State,
    /// What the authorizer said.
    pub context: Map<String, Value>,
    /// Whether its client is gone, which the gateway does not know.
    pub cut: bool,
    /// How long a frame takes.
    way: Duration,
    frames: UnboundedSender<Arriving>,
    /// Frames in which the gateway said that a function failed.
    pub faults: usize,
    /// What its client may be told.
    pub rights: Rights,
    /// How posts ended that were not taken, since the last one that was, by the process.
    pub untaken: BTreeMap<String, Untaken>,
}

/// How posts of a process ended that were not taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct Untaken {
    /// Whether one was refused with 429.
    pub refused: bool,
    /// Whether one failed otherwise.
    pub failed: bool,
}

/// What a client may be told, by what it has asked for and been answered.
#[derive(Debug, Default)]
pub struct Rights {
    /// Roles and ends of tokens, each with the instant at which another one has replaced it for
    /// certain. The token's end is in milliseconds since the base.
    pub grants: Vec<Grant>,
    /// Topics that it has given up, and when that was answered.
    pub ended: BTreeMap<String, Instant>,
    /// When it was answered that all its tokens are revoked.
    pub revoked: Option<Instant>,
}

/// What a token allows.
#[derive(Debug, Clone)]
pub struct Grant {
    /// What its bearer may do.
    pub powers: Powers,
    /// When the token was issued, in seconds since 1970.
    pub issued: i64,
    /// When the token ends, in seconds since 1970.
    pub expires: i64,
    /// Since when it has been replaced for certain.
    pub replaced: Option<Instant>,
}

/// What comes over a socket, and when.
#[derive(Debug)]
pub struct Arriving {
    /// When it is there.
    pub at: Instant,
    /// What.
    pub what: Frame,
    /// It is under way until it was read.
    pub busy: Busy,
}

/// What comes over a socket.
#[derive(Debug)]
pub enum Frame {
    /// A text.
    Text(String),
    /// The end of the connection.
    Closed,
}

/// The client's end of a socket.
pub type Receiver = UnboundedReceiver<Arriving>;

impl Socket {
    /// A connection that opens, and its client's end.
    pub fn new(world: &World) -> (Self, Receiver) {
        let (frames, receiver) = unbounded_channel();
        let socket = Self {
            state: State::Opening,
            context: Map::new(),
            cut: false,
            way: Duration::from_millis(1) + world.within(Duration::from_millis(20)),
            frames,
            faults: 0,
            rights: Rights::default(),
            untaken: BTreeMap::new(),
        };
        (socket, receiver)
    }

    /// Sends something, if anybody is there.
    pub fn send(&self, world: &Arc<World>, what: Frame) {
        if !self.cut {
            let at = Instant::now() + self.way;
            // A client that left does not read.
            let _ = self.frames.send(Arriving { at, what, busy: world.busy() });
        }
    }
}

impl Rights {
    /// Whether it was known before this instant that all tokens are revoked.
    pub fn are_revoked(&self, began: Instant) -> bool {
        self.revoked.is_some_and(|revoked| revoked < began)
    }

    /// Whether a request that was sent then may be decided by a token with powers like this.
    pub fn may(&self, sent: Instant, powers: impl Fn(Powers) -> bool) -> bool {
        let good = |grant: &&Grant| grant.replaced.is_none_or(|replaced| replaced >= sent);
        let mut grants = self.grants.iter().filter(good);
        grants.any(|grant| powers(grant.powers))
    }

    /// All tokens of this customer's connection are revoked that were issued up to this second since 1970, as
    /// somebody was just answered.
    pub fn revoke(&mut self, up_to: i64) {
        if self.grants.iter().all(|grant| grant.issued <= up_to) {
            self.revoked.get_or_insert_with(Instant::now);
        }
    }

    /// Whether a client may be told of a topic by a push that began then; else why not.
    pub fn allow(&self, world: &World, topic: &str, began: Instant) -> Result<(), String> {
        if self.are_revoked(began) {
            return Err("the tokens were revoked, and that was answered before".to_owned());
        }
        if let Some(ended) = self.ended.get(topic)
            && *ended < began
        {
            return Err(format!("{topic} was given up, and that was answered before"));
        }
        let then = world.now_of(-LATE).as_millisecond();
        let good = |grant: &&Grant| grant.replaced.is_none_or(|replaced| replaced >= began);
        let mut grants = self.grants.iter().filter(good).peekable();
        if grants.peek().is_none() {
            return Ok(());
        }
        let late = |grant: &Grant| then > grant.expires * 1000 + world.plan.profile.skew + 1;
        let fits = |grant: &Grant| {
            !late(grant) && (grant.powers.operates() || !topic.ends_with("/bookings"))
        };
        if grants.any(fits) {
            Ok(())
        } else {
            Err(format!("{topic}: role or end: {:?}", self.grants))
        }
    }
}
