//! Weekly opening hours, and the slots they make on a real calendar.
//!
//! Hours are written in the resource's own time zone; slots step in elapsed time. On a day on which
//! clocks change, an hour that does not exist stands for the instant of the change, and an hour
//! that comes twice for its first coming: so two openings that do not overlap on the clock never
//! overlap in time either.

pub use crate::calendar::Day;

use crate::calendar::clock::instant;
use crate::calendar::hours;
use crate::ids::Malformed;
use crate::numbers::SlotMinutes;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// No more than this many openings in a day: nobody's calendar has more.
const MAX_HOURS_A_DAY: usize = 24;

/// One opening of a day, as `09:00-12:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    opens: u16,
    closes: u16,
}

impl Hours {
    /// What an opening must look like.
    pub const FORM: &'static str = "hours like 09:00-12:30, closing after it opens, 24:00 at most";

    fn parse(text: &str) -> Option<Self> {
        let (opens, closes) = hours::read(text)?;
        (opens < closes).then_some(Self { opens, closes })
    }
}

impl TryFrom<String> for Hours {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text).ok_or(Malformed(Self::FORM))
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hours::write(f, self.opens, self.closes)
    }
}

/// Opening hours of a week, each day's in order and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Day, Vec<Hours>>", into = "BTreeMap<Day, Vec<Hours>>")]
pub struct Opening(BTreeMap<Day, Vec<Hours>>);

impl TryFrom<BTreeMap<Day, Vec<Hours>>> for Opening {
    type Error = Malformed;
    fn try_from(mut week: BTreeMap<Day, Vec<Hours>>) -> Result<Self, Malformed> {
        week.retain(|_, hours| !hours.is_empty());
        for hours in week.values() {
            if hours.len() > MAX_HOURS_A_DAY {
                return Err(Malformed("at most 24 openings a day"));
            }
            if hours.windows(2).any(|pair| pair[0].closes > pair[1].opens) {
                return Err(Malformed("a day's openings in order, none overlapping"));
            }
        }
        Ok(Self(week))
    }
}

impl From<Opening> for BTreeMap<Day, Vec<Hours>> {
    fn from(opening: Opening) -> Self {
        opening.0
    }
}

impl Opening {
    /// The slot starts of each opening of this local date, one list for each opening.
    pub fn slots_on(
        &self,
        date: Date,
        zone: &TimeZone,
        minutes: SlotMinutes,
    ) -> Vec<Vec<Timestamp>> {
        let step = SignedDuration::from_mins(i64::from(minutes.get()));
        let hours = self.0.get(&Day::from(date.weekday())).into_iter().flatten();
        hours
            .filter_map(|hours| {
                let opens = instant(date, hours.opens, zone)?;
                let closes = instant(date, hours.closes, zone)?;
                let starts =
                    std::iter::successors(Some(opens), |start| start.checked_add(step).ok());
                let fits =
                    |start: &Timestamp| start.checked_add(step).is_ok_and(|end| end <= closes);
                Some(starts.take_while(fits).collect())
            })
            .collect()
    }

    /// All slot starts with `from <= start < to`, in order. It looks at every date from `from` on
    /// until it has found what is asked of it: the caller bounds the window.
    pub fn slots_between<'a>(
        &'a self,
        from: Timestamp,
        to: Timestamp,
        zone: &'a TimeZone,
        minutes: SlotMinutes,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        // Where clocks go back over midnight, a slot's clock shows the date before its opening's.
        let last = zone.to_datetime(to).date().saturating_add(jiff::ToSpan::days(1));
        zone.to_datetime(from)
            .date()
            .series(jiff::ToSpan::days(1))
            .take_while(move |date| *date <= last)
            .flat_map(move |date| self.slots_on(date, zone, minutes))
            .flatten()
            .filter(move |start| *start >= from && *start < to)
    }
}
