//! The whole calendar of a resource: week, dates, closures, and the slots that they make.

mod adjacent;
mod against_the_clock;
mod clock_changes;
mod closures;
mod dates;
mod days;
mod ends_of_time;
mod far_back;
mod longest;
mod oracle;
mod random;
mod runs;
mod stretches;
mod week;

use crate::fixtures::{WEEK, at, hours, period};
use domain::calendar::{Calendar, Closure, Closures, Dates, Day, Hours, Period, Week};
use domain::{SlotMinutes, TimeZoneName};
use std::collections::BTreeMap;

fn list(openings: &[&str]) -> Vec<Hours> {
    openings.iter().copied().map(hours).collect()
}

/// A calendar that is never open, with slots of this length; 0 for one slot in each opening.
fn never(zone: &str, minutes: u32) -> Calendar {
    Calendar {
        time_zone: TimeZoneName::parse(zone).unwrap(),
        slot_minutes: (minutes > 0).then(|| SlotMinutes::new(minutes).unwrap()),
        week: Week::default(),
        dates: Dates::default(),
        closures: Closures::default(),
    }
}

/// A calendar that is open like this every day of the week.
fn daily(zone: &str, minutes: u32, openings: &[&str]) -> Calendar {
    weekly(zone, minutes, &WEEK.map(|day| (day, openings)))
}

/// A calendar that is open like this on these days of the week.
fn weekly(zone: &str, minutes: u32, days: &[(Day, &[&str])]) -> Calendar {
    let days: BTreeMap<_, _> = days.iter().map(|(day, openings)| (*day, list(openings))).collect();
    Calendar { week: Week::new(days).unwrap(), ..never(zone, minutes) }
}

/// This calendar, with hours of their own for these dates.
fn with_dates(calendar: Calendar, dates: &[(&str, &[&str])]) -> Calendar {
    let dates: BTreeMap<_, _> =
        dates.iter().map(|(date, openings)| (date.parse().unwrap(), list(openings))).collect();
    Calendar { dates: Dates::new(dates).unwrap(), ..calendar }
}

/// This calendar, closed at these times.
fn with_closures(calendar: Calendar, times: &[(&str, &str)]) -> Calendar {
    let closure = |(from, to): &(&str, &str)| Closure { time: period(from, to), reason: None };
    Calendar { closures: Closures::new(times.iter().map(closure).collect()).unwrap(), ..calendar }
}

/// Checks the slots that start in a window: exactly these, each by its start and its end.
#[track_caller]
fn check(calendar: &Calendar, (from, to): (&str, &str), expected: &[(&str, &str)]) {
    let expected: Vec<Period> = expected.iter().map(|(start, end)| period(start, end)).collect();
    let found: Vec<Period> = calendar.slots(at(from), at(to)).collect();
    assert_eq!(found, expected);
}
