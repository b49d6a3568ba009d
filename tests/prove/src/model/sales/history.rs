//! Steps in words.

use super::super::kept::Kept;
use super::flight::{Lookup, Phase};
use super::tables::{Place, Side, Write};
use super::{Sales, State, Step};
use domain::{Booking, Rejection};
use jiff::Timestamp;
use std::fmt;

/// What came of a step.
#[derive(Debug)]
pub enum Came {
    /// Nothing to tell of.
    Nothing,
    /// A transaction was refused.
    Refused,
    /// The request was answered.
    Answered(Result<Kept<Booking>, Rejection>),
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Refused => f.write_str(": refused"),
            Self::Answered(Ok(booking)) => {
                write!(f, ": answered {}, version {}", booking.status.as_str(), booking.version)
            }
            Self::Answered(Err(rejection)) => write!(f, ": {rejection}"),
        }
    }
}

impl Sales {
    /// A step in words.
    pub(super) fn history_of(&self, state: &State, step: &Step) -> String {
        let text = |number: usize| &self.scenario.orders[state.flights[number].order].text;
        let clock = |now: Timestamp| now.strftime("%H:%M:%S").to_string();
        match *step {
            Step::Tick => {
                format!("the clock shows {}", clock(self.scenario.time(state.clock + 1, 0)))
            }
            Step::Send(order, skew) => {
                let now = clock(self.scenario.time(state.clock, skew));
                format!("{}; begins at {now} by its clock", self.scenario.orders[order].text)
            }
            Step::Die(number) => format!("{}; its process dies", text(number)),
            Step::Go(number, which) => {
                let flight = &state.flights[number];
                format!("{}; {}", text(number), doing(&flight.phase, which))
            }
        }
    }
}

/// A slot in words.
fn place((side, start): Place) -> String {
    let beside = if side == Side::Beside { " beside it" } else { "" };
    format!("{}{beside}", start.strftime("%H:%M"))
}

/// What a request does in this phase.
fn doing(phase: &Phase, which: u8) -> String {
    let lookup = |lookup: &Lookup| match lookup {
        Lookup::Unsettled(_) => "writes that its booking has run out".to_owned(),
        _ => "reads its booking".to_owned(),
    };
    match phase {
        Phase::Selling(reads) if which == 0 => lookup(&reads.booking),
        Phase::LookingAgain(it) | Phase::Looking(it) => lookup(it),
        Phase::Selling(_) if which == 3 => "reads the slots beside it".to_owned(),
        Phase::Selling(_) if which == 1 => "reads the resource".to_owned(),
        Phase::ReadingResource(_) | Phase::Putting => "reads the resource".to_owned(),
        Phase::Selling(_) | Phase::ReadingSlots(_) => "reads the slots".to_owned(),
        Phase::SellingMoved(..) => "reads the slots of former grids too".to_owned(),
        Phase::ReadingLeft(..) => "reads the slots that it leaves".to_owned(),
        Phase::Sweeping(_) => "sweeps a slot of a former grid".to_owned(),
        Phase::ReadingLine(_, seen) if seen.reads_slots() => "reads the slots of a line".to_owned(),
        Phase::ReadingLine(..) => "reads who waits".to_owned(),
        Phase::Writing(writes) | Phase::Offering(writes) => {
            let writes = writes.iter().map(|write| match write {
                Write::Booking { after, .. } => {
                    format!("booking {} v{}", after.status.as_str(), after.version)
                }
                Write::Slot(slot) => {
                    let effects = &slot.effects;
                    let drops = if slot.drops.is_empty() { "" } else { ", drops buckets" };
                    format!("slot of {} {effects:?}{drops}", place(slot.place))
                }
                Write::Resource(after, _) => format!("resource v{}", after.version),
            });
            format!("writes {}", writes.collect::<Vec<_>>().join(" + "))
        }
    }
}
