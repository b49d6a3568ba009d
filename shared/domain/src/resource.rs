//! What can be booked: a grid of slots, a capacity, and how it is sold.
//!
//! The grid may change while somebody sells on the one before. So a resource remembers the grids
//! that it had until shortly ([`FormerGrid`]): for as long as a request may live, only what fits
//! all of them is sold. From then on nobody sells on a former grid any more, and what was sold there
//! is seen by reading it: [`Resource::availability`] counts it against the slots that it overlaps.

use crate::details::Details;
use crate::grid::Grid;
use crate::ids::{ResourceId, Role};
use crate::numbers::{Capacity, HoldSeconds, MaxHoldSeconds, PendingMinutes, Quantity, Version};
use crate::rejection::Rejection;
use crate::slot::{Slot, Terms};
use crate::stretch::Stretch;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// No request that has read a resource writes anything later than this: `message` gives up on a
/// request after 10 s, and a call that is under way then ends within 3 s more. The change of a grid
/// and the sale that overlaps it may each take this long.
pub const REQUEST_LIFE: SignedDuration = SignedDuration::from_secs(15);
/// How long after a change of its grid a resource sells only what fits the former grid as well.
pub const TRANSITION: SignedDuration = SignedDuration::from_secs(2 * REQUEST_LIFE.as_secs());
/// Changes of the grid within one transition.
const MAX_FORMER: usize = 8;
/// A change of the grid raises the epoch by 4 s at least: two changes may begin in one millisecond, or
/// be written in the other order, and what the second no longer counts may have been written many
/// times. [`MAX_FORMER`] changes in a transition keep the epoch near the time.
const EPOCH_STEP: u64 = 4_000_000;
/// No opening is longer: a day on which clocks go back by two hours (Antarctica/Troll).
pub const LONGEST_OPENING: SignedDuration = SignedDuration::from_hours(26);
/// No slot is longer than a day.
pub const LONGEST_SLOT: SignedDuration = SignedDuration::from_hours(24);

/// Whether a booking is confirmed at once or by an operator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Approval {
    /// Confirmed at once.
    #[default]
    Auto,
    /// Pending until an operator approves or declines.
    Manual,
}

/// Who confirms a hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConfirmBy {
    /// Its owner, or an operator.
    #[default]
    Owner,
    /// An operator: the server that was paid.
    Operator,
}

impl ConfirmBy {
    /// Refuses whoever may not turn places into a sale.
    pub fn allows(self, role: Role) -> Result<(), Rejection> {
        match (self, role) {
            (Self::Operator, Role::Customer) => {
                Err(Rejection::Forbidden("only an operator confirms bookings of this resource"))
            }
            _ => Ok(()),
        }
    }
}

/// How a resource confirms what it sells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Confirming {
    /// Who.
    pub by: ConfirmBy,
    /// Whether an operator approves it.
    pub approval: Approval,
    /// For how long it waits for that; where nothing is said, until it starts.
    pub pending_minutes: Option<PendingMinutes>,
}

impl Confirming {
    /// When a booking from this start on that becomes pending now runs out.
    pub fn pending_until(&self, now: Timestamp, start: Timestamp) -> Timestamp {
        self.pending_minutes.map_or(start, |minutes| minutes.end(now, start))
    }
}

/// A grid that a resource had before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FormerGrid {
    /// The grid.
    pub grid: Grid,
    /// When the request that replaced it began.
    pub replaced_at: Timestamp,
}

/// A room, a table, a seat: opening rules, capacity, and how it is sold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Its name in requests and topics.
    pub id: ResourceId,
    /// Its name for people, 1 to 200 characters.
    pub name: String,
    /// When its slots are.
    pub grid: Grid,
    /// Places in each slot.
    pub capacity: Capacity,
    /// How long a hold lasts.
    pub hold_seconds: HoldSeconds,
    /// How long a hold lasts at most, however often it is extended.
    pub max_hold_seconds: MaxHoldSeconds,
    /// Whether bookings wait for an operator.
    pub approval: Approval,
    /// Who confirms holds.
    pub confirm_by: ConfirmBy,
    /// How long a booking waits for an operator; where nothing is said, until it starts.
    pub pending_minutes: Option<PendingMinutes>,
    /// What front ends keep with it; anyone may read it.
    pub details: Details,
    /// How often it was written.
    pub version: Version,
    /// The grids that it had until shortly, the oldest first.
    pub former: Vec<FormerGrid>,
    /// When its grid changed last, in microseconds since 1970; 0 for a grid that never changed.
    pub grid_epoch: u64,
}

/// What a resource offers at one slot at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// When the slot starts.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Places in all.
    pub capacity: Capacity,
    /// Places that can be booked.
    pub free: u32,
    /// Rises with every change: of two views of a slot, the one of the higher version is newer.
    pub version: Version,
}

impl Resource {
    /// This resource as it replaces another of its id: the next version, with what has to be
    /// remembered of the grid before.
    pub fn replacing(mut self, old: &Self, now: Timestamp) -> Result<Self, Rejection> {
        self.version = old.version.next();
        self.grid_epoch = old.grid_epoch;
        self.former.clone_from(&old.former);
        self.former.retain(|former| in_transition(former, now).is_some());
        if self.grid != old.grid {
            if self.former.len() >= MAX_FORMER {
                return Err(Rejection::InTransition(TRANSITION));
            }
            self.former.push(FormerGrid { grid: old.grid.clone(), replaced_at: now });
            let epoch = u64::try_from(now.as_microsecond()).unwrap_or_default();
            self.grid_epoch = epoch.max(old.grid_epoch.saturating_add(EPOCH_STEP));
        }
        Ok(self)
    }

    /// Whether something may have been sold here on another grid than today's.
    pub fn has_moved(&self) -> bool {
        self.grid_epoch > 0
    }

    /// Refuses, for now, a stretch that somebody else may be selling a part of on a former grid.
    pub fn settled(&self, stretch: &Stretch, now: Timestamp) -> Result<(), Rejection> {
        let step = self.grid.step();
        for former in &self.former {
            let Some(left) = in_transition(former, now) else { continue };
            if !stretch.slots().all(|start| former.grid.agrees_with(start, start + step)) {
                return Err(Rejection::InTransition(left));
            }
        }
        Ok(())
    }

    /// Where to read slots from to know what is offered from this start on: slots of a former grid
    /// may have begun before.
    pub fn reads_from(&self, start: Timestamp) -> Timestamp {
        let earlier = start.checked_sub(LONGEST_SLOT).unwrap_or(Timestamp::MIN);
        if self.has_moved() { earlier } else { start }
    }

    /// What is offered at the slot of this start, seen at this instant. `touched` has the slots that
    /// somebody touched, read from [`Self::reads_from`] to the end of the slot.
    ///
    /// A slot changes with its own writes, with buckets that run out and with its resource; each of
    /// these counters only rises, so their sum tells newer from older. After a change of the grid
    /// other slots are counted, so the sum starts again from the microsecond of the change: more
    /// than any number of writes before it.
    pub fn availability(
        &self,
        start: Timestamp,
        touched: &BTreeMap<Timestamp, Slot>,
        now: Timestamp,
    ) -> Availability {
        let end = start.checked_add(self.grid.step()).unwrap_or(Timestamp::MAX);
        let free = self.slot(start, touched).free(self.terms(start, touched, now), now);
        // Whether or not they overlap now: one that no longer does must not lower the sum.
        let counted = touched.range(self.reads_from(start)..end);
        let counted = counted.map(|(_, slot)| {
            if slot.start == start { slot.at(now) } else { as_another_counts(slot, now) }
        });
        let first = self.version.plus(self.grid_epoch);
        let version = counted.fold(first, |sum, slot| sum.plus(slot.version.get()));
        Availability { start, end, capacity: self.capacity, free, version }
    }

    /// The slot of this start as somebody left it, or as nobody has touched it.
    pub fn slot(&self, start: Timestamp, touched: &BTreeMap<Timestamp, Slot>) -> Slot {
        let untouched = || Slot::untouched(start, self.grid.slot_minutes);
        touched.get(&start).cloned().unwrap_or_else(untouched)
    }

    /// On what terms the slot of this start is sold: without the places that slots of former grids
    /// take in its time.
    pub fn terms(
        &self,
        start: Timestamp,
        touched: &BTreeMap<Timestamp, Slot>,
        now: Timestamp,
    ) -> Terms {
        let end = start.checked_add(self.grid.step()).unwrap_or(Timestamp::MAX);
        let near = touched.range(self.reads_from(start)..end).map(|(_, slot)| slot);
        let others = near.filter(|slot| slot.start != start && slot.end() > start);
        let others: Vec<Slot> = others.map(|slot| as_another_counts(slot, now)).collect();
        let places = self.capacity.get().saturating_sub(most_at_once(&others));
        Terms { minutes: self.grid.slot_minutes, places }
    }

    /// How it confirms what it sells.
    pub fn confirming(&self) -> Confirming {
        let Self { confirm_by: by, approval, pending_minutes, .. } = *self;
        Confirming { by, approval, pending_minutes }
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
}

/// For how long a sale on this grid may still be under way.
fn in_transition(former: &FormerGrid, now: Timestamp) -> Option<SignedDuration> {
    let left = TRANSITION - now.duration_since(former.replaced_at);
    left.is_positive().then_some(left)
}

/// A slot as it counts against one that overlaps it: whoever sells that one does not write this one,
/// so a hold counts for as long as a confirmation that was decided before its end may be under way.
fn as_another_counts(slot: &Slot, now: Timestamp) -> Slot {
    slot.at(now.checked_sub(REQUEST_LIFE).unwrap_or(Timestamp::MIN))
}

/// The most places that these slots take at one time.
fn most_at_once(slots: &[Slot]) -> u32 {
    let at = |instant: Timestamp| {
        let there = slots.iter().filter(|slot| slot.start <= instant && instant < slot.end());
        there.fold(0_u32, |sum, slot| sum.saturating_add(slot.taken))
    };
    slots.iter().map(|slot| at(slot.start)).max().unwrap_or(0)
}
