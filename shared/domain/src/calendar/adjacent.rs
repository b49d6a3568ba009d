//! Every run of so many adjacent slots in a window.

use crate::calendar::{Calendar, LONGEST_SLOT, MAX_SLOTS, Period, Slots};
use crate::numbers::SlotMinutes;
use jiff::Timestamp;
use std::collections::VecDeque;

/// So many adjacent slots from each start in a window, in order. See [`Calendar::adjacent`].
#[derive(Debug, Clone)]
pub struct Adjacent<'a> {
    slots: Slots<'a>,
    /// Starts are before it.
    to: Timestamp,
    /// Slots from each start on.
    count: usize,
    /// The last slots that were seen, each of them adjacent to the one before.
    seen: VecDeque<Period>,
}

impl Calendar {
    /// From each start with `from <= start < to` that has them, so many adjacent slots, closed ones too: as
    /// [`Self::stretch`] would find them, in one walk. There are 1 to [`MAX_SLOTS`] of them.
    pub fn adjacent(&self, from: Timestamp, to: Timestamp, count: usize) -> Adjacent<'_> {
        let count = count.clamp(1, MAX_SLOTS);
        let longest = self.slot_minutes.map_or(LONGEST_SLOT, SlotMinutes::duration);
        // From the last start on, no more than this is looked at.
        let reach = longest.saturating_mul(i32::try_from(count).unwrap_or(i32::MAX));
        let end = to.checked_add(reach).unwrap_or(Timestamp::MAX);
        Adjacent { slots: self.slots(from, end), to, count, seen: VecDeque::new() }
    }
}

impl Iterator for Adjacent<'_> {
    type Item = Vec<Period>;

    fn next(&mut self) -> Option<Vec<Period>> {
        self.seen.pop_front();
        while self.seen.len() < self.count {
            if self.seen.front().is_some_and(|first| first.start >= self.to) {
                return None;
            }
            let slot = self.slots.next()?;
            if self.seen.back().is_some_and(|last| last.end != slot.start) {
                self.seen.clear();
            }
            self.seen.push_back(slot);
        }
        let found = self.seen.iter().copied();
        self.seen.front().filter(|first| first.start < self.to).map(|_| found.collect())
    }
}
