//! Which times are whole, adjacent slots.

use crate::calendar::{Calendar, Closure, MAX_SLOTS, Period, Slots, Stretch};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How much of a calendar is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// This many slots, and one at least.
    Slots(usize),
    /// All slots up to this instant.
    Until(Timestamp),
}

/// Why a time is not whole, adjacent slots that are offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotWhole {
    /// No slot starts then.
    #[error("the start is not the start of a slot of this resource's opening hours")]
    Start,
    /// No slot of the run of the first one ends then, without a break in between.
    #[error("the end is not the end of a slot of the same opening as the start")]
    End,
    /// The run ends before so many slots.
    #[error("the opening ends before so many slots")]
    TooShort,
    /// More slots than one booking may cover.
    #[error("a booking covers at most {MAX_SLOTS} slots")]
    TooLong,
    /// A closure overlaps one of the slots.
    #[error("the resource is closed at a part of this time")]
    Closed(Closure),
}

impl Calendar {
    /// The whole, adjacent slots of one run from this start on. They are offered all of them, and
    /// [`MAX_SLOTS`] at most.
    pub fn stretch(&self, start: Timestamp, length: Length) -> Result<Stretch, NotWhole> {
        let mut slots = self.slots_at(start);
        let mut next = slots.next();
        let mut found = Vec::new();
        while let Some(slot) = next {
            if found.len() == MAX_SLOTS {
                return Err(NotWhole::TooLong);
            }
            found.push(slot);
            let enough = match length {
                Length::Slots(count) => found.len() >= count,
                Length::Until(end) => slot.end >= end,
            };
            next = if enough { None } else { slots.adjacent_to(slot) };
        }
        let last = found.last().ok_or(NotWhole::Start)?;
        match length {
            Length::Slots(count) if found.len() < count => return Err(NotWhole::TooShort),
            Length::Until(end) if last.end != end => return Err(NotWhole::End),
            Length::Slots(_) | Length::Until(_) => {}
        }
        match self.closures.overlapping(Period { start, end: last.end }) {
            Some(closure) => Err(NotWhole::Closed(closure.clone())),
            None => Stretch::of(&found).ok_or(NotWhole::Start),
        }
    }

    /// Whether a time is whole, adjacent slots that are offered, of whatever number. What was sold
    /// before stays where it is while this is so, also when its slots were longer or shorter then.
    pub fn covers(&self, time: Period) -> bool {
        let mut slots = self.slots_at(time.start);
        slots.next().is_some_and(|first| slots.are_adjacent_until(first, time.end))
            && self.closures.overlapping(time).is_none()
    }

    /// Whether each slot that overlaps a stretch is one of its slots, from its start to its end: then
    /// a sale on this calendar and a sale of that stretch meet on whole slots, or not at all. Closed
    /// slots count, since closures leave the grid as it is.
    pub fn agrees_with(&self, stretch: &Stretch) -> bool {
        let sold: BTreeSet<Period> = stretch.slots().collect();
        self.overlapping(stretch.time()).all(|slot| sold.contains(&slot))
    }

    /// The slot of this start, if there is one.
    fn slots_at(&self, start: Timestamp) -> Slots<'_> {
        let after = start.checked_add(SignedDuration::from_nanos(1)).unwrap_or(start);
        self.slots(start, after)
    }
}
