//! A batch of the stream on its way to clients, as `delivery::fanout` and `delivery::dispatch` do it.

use super::super::explore::Broken;
use super::super::kept::Kept;
use super::super::mutation::Mutation;
use super::Pushes;
use super::promises;
use super::request::{Request, What};
use super::state::{Socket, State};
use super::table::{CONNECTIONS, SHARDS};
use super::world::Update;
use jiff::{SignedDuration, Timestamp};

/// As `delivery` says: so long after it was remembered, a connection is open or will never be.
const OPENING: SignedDuration = SignedDuration::from_secs(60);

/// The first shard of a topic.
const FIRST: u32 = 0;

/// A batch under way.
#[derive(Debug, Clone, Hash)]
pub struct Push {
    /// Its first record, and the one after its last.
    pub records: (usize, usize),
    /// When it began.
    pub now: Timestamp,
    /// Whether the records are too old to come again.
    pub last: bool,
    /// The topics whose subscribers are to be read, by their place: all in the first shard, or those
    /// in all the others of so many.
    pub unread: Vec<(usize, u32)>,
    /// What each connection is to be told, and the lowest place of a record that it is for.
    pub outboxes: [Option<Outbox>; CONNECTIONS],
    /// Connections that are to be closed, for the record at this place.
    pub closing: [Option<usize>; CONNECTIONS],
    /// The lowest place from which on it must be told again.
    pub failed: Option<usize>,
}

/// What one connection is to be told.
#[derive(Debug, Clone, Hash)]
pub struct Outbox {
    /// What.
    pub updates: Vec<Update>,
    /// The lowest place of a record that it is for.
    pub first: usize,
    /// When it connected.
    pub connected: i64,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes as it should.
    Well,
    /// It goes well, and the frame reaches the client later.
    Slowly,
    /// It fails as often as it may.
    Fails,
    /// It is refused (429) until there is no time left.
    Refused,
}

impl Fate {
    /// In words, where it is not as it should be.
    pub fn told(self) -> &'static str {
        match self {
            Self::Well => "",
            Self::Slowly => "; the frame is late",
            Self::Fails => "; that fails",
            Self::Refused => "; 429 until there is no time left",
        }
    }
}

impl Push {
    /// A batch that nobody is told yet.
    pub fn new(pushes: &Pushes, state: &State, to: usize) -> Self {
        let records = (state.told, to);
        let unread = (0..pushes.tellings(records).len()).map(|place| (place, FIRST)).collect();
        Self {
            records,
            now: pushes.now(state.clock),
            last: state.attempts >= 2,
            unread,
            outboxes: [None, None],
            closing: [None; CONNECTIONS],
            failed: None,
        }
    }

    fn fail(&mut self, place: usize) {
        self.failed = Some(self.failed.map_or(place, |failed| failed.min(place)));
    }

    /// Reads a topic's subscribers, if the database answers.
    pub fn read(
        &mut self,
        pushes: &Pushes,
        state: &State,
        which: usize,
        fate: Fate,
    ) -> Result<(), Broken> {
        let (place, shards) = self.unread.remove(which);
        let telling = &pushes.tellings(self.records)[place];
        if fate != Fate::Well {
            self.fail(telling.first);
            return Ok(());
        }
        let key = &pushes.world.topics[telling.topic];
        let subscriptions = if pushes.wrong(Mutation::SubscribersFromIndex) {
            &state.table.index
        } else {
            &state.table.subscriptions
        };
        for ((topic, number), subscriber) in subscriptions {
            let told = subscriber.may_be_told(key, self.now) || pushes.wrong(Mutation::TellAnybody);
            let there = if shards == FIRST { 0..1 } else { 1..shards };
            if topic != key || !told || !there.contains(&subscriber.shard) {
                continue;
            }
            let item = state.table.items[*number].as_ref();
            let may = item.is_some_and(|item| {
                item.is_live(self.now) && key.is_open_to(item.role, item.venue.as_ref())
            });
            if !may && !pushes.wrong(Mutation::SubscribersFromIndex) {
                let how = format!("connection {number} is told of {}", key.as_str());
                return Err(Broken::new(promises::ALLOWED, how));
            }
            let (first, connected) = (telling.first, subscriber.connected);
            let outbox = self.outboxes[*number].get_or_insert_with(|| Outbox {
                updates: Vec::new(),
                first,
                connected,
            });
            outbox.first = outbox.first.min(first);
            outbox.updates.extend(&telling.updates);
            outbox.updates.sort_unstable();
        }
        // How many shards there are is in the first of them.
        let there = state.shards();
        if shards == FIRST && there > SHARDS[0] && !pushes.wrong(Mutation::ReadFirstShards) {
            self.unread.push((place, there));
        }
        Ok(())
    }

    /// Posts to a connection.
    pub fn post(
        &mut self,
        pushes: &Pushes,
        state: &mut State,
        number: usize,
        fate: Fate,
    ) -> Result<(), Broken> {
        let Some(outbox) = self.outboxes[number].take() else { return Ok(()) };
        if state.sockets[number] != Socket::Open {
            let age = self.now.as_millisecond() - outbox.connected;
            let young = i128::from(age) < OPENING.as_millis();
            // Not open yet: its client has asked for no snapshot so far.
            if !young || pushes.wrong(Mutation::ForgetOpening) {
                forget(pushes, state, number);
            }
            return Ok(());
        }
        match fate {
            Fate::Well => state.client.hear_all(pushes, &outbox.updates),
            Fate::Slowly => state.late.push(Kept::new((number, outbox.updates))),
            _ if pushes.wrong(Mutation::DropFailedPosts) => {}
            Fate::Fails => self.closing[number] = Some(outbox.first),
            Fate::Refused if self.last || pushes.wrong(Mutation::CloseRefused) => {
                self.closing[number] = Some(outbox.first);
            }
            Fate::Refused => self.fail(outbox.first),
        }
        if fate == Fate::Refused && !self.last && self.closing[number].is_some() {
            let how = format!("connection {number} is to be closed, and could be told later");
            return Err(Broken::new(promises::OPEN, how));
        }
        Ok(())
    }

    /// Closes a connection, so that its client comes back.
    pub fn close(&mut self, pushes: &Pushes, state: &mut State, number: usize, fate: Fate) {
        let Some(first) = self.closing[number].take() else { return };
        if fate == Fate::Well {
            state.sockets[number] = Socket::Gone;
            state.client.disconnected();
            forget(pushes, state, number);
        } else {
            self.fail(first);
        }
    }

    /// Whether all is done that can be done.
    pub fn is_done(&self) -> bool {
        self.unread.is_empty()
            && self.outboxes.iter().all(Option::is_none)
            && self.closing.iter().all(Option::is_none)
    }

    /// Says from which record on it must be told again.
    pub fn report(&self, pushes: &Pushes, state: &mut State) {
        match self.failed {
            Some(place) if !pushes.wrong(Mutation::IgnoreFailures) => {
                state.told = self.records.0 + place;
                state.attempts += 1;
            }
            _ => {
                state.told = self.records.1;
                state.attempts = 0;
            }
        }
    }
}

/// Begins to forget a connection. Nothing is lost where that fails.
fn forget(pushes: &Pushes, state: &mut State, number: usize) {
    let request = Request::new(pushes, number, What::Forget, pushes.now(state.clock));
    state.requests.push(Kept::new(request));
}
