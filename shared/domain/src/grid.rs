//! When a resource's slots are, and which stretches of them can be booked.

use crate::numbers::SlotMinutes;
use crate::opening::Opening;
use crate::rejection::Rejection;
use crate::stretch::{MAX_SLOTS, Stretch};
use crate::time_zone::TimeZoneName;
use jiff::{SignedDuration, Timestamp};

/// Opening hours in a time zone, cut into slots.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grid {
    /// The zone that the hours are written in.
    pub time_zone: TimeZoneName,
    /// How long a slot lasts.
    pub slot_minutes: SlotMinutes,
    /// When it is open.
    pub opening: Opening,
}

impl Grid {
    /// How long a slot lasts.
    pub fn step(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.slot_minutes.get()))
    }

    /// All slot starts with `from <= start < to`, in order.
    pub fn slots_between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.opening.slots_between(from, to, self.time_zone.zone(), self.slot_minutes)
    }

    /// Takes the stretch if it is of whole, adjacent slots of one opening that has not begun.
    pub fn stretch(
        &self,
        start: Timestamp,
        end: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Stretch, Rejection> {
        if start < now {
            return Err(Rejection::Closed("the start is in the past"));
        }
        let zone = self.time_zone.zone();
        let date = zone.to_datetime(start).date();
        // Where clocks go back over midnight, a slot's clock shows the date before its opening's.
        let mut openings = [Some(date), date.tomorrow().ok()]
            .into_iter()
            .flatten()
            .flat_map(|date| self.opening.slots_on(date, zone, self.slot_minutes));
        let opening = openings.find(|slots| slots.contains(&start));
        let opening = opening.ok_or(Rejection::Closed(
            "the start is not the start of a slot of this resource's opening hours",
        ))?;
        let step = self.step();
        let end = end.unwrap_or(start + step);
        let last = opening.iter().find(|slot| **slot >= start && **slot + step == end);
        last.ok_or(Rejection::Closed(
            "the end is not the end of a slot of the same opening as the start",
        ))?;
        let stretch = Stretch { start, end, slot_minutes: self.slot_minutes };
        if stretch.slots().count() > MAX_SLOTS {
            return Err(Rejection::LimitExceeded(format!(
                "a booking covers at most {MAX_SLOTS} slots"
            )));
        }
        Ok(stretch)
    }

    /// Whether each slot of this grid that overlaps a time is that very time, from its start to its
    /// end: then a sale on this grid and a sale of that time meet on one slot, or not at all.
    pub fn agrees_with(&self, start: Timestamp, end: Timestamp) -> bool {
        let step = self.step();
        // A slot that began before this time and is not over has begun within a step.
        let from = start.checked_sub(step).unwrap_or(Timestamp::MIN);
        self.slots_between(from, end)
            .filter(|slot| *slot < end && *slot + step > start)
            .all(|slot| (slot, slot + step) == (start, end))
    }
}
