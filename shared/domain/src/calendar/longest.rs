//! How long a booking can be.

use crate::calendar::hours::DAY;
use crate::calendar::{Calendar, LONGEST_SLOT, MAX_SLOTS};
use crate::numbers::SlotMinutes;
use jiff::SignedDuration;

impl Calendar {
    /// No stretch of this calendar is longer: [`LONGEST_SLOT`] where no opening reaches midnight, and
    /// about as long as [`MAX_SLOTS`] slots where openings of one date may touch those of the next.
    /// Whoever looks for the bookings at a time looks as far back as this.
    pub fn longest_stretch(&self) -> SignedDuration {
        let written = self.week.days().values().chain(self.dates.dates().values()).flatten();
        let written: Vec<_> = written.map(|hours| hours.minutes()).collect();
        if written.iter().all(|minutes| minutes.end < DAY) {
            return LONGEST_SLOT;
        }
        let longest = written.iter().map(|minutes| minutes.end - minutes.start).max();
        let on_the_clock = SignedDuration::from_mins(longest.unwrap_or_default().into());
        let slot = self.slot_minutes.map_or(on_the_clock, SlotMinutes::duration);
        // A clock that goes back adds to it, by a day at most.
        slot * i32::try_from(MAX_SLOTS).unwrap_or(i32::MAX) + LONGEST_SLOT
    }
}
