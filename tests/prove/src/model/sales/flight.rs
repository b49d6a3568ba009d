//! A request under way: what it has read so far, and what it does next.

use super::super::explore::Broken;
use super::super::kept::Kept;
use super::super::mutation::Mutation;
use super::Sales;
use super::line::{Asking, Seen};
use super::tables::{Outcome, SlotWrite, Tables, Write};
use domain::{Booking, Rejection, Resource, Slot};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Slots as a request has read them.
pub type Slots = Kept<BTreeMap<Timestamp, Slot>>;

/// A request under way. All it knows is what it has read: the process that works on it may die between
/// any two of its steps.
#[derive(Debug, Clone, Hash)]
pub struct Flight {
    /// Which order it carries out.
    pub order: usize,
    /// At which step of the clock it began.
    pub began: u8,
    /// The time by the clock of its process.
    pub now: Timestamp,
    /// Whether it has begun anew already.
    pub again: bool,
    /// What it does next.
    pub phase: Phase,
}

/// A step of a request under way.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// The model.
    pub sales: &'a Sales,
    /// The request.
    pub flight: &'a Flight,
    /// The number of its booking.
    pub number: usize,
    /// How often the clock has stepped.
    pub clock: u8,
}

/// What a request does next.
#[derive(Debug, Clone, Hash)]
pub enum Phase {
    /// A sale reads what it needs, in any order.
    Selling(Reads),
    /// A sale reads the slots of former grids as well.
    SellingMoved(Kept<Booking>, Kept<Resource>),
    /// A sale that found no places looks whether another attempt of its key was faster.
    LookingAgain(Lookup),
    /// A change reads its booking.
    Looking(Lookup),
    /// A move reads the resource.
    ReadingResource(Kept<Booking>),
    /// A move reads the slots that it moves to.
    ReadingSlots(Move),
    /// A change that was refused reads the slots that it leaves.
    ReadingLeft(Move, Option<Slots>),
    /// Drops buckets that have run out, then begins anew.
    Sweeping(Vec<SlotWrite>),
    /// Reads the slots that are free, or that are to be given back, and who waits there.
    ReadingLine(Asking, Seen),
    /// Offers what is free to who waits, then begins anew.
    Offering(Kept<Vec<Write>>),
    /// Writes; in one transaction, unless it is done wrong.
    Writing(Kept<Vec<Write>>),
    /// A change of the resource reads it.
    Putting,
}

/// What a sale reads.
#[derive(Debug, Clone, Default, Hash)]
pub struct Reads {
    /// What another attempt of the key made.
    pub booking: Lookup,
    /// The resource.
    pub resource: Option<Kept<Resource>>,
    /// The slots.
    pub slots: Option<Slots>,
    /// Those of what is asked for with it; nothing where nothing is.
    pub beside: Option<Slots>,
}

/// A change that is decided.
#[derive(Debug, Clone, Hash)]
pub struct Move {
    /// The booking as it was read.
    pub read: Kept<Booking>,
    /// What it is to become.
    pub next: Kept<Booking>,
    /// The resource, if it takes places.
    pub resource: Option<Kept<Resource>>,
}

/// A look for a booking. One that has run out is written down as expired before anybody is told.
#[derive(Debug, Clone, Default, Hash)]
pub enum Lookup {
    /// It is to be read.
    #[default]
    Unread,
    /// It was read, and has run out since it was written.
    Unsettled(Kept<Booking>),
    /// It is this, or there is none.
    Known(Option<Kept<Booking>>),
}

/// What comes of a step.
#[derive(Debug, Clone)]
pub enum After {
    /// The request goes on.
    Next(Phase),
    /// It begins anew, by a clock that shows this at least.
    Anew(Timestamp),
    /// It is answered.
    Answer(Result<Kept<Booking>, Rejection>),
    /// It is over, and nobody looks at the answer.
    Done,
}

impl Lookup {
    /// The next step of a look.
    pub fn step(self, turn: Turn<'_>, tables: &mut Arc<Tables>) -> Result<Self, Broken> {
        let Turn { sales, flight, number, clock } = turn;
        let scenario = &sales.scenario;
        let early = scenario.mutation == Some(Mutation::ExpireEarly);
        let now = if early { flight.now + scenario.tick } else { flight.now };
        match self {
            Self::Unread => {
                let Some(read) = &tables.bookings[number] else { return Ok(Self::Known(None)) };
                let settled = read.at(now) == **read;
                Ok(if settled {
                    Self::Known(Some(read.clone()))
                } else {
                    Self::Unsettled(read.clone())
                })
            }
            Self::Unsettled(read) => {
                let after = Kept::new(read.at(now));
                let over = Some(read.version);
                let write = Write::Booking { number, after: after.clone(), over };
                Ok(match Arc::make_mut(tables).transact(scenario, clock, &[write])? {
                    Outcome::Written => Self::Known(Some(after)),
                    // Somebody else was faster.
                    Outcome::Refused(_) => Self::Unread,
                })
            }
            known @ Self::Known(_) => Ok(known),
        }
    }

    /// Whether it is over.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }
}
