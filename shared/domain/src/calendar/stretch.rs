//! Whole, adjacent slots: what a booking covers.

use crate::calendar::period::Period;
use crate::numbers::SlotLength;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// At most this many slots in one booking: they are written in one transaction together with the
/// booking, and `DynamoDB` takes 100 items in one.
pub const MAX_SLOTS: usize = 96;

/// Whole, adjacent slots: what a booking covers. It keeps the start and the end of each of them,
/// whatever becomes of the calendar that they were sold on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stretch {
    start: Timestamp,
    /// At least one, and [`MAX_SLOTS`] at most.
    lengths: Vec<SlotLength>,
}

impl Stretch {
    /// The stretch of slots of these lengths from this start on; none if there is no slot, there are
    /// more than [`MAX_SLOTS`], or they would end after all time.
    pub fn new(start: Timestamp, lengths: Vec<SlotLength>) -> Option<Self> {
        let ends = lengths.iter().try_fold(start, |end, length| length.after(end));
        ((1..=MAX_SLOTS).contains(&lengths.len()) && ends.is_some())
            .then_some(Self { start, lengths })
    }

    /// The stretch of slots of this length that fill this time; none if they do not, or if there are
    /// more than [`MAX_SLOTS`].
    pub fn even(time: Period, length: SlotLength) -> Option<Self> {
        let count = time.length().as_nanos() / length.duration().as_nanos();
        let count = usize::try_from(count).ok().filter(|count| *count <= MAX_SLOTS)?;
        Self::new(time.start, vec![length; count]).filter(|stretch| stretch.end() == time.end)
    }

    /// The stretch of these slots, which are in order; none if they are not adjacent, if there is
    /// none, or if there are more than [`MAX_SLOTS`].
    pub fn of(slots: &[Period]) -> Option<Self> {
        let lengths = slots.iter().map(|slot| slot.minutes()).collect();
        let stretch = Self::new(slots.first()?.start, lengths)?;
        stretch.slots().eq(slots.iter().copied()).then_some(stretch)
    }

    /// The first slot's start.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The last slot's end.
    pub fn end(&self) -> Timestamp {
        self.slots().last().map_or(self.start, |last| last.end)
    }

    /// From the first slot's start to the last one's end.
    pub fn time(&self) -> Period {
        Period { start: self.start, end: self.end() }
    }

    /// How long each slot lasts, in order.
    pub fn lengths(&self) -> &[SlotLength] {
        &self.lengths
    }

    /// How long each slot lasts, if all of them last as long.
    pub fn even_length(&self) -> Option<SlotLength> {
        let first = *self.lengths.first()?;
        self.lengths.iter().all(|length| *length == first).then_some(first)
    }

    /// Its slots, in order.
    pub fn slots(&self) -> impl Iterator<Item = Period> + '_ {
        self.lengths.iter().scan(self.start, |start, length| {
            let end = length.after(*start).unwrap_or(Timestamp::MAX);
            Some(Period { start: std::mem::replace(start, end), end })
        })
    }

    /// Whether a slot of this stretch is one of another stretch at another length. A slot is sold at
    /// one length at a time, also to the booking that has it already.
    pub fn resizes(&self, other: &Self) -> bool {
        let others: BTreeMap<_, _> = other.slots().map(|slot| (slot.start, slot.end)).collect();
        self.slots().any(|slot| others.get(&slot.start).is_some_and(|end| *end != slot.end))
    }
}
