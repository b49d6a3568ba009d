//! What a client does.

use super::plan::RESOURCES;
use super::powers::Powers;
use std::fmt;
use std::time::Duration;

/// One step of a client.
#[derive(Debug, Clone)]
pub struct Step {
    /// The time before it.
    pub pause: Duration,
    /// Whether it waits until everything before it was answered; else it is pipelined.
    pub waits: bool,
    /// Whether a change is asked for only at the version that is known.
    pub checked: bool,
    /// What it does.
    pub act: Act,
}

/// What a client does. `which` counts bookings that it knows, from the latest.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// Holds, books or waits, perhaps when a hold of the slot runs out.
    Sell(Sale),
    /// Holds for longer, perhaps at the very end of the hold.
    Extend {
        which: usize,
        at_end: bool,
    },
    /// Confirms, perhaps at the very end of the hold.
    Confirm {
        which: usize,
        at_end: bool,
    },
    Cancel {
        which: usize,
    },
    /// Moves a booking.
    Reschedule {
        which: usize,
        to: Move,
    },
    /// Replaces what is kept with a booking.
    Update {
        which: usize,
    },
    Approve {
        which: usize,
    },
    Decline {
        which: usize,
    },
    Complete {
        which: usize,
    },
    NoShow {
        which: usize,
    },
    /// Sends a former request again, with the same key.
    Again {
        which: usize,
    },
    /// Writes a resource.
    Put {
        resource: usize,
        written: Written,
    },
    List {
        resource: usize,
    },
    /// Reads what is free.
    Look {
        resource: usize,
    },
    /// Reads where so many adjacent slots have so many places.
    Search {
        any: Any,
        slots: usize,
        quantity: u32,
    },
    /// Revokes the tokens of a customer, by the client's number.
    Revoke {
        whose: usize,
    },
    Subscribe(Topic),
    Unsubscribe(Topic),
    /// Brings a new token, with these powers.
    Refresh(Powers),
    /// The network breaks, and comes back after this time.
    Away(Duration),
    /// Closes the connection, and comes back after this time.
    Leave(Duration),
}

/// A new booking.
#[derive(Debug, Clone, Copy)]
pub struct Sale {
    /// `hold`, `book` or `waitlist`.
    pub action: &'static str,
    /// Whether it is sent when a hold of the slot runs out.
    pub at_end: bool,
    /// Of which resource; for any of them, by whose grid it is asked for.
    pub resource: usize,
    /// Whether of any, and how they are named.
    pub any: Option<Any>,
    /// The number of its first slot.
    pub slot: usize,
    /// How many slots.
    pub slots: usize,
    /// Places in each.
    pub quantity: u32,
    /// Whether the other resource too, for the same time.
    pub with: bool,
    /// Whether for a guest, if an operator asks.
    pub guest: bool,
}

/// How those of which any will do are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Any {
    /// By the pool that all of them are in.
    Pool,
    /// One by one.
    Ids,
}

/// Where a booking moves: what is not said stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// To this slot.
    pub slot: Option<usize>,
    /// To this resource.
    pub resource: Option<usize>,
    /// To so many places.
    pub quantity: Option<u32>,
}

/// A resource as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Places in each slot.
    pub capacity: u32,
    /// Whether bookings share them.
    pub sharing: bool,
    /// How long a slot lasts, in minutes.
    pub slot_minutes: u32,
    /// How long a hold lasts, in seconds.
    pub hold_seconds: u32,
    /// Whether operators approve.
    pub manual: bool,
}

/// What can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// One's own bookings.
    Me,
    /// The slots of a resource.
    Slots(usize),
    /// The bookings of a resource, for operators.
    Bookings(usize),
}

impl Topic {
    /// The topic of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = (0..RESOURCES.len()).flat_map(|it| [Self::Slots(it), Self::Bookings(it)]);
        all.chain([Self::Me]).find(|topic| topic.to_string() == name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::Slots(resource) => write!(f, "resource:{}", RESOURCES[*resource]),
            Self::Bookings(resource) => write!(f, "resource:{}/bookings", RESOURCES[*resource]),
        }
    }
}
