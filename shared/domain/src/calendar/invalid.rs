//! What makes no calendar.

use crate::calendar::day::Day;
use crate::calendar::hours::Hours;
use jiff::civil::Date;

/// At most this many openings begin on one day: as many as it has quarters of an hour.
pub const MAX_OPENINGS_A_DAY: usize = 96;
/// At most this many dates have hours of their own: as many as a year has.
pub const MAX_DATES: usize = 366;
/// At most this many closures.
pub const MAX_CLOSURES: usize = 100;

/// What is wrong with the parts of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Two openings of the week overlap.
    #[error("{} {} and {} {} overlap", .0.0.as_str(), .0.1, .1.0.as_str(), .1.1)]
    WeekOverlaps((Day, Hours), (Day, Hours)),
    /// Two openings of one date overlap.
    #[error("on {date}, {first} and {second} overlap")]
    DateOverlaps {
        /// The date.
        date: Date,
        /// The opening that begins first.
        first: Hours,
        /// The other one.
        second: Hours,
    },
    /// More openings on one day than there may be.
    #[error("at most {MAX_OPENINGS_A_DAY} openings a day")]
    TooManyOpenings,
    /// More dates with hours of their own than there may be.
    #[error("at most {MAX_DATES} dates")]
    TooManyDates,
    /// More closures than there may be.
    #[error("at most {MAX_CLOSURES} closures")]
    TooManyClosures,
    /// The closure of this index does not end after it begins.
    #[error("a closure ends after it begins")]
    ClosureEndsEarly(usize),
}
