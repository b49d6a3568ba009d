//! The openings of each weekday.

use crate::calendar::day::Day;
use crate::calendar::hours::{DAY, Hours};
use crate::calendar::invalid::{Invalid, MAX_OPENINGS_A_DAY};
use std::collections::BTreeMap;
use std::ops::Range;

/// Minutes of a week on the clock.
const WEEK: u16 = 7 * DAY;

/// Opening hours of a week, each day's in order. No two of them overlap, the last and the first of
/// the week neither.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Week(BTreeMap<Day, Vec<Hours>>);

impl Week {
    /// Takes the openings of each day, in any order, if they do not overlap.
    pub fn new(mut days: BTreeMap<Day, Vec<Hours>>) -> Result<Self, Invalid> {
        days.retain(|_, hours| !hours.is_empty());
        for hours in days.values_mut() {
            if hours.len() > MAX_OPENINGS_A_DAY {
                return Err(Invalid::TooManyOpenings);
            }
            hours.sort_unstable();
        }
        let week = Self(days);
        let overlap = week.pairs().into_iter().find(|pair| pair.first.end > pair.second.start);
        match overlap {
            Some(pair) => Err(Invalid::WeekOverlaps(pair.names.0, pair.names.1)),
            None => Ok(week),
        }
    }

    /// The days that have openings, and their openings in order.
    pub fn days(&self) -> &BTreeMap<Day, Vec<Hours>> {
        &self.0
    }

    /// The openings that begin on this day.
    pub fn on(&self, day: Day) -> &[Hours] {
        self.0.get(&day).map_or(&[], Vec::as_slice)
    }

    /// Whether each opening of the week ends when the next begins, and the last when the first does.
    pub fn is_around_the_clock(&self) -> bool {
        let pairs = self.pairs();
        !pairs.is_empty() && pairs.iter().all(|pair| pair.first.end == pair.second.start)
    }

    /// Whether some opening ends when another begins.
    pub fn has_runs(&self) -> bool {
        self.pairs().iter().any(|pair| pair.first.end == pair.second.start)
    }

    /// Whether each day is open from its midnight to the next, in one piece.
    pub fn is_of_whole_days(&self) -> bool {
        self.is_around_the_clock() && self.0.values().all(|day| day.len() == 1)
    }

    /// Whether some opening goes on after the midnight that its day ends with.
    pub fn goes_over_midnight(&self) -> bool {
        self.0.values().flatten().any(|hours| hours.minutes().end > DAY)
    }

    /// Each opening with the one after it, the last with the first of the next week.
    fn pairs(&self) -> Vec<Pair> {
        let openings: Vec<_> = self
            .0
            .iter()
            .flat_map(|(day, hours)| hours.iter().map(|hours| (*day, *hours)))
            .map(|(day, hours)| (minutes_of_week(day, hours), (day, hours)))
            .collect();
        let next_week = openings
            .iter()
            .take(1)
            .map(|(minutes, name)| (minutes.start + WEEK..minutes.end + WEEK, *name));
        let followers = openings.iter().skip(1).cloned().chain(next_week);
        let pairs = openings.iter().cloned().zip(followers);
        let pair = |(first, second): (Named, Named)| Pair {
            names: (first.1, second.1),
            first: first.0,
            second: second.0,
        };
        pairs.map(pair).collect()
    }
}

/// An opening in minutes of the week, and as it is written.
type Named = (Range<u16>, (Day, Hours));

/// Two openings of a week, one after the other, in minutes since its first midnight.
struct Pair {
    names: ((Day, Hours), (Day, Hours)),
    first: Range<u16>,
    second: Range<u16>,
}

fn minutes_of_week(day: Day, hours: Hours) -> Range<u16> {
    let midnight = day as u16 * DAY;
    let minutes = hours.minutes();
    midnight + minutes.start..midnight + minutes.end
}
