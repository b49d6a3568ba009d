//! Connections and pushes: a client that connects, subscribes, takes new tokens, breaks off and comes
//! back, while bookings change and the stream is told.
//!
//! What a change makes of a connection and its subscriptions is `store`'s own code, what a batch says in
//! which topic `delivery`'s, what is booked `domain`'s. The rest is modelled, one step for each call of
//! the database or of API Gateway. What is left out: frames that are too large for one, and the memory of who was told what of a batch that comes again.
//!
//! It is taken for granted that failures end before records are too old to come again, that a client
//! subscribes anew when its token has ended, and that a connection opens within a minute or never.
//!
//! | module | what it knows |
//! |---|---|
//! | [`scenario`] | what a client may ask for, and what may fail |
//! | [`world`] | what there is to tell of |
//! | [`table`] | the connections table, and its conditional transactions |
//! | [`request`] | what clients and the gateway ask of a connection |
//! | [`push`] | a batch of the stream on its way |
//! | [`promises`] | what must hold, whatever happens |

pub mod promises;
pub mod push;
pub mod request;
pub mod scenario;
pub mod table;
pub mod world;

use super::explore::{Broken, Model};
use super::kept::Kept;
use super::mutation::Mutation;
use super::sales::scenario::customer;
use domain::Role;
use jiff::Timestamp;
use push::{Fate, Push};
use request::{Request, What};
use scenario::{BOOKINGS, ME, NEVER, Scenario};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Connection, ConnectionId};
use table::{CONNECTIONS, SHARDS, Table};
use world::{RECORDS, THINGS, TOPICS, Telling, Update, World};

/// What the topics are called in histories.
pub const TOPIC_NAMES: [&str; TOPICS] = ["me", "room", "room/bookings"];
/// Things that a client may ask for.
const MENU: usize = 4;

/// The model of a scenario.
#[derive(Debug)]
pub struct Pushes {
    scenario: Scenario,
    /// What there is to tell of.
    pub world: World,
    tellings: BTreeMap<(usize, usize), Vec<Telling>>,
}

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
    left: [u8; MENU],
    breaks: u8,
    faults: u8,
    grown: bool,
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

/// What may happen next.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The clock steps.
    Tick,
    /// The client connects.
    Connect(usize),
    /// A connection breaks; whether API Gateway says so.
    Break(usize, bool),
    /// The client asks for something, over this connection.
    Ask(usize, usize),
    /// A request goes on.
    Go(usize),
    /// The process that works on a request dies.
    Die(usize),
    /// The room changes.
    Commit,
    /// The records up to this one are told.
    Push(usize),
    /// The push reads a topic's subscribers.
    Read(usize, Fate),
    /// The push posts to a connection.
    Post(usize, Fate),
    /// The push closes a connection.
    Close(usize, Fate),
    /// The push reports.
    Report,
    /// The push dies.
    PushDies,
    /// The topics grow: subscriptions to come are spread over more shards.
    Grow,
    /// A late frame arrives.
    Arrive(usize),
    /// The index catches up with the table, in a design that reads it.
    Index,
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

impl Pushes {
    /// The model of this scenario.
    pub fn new(scenario: Scenario) -> Self {
        let world = World::new(scenario.commits, base());
        let records = scenario.commits * RECORDS;
        let batches = (0..records).flat_map(|from| (from + 1..=records).map(move |to| (from, to)));
        let tellings = batches.map(|(from, to)| ((from, to), world.tell(from, to))).collect();
        Self { scenario, world, tellings }
    }

    /// Whether this is done wrong.
    pub fn wrong(&self, mutation: Mutation) -> bool {
        self.scenario.mutation == Some(mutation)
    }

    /// Whether topics may grow.
    pub fn grows(&self) -> bool {
        self.scenario.grows
    }

    /// The time.
    pub fn now(&self, clock: u8) -> Timestamp {
        base() + self.scenario.tick * i32::from(clock)
    }

    /// The records of so many commits.
    pub fn records(&self, commits: usize) -> usize {
        commits * RECORDS
    }

    /// What there is to tell of a batch.
    pub fn tellings(&self, records: (usize, usize)) -> &[Telling] {
        &self.tellings[&records]
    }

    /// A connection, as it is first remembered.
    pub fn connection(&self, number: usize, now: Timestamp) -> Kept<Connection> {
        let expires = match self.scenario.end {
            Some(end) if number == 0 => self.now(end).as_second(),
            _ => NEVER,
        };
        Kept::new(Connection {
            id: ConnectionId::new(["first", "second"][number]),
            customer: customer("alice"),
            role: self.scenario.role,
            expires,
            connected: now.as_millisecond(),
            topics: BTreeMap::from([(self.world.topics[ME].clone(), 0)]),
            version: store::connections::FIRST_VERSION,
        })
    }

    /// What the client may ask for now.
    fn asks(&self, state: &State, steps: &mut Vec<Step>) {
        let open = |socket: &Socket| *socket == Socket::Open;
        let Some(number) = state.sockets.iter().position(open) else { return };
        let asked = || state.requests.iter().filter(|one| one.what != What::Forget);
        if asked().count() >= self.scenario.at_once {
            return;
        }
        for (place, (what, _)) in self.scenario.menu.iter().enumerate() {
            // One request about a topic after the other, and one refresh.
            let same = |other: &What| match (what, other) {
                (
                    What::Subscribe(topic) | What::Unsubscribe(topic),
                    What::Subscribe(other) | What::Unsubscribe(other),
                ) => topic == other,
                (What::Refresh(..), What::Refresh(..)) => true,
                _ => false,
            };
            let busy = asked().any(|one| one.connection == number && same(&one.what));
            let sensible = match what {
                What::Unsubscribe(topic) => state.client.believes[*topic],
                _ => true,
            };
            if state.left[place] > 0 && !busy && sensible {
                steps.push(Step::Ask(number, place));
            }
        }
    }

    /// How a push may go on.
    fn push_steps(state: &State, push: &Push, steps: &mut Vec<Step>) {
        let faulty = state.faults > 0;
        let some = |fates: &'static [Fate]| {
            let well = std::iter::once(Fate::Well);
            well.chain(fates.iter().copied().filter(move |_| faulty))
        };
        for which in 0..push.unread.len() {
            steps.extend(some(&[Fate::Fails]).map(|fate| Step::Read(which, fate)));
        }
        let reading = !push.unread.is_empty();
        let posting = push.outboxes.iter().any(Option::is_some);
        for number in 0..CONNECTIONS {
            if !reading && push.outboxes[number].is_some() {
                let fates = match state.sockets[number] {
                    Socket::Open => &[Fate::Slowly, Fate::Fails, Fate::Refused][..],
                    _ => &[],
                };
                steps.extend(some(fates).map(|fate| Step::Post(number, fate)));
            }
            if !reading && !posting && push.closing[number].is_some() {
                steps.extend(some(&[Fate::Fails]).map(|fate| Step::Close(number, fate)));
            }
        }
        if push.is_done() {
            steps.push(Step::Report);
        }
        if faulty {
            steps.push(Step::PushDies);
        }
    }

    fn take_push(&self, next: &mut State, step: Step) -> Result<(), Broken> {
        let Some(push) = next.push.take() else { return Ok(()) };
        let mut push = (*push).clone();
        if let Step::Read(_, fate) | Step::Post(_, fate) | Step::Close(_, fate) = step {
            next.faults -= u8::from(fate != Fate::Well);
        }
        match step {
            Step::Read(which, fate) => push.read(self, next, which, fate)?,
            Step::Post(number, fate) => push.post(self, next, number, fate)?,
            Step::Close(number, fate) => push.close(self, next, number, fate),
            Step::Report => {
                push.report(self, next);
                return Ok(());
            }
            _ => {
                next.faults -= 1;
                next.attempts += 1;
                return Ok(());
            }
        }
        next.push = Some(Kept::new(push));
        Ok(())
    }
}

/// 2027-01-11T08:00:00Z.
fn base() -> Timestamp {
    Timestamp::from_second(1_799_654_400).expect("it is a time")
}

impl Model for Pushes {
    type State = State;
    type Step = Step;
    type Outcome = &'static str;

    fn start(&self) -> State {
        let mut table = Table::default();
        let mut sockets = [Socket::Never; CONNECTIONS];
        let connection = self.connection(0, base());
        let end = connection.expires;
        if self.scenario.open {
            table.commit(0, None, Some(&connection), false);
            sockets[0] = Socket::Open;
        }
        table.index.clone_from(&table.subscriptions);
        let mut left = [0; MENU];
        for (left, (_, times)) in left.iter_mut().zip(&self.scenario.menu) {
            *left = *times;
        }
        State {
            clock: 0,
            written: 0,
            told: 0,
            attempts: 0,
            table: Arc::new(table),
            sockets,
            client: Client { view: [[0; THINGS]; TOPICS], believes: [false; TOPICS], end },
            requests: Vec::new(),
            push: None,
            late: Vec::new(),
            left,
            breaks: self.scenario.breaks,
            faults: self.scenario.faults,
            grown: false,
        }
    }

    fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        self.asks(state, &mut steps);
        for number in 0..state.requests.len() {
            steps.extend([Step::Go(number), Step::Die(number)]);
        }
        for (number, socket) in state.sockets.iter().enumerate().take(self.scenario.connections) {
            let alone = state.sockets[..number].iter().all(|one| *one == Socket::Gone);
            match socket {
                Socket::Never if alone => steps.push(Step::Connect(number)),
                Socket::Open if state.breaks > 0 => {
                    steps.extend([true, false].map(|said| Step::Break(number, said)));
                }
                _ => {}
            }
        }
        if state.written < self.scenario.commits {
            steps.push(Step::Commit);
        }
        if let Some(push) = &state.push {
            Self::push_steps(state, push, &mut steps);
        } else {
            let records = self.records(state.written);
            steps.extend((state.told + 1..=records).map(Step::Push));
        }
        if self.scenario.grows && !state.grown {
            steps.push(Step::Grow);
        }
        steps.extend((0..state.late.len()).map(Step::Arrive));
        // It is taken for granted that a connection opens within a minute.
        let opening = state.sockets.contains(&Socket::Opening);
        if state.clock < self.scenario.ticks && !opening {
            steps.push(Step::Tick);
        }
        if self.wrong(Mutation::SubscribersFromIndex)
            && state.table.index != state.table.subscriptions
        {
            steps.push(Step::Index);
        }
        steps
    }

    fn take(&self, state: &State, step: &Step) -> Result<(State, &'static str), Broken> {
        let mut next = state.clone();
        let now = self.now(state.clock);
        match *step {
            Step::Tick => {
                next.clock += 1;
                let oldest =
                    self.now(next.clock) - self.scenario.tick * i32::from(self.scenario.life);
                next.requests.retain(|request| request.now >= oldest);
                if self.now(next.clock).as_second() >= next.client.end {
                    next.client.disconnected();
                }
            }
            Step::Connect(number) => {
                next.sockets[number] = Socket::Opening;
                let request = Request::new(self, number, What::Connect, now);
                next.client.end = self.connection(number, now).expires;
                next.requests.push(Kept::new(request));
            }
            Step::Break(number, said) => {
                next.breaks -= 1;
                next.sockets[number] = Socket::Gone;
                next.client.disconnected();
                next.late.retain(|late| late.0 != number);
                if said {
                    next.requests.push(Kept::new(Request::new(self, number, What::Forget, now)));
                }
            }
            Step::Ask(number, place) => {
                next.left[place] -= 1;
                let what = self.scenario.menu[place].0;
                match what {
                    What::Unsubscribe(topic) => next.client.believes[topic] = false,
                    What::Refresh(Role::Customer, _) => next.client.believes[BOOKINGS] = false,
                    _ => {}
                }
                next.requests.push(Kept::new(Request::new(self, number, what, now)));
            }
            Step::Go(number) => {
                let request = next.requests.remove(number);
                if let Some(request) = (*request).clone().step(self, &mut next) {
                    next.requests.push(Kept::new(request));
                }
            }
            Step::Die(number) => {
                let request = next.requests.remove(number);
                if request.what == What::Connect {
                    next.sockets[request.connection] = Socket::Gone;
                }
            }
            Step::Commit => next.written += 1,
            Step::Grow => next.grown = true,
            Step::Push(to) => next.push = Some(Kept::new(Push::new(self, state, to))),
            Step::Arrive(place) => {
                let late = next.late.remove(place);
                next.client.hear_all(self, &late.1);
            }
            Step::Index => {
                let table = Arc::make_mut(&mut next.table);
                table.index.clone_from(&table.subscriptions);
            }
            Step::Read(..) | Step::Post(..) | Step::Close(..) | Step::Report | Step::PushDies => {
                self.take_push(&mut next, *step)?;
            }
        }
        next.requests.sort_by_key(Kept::mark);
        next.late.sort_by_key(Kept::mark);
        Ok((next, ""))
    }

    fn check(&self, _before: &State, state: &State) -> Result<(), Broken> {
        promises::of_state(self, state)
    }

    fn tell(&self, state: &State, step: &Step) -> String {
        match *step {
            Step::Tick => format!("the clock shows {}", self.now(state.clock + 1)),
            Step::Connect(number) => format!("connection {number}: the client connects"),
            Step::Break(number, said) => {
                let said = if said { "API Gateway says so" } else { "nobody says so" };
                format!("connection {number} breaks; {said}")
            }
            Step::Ask(number, place) => {
                let what = self.scenario.menu[place].0;
                let request = Request::new(self, number, what, self.now(state.clock));
                format!("the client asks: {}", request.asks())
            }
            Step::Go(number) => state.requests[number].doing(),
            Step::Die(number) => format!("{}; its process dies", state.requests[number].asks()),
            Step::Commit => format!("the room changes for the {}. time", state.written + 1),
            Step::Push(to) => format!("push: records {} to {to}", state.told + 1),
            Step::Read(which, fate) => {
                let push = state.push.as_ref().expect("there is a push");
                let telling = &self.tellings(push.records)[push.unread[which].0];
                let topic = TOPIC_NAMES[telling.topic];
                let shards = push.unread[which].1;
                let others = if shards > 0 { ", in all other shards" } else { "" };
                format!("push: reads who watches {topic}{others}{}", fate.told())
            }
            Step::Post(number, fate) => {
                let gone = if state.sockets[number] == Socket::Open { "" } else { ": 410" };
                format!("push: posts to connection {number}{gone}{}", fate.told())
            }
            Step::Close(number, fate) => {
                format!("push: closes connection {number}{}", fate.told())
            }
            Step::Report => "push: reports".to_owned(),
            Step::PushDies => "push: dies".to_owned(),
            Step::Grow => "the topics grow".to_owned(),
            Step::Arrive(place) => {
                let late = &state.late[place];
                format!("a late frame arrives at connection {}", late.0)
            }
            Step::Index => "the index catches up".to_owned(),
        }
    }
}
