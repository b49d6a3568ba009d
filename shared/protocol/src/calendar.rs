//! Calendars as operators write them.

use crate::error::WireError;
use crate::fields::{FieldError, Instant, Text};
use domain::calendar::{Closure, Closures, Dates, Day, Hours, Invalid, Week};
use domain::{Calendar, Period, SlotMinutes, TimeZoneName};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Opening hours by weekday, in any order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the days of the week")]
pub struct WeekInput {
    #[schemars(with = "Vec<String>")]
    pub mon: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub tue: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub wed: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub thu: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub fri: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub sat: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub sun: Vec<Hours>,
}

impl WeekInput {
    fn week(self) -> Result<Week, Invalid> {
        Week::new(BTreeMap::from([
            (Day::Mon, self.mon),
            (Day::Tue, self.tue),
            (Day::Wed, self.wed),
            (Day::Thu, self.thu),
            (Day::Fri, self.fri),
            (Day::Sat, self.sat),
            (Day::Sun, self.sun),
        ]))
    }
}

/// A local date, as `2027-12-25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct DateInput(Date);

impl TryFrom<String> for DateInput {
    type Error = FieldError;
    fn try_from(text: String) -> Result<Self, FieldError> {
        // Other ways to write a date would be other keys for the same date.
        let date = text.parse().ok().filter(|date: &Date| date.to_string() == text);
        date.map(Self).ok_or(FieldError::Date)
    }
}

/// A time at which nothing is offered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosureInput {
    /// When it begins.
    pub from: Instant,
    /// When it is over, after `from`.
    pub to: Instant,
    /// Why, for people, at most 500 characters. Everybody can read it.
    pub reason: Option<Text<0, 500>>,
}

/// The parts of a calendar.
#[derive(Debug, Clone)]
pub struct CalendarInput {
    /// The zone that its hours are written in.
    pub time_zone: TimeZoneName,
    /// How long a slot lasts.
    pub slot_minutes: Option<SlotMinutes>,
    /// The openings of each weekday.
    pub opening: WeekInput,
    /// The dates that have hours of their own.
    pub dates: BTreeMap<DateInput, Vec<Hours>>,
    /// Times at which nothing is offered.
    pub closures: Vec<ClosureInput>,
}

impl CalendarInput {
    /// The calendar, or what is wrong with it as a whole, at `/resource/...`.
    pub fn calendar(self) -> Result<Calendar, WireError> {
        let dates = self.dates.into_iter().map(|(date, hours)| (date.0, hours));
        let closures = self.closures.into_iter().map(|closure| Closure {
            time: Period { start: closure.from.0, end: closure.to.0 },
            reason: closure.reason.map(Into::into),
        });
        let refused = |field: &'static str| {
            move |reason: Invalid| {
                let field = match reason {
                    Invalid::ClosureEndsEarly(index) => format!("{field}/{index}/to"),
                    _ => field.to_owned(),
                };
                WireError::bad_request(&reason.to_string(), Some(&field))
            }
        };
        Ok(Calendar {
            time_zone: self.time_zone,
            slot_minutes: self.slot_minutes,
            week: self.opening.week().map_err(refused("/resource/opening"))?,
            dates: Dates::new(dates.collect()).map_err(refused("/resource/dates"))?,
            closures: Closures::new(closures.collect()).map_err(refused("/resource/closures"))?,
        })
    }
}
