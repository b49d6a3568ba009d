//! Where a run of touching openings begins.
//!
//! A slot's place depends on the beginning of its run, and that may be long before: of a resource
//! that is open around the clock but for one Christmas, the run that began on the day after goes on
//! for good. How far back is looked:
//!
//! - A week that is not around the clock breaks every run once a week, unless some of `dates` fill
//!   the break. Each of them fills it in one week at most, so a run is looked at date by date, over
//!   no more weeks than there are dates, and a few.
//! - A week around the clock breaks nowhere but at `dates`, and at a date that the zone leaves out,
//!   together with an opening that would go from it into the next. Between two of these the dates need
//!   no look: the search goes from one of them to the one before it, and where there is none, the run
//!   has no beginning.

use crate::calendar::clock::last_left_out;
use crate::calendar::invalid::MAX_DATES;
use crate::calendar::openings::Openings;
use crate::calendar::{Calendar, Period};
use jiff::Timestamp;
use jiff::civil::Date;

/// More dates are never looked at: a week for each of `dates`, and as many weeks again as a zone may
/// skip the break by a change of its clocks.
const MOST_DATES: usize = 2 * 7 * MAX_DATES;
/// A run goes on over no more dates than this without an opening: over one that the zone leaves out, and
/// one whose openings the clock skips. Openings end on the next date at the latest.
const MOST_DATES_WITHOUT: usize = 2;

impl Calendar {
    /// When the run of this opening begins; none if it has no beginning.
    pub(super) fn run_beginning(&self, opening: Period) -> Option<Timestamp> {
        let around_the_clock = self.week.is_around_the_clock();
        let mut beginning = opening.start;
        // The clock shows the date that an opening belongs to when it begins, or, if it skips that
        // time, perhaps the one after.
        let mut date = self.time_zone.zone().to_datetime(opening.start).date();
        let (mut reached, mut dates_without) = (true, 0);
        for _ in 0..MOST_DATES {
            for earlier in self.openings_on(date).into_iter().rev() {
                if earlier.start >= beginning {
                    continue;
                }
                if earlier.end != beginning {
                    return Some(beginning);
                }
                beginning = earlier.start;
                reached = true;
            }
            dates_without = if reached { 0 } else { dates_without + 1 };
            if dates_without > MOST_DATES_WITHOUT {
                return Some(beginning);
            }
            if around_the_clock && reached {
                let unusual = self.last_unusual(date)?;
                if unusual < date {
                    beginning = self.first_opening_after(unusual)?.start.min(beginning);
                    (date, reached) = (unusual, false);
                    continue;
                }
            }
            let Ok(yesterday) = date.yesterday() else { return Some(beginning) };
            (date, reached) = (yesterday, false);
        }
        Some(beginning)
    }

    /// The last date until this one at which a week around the clock may break.
    fn last_unusual(&self, date: Date) -> Option<Date> {
        let own = self.dates.last_until(date);
        if !self.week.goes_over_midnight() {
            return own;
        }
        last_left_out(date, own, self.time_zone.zone()).or(own)
    }

    fn first_opening_after(&self, date: Date) -> Option<Period> {
        Openings::new(self, date.tomorrow().ok()?).beginning_before(Timestamp::MAX)
    }
}
