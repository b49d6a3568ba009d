//! The periods of the openings, date by date.

use crate::calendar::clock::{instant, midnight};
use crate::calendar::{Calendar, Period};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::VecDeque;

impl Calendar {
    /// The openings that begin on this local date, in order and apart. One that lasts into the next
    /// date ends there when that date's first opening begins.
    pub(super) fn openings_on(&self, date: Date) -> Vec<Period> {
        let zone = self.time_zone.zone();
        let next = date.tomorrow().map_or(Timestamp::MAX, |next| midnight(next, zone));
        if midnight(date, zone) == next {
            return Vec::new();
        }
        let mut openings: Vec<Period> = self.written_on(date).collect();
        if openings.last().is_some_and(|last| last.end > next)
            && let Some(other) = date.tomorrow().ok().and_then(|next| self.written_on(next).next())
        {
            for opening in &mut openings {
                opening.end = opening.end.min(other.start);
            }
            openings.retain(|opening| !opening.is_empty());
        }
        openings
    }

    /// The openings of a date as they are written, without those that the clock skips.
    fn written_on(&self, date: Date) -> impl Iterator<Item = Period> + '_ {
        let zone = self.time_zone.zone();
        let period = move |minutes: std::ops::Range<u16>| {
            let start = instant(date, minutes.start, zone)?;
            Some(Period { start, end: instant(date, minutes.end, zone)? })
        };
        let periods = self.hours(date).iter().filter_map(move |hours| period(hours.minutes()));
        periods.filter(|opening| !opening.is_empty())
    }
}

/// The openings from a date on, in order. It reads a date when one of its openings may be asked for.
#[derive(Debug, Clone)]
pub(super) struct Openings<'a> {
    calendar: &'a Calendar,
    /// The first date that was not read; none after the last of all dates.
    date: Option<Date>,
    /// When this date begins: none of its openings begins before.
    midnight: Timestamp,
    /// Openings that were read, and not yet asked for.
    ready: VecDeque<Period>,
}

impl<'a> Openings<'a> {
    pub(super) fn new(calendar: &'a Calendar, date: Date) -> Self {
        let midnight = midnight(date, calendar.time_zone.zone());
        Self { calendar, date: Some(date), midnight, ready: VecDeque::new() }
    }

    /// The next opening, if it begins before this instant.
    pub(super) fn beginning_before(&mut self, to: Timestamp) -> Option<Period> {
        self.read_until(to);
        self.ready.pop_front_if(|next| next.start < to)
    }

    /// The next opening, if it begins when another ends.
    pub(super) fn touching(&mut self, end: Timestamp) -> Option<Period> {
        self.read_until(end);
        self.ready.pop_front_if(|next| next.start == end)
    }

    /// Reads dates until there is an opening, or none can begin at this instant or before.
    fn read_until(&mut self, instant: Timestamp) {
        while self.ready.is_empty()
            && self.midnight <= instant
            && let Some(date) = self.date
        {
            self.ready.extend(self.calendar.openings_on(date));
            self.date = date.tomorrow().ok();
            let zone = self.calendar.time_zone.zone();
            self.midnight = self.date.map_or(Timestamp::MAX, |date| midnight(date, zone));
        }
    }
}
