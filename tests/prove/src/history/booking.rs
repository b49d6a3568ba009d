//! Each booking by itself: its versions follow each other as its commands say.

use super::calls::Step;
use super::search::Object;
use super::view::{Booking, HoldEnds};
use jiff::Timestamp;
use std::fmt;

/// One booking: when it runs out, if it begins as a hold.
#[derive(Debug, Clone)]
pub struct Life {
    /// When, at each of its versions.
    pub ends: Option<HoldEnds>,
}

/// How a booking is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// Where it stands.
    pub status: String,
    /// How often it was written.
    pub version: u64,
    /// Its first slot.
    pub start: Timestamp,
    /// Places in each slot.
    pub quantity: u64,
}

impl From<&Booking> for State {
    fn from(booking: &Booking) -> Self {
        let Booking { status, version, start, quantity, .. } = booking.clone();
        Self { status, version, start, quantity }
    }
}

/// What was asked of a booking and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It was made.
    Make(State),
    /// A command was carried out, and this came of it.
    Done(Command, State),
    /// A command was refused with this code.
    Refused(Command, String),
    /// A command was carried out, or is, or is not.
    Open(Command),
    /// It was seen so.
    Seen(State),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Make(state) => write!(f, "it is made: {state:?}"),
            Self::Done(command, state) => write!(f, "{command:?}: {state:?}"),
            Self::Refused(command, code) => write!(f, "{command:?}: refused, {code}"),
            Self::Open(command) => write!(f, "{command:?}: no certain answer"),
            Self::Seen(state) => write!(f, "it is shown: {state:?}"),
        }
    }
}

/// What changes a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// A hold lasts longer.
    Extend,
    /// A hold becomes a sale.
    Confirm,
    /// It gives its places back.
    Cancel,
    /// It moves to this start, and to so many places, as far as either is said.
    Move(Option<Timestamp>, Option<u64>),
}

impl Command {
    /// What comes of it, where it may be.
    fn apply(self, state: &State) -> Option<State> {
        let version = state.version + 1;
        let is = |status: &str| state.status == status;
        let (mut start, mut quantity) = (state.start, state.quantity);
        let status = match self {
            Self::Extend if is("held") => "held",
            Self::Confirm if is("held") => "confirmed",
            Self::Cancel if is("held") || is("confirmed") || is("waitlisted") => "cancelled",
            Self::Move(to, places) if is("held") || is("confirmed") => {
                start = to.unwrap_or(start);
                quantity = places.unwrap_or(quantity);
                state.status.as_str()
            }
            _ => return None,
        };
        Some(State { status: status.to_owned(), version, start, quantity })
    }
}

impl Object for Life {
    type State = Option<State>;
    type Step = Step<Kind>;

    fn start(&self) -> Option<State> {
        None
    }

    fn looks(&self, step: &Step<Kind>) -> bool {
        matches!(step.kind, Kind::Refused(..) | Kind::Seen(_))
    }

    fn step(&self, state: &Option<State>, step: &Step<Kind>) -> Vec<Option<State>> {
        let [earliest, latest] = step.decided;
        let Some(state) = state else {
            return match &step.kind {
                Kind::Make(first) => vec![Some(first.clone())],
                _ => Vec::new(),
            };
        };
        let becomes = |state: &State, status: &str| {
            let version = state.version + 1;
            State { status: status.to_owned(), version, ..state.clone() }
        };
        // Who waits may have been offered places at any time.
        let mut now = vec![state.clone()];
        if state.status == "waitlisted" {
            now.push(becomes(state, "held"));
        }
        let (mut before, mut may_be_out) = (Vec::new(), false);
        for state in now {
            let ends = self.ends.as_ref().filter(|_| state.status == "held");
            let ends = ends.map(|ends| ends.at(state.version));
            let is_out = ends.is_some_and(|[_, end]| end <= earliest);
            let runs_out = ends.is_some_and(|[end, _]| end <= latest);
            let expired = runs_out.then(|| becomes(&state, "expired"));
            may_be_out |= runs_out;
            // The tables may still have a hold that has run out: nobody has looked at it.
            if !is_out || matches!(step.kind, Kind::Refused(..)) {
                before.push(state);
            }
            before.extend(expired);
        }
        let legal = |state: State| match &step.kind {
            Kind::Done(command, after) => {
                command.apply(&state).filter(|it| it == after).into_iter().collect()
            }
            Kind::Open(command) => command.apply(&state).into_iter().collect(),
            Kind::Seen(seen) if *seen == state => vec![state],
            Kind::Make(_) | Kind::Seen(_) => Vec::new(),
            Kind::Refused(command, code) => {
                let out = state.status == "expired" || may_be_out;
                let legal = match code.as_str() {
                    "hold_expired" => out,
                    "invalid_transition" => out || command.apply(&state).is_none(),
                    "not_found" => false,
                    _ => true,
                };
                if legal { vec![state] } else { Vec::new() }
            }
        };
        before.into_iter().flat_map(legal).map(Some).collect()
    }
}
