//! The slots of a window.

use crate::calendar::clock::midnight;
use crate::calendar::openings::Openings;
use crate::calendar::{Calendar, Period};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// The slots of a window, in order. See [`Calendar::slots`].
#[derive(Debug, Clone)]
pub struct Slots<'a> {
    from: Timestamp,
    to: Timestamp,
    /// How long a slot lasts; none if each opening is one.
    length: Option<SignedDuration>,
    openings: Openings<'a>,
    /// The run that the next slot may be in.
    run: Option<Run<'a>>,
}

impl<'a> Slots<'a> {
    pub(super) fn new(calendar: &'a Calendar, from: Timestamp, to: Timestamp) -> Self {
        let date = calendar.time_zone.zone().to_datetime(from).date();
        // What is open then has begun on this date, on the one before, or on the one after: clocks
        // may have gone back over midnight.
        let openings = Openings::new(calendar, date.yesterday().unwrap_or(date));
        let length = calendar.slot_minutes;
        let length = length.map(|length| SignedDuration::from_mins(length.get().into()));
        let mut slots = Self { from, to, length, openings, run: None };
        if let Some(length) = length {
            slots.enter(calendar, length);
        }
        slots
    }

    /// Enters the run that goes on at the window's beginning, or the first one after.
    fn enter(&mut self, calendar: &'a Calendar, length: SignedDuration) {
        while let Some(opening) = self.openings.beginning_before(self.to) {
            if opening.end > self.from {
                self.run = Some(if opening.start > self.from {
                    Run::beginning_with(opening)
                } else {
                    Run::going_on(calendar, opening, self.from, length)
                });
                return;
            }
        }
    }

    /// The slot after the last one, if it begins when that one ends, in the window or not.
    pub(super) fn adjacent_to(&mut self, last: Period) -> Option<Period> {
        let next = match (self.length, &mut self.run) {
            (None, _) => self.openings.touching(last.end),
            (Some(length), Some(run)) => run.next_slot(length, &mut self.openings),
            (Some(_), None) => None,
        };
        next.filter(|next| next.start == last.end)
    }

    /// Whether slots follow the last one, without anything between them, up to this instant.
    pub(super) fn are_adjacent_until(&mut self, mut last: Period, end: Timestamp) -> bool {
        let Some(length) = self.length else {
            while last.end < end
                && let Some(next) = self.openings.touching(last.end)
            {
                last = next;
            }
            return last.end == end;
        };
        let Some(run) = &mut self.run else { return false };
        run.steps_exactly_to(end, length, &mut self.openings)
    }
}

impl Iterator for Slots<'_> {
    type Item = Period;

    fn next(&mut self) -> Option<Period> {
        let Some(length) = self.length else {
            return std::iter::from_fn(|| self.openings.beginning_before(self.to))
                .find(|opening| opening.start >= self.from);
        };
        // Each round but the last uses up an opening.
        loop {
            let run = match &mut self.run {
                Some(run) => run,
                None => {
                    self.run.insert(Run::beginning_with(self.openings.beginning_before(self.to)?))
                }
            };
            // The window may end before a slot of this run would start, and yet have slots of the next
            // run: that this one goes on is looked at first.
            if let Some(slot) = run.next_slot(length, &mut self.openings) {
                return Some(slot).filter(|slot| slot.start < self.to);
            }
            self.run = None;
        }
    }
}

/// A run of touching openings, as far as it was looked at.
#[derive(Debug, Clone)]
struct Run<'a> {
    /// Where the next slot starts, if the run goes on for that long.
    next: Timestamp,
    /// It is open until then at least, and longer if another opening touches.
    open_until: Timestamp,
    /// The day it is at, if it has no beginning and steps from each midnight.
    day: Option<LocalDay<'a>>,
}

impl<'a> Run<'a> {
    fn beginning_with(opening: Period) -> Self {
        Self { next: opening.start, open_until: opening.end, day: None }
    }

    /// The run of an opening that has begun at this instant.
    fn going_on(
        calendar: &'a Calendar,
        opening: Period,
        now: Timestamp,
        length: SignedDuration,
    ) -> Self {
        let from_midnight = || {
            let day = LocalDay::at(calendar, now);
            (day.begins(), Some(day))
        };
        let beginning = calendar.run_beginning(opening);
        let (origin, day) = beginning.map_or_else(from_midnight, |beginning| (beginning, None));
        let passed = now.duration_since(origin).as_nanos();
        let missing = (-passed).rem_euclid(length.as_nanos());
        let missing = SignedDuration::from_nanos(i64::try_from(missing).unwrap_or(i64::MAX));
        let next = now.checked_add(missing).unwrap_or(Timestamp::MAX);
        Self { next, open_until: opening.end, day }
    }

    /// The next slot, if the run goes on until its end.
    fn next_slot(&mut self, length: SignedDuration, openings: &mut Openings<'_>) -> Option<Period> {
        loop {
            let slot = Period { start: self.next, end: self.next.checked_add(length).ok()? };
            // A rest of a day that is too short for a slot is none.
            if let Some(day) = &mut self.day
                && slot.end > day.ends()
            {
                self.next = day.ends();
                day.go_on()?;
                continue;
            }
            if !self.goes_on_until(slot.end, openings) {
                return None;
            }
            self.next = slot.end;
            return Some(slot);
        }
    }

    /// Whether a slot that is still to come, or the last one, ends at this instant, and all of them
    /// up to it are adjacent. It takes a step for each date, however short the slots are.
    fn steps_exactly_to(
        &mut self,
        end: Timestamp,
        length: SignedDuration,
        openings: &mut Openings<'_>,
    ) -> bool {
        let is_whole = |period: Period| period.length().as_nanos() % length.as_nanos() == 0;
        while let Some(day) = &mut self.day
            && day.ends() < end
        {
            if !is_whole(Period { start: self.next, end: day.ends() }) {
                return false;
            }
            self.next = day.ends();
            if day.go_on().is_none() {
                return false;
            }
        }
        let rest = Period { start: self.next, end };
        rest.start <= rest.end && is_whole(rest) && self.goes_on_until(end, openings)
    }

    fn goes_on_until(&mut self, end: Timestamp, openings: &mut Openings<'_>) -> bool {
        while self.open_until < end
            && let Some(next) = openings.touching(self.open_until)
        {
            self.open_until = next.end;
        }
        self.open_until >= end
    }
}

/// A date of a zone, from its midnight to the next.
#[derive(Debug, Clone)]
struct LocalDay<'a> {
    calendar: &'a Calendar,
    date: Date,
}

impl<'a> LocalDay<'a> {
    /// The last date that has begun at this instant. The clock may show one before: it may have gone
    /// back over midnight.
    fn at(calendar: &'a Calendar, now: Timestamp) -> Self {
        let shown = calendar.time_zone.zone().to_datetime(now).date();
        let next = shown.saturating_add(1.day());
        let day = Self { calendar, date: next };
        if day.begins() <= now { day } else { Self { calendar, date: shown } }
    }

    fn begins(&self) -> Timestamp {
        midnight(self.date, self.calendar.time_zone.zone())
    }

    fn ends(&self) -> Timestamp {
        let next = self.date.tomorrow();
        next.map_or(Timestamp::MAX, |next| midnight(next, self.calendar.time_zone.zone()))
    }

    /// Goes on to the next date, if there is one.
    fn go_on(&mut self) -> Option<()> {
        self.date = self.date.tomorrow().ok()?;
        Some(())
    }
}
