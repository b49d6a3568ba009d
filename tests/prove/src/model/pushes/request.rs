//! What clients and the gateway ask of a connection, as `connect`, `disconnect` and `message` do it: one
//! step for each call of the database.

use super::super::kept::Kept;
use super::super::mutation::Mutation;
use super::Pushes;
use super::state::{Socket, State};
use super::table::SHARDS;
use super::world::{OF_TOPIC, THINGS};
use domain::Role;
use jiff::Timestamp;
use std::sync::Arc;
use store::connections::Decision;
use store::connections::shards::pick;
use store::{Connection, Subscribed};

/// A shard that is not known yet.
const UNKNOWN: u32 = u32::MAX;

/// A request about a connection.
#[derive(Debug, Clone, Hash)]
pub struct Request {
    /// The number of the connection.
    pub connection: usize,
    /// What is asked for.
    pub what: What,
    /// When it began, by the clock of its process.
    pub now: Timestamp,
    /// What it does next.
    pub phase: Phase,
    /// The shard that its subscription is to be in.
    pub shard: u32,
    /// The snapshot, as far as it is read.
    pub read: Vec<u64>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// To be connected.
    Connect,
    /// To forget it.
    Forget,
    /// To be told of a topic.
    Subscribe(usize),
    /// To be told of it no more.
    Unsubscribe(usize),
    /// To take a new token, of this role and end.
    Refresh(Role, i64),
}

/// What a request does next.
#[derive(Debug, Clone, Hash)]
pub enum Phase {
    /// Reads the connection.
    Looking,
    /// Reads how many shards the topic has, which a subscription is spread over.
    Sharding(Kept<Connection>),
    /// Reads the connection, to forget it: nobody waits for that.
    Forgetting,
    /// Writes what was decided.
    Writing(Option<Kept<Connection>>, Option<Kept<Connection>>),
    /// Writes the subscriptions, in a design that does not write all at once.
    WritingRest(Option<Kept<Connection>>, Option<Kept<Connection>>),
    /// Reads the next thing of the snapshot.
    Reading,
    /// The gateway opens the connection.
    Opening,
}

impl Request {
    /// A request that begins.
    pub fn new(pushes: &Pushes, connection: usize, what: What, now: Timestamp) -> Self {
        let phase = match what {
            What::Connect => Phase::Writing(None, Some(pushes.connection(connection, now))),
            What::Forget => Phase::Forgetting,
            What::Subscribe(_) if pushes.wrong(Mutation::SnapshotFirst) => Phase::Reading,
            _ => Phase::Looking,
        };
        Self { connection, what, now, phase, shard: UNKNOWN, read: Vec::new() }
    }

    /// Its next step; nothing is left of it when it is answered.
    pub fn step(mut self, pushes: &Pushes, state: &mut State) -> Option<Self> {
        let number = self.connection;
        match self.phase.clone() {
            Phase::Looking | Phase::Forgetting => {
                let read = state.table.items[number].clone()?;
                if !matches!(self.what, What::Refresh(..) | What::Forget) && !read.is_live(self.now)
                {
                    return None;
                }
                match self.what {
                    What::Subscribe(topic) if self.shard == UNKNOWN => {
                        match read.topics.get(&pushes.world.topics[topic]) {
                            Some(shard) => self.shard = *shard,
                            // Where they never grow, looking how many there are is no step.
                            None if !pushes.grows() => self.shard = pick(&read.id, SHARDS[0]),
                            None => {
                                self.phase = Phase::Sharding(read);
                                return Some(self);
                            }
                        }
                    }
                    _ => {}
                }
                self.decide(pushes, state, &read)
            }
            Phase::Sharding(read) => {
                self.shard = pick(&read.id, state.shards());
                self.decide(pushes, state, &read)
            }
            Phase::Writing(before, after) => self.write(pushes, state, before, after),
            Phase::WritingRest(before, after) => {
                Arc::make_mut(&mut state.table).repeat(number, before.as_ref(), after.as_ref());
                self.written(pushes, state)
            }
            Phase::Reading => {
                let What::Subscribe(topic) = self.what else { return None };
                let thing = OF_TOPIC[topic][self.read.len()];
                self.read.push(pushes.world.versions[state.written][thing]);
                self.has_read(pushes, state)
            }
            Phase::Opening => {
                state.sockets[number] = Socket::Open;
                None
            }
        }
    }

    fn decide(
        mut self,
        pushes: &Pushes,
        state: &mut State,
        read: &Kept<Connection>,
    ) -> Option<Self> {
        let after = match self.what {
            What::Connect => return None,
            What::Forget => None,
            What::Subscribe(topic) => {
                match read.subscribe(&pushes.world.topics[topic], self.shard, self.now) {
                    Decision::Change(after, _) => Some(after),
                    Decision::Keep(Subscribed::Yes) => return self.written(pushes, state),
                    _ => return None,
                }
            }
            What::Unsubscribe(topic) => match read.unsubscribe(&pushes.world.topics[topic]) {
                Decision::Change(after, ()) => Some(after),
                _ => return None,
            },
            What::Refresh(role, end) => match read.refresh(role, None, 0, end) {
                Decision::Change(after, _) => Some(after),
                _ => return None,
            },
        };
        self.phase = Phase::Writing(Some(read.clone()), after.map(Kept::new));
        Some(self)
    }

    fn write(
        mut self,
        pushes: &Pushes,
        state: &mut State,
        before: Option<Kept<Connection>>,
        after: Option<Kept<Connection>>,
    ) -> Option<Self> {
        let refreshes = matches!(self.what, What::Refresh(..));
        let unconditionally = refreshes && pushes.wrong(Mutation::RefreshOverwrites);
        let table = Arc::make_mut(&mut state.table);
        if pushes.wrong(Mutation::SubscribeInTwo) && matches!(self.what, What::Subscribe(_)) {
            let is = table.items[self.connection].as_ref().map(|item| item.version);
            if is == before.as_ref().map(|before| before.version) {
                table.items[self.connection].clone_from(&after);
                self.phase = Phase::WritingRest(before, after);
                return Some(self);
            }
        }
        let (before, after) = (before.as_ref(), after.as_ref());
        if table.commit(self.connection, before, after, unconditionally) {
            return self.written(pushes, state);
        }
        match self.what {
            // No two connections have the same id: the invocation was repeated.
            What::Connect => self.written(pushes, state),
            What::Forget => {
                self.phase = Phase::Forgetting;
                Some(self)
            }
            _ => {
                self.phase = Phase::Looking;
                Some(self)
            }
        }
    }

    fn written(mut self, pushes: &Pushes, state: &mut State) -> Option<Self> {
        match self.what {
            What::Connect => {
                self.phase = Phase::Opening;
                Some(self)
            }
            What::Subscribe(_) if pushes.wrong(Mutation::SnapshotFirst) => {
                self.answer(pushes, state);
                None
            }
            What::Subscribe(_) => {
                self.phase = Phase::Reading;
                Some(self)
            }
            What::Forget | What::Unsubscribe(_) => None,
            What::Refresh(_, end) => {
                if state.sockets[self.connection] == Socket::Open {
                    // It was told of nothing since its token ended: it subscribes anew.
                    if pushes.now(state.clock).as_second() >= state.client.end {
                        state.client.disconnected();
                    }
                    state.client.end = end;
                }
                None
            }
        }
    }

    fn has_read(mut self, pushes: &Pushes, state: &mut State) -> Option<Self> {
        let What::Subscribe(topic) = self.what else { return None };
        if self.read.len() < OF_TOPIC[topic].len() {
            return Some(self);
        }
        if pushes.wrong(Mutation::SnapshotFirst) {
            self.phase = Phase::Looking;
            return Some(self);
        }
        self.answer(pushes, state);
        None
    }

    /// The client takes the snapshot, if it is still there to hear of it.
    fn answer(&self, pushes: &Pushes, state: &mut State) {
        let What::Subscribe(topic) = self.what else { return };
        if state.sockets[self.connection] != Socket::Open {
            return;
        }
        state.client.believes[topic] = true;
        let mut versions = [0; THINGS];
        for (thing, version) in OF_TOPIC[topic].iter().zip(&self.read) {
            versions[*thing] = *version;
            state.client.hear(pushes, topic, *thing, *version);
        }
    }

    /// What is asked for, in words.
    pub fn asks(&self) -> String {
        let what = match self.what {
            What::Connect => "connect".to_owned(),
            What::Forget => "forget".to_owned(),
            What::Subscribe(topic) => format!("subscribe to {}", super::TOPIC_NAMES[topic]),
            What::Unsubscribe(topic) => format!("unsubscribe from {}", super::TOPIC_NAMES[topic]),
            What::Refresh(role, _) => format!("refresh as {role:?}"),
        };
        format!("connection {}: {what}", self.connection)
    }

    /// What it does next, in words.
    pub fn doing(&self) -> String {
        let doing = match &self.phase {
            Phase::Looking | Phase::Forgetting => "reads the connection",
            Phase::Sharding(_) => "reads how many shards there are",
            Phase::Writing(..) => "writes the connection and its subscriptions",
            Phase::WritingRest(..) => "writes the subscriptions",
            Phase::Reading => "reads the snapshot",
            Phase::Opening => "the gateway opens the connection",
        };
        format!("{}; {doing}", self.asks())
    }
}
