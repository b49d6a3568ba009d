//! Whole, adjacent slots: what a booking covers.

use crate::numbers::SlotMinutes;
use jiff::{SignedDuration, Timestamp};

/// At most this many slots in one booking: they are written in one transaction together with the
/// booking, and `DynamoDB` takes 100 items in one.
pub const MAX_SLOTS: usize = 96;

/// Whole, adjacent slots: what a booking covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stretch {
    /// The first slot's start.
    pub start: Timestamp,
    /// The last slot's end.
    pub end: Timestamp,
    /// How long each slot lasts.
    pub slot_minutes: SlotMinutes,
}

impl Stretch {
    /// The start of each slot, in order.
    pub fn slots(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let step = SignedDuration::from_mins(i64::from(self.slot_minutes.get()));
        let end = self.end;
        std::iter::successors(Some(self.start), move |start| start.checked_add(step).ok())
            .take_while(move |start| *start < end)
    }

    /// Whether a slot of this stretch is one of another stretch at another length. A slot is sold at
    /// one length at a time, also to the booking that has it already.
    pub fn resizes(&self, other: &Self) -> bool {
        self.slot_minutes != other.slot_minutes
            && self.slots().any(|start| other.slots().any(|other| other == start))
    }
}
