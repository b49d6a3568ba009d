//! What can be booked, and which stretches of it.

use crate::MAX_SLOTS;
use crate::ids::{Malformed, ResourceId};
use crate::numbers::{Capacity, HoldSeconds, Quantity, SlotMinutes, Version};
use crate::opening::Opening;
use crate::rejection::Rejection;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether a booking is confirmed at once or by an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Approval {
    /// Confirmed at once.
    #[default]
    Auto,
    /// Pending until an operator approves or declines.
    Manual,
}

/// A time zone of the IANA database, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName(TimeZone);

impl TimeZoneName {
    /// The zone of this name, as `Europe/Zurich` or `UTC`.
    pub fn parse(name: &str) -> Result<Self, Malformed> {
        let zone = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some());
        zone.map(Self).ok_or(Malformed("a time zone of the IANA database, like Europe/Zurich"))
    }

    /// The rules of the zone.
    pub fn zone(&self) -> &TimeZone {
        &self.0
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = Malformed;
    fn try_from(name: String) -> Result<Self, Malformed> {
        Self::parse(&name)
    }
}

impl From<TimeZoneName> for String {
    fn from(name: TimeZoneName) -> Self {
        name.0.iana_name().unwrap_or("UTC").to_owned()
    }
}

/// A room, a table, a seat: opening rules, capacity, and how it is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its name in requests and topics.
    pub id: ResourceId,
    /// Its name for people, 1 to 200 characters.
    pub name: String,
    /// The zone that its hours are written in.
    pub time_zone: TimeZoneName,
    /// How long a slot lasts.
    pub slot_minutes: SlotMinutes,
    /// When it is open.
    pub opening: Opening,
    /// Places in each slot.
    pub capacity: Capacity,
    /// How long a hold lasts.
    pub hold_seconds: HoldSeconds,
    /// Whether bookings wait for an operator.
    pub approval: Approval,
    /// How often it was written.
    pub version: Version,
}

/// Whole, adjacent slots: what a booking covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first slot's start.
    pub start: Timestamp,
    /// The last slot's end.
    pub end: Timestamp,
    /// How long each slot lasts.
    pub slot_minutes: SlotMinutes,
}

impl Stretch {
    /// The start of each slot, in order.
    pub fn slots(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let step = SignedDuration::from_mins(i64::from(self.slot_minutes.get()));
        let end = self.end;
        std::iter::successors(Some(self.start), move |start| start.checked_add(step).ok())
            .take_while(move |start| *start < end)
    }
}

impl Resource {
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

    /// Takes the quantity if a slot of this resource has as many places at all.
    pub fn fits(&self, quantity: Quantity) -> Result<(), Rejection> {
        if quantity.get() > self.capacity.get() {
            return Err(Rejection::Unacceptable {
                field: "/quantity",
                message: format!("expected 1 to {}, the resource's capacity", self.capacity),
            });
        }
        Ok(())
    }

    /// Whether a slot sold under other opening rules would be sold again, in part, by these:
    /// it overlaps one of these slots without being that slot.
    pub fn would_resell(&self, start: Timestamp, end: Timestamp) -> bool {
        let step = self.step();
        // A slot that began before this one and is not over has begun within a step.
        let from = start.checked_sub(step).unwrap_or(Timestamp::MIN);
        self.slots_between(from, end)
            .any(|slot| slot < end && slot + step > start && (slot, slot + step) != (start, end))
    }
}
