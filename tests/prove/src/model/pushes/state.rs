//! Everything there is at one time.

use super::super::kept::Kept;
use super::super::mutation::Mutation;
use super::Pushes;
use super::push::Push;
use super::request::Request;
use super::table::{CONNECTIONS, SHARDS, Table};
use super::world::{THINGS, TOPICS, Update};
use std::sync::Arc;

/// Things that a client may ask for.
pub const MENU: usize = 4;

/// Everything there is at one time.
#[derive(Debug, Clone, Hash)]
pub struct State {
    /// How often the clock has stepped.
    pub clock: u8,
    /// Changes of the room that are committed.
    pub written: usize,
    /// Records of the stream that are done with.
    pub told: usize,
    /// How often the next record was told in vain.
    pub attempts: u8,
    /// The connections table.
    pub table: Arc<Table>,
    /// The connections as API Gateway has them, by number.
    pub sockets: [Socket; CONNECTIONS],
    /// The client.
    pub client: Client,
    /// The requests under way, in an order of no meaning.
    pub requests: Vec<Kept<Request>>,
    /// The batch under way.
    pub push: Option<Kept<Push>>,
    /// Frames on their way to a connection.
    pub late: Vec<Kept<(usize, Vec<Update>)>>,
    pub(super) left: [u8; MENU],
    pub(super) breaks: u8,
    pub(super) faults: u8,
    pub(super) grown: bool,
}

/// A connection as API Gateway has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Socket {
    /// It has not been asked for.
    Never,
    /// `$connect` has not been answered.
    Opening,
    /// Frames reach the client.
    Open,
    /// It is over.
    Gone,
}

/// What the client knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client {
    /// The newest version of each thing, by topic.
    pub view: [[u64; THINGS]; TOPICS],
    /// The topics that it believes to be told of.
    pub believes: [bool; TOPICS],
    /// The end of its token, in seconds since 1970.
    pub end: i64,
}

impl State {
    /// How many shards the topics have.
    pub fn shards(&self) -> u32 {
        SHARDS[usize::from(self.grown)]
    }
}

impl Client {
    /// Takes a version of a thing, if it is newer.
    pub fn hear(&mut self, pushes: &Pushes, topic: usize, thing: usize, version: u64) {
        let view = &mut self.view[topic][thing];
        if version > *view || pushes.wrong(Mutation::LateOverwrites) {
            *view = version;
        }
    }

    /// Takes a frame.
    pub fn hear_all(&mut self, pushes: &Pushes, updates: &[Update]) {
        for update in updates {
            self.hear(pushes, update.topic, update.thing, update.version);
        }
    }

    /// Has lost its connection.
    pub fn disconnected(&mut self) {
        self.believes = [false; TOPICS];
    }
}
