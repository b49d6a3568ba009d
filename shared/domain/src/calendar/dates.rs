//! Local dates with hours of their own.

use crate::calendar::hours::Hours;
use crate::calendar::invalid::{Invalid, MAX_DATES, MAX_OPENINGS_A_DAY};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Local dates whose own hours replace their weekday's; without hours, a date is closed. The
/// openings of a date are in order and do not overlap each other. Where one reaches into the next
/// date and overlaps that date's openings, it ends when the first of these begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Dates(BTreeMap<Date, Vec<Hours>>);

impl Dates {
    /// Takes the openings of each date, in any order, if those of one date do not overlap.
    pub fn new(mut dates: BTreeMap<Date, Vec<Hours>>) -> Result<Self, Invalid> {
        if dates.len() > MAX_DATES {
            return Err(Invalid::TooManyDates);
        }
        for (date, hours) in &mut dates {
            if hours.len() > MAX_OPENINGS_A_DAY {
                return Err(Invalid::TooManyOpenings);
            }
            hours.sort_unstable();
            let overlap = |pair: &&[Hours]| pair[0].minutes().end > pair[1].minutes().start;
            if let Some(pair) = hours.windows(2).find(overlap) {
                let (first, second) = (pair[0], pair[1]);
                return Err(Invalid::DateOverlaps { date: *date, first, second });
            }
        }
        Ok(Self(dates))
    }

    /// Each date, and its openings in order.
    pub fn dates(&self) -> &BTreeMap<Date, Vec<Hours>> {
        &self.0
    }

    /// The openings of this date, if it has hours of its own.
    pub fn get(&self, date: Date) -> Option<&[Hours]> {
        self.0.get(&date).map(Vec::as_slice)
    }

    /// The last date with hours of its own that is not after this one.
    pub fn last_until(&self, date: Date) -> Option<Date> {
        self.0.range(..=date).next_back().map(|(date, _)| *date)
    }
}
