//! How much a customer may have open: requests of one customer that are worked on at the same time, of
//! which no two may pass the limit together, and none may be kept out by what is no longer there.
//!
//! What is open, what is dropped and what is taken back is `store`'s own code ([`OpenBookings`]), what is
//! booked `domain`'s. Whether there are places is only a matter of yes or no here: the model of sales has
//! the slots. So is a booking that is cancelled or confirmed, which is one step.
//!
//! | module | what it knows |
//! |---|---|
//! | [`scenario`] | who asks for what |
//! | [`attempt`] | an attempt to book, one step for each call of the database |

pub mod attempt;
pub mod scenario;

use super::explore::{Broken, Model};
use super::kept::Kept;
use super::mutation::Mutation;
use super::sales::scenario::{code, customer, room, slot};
use attempt::{After, Attempt, Phase};
use domain::resource::REQUEST_LIFE;
use domain::{
    Action, Booking, Command, Decision, Details, Key, MadeBy, NewBooking, Quantity, Resource, Role,
    Sale,
};
use jiff::{SignedDuration, Timestamp};
use scenario::Scenario;
use std::collections::BTreeSet;
use store::bookings::open::OpenBookings;

/// No customer has more places open than they may.
pub const LIMIT: &str = "a customer has no more open than allowed";
/// Whatever is open is entered.
pub const ENTERED: &str = "what is open is entered";
/// What is no longer open keeps nobody out, once requests are over.
pub const NOT_KEPT_OUT: &str = "what is not open counts no more";

/// Bookings that there may be.
const BOOKINGS: usize = 3;

/// The model of a scenario.
#[derive(Debug)]
pub struct Limit {
    scenario: Scenario,
    resource: Resource,
    requests: Vec<NewBooking>,
}

/// Everything there is at one time.
#[derive(Debug, Clone, Hash)]
pub struct State {
    clock: u8,
    /// The customer's bookings, by key.
    pub bookings: [Option<Kept<Booking>>; BOOKINGS],
    /// What the customer has opened lately.
    pub open: Kept<OpenBookings>,
    /// Whether the slots have no places left.
    pub full: bool,
    attempts: Vec<Kept<Attempt>>,
    left: [u8; 3],
    changes: u8,
    closes: u8,
}

/// What may happen next.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The clock steps.
    Tick,
    /// Others take all places, or give them back.
    Others,
    /// A booking is cancelled.
    Close(usize),
    /// An order is sent.
    Send(usize),
    /// An attempt goes on, with this of what it reads at the same time.
    Go(usize, u8),
    /// The process that works on an attempt dies.
    Die(usize),
}

impl Limit {
    /// The model of this scenario.
    pub fn new(scenario: Scenario) -> Self {
        let resource = room(60, 10, 16);
        let request = |(key, places, _): &(usize, u32, u8)| NewBooking {
            customer: customer("alice"),
            by: MadeBy::Customer,
            key: Key::parse(&key.to_string()).expect("it is a key"),
            sale: Sale::Hold,
            resource: resource.id.clone(),
            chosen_from: None,
            start: slot(0, 60),
            end: None,
            quantity: Quantity::new(*places).expect("it is a quantity"),
            with: Vec::new(),
            details: Details::default(),
            note: None,
        };
        let requests = scenario.orders.iter().map(request).collect();
        Self { scenario, resource, requests }
    }

    /// Whether this is done wrong.
    pub fn wrong(&self, mutation: Mutation) -> bool {
        self.scenario.mutation == Some(mutation)
    }

    /// The key of an order.
    pub fn key(&self, order: usize) -> usize {
        self.scenario.orders[order].0
    }

    /// What an order asks for.
    pub fn request(&self, order: usize) -> &NewBooking {
        &self.requests[order]
    }

    /// The booking that an order makes.
    pub fn booking(&self, order: usize, now: Timestamp) -> Booking {
        let decided = self.requests[order].decide(&self.resource, &[], &code(), now);
        decided.expect("the slot is open and has not begun")
    }

    /// Places that the customer may have open.
    pub fn max(&self) -> u64 {
        self.scenario.max
    }

    /// The time. A request may live from one step of the clock to the next.
    fn now(clock: u8) -> Timestamp {
        let tick = REQUEST_LIFE - SignedDuration::from_secs(1);
        slot(0, 60) - SignedDuration::from_hours(1) + tick * i32::from(clock)
    }

    fn tell_attempt(&self, attempt: &Attempt) -> String {
        let (key, places, _) = self.scenario.orders[attempt.order];
        format!("key {key}, {places} places")
    }
}

/// The booking, cancelled.
fn cancelled(booking: &Booking, now: Timestamp) -> Option<Booking> {
    let attempt = domain::Attempt {
        by: booking.customer.clone(),
        role: Role::Customer,
        key: None,
        fields: String::new(),
        if_version: None,
    };
    match (Command { action: Action::Cancel(None), attempt }).decide(booking, now) {
        Ok(Decision::Change(next)) => Some(*next),
        _ => None,
    }
}

impl Model for Limit {
    type State = State;
    type Step = Step;
    type Outcome = &'static str;

    fn start(&self) -> State {
        let mut left = [0; 3];
        for (left, (_, _, times)) in left.iter_mut().zip(&self.scenario.orders) {
            *left = *times;
        }
        State {
            clock: 0,
            bookings: [None, None, None],
            open: Kept::new(OpenBookings::default()),
            full: false,
            attempts: Vec::new(),
            left,
            changes: self.scenario.changes,
            closes: self.scenario.closes,
        }
    }

    fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        for (number, attempt) in state.attempts.iter().enumerate() {
            steps.extend(attempt.phase.choices().map(|which| Step::Go(number, which)));
            steps.push(Step::Die(number));
        }
        if state.attempts.len() < self.scenario.at_once {
            let left = state.left.iter().enumerate().filter(|(_, left)| **left > 0);
            steps.extend(left.map(|(order, _)| Step::Send(order)));
        }
        if state.changes > 0 {
            steps.push(Step::Others);
        }
        if state.closes > 0 {
            let made = state.bookings.iter().enumerate().filter_map(|(key, made)| {
                cancelled(made.as_deref()?, Self::now(state.clock)).map(|_| Step::Close(key))
            });
            steps.extend(made);
        }
        if state.clock < self.scenario.ticks {
            steps.push(Step::Tick);
        }
        steps
    }

    fn take(&self, state: &State, step: &Step) -> Result<(State, &'static str), Broken> {
        let mut next = state.clone();
        let mut came = "";
        match *step {
            Step::Tick => {
                next.clock += 1;
                next.attempts.retain(|attempt| attempt.now >= Self::now(state.clock));
            }
            Step::Others => {
                next.changes -= 1;
                next.full = !next.full;
            }
            Step::Close(key) => {
                next.closes -= 1;
                let booking = state.bookings[key].as_deref();
                let booking = booking.and_then(|it| cancelled(it, Self::now(state.clock)));
                next.bookings[key] = booking.map(Kept::new);
            }
            Step::Send(order) => {
                next.left[order] -= 1;
                next.attempts.push(Kept::new(Attempt::new(order, Self::now(state.clock))));
            }
            Step::Die(number) => {
                next.attempts.remove(number);
            }
            Step::Go(number, which) => {
                let attempt = (*next.attempts.remove(number)).clone();
                match attempt.step(self, &mut next, which) {
                    After::Next(attempt) => next.attempts.push(Kept::new(attempt)),
                    After::Answer(answer) => came = answer,
                }
            }
        }
        next.attempts.sort_by_key(Kept::mark);
        Ok((next, came))
    }

    fn check(&self, _before: &State, state: &State) -> Result<(), Broken> {
        let now = Self::now(state.clock);
        let made = || state.bookings.iter().flatten().map(|booking| &**booking);
        let open = |now| made().filter(move |booking| booking.at(now).is_open());
        let places: u64 = open(now).map(|booking| u64::from(booking.quantity.get())).sum();
        // The first may be of any size.
        if places > self.max() && open(now).count() > 1 {
            return Err(Broken::new(LIMIT, format!("{places} places of {}", self.max())));
        }
        for booking in open(now) {
            let mut entries = state.open.entries();
            if !entries.any(|(hash, q)| hash == booking.id.hash() && q >= booking.quantity) {
                return Err(Broken::new(ENTERED, format!("{} is not entered", booking.id)));
            }
        }
        if state.attempts.is_empty() {
            let later = now + REQUEST_LIFE * 2;
            let mut left = (*state.open).clone();
            if !self.wrong(Mutation::NeverDropClosed) {
                left.keep(&made().cloned().collect::<Vec<_>>(), later, Booking::is_open);
            }
            let counted: BTreeSet<_> = left.entries().map(|(hash, _)| hash.clone()).collect();
            let there: BTreeSet<_> = open(later).map(|booking| booking.id.hash().clone()).collect();
            if counted != there {
                let how = format!("{} entries for {} bookings", counted.len(), there.len());
                return Err(Broken::new(NOT_KEPT_OUT, how));
            }
        }
        Ok(())
    }

    fn tell(&self, state: &State, step: &Step) -> String {
        match *step {
            Step::Tick => format!("the clock shows {}", Self::now(state.clock + 1)),
            Step::Others if state.full => "others give places back".to_owned(),
            Step::Others => "others take all places".to_owned(),
            Step::Close(key) => format!("the booking of key {key} is cancelled"),
            Step::Send(order) => {
                let attempt = Attempt::new(order, Self::now(state.clock));
                format!("{}: is sent", self.tell_attempt(&attempt))
            }
            Step::Die(number) => {
                format!("{}: its process dies", self.tell_attempt(&state.attempts[number]))
            }
            Step::Go(number, which) => {
                let attempt = &state.attempts[number];
                format!("{}: {}", self.tell_attempt(attempt), Phase::doing(&attempt.phase, which))
            }
        }
    }
}
