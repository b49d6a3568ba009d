//! What a resource asks of customers; operators are exempt.

use crate::calendar::Stretch;
use crate::deadlines::Deadlines;
use crate::ids::{Malformed, Role};
use crate::numbers::{HorizonDays, MaxActive, Quantity, RuleMinutes, RuleSlots};
use crate::rejection::Rejection;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What a resource asks of customers, all of it in elapsed time. What is not said is not asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    /// A booking is made so long before its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_minutes: Option<RuleMinutes>,
    /// And no longer than so long before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizon_days: Option<HorizonDays>,
    /// The fewest slots of a booking; also those that it has where its end is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_slots: Option<RuleSlots>,
    /// The most slots of a booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_slots: Option<RuleSlots>,
    /// The fewest places of a booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_quantity: Option<Quantity>,
    /// A booking is cancelled so long before its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_minutes: Option<RuleMinutes>,
    /// A booking is moved so long before its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reschedule_minutes: Option<RuleMinutes>,
    /// The most bookings of one customer that are held, pending or confirmed and not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_active: Option<MaxActive>,
}

impl Rules {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many slots a booking has where its end is not said.
    pub fn fewest_slots(&self) -> usize {
        self.min_slots.map_or(1, RuleSlots::get) as usize
    }

    /// Refuses rules that no booking could meet, by the name of the rule.
    pub fn check(&self, capacity: u32) -> Result<(), (&'static str, Malformed)> {
        if let (Some(min), Some(max)) = (self.min_slots, self.max_slots)
            && min > max
        {
            return Err(("maxSlots", Malformed("at least minSlots")));
        }
        if self.min_quantity.is_some_and(|min| min.get() > capacity) {
            return Err(("minQuantity", Malformed("at most the capacity")));
        }
        Ok(())
    }

    /// From when and until when, seen at this instant, bookings of a caller of this role may start, as
    /// far as that is bounded; both included.
    pub fn bookable(&self, role: Role, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        if role == Role::Operator {
            return (None, None);
        }
        let later = |length| now.checked_add(length).unwrap_or(Timestamp::MAX);
        let from = self.notice_minutes.map(|minutes| later(minutes.length()));
        let days = |days: HorizonDays| SignedDuration::from_hours(24 * i64::from(days.get()));
        (from, self.horizon_days.map(|horizon| later(days(horizon))))
    }

    /// Takes a stretch for a caller of this role, at this instant.
    pub fn admit(&self, stretch: &Stretch, role: Role, now: Timestamp) -> Result<(), Rejection> {
        if role == Role::Operator {
            return Ok(());
        }
        if !self.suit_slots(stretch.slots().count(), role) {
            let fewest = self.min_slots.map_or(RuleSlots::MIN, RuleSlots::get);
            let most = self.max_slots.map_or(RuleSlots::MAX, RuleSlots::get);
            let message = format!("expected the end of {fewest} to {most} slots from the start on");
            return Err(Rejection::Unacceptable { field: "/end", message });
        }
        let (from, to) = self.bookable(role, now);
        if from.is_some_and(|from| stretch.start() < from) {
            return Err(Rejection::Closed("the start is too soon for this resource's notice"));
        }
        if to.is_some_and(|to| stretch.start() > to) {
            return Err(Rejection::Closed(
                "the start is further ahead than this resource is booked",
            ));
        }
        Ok(())
    }

    /// Whether a caller of this role may book so many slots.
    pub fn suit_slots(&self, count: usize, role: Role) -> bool {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let fewest = self.min_slots.map_or(RuleSlots::MIN, RuleSlots::get);
        let most = self.max_slots.map_or(RuleSlots::MAX, RuleSlots::get);
        role == Role::Operator || (fewest..=most).contains(&count)
    }

    /// Takes a quantity for a caller of this role.
    pub fn suits(&self, quantity: Quantity, role: Role) -> Result<(), Rejection> {
        match self.min_quantity {
            Some(min) if role == Role::Customer && quantity < min => {
                let message = format!("expected at least {min}, the resource's minQuantity");
                Err(Rejection::Unacceptable { field: "/quantity", message })
            }
            _ => Ok(()),
        }
    }

    /// The deadlines of a booking that is sold from this start on.
    pub fn deadlines(&self, start: Timestamp) -> Deadlines {
        let before = |minutes: Option<RuleMinutes>| {
            let length = minutes.map_or(SignedDuration::ZERO, RuleMinutes::length);
            start.checked_sub(length).unwrap_or(Timestamp::MIN)
        };
        let (cancel_by, reschedule_by) =
            (before(self.cancel_minutes), before(self.reschedule_minutes));
        Deadlines { cancel_by, reschedule_by }
    }
}
