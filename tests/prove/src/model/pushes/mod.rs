//! Connections and pushes: a client that connects, subscribes, takes new tokens, breaks off and comes
//! back, while bookings change and the stream is told.
//!
//! What a change makes of a connection and its subscriptions is `store`'s own code, what a batch says in
//! which topic `delivery`'s, what is booked `domain`'s. The rest is modelled, one step for each call of
//! the database or of API Gateway. What is left out: frames that are too large for one, and the memory of who was told what of a batch that comes again.
//!
//! It is taken for granted that
//! - failures end before records are too old to come again,
//! - a connection opens within a minute or never,
//! - a client whose refresh is answered after its old token's end subscribes anew: changes in between
//!   were told to nobody,
//! - a client that gives up a role does not take a later answer for a subscription that needs it.
//!
//! | module | what it knows |
//! |---|---|
//! | [`scenario`] | what a client may ask for, and what may fail |
//! | [`world`] | what there is to tell of |
//! | [`table`] | the connections table, and its conditional transactions |
//! | [`request`] | what clients and the gateway ask of a connection |
//! | [`push`] | a batch of the stream on its way |
//! | [`state`] | everything there is at one time |
//! | [`steps`] | what may happen next |
//! | `history` | steps in words |
//! | [`promises`] | what must hold, whatever happens |

mod history;
pub mod promises;
pub mod push;
pub mod request;
pub mod scenario;
pub mod state;
pub mod steps;
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
use state::{Client, MENU, Socket, State};
use std::collections::BTreeMap;
use std::sync::Arc;
use steps::Step;
use store::{Connection, ConnectionId};
use table::{CONNECTIONS, Table};
use world::{RECORDS, THINGS, TOPICS, Telling, World};

/// What the topics are called in histories.
pub const TOPIC_NAMES: [&str; TOPICS] = ["me", "room", "room/bookings"];
/// The model of a scenario.
#[derive(Debug)]
pub struct Pushes {
    scenario: Scenario,
    /// What there is to tell of.
    pub world: World,
    tellings: BTreeMap<(usize, usize), Vec<Telling>>,
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
            venue: None,
            issued: Some(0),
            expires,
            connected: now.as_millisecond(),
            topics: BTreeMap::from([(self.world.topics[ME].clone(), 0)]),
            version: store::connections::FIRST_VERSION,
        })
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
        self.all_steps(state)
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
        self.history_of(state, *step)
    }
}
