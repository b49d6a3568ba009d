//! Sales: customers and operators whose requests are worked on at the same time, by processes that may
//! die between any two steps, and whose clocks differ.
//!
//! A request is worked on as `store` does it, one step for each call of the database: reads that are
//! strongly consistent, a decision (which is `domain`'s own code), and one conditional transaction. If
//! that is refused, it begins anew. Who lost an answer sends the request again, with the same key.
//!
//! | module | what it knows |
//! |---|---|
//! | [`scenario`] | who may ask for what, how often, and by which clocks |
//! | [`scenarios`], [`grids`] | the scenarios that are explored |
//! | [`tables`] | the table, and its conditional writes |
//! | [`flight`] | a request under way |
//! | [`sell`], [`change`] | its steps |
//! | [`mod@line`] | who waits for places, and is offered them |
//! | [`history`] | steps in words |
//! | [`promises`] | what must hold, whatever happens |

pub mod change;
pub mod flight;
pub mod grids;
pub mod history;
pub mod line;
pub mod promises;
pub mod scenario;
pub mod scenarios;
pub mod sell;
pub mod tables;

use super::explore::{Broken, Model};
use super::kept::Kept;
use super::mutation::Mutation;
use change::Change;
use domain::{Resource, ResourceId};
use flight::{After, Flight, Lookup, Phase, Reads, Turn};
use history::Came;
use line::Seen;
use scenario::{Kind, Scenario};
use sell::Selling;
use std::collections::BTreeMap;
use std::sync::Arc;
use tables::{Outcome, Side, Tables, Write};

/// Orders of a scenario.
const MOST_ORDERS: usize = 12;

/// The model of a scenario.
#[derive(Debug)]
pub struct Sales {
    scenario: Scenario,
    resource: Kept<Resource>,
    beside: Option<Kept<Resource>>,
    moves: bool,
}

/// Everything there is at one time.
#[derive(Debug, Clone, Hash)]
pub struct State {
    /// How often the clock has stepped.
    pub clock: u8,
    /// The table.
    pub tables: Arc<Tables>,
    /// How often each order may still be sent.
    left: [u8; MOST_ORDERS],
    /// The requests under way, in an order of no meaning.
    flights: Vec<Kept<Flight>>,
}

/// What may happen next.
#[derive(Debug)]
pub enum Step {
    /// The clock steps. Requests that are too old are given up.
    Tick,
    /// An order is sent to a process whose clock differs by so many steps.
    Send(usize, i8),
    /// A request goes on; where it reads several things at the same time, with this one.
    Go(usize, u8),
    /// The process that works on a request dies, or its answer is lost.
    Die(usize),
}

impl Sales {
    /// The model of this scenario.
    pub fn new(scenario: Scenario) -> Self {
        assert!(scenario.orders.len() <= MOST_ORDERS, "{} orders too much", scenario.name);
        let (resource, moves) = (Kept::new(scenario.resource.clone()), scenario.moves());
        let beside = scenario.beside.clone().map(Kept::new);
        Self { scenario, resource, beside, moves }
    }

    /// Whether this is done wrong.
    fn wrong(&self, mutation: Mutation) -> bool {
        self.scenario.mutation == Some(mutation)
    }

    /// Which of the resources this is.
    fn side(&self, id: &ResourceId) -> Side {
        if *id == self.resource.id { Side::Main } else { Side::Beside }
    }

    /// The resource of this side, as far as it never changes.
    fn on(&self, side: Side) -> &Kept<Resource> {
        match (side, &self.beside) {
            (Side::Beside, Some(beside)) => beside,
            _ => &self.resource,
        }
    }

    /// What a request does first.
    fn first(&self, order: usize) -> Phase {
        match &self.scenario.orders[order].kind {
            Kind::Sell { request, .. } => Phase::Selling(Selling::reads(self, request)),
            Kind::Change { .. } => Phase::Looking(Lookup::Unread),
            Kind::Put(_) => Phase::Putting,
        }
    }

    /// The next step of a request.
    fn go(
        &self,
        flight: &Flight,
        which: u8,
        tables: &mut Arc<Tables>,
        clock: u8,
    ) -> Result<(After, bool), Broken> {
        match &flight.phase {
            Phase::Writing(writes) => return self.write(flight, writes, tables, clock),
            Phase::Offering(writes) => {
                Arc::make_mut(tables).transact(&self.scenario, clock, writes)?;
                return Ok((After::Anew(flight.now), false));
            }
            Phase::Sweeping(sweeps) => {
                let (sweep, others) = sweeps.split_first().expect("there is one left");
                Arc::make_mut(tables).transact(
                    &self.scenario,
                    clock,
                    &[Write::Slot(sweep.clone())],
                )?;
                let after = match others {
                    [] => After::Anew(flight.now),
                    others => After::Next(Phase::Sweeping(others.to_vec())),
                };
                return Ok((after, false));
            }
            _ => {}
        }
        let turn = |number| Turn { sales: self, flight, number, clock };
        let after = match &self.scenario.orders[flight.order].kind {
            Kind::Sell { booking, request } => {
                let sale = Selling { turn: turn(*booking), request };
                match flight.phase.clone() {
                    Phase::Selling(reads) => sale.read(reads, which, tables)?,
                    Phase::SellingMoved(booking, resource) => {
                        sale.read_moved(&booking, &resource, tables)
                    }
                    Phase::LookingAgain(lookup) => sale.look_again(lookup, tables)?,
                    Phase::ReadingLine(asking, seen) => {
                        match sale.turn.see(seen, &asking, tables) {
                            Seen::All(slots, waiting) => sale.serve(asking, &slots, &waiting),
                            seen => After::Next(Phase::ReadingLine(asking, seen)),
                        }
                    }
                    other => unreachable!("{other:?} is no part of a sale"),
                }
            }
            Kind::Change { booking, intent, attempt } => {
                let change = Change { turn: turn(*booking), intent, attempt };
                match flight.phase.clone() {
                    Phase::Looking(lookup) => change.look(lookup, tables)?,
                    Phase::ReadingResource(read) => change.aim(&read, &tables.resource),
                    Phase::ReadingSlots(moving) => change.read_slots(moving, tables),
                    Phase::ReadingLeft(moving, taken) => {
                        change.read_left(&moving, taken.as_ref(), tables)
                    }
                    Phase::ReadingLine(asking, seen) => {
                        match change.turn.see(seen, &asking, tables) {
                            Seen::All(slots, waiting) => change.offer(&asking, &slots, &waiting),
                            seen => After::Next(Phase::ReadingLine(asking, seen)),
                        }
                    }
                    other => unreachable!("{other:?} is no part of a change"),
                }
            }
            Kind::Put(resource) => {
                let read = &tables.resource;
                match resource.as_ref().clone().replacing(read, flight.now) {
                    Ok(next) => {
                        let write = Write::Resource(Kept::new(next), read.version);
                        After::Next(Phase::Writing(Kept::new(vec![write])))
                    }
                    Err(rejection) => After::Answer(Err(rejection)),
                }
            }
        };
        Ok((after, false))
    }

    /// The transaction of a request, and whether it was refused.
    fn write(
        &self,
        flight: &Flight,
        writes: &[Write],
        tables: &mut Arc<Tables>,
        clock: u8,
    ) -> Result<(After, bool), Broken> {
        if self.wrong(Mutation::MoveInTwo) {
            let leaves = |write: &&Write| {
                let Write::Slot(slot) = write else { return false };
                !slot.effects.is_empty() && slot.effects.iter().all(|effect| effect.after.is_none())
            };
            let (first, rest): (Vec<_>, Vec<_>) = writes.iter().partition(leaves);
            let [first, rest] = [first, rest].map(|part| part.into_iter().cloned().collect());
            let (first, rest): (Vec<Write>, Vec<Write>) = (first, rest);
            if !first.is_empty() && rest.len() > 1 {
                Arc::make_mut(tables).transact(&self.scenario, clock, &first)?;
                return Ok((After::Next(Phase::Writing(Kept::new(rest))), false));
            }
        }
        if self.wrong(Mutation::WithInTwo) {
            let beside =
                |write: &&Write| matches!(write, Write::Slot(slot) if slot.place.0 == Side::Beside);
            let (first, rest): (Vec<_>, Vec<_>) = writes.iter().partition(beside);
            let [first, rest] = [first, rest].map(|part| part.into_iter().cloned().collect());
            let (first, rest): (Vec<Write>, Vec<Write>) = (first, rest);
            let is_of_both = rest.iter().any(|write| matches!(write, Write::Slot(_)));
            if !first.is_empty() && is_of_both {
                let first = Arc::make_mut(tables).transact(&self.scenario, clock, &first)?;
                return Ok(match first {
                    Outcome::Written => (After::Next(Phase::Writing(Kept::new(rest))), false),
                    Outcome::Refused(_) => (After::Anew(flight.now), true),
                });
            }
        }
        let outcome = Arc::make_mut(tables).transact(&self.scenario, clock, writes)?;
        Ok(match outcome {
            Outcome::Written => match &writes[0] {
                Write::Booking { after, .. } => (After::Answer(Ok(after.clone())), false),
                _ => (After::Done, false),
            },
            Outcome::Refused(_) => match &writes[0] {
                Write::Booking { after, over: None, .. }
                    if self.wrong(Mutation::AnswerUnwritten) =>
                {
                    (After::Answer(Ok(after.clone())), false)
                }
                _ => (After::Anew(flight.now), true),
            },
        })
    }
}

impl Model for Sales {
    type State = State;
    type Step = Step;
    type Outcome = Came;

    fn start(&self) -> State {
        let tables = Tables {
            resource: self.resource.clone(),
            bookings: vec![None; self.scenario.bookings()],
            slots: BTreeMap::new(),
        };
        let mut left = [0; MOST_ORDERS];
        for (left, order) in left.iter_mut().zip(&self.scenario.orders) {
            *left = order.times;
        }
        State { clock: 0, tables: Arc::new(tables), left, flights: Vec::new() }
    }

    fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        for (number, flight) in state.flights.iter().enumerate() {
            match &flight.phase {
                Phase::Selling(Reads { booking, resource, slots, beside }) => {
                    let open = [
                        !booking.is_known(),
                        resource.is_none(),
                        slots.is_none(),
                        beside.is_none(),
                    ];
                    let open = (0..4).zip(open).filter(|(_, open)| *open);
                    steps.extend(open.map(|(which, _)| Step::Go(number, which)));
                }
                _ => steps.push(Step::Go(number, 0)),
            }
            steps.push(Step::Die(number));
        }
        if state.flights.len() < self.scenario.at_once {
            for (order, left) in state.left[..self.scenario.orders.len()].iter().enumerate() {
                // Nobody knows the id of a booking that is not there.
                let known = match &self.scenario.orders[order].kind {
                    Kind::Change { booking, .. } => state.tables.bookings[*booking].is_some(),
                    _ => true,
                };
                if *left > 0 && known {
                    steps.extend(self.scenario.skews.iter().map(|skew| Step::Send(order, *skew)));
                }
            }
        }
        if state.clock < self.scenario.ticks {
            steps.push(Step::Tick);
        }
        steps
    }

    fn take(&self, state: &State, step: &Step) -> Result<(State, Came), Broken> {
        let mut next = state.clone();
        let mut came = Came::Nothing;
        match *step {
            Step::Tick => {
                next.clock += 1;
                let life = self.scenario.life;
                next.flights.retain(|flight| flight.began + life >= next.clock);
            }
            Step::Send(order, skew) => {
                next.left[order] -= 1;
                let (began, now) = (state.clock, self.scenario.time(state.clock, skew));
                let phase = self.first(order);
                let flight = Flight { order, began, now, again: false, phase };
                next.flights.push(Kept::new(flight));
            }
            Step::Die(number) => {
                next.flights.remove(number);
            }
            Step::Go(number, which) => {
                let flight = next.flights.remove(number);
                let (after, refused) = self.go(&flight, which, &mut next.tables, state.clock)?;
                if refused {
                    came = Came::Refused;
                }
                promises::of_versions(&self.scenario, &state.tables, &next.tables)?;
                match after {
                    After::Next(phase) => {
                        next.flights.push(Kept::new(Flight { phase, ..(*flight).clone() }));
                    }
                    After::Anew(now) => {
                        let (again, phase) = (true, self.first(flight.order));
                        let flight = Flight { now, again, phase, ..(*flight).clone() };
                        next.flights.push(Kept::new(flight));
                    }
                    After::Done => {}
                    After::Answer(answer) => {
                        if let Ok(booking) = &answer {
                            let kind = &self.scenario.orders[flight.order].kind;
                            promises::of_order(&next.tables, kind, booking)?;
                        }
                        came = Came::Answered(answer);
                    }
                }
            }
        }
        next.flights.sort_by_key(Kept::mark);
        Ok((next, came))
    }

    fn check(&self, before: &State, state: &State) -> Result<(), Broken> {
        if (before.clock, &before.tables) == (state.clock, &state.tables) {
            return Ok(());
        }
        promises::of_state(&self.scenario, state)
    }

    fn tell(&self, state: &State, step: &Step) -> String {
        self.history_of(state, step)
    }
}
