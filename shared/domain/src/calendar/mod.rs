//! When a resource can be booked: its whole calendar, and the slots that it makes.
//!
//! Hours are written on the clock of the resource's time zone, and everything after that is elapsed
//! time. Each opening that is written becomes a period between two instants: a local time that does
//! not exist stands for the instant of the change, one that comes twice for its first coming. So
//! what does not overlap on the clock never overlaps in time. Openings whose periods touch are one
//! *run*, and a run has one grid of slots, from its beginning.
//!
//! | module | what it knows |
//! |---|---|
//! | [`day`] | the days of the week |
//! | [`hours`] | one opening as it is written, `22:00-02:00` |
//! | [`week`] | the openings of each weekday |
//! | [`dates`] | local dates with hours of their own |
//! | [`closures`] | times at which nothing is offered |
//! | [`invalid`] | what makes no calendar, and how much is too much |
//! | `clock` | when the clock of a zone first reaches a local time |
//! | [`period`] | the time from one instant to another |
//! | `openings` | the periods of the openings, date by date |
//! | `runs` | where a run of touching openings begins |
//! | [`slots`] | the slots of a window |
//! | `longest` | how long a booking can be |
//! | [`stretch`] | whole, adjacent slots: what a booking covers |
//! | [`whole`] | which times are whole, adjacent slots |
//! | [`adjacent`] | every run of so many adjacent slots in a window |
//! | [`coverage`] | which of many times are |

pub mod adjacent;
mod clock;
pub mod closures;
pub mod coverage;
pub mod dates;
pub mod day;
pub mod hours;
pub mod invalid;
mod longest;
mod openings;
pub mod period;
mod runs;
pub mod slots;
pub mod stretch;
pub mod week;
pub mod whole;

pub use adjacent::Adjacent;
pub use closures::{Closure, Closures};
pub use coverage::Coverage;
pub use dates::Dates;
pub use day::Day;
pub use hours::Hours;
pub use invalid::Invalid;
pub use period::Period;
pub use slots::Slots;
pub use stretch::{MAX_SLOTS, Stretch};
pub use week::Week;
pub use whole::{Length, NotWhole};

use crate::numbers::SlotMinutes;
use crate::time_zone::TimeZoneName;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// No slot is longer: an opening of 24 hours, on a date that came twice (Alaska had Friday,
/// 18 October 1867, on both sides of the date line).
pub const LONGEST_SLOT: SignedDuration = SignedDuration::from_hours(48);

/// Opening hours in a time zone, cut into slots, less what is closed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Calendar {
    /// The zone that the hours are written in.
    pub time_zone: TimeZoneName,
    /// How long a slot lasts. Without it, each opening is one slot.
    pub slot_minutes: Option<SlotMinutes>,
    /// The openings of each weekday.
    pub week: Week,
    /// The dates that have hours of their own instead of their weekday's.
    pub dates: Dates,
    /// Times at which nothing is offered. They leave the grid as it is.
    pub closures: Closures,
}

impl Calendar {
    /// The calendar without its closures: what makes its slots, and no more.
    #[must_use]
    pub fn grid(&self) -> Self {
        Self { closures: Closures::default(), ..self.clone() }
    }

    /// Whether both have the same slots at all times, but for what is closed.
    pub fn has_the_grid_of(&self, other: &Self) -> bool {
        self.time_zone == other.time_zone
            && self.slot_minutes == other.slot_minutes
            && self.week == other.week
            && self.dates == other.dates
    }

    /// The slots with `from <= start < to`, in order, closed ones too. It looks at every date of the
    /// window until it has found what is asked of it, and keeps no more than a date of them.
    pub fn slots(&self, from: Timestamp, to: Timestamp) -> Slots<'_> {
        Slots::new(self, from, to)
    }

    /// The slots with `from <= start < to` that no closure overlaps, in order.
    pub fn offered(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Period> + '_ {
        self.slots(from, to).filter(|slot| self.offers(*slot))
    }

    /// The slots that overlap a time, in order, closed ones too.
    pub fn overlapping(&self, time: Period) -> impl Iterator<Item = Period> + '_ {
        let longest = self.slot_minutes.map_or(LONGEST_SLOT, SlotMinutes::duration);
        // A slot that began before this time and is not over has begun within its length.
        let from = time.start.checked_sub(longest).unwrap_or(Timestamp::MIN);
        self.slots(from, time.end).filter(move |slot| slot.overlaps(time))
    }

    /// Whether a slot is not closed.
    pub fn offers(&self, slot: Period) -> bool {
        self.closures.overlapping(slot).is_none()
    }

    /// The hours of this local date: its own, or those of its weekday.
    fn hours(&self, date: Date) -> &[Hours] {
        self.dates.get(date).unwrap_or_else(|| self.week.on(date.weekday().into()))
    }
}
