//! Which of many times are whole, adjacent slots.

use crate::calendar::{Calendar, Period, Slots};
use jiff::{SignedDuration, Timestamp};

/// How far it walks from slot to slot before it begins anew: a month, so that times which are far apart
/// cost a month of slots at most.
const WALK: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Answers as [`Calendar::covers`], for many times in order. A slot's place may depend on a beginning
/// years before: it is looked for once in a while, and not for each of them.
#[derive(Debug, Clone)]
pub struct Coverage<'a> {
    calendar: &'a Calendar,
    /// From the start of the last time, until when it walks.
    walk: Period,
    slots: Slots<'a>,
    /// The first slot that does not start before the last time.
    next: Option<Period>,
}

impl Calendar {
    /// Answers for many times in order.
    pub fn coverage(&self) -> Coverage<'_> {
        let nothing = Period { start: Timestamp::MIN, end: Timestamp::MIN };
        let slots = self.slots(nothing.start, nothing.end);
        Coverage { calendar: self, walk: nothing, slots, next: None }
    }
}

impl Coverage<'_> {
    /// Whether a time is whole, adjacent slots that are offered, of whatever number.
    pub fn covers(&mut self, time: Period) -> bool {
        if time.start < self.walk.start || time.start >= self.walk.end {
            let end = time.start.checked_add(WALK).unwrap_or(Timestamp::MAX);
            self.walk.end = end;
            self.slots = self.calendar.slots(time.start, end);
            self.next = self.slots.next();
        }
        self.walk.start = time.start;
        while self.next.is_some_and(|slot| slot.start < time.start) {
            self.next = self.slots.next();
        }
        let first = self.next.filter(|slot| slot.start == time.start);
        first.is_some_and(|first| self.slots.clone().are_adjacent_until(first, time.end))
            && self.calendar.offers(time)
    }
}
