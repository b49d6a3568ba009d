//! Calendars, as parts of resources' items.

use super::{Unavailable, malformed};
use domain::calendar::{Closure, Closures, Dates, Day, Hours, Week};
use domain::{Calendar, Period, SlotMinutes, TimeZoneName};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CalendarItem {
    time_zone: TimeZoneName,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    slot_minutes: Option<SlotMinutes>,
    opening: BTreeMap<Day, Vec<Hours>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    dates: BTreeMap<Date, Vec<Hours>>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    closures: Vec<ClosureItem>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ClosureItem {
    from: Timestamp,
    to: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
}

impl From<Calendar> for CalendarItem {
    fn from(calendar: Calendar) -> Self {
        let Calendar { time_zone, slot_minutes, week, dates, closures } = calendar;
        let closures = closures.as_slice().iter().map(|closure| ClosureItem {
            from: closure.time.start,
            to: closure.time.end,
            reason: closure.reason.clone(),
        });
        Self {
            time_zone,
            slot_minutes,
            opening: week.days().clone(),
            dates: dates.dates().clone(),
            closures: closures.collect(),
        }
    }
}

impl TryFrom<CalendarItem> for Calendar {
    type Error = Unavailable;
    fn try_from(item: CalendarItem) -> Result<Self, Unavailable> {
        let closures = item.closures.into_iter().map(|closure| Closure {
            time: Period { start: closure.from, end: closure.to },
            reason: closure.reason,
        });
        Ok(Self {
            time_zone: item.time_zone,
            slot_minutes: item.slot_minutes,
            week: Week::new(item.opening).map_err(malformed)?,
            dates: Dates::new(item.dates).map_err(malformed)?,
            closures: Closures::new(closures.collect()).map_err(malformed)?,
        })
    }
}
