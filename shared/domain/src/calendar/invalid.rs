//! What makes no calendar.

use crate::calendar::hours::Hours;
use crate::calendar::week::Day;
use jiff::civil::Date;

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
    #[error("at most {} openings a day", super::week::MAX_OPENINGS_A_DAY)]
    TooManyOpenings,
    /// More dates with hours of their own than there may be.
    #[error("at most {} dates", super::dates::MAX_DATES)]
    TooManyDates,
    /// More closures than there may be.
    #[error("at most {} closures", super::closures::MAX_CLOSURES)]
    TooManyClosures,
    /// The closure of this index does not end after it begins.
    #[error("a closure ends after it begins")]
    ClosureEndsEarly(usize),
}
