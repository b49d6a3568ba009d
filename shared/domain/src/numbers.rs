//! Numbers with a range: a value of one of these types is in it.

use crate::ids::Malformed;
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Gives a newtype over `u32` its range and serde form.
macro_rules! ranged {
    ($(#[$doc:meta])* $name:ident, $min:literal ..= $max:literal, $form:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u32", into = "u32")]
        pub struct $name(u32);

        impl $name {
            /// The smallest value.
            pub const MIN: u32 = $min;
            /// The largest value.
            pub const MAX: u32 = $max;

            /// Takes the number if it is in range.
            pub const fn new(number: u32) -> Result<Self, Malformed> {
                if matches!(number, $min..=$max) {
                    Ok(Self(number))
                } else {
                    Err(Malformed($form))
                }
            }

            /// The number itself.
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl TryFrom<u32> for $name {
            type Error = Malformed;
            fn try_from(number: u32) -> Result<Self, Malformed> {
                Self::new(number)
            }
        }

        impl From<$name> for u32 {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

ranged!(
    /// How many places a slot of a resource has.
    Capacity, 1..=10_000, "a whole number from 1 to 10000"
);
ranged!(
    /// How many places a booking takes in each of its slots.
    Quantity, 1..=10_000, "a whole number from 1 to 10000"
);
ranged!(
    /// In which order resources of one capacity are chosen from, the lowest first.
    Rank, 0..=1000, "a whole number from 0 to 1000"
);
ranged!(
    /// How long a hold lasts, in seconds.
    HoldSeconds, 1..=900, "a whole number from 1 to 900"
);
ranged!(
    /// How long a hold lasts in all, in seconds, however often it is extended. Where this is less
    /// than a resource's [`HoldSeconds`], a hold lasts those and is not extended.
    MaxHoldSeconds, 1..=7200, "a whole number from 1 to 7200"
);
ranged!(
    /// How long a booking waits for an operator, in minutes.
    PendingMinutes, 1..=10_080, "a whole number from 1 to 10080"
);
ranged!(
    /// How long before its start something may be done to a booking, in minutes.
    RuleMinutes, 0..=527_040, "a whole number from 0 to 527040"
);
ranged!(
    /// How far ahead a resource is booked, in days of 24 hours.
    HorizonDays, 1..=1100, "a whole number from 1 to 1100"
);
ranged!(
    /// How many slots a booking has.
    RuleSlots, 1..=96, "a whole number from 1 to 96"
);
ranged!(
    /// How many active bookings of a resource a customer has.
    MaxActive, 1..=100, "a whole number from 1 to 100"
);
ranged!(
    /// How long a slot lasts, in minutes of elapsed time.
    SlotMinutes, 1..=1440, "a whole number from 1 to 1440"
);
ranged!(
    /// How long one slot lasts, in minutes of elapsed time: as a resource says, or as long as an
    /// opening, which may have 24 hours on a date that comes twice.
    SlotLength, 1..=2880, "a whole number from 1 to 2880"
);

impl SlotMinutes {
    /// The same as a duration.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_mins(self.0.into())
    }
}

impl SlotLength {
    /// The shortest length that is not shorter than this time; for a longer one, the longest.
    pub fn of(time: SignedDuration) -> Self {
        let minutes = time.as_secs().saturating_add(59) / 60;
        let minutes = minutes.clamp(Self::MIN.into(), Self::MAX.into());
        Self(u32::try_from(minutes).unwrap_or(Self::MAX))
    }

    /// The same as a duration.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_mins(self.0.into())
    }

    /// The end of a slot of this length that starts then; none after all time.
    pub fn after(self, start: Timestamp) -> Option<Timestamp> {
        start.checked_add(self.duration()).ok()
    }
}

impl From<SlotMinutes> for SlotLength {
    fn from(minutes: SlotMinutes) -> Self {
        Self(minutes.0)
    }
}

impl Capacity {
    /// One place, where a resource does not say.
    pub const ONE: Self = Self(1);
}

impl From<Capacity> for Quantity {
    fn from(capacity: Capacity) -> Self {
        Self(capacity.0)
    }
}

impl Quantity {
    /// One place, where a request does not say.
    pub const ONE: Self = Self(1);
}

impl RuleSlots {
    /// One slot, where a request does not say.
    pub const ONE: Self = Self(1);
}

impl Default for Rank {
    fn default() -> Self {
        Self(Self::MIN)
    }
}

impl RuleMinutes {
    /// As a length of time.
    pub fn length(self) -> SignedDuration {
        SignedDuration::from_mins(self.0.into())
    }
}

impl HoldSeconds {
    /// Five minutes, where a resource does not say.
    pub const DEFAULT: Self = Self(300);

    /// When a hold that is made now ends: after this time, rounded up to a grid of one 64th of it
    /// (2 s: 31 ms; 5 min: 4.7 s). So all the holds on a slot end at some 64 instants, and a slot
    /// keeps one number for each of these instead of one for each hold.
    pub fn end(self, now: Timestamp) -> Timestamp {
        rounded(
            self.milliseconds(),
            whole_millisecond_after(now).saturating_add(self.milliseconds()),
        )
    }

    /// When a hold ends that is made or extended now and is not to last past the instant `last`: as
    /// [`Self::end`], or at `last`, rounded up to the same grid.
    pub fn end_within(self, now: Timestamp, last: Timestamp) -> Timestamp {
        let end = whole_millisecond_after(now).saturating_add(self.milliseconds());
        rounded(self.milliseconds(), end.min(whole_millisecond_after(last)))
    }

    fn milliseconds(self) -> i64 {
        i64::from(self.0) * 1000
    }
}

/// An end, rounded up to a grid of one 64th of what it is the end of; all in milliseconds.
fn rounded(length: i64, end: i64) -> Timestamp {
    let grid = (length / 64).max(1);
    let rounded = end.saturating_add((-end).rem_euclid(grid));
    Timestamp::from_millisecond(rounded).unwrap_or(Timestamp::MAX)
}

impl PendingMinutes {
    /// When a booking that becomes pending now runs out: after this time, rounded up to a grid of one
    /// 64th of it as the ends of holds are, and at the latest when it starts.
    pub fn end(self, now: Timestamp, start: Timestamp) -> Timestamp {
        let length = i64::from(self.0) * 60_000;
        rounded(length, whole_millisecond_after(now).saturating_add(length)).min(start)
    }
}

/// In milliseconds since 1970.
fn whole_millisecond_after(instant: Timestamp) -> i64 {
    let up = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Ceil);
    instant.round(up).unwrap_or(instant).as_millisecond()
}

impl MaxHoldSeconds {
    /// Fifteen minutes, where a resource does not say.
    pub const DEFAULT: Self = Self(900);

    /// The instant past which a hold that was made at `created` is not extended.
    pub fn last(self, created: Timestamp) -> Timestamp {
        let length = SignedDuration::from_secs(self.0.into());
        created.checked_add(length).unwrap_or(Timestamp::MAX)
    }
}

impl Default for MaxHoldSeconds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How often a thing was written: 1, 2, 3, ... without a gap.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of the first write.
    pub const FIRST: Self = Self(1);

    /// The given version.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The version so many writes after this one.
    #[must_use]
    pub const fn plus(self, writes: u64) -> Self {
        Self(self.0.saturating_add(writes))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
