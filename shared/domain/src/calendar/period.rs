//! The time from one instant to another.

use crate::numbers::SlotLength;
use jiff::{SignedDuration, Timestamp};

/// The time from its start to its end, without the end itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The first instant of it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Period {
    /// Whether there is no instant in it.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether some instant is in both. Periods that touch do not overlap.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// How long it lasts in elapsed time.
    pub fn length(self) -> SignedDuration {
        self.end.duration_since(self.start)
    }

    /// How long a slot of this time lasts, in whole minutes. Slots have whole minutes, but where and
    /// when clocks differed by seconds: nowhere after 1972, so that none like that is ever sold.
    pub fn minutes(self) -> SlotLength {
        SlotLength::of(self.length())
    }
}
