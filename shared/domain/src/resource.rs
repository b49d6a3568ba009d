//! What can be booked: a calendar of slots, a capacity, and how it is sold.
//!
//! What the calendar makes of slots, its grid, may change while somebody sells on the one before. So a resource remembers the grids
//! that it had until shortly ([`FormerGrid`]): for as long as a request may live, only what fits
//! all of them is sold. From then on nobody sells on a former grid any more, and what was sold there
//! is seen by reading it: [`Resource::availability`] counts it against the slots that it overlaps.

use crate::calendar::{Calendar, LONGEST_SLOT, Length, Period, Stretch};
use crate::claim::Claim;
use crate::details::Details;
use crate::ids::{ResourceId, Role, VenueId};
use crate::numbers::{
    Capacity, HoldSeconds, MaxHoldSeconds, PendingMinutes, Quantity, Rank, Version,
};
use crate::pools::Pools;
use crate::rejection::Rejection;
use crate::rules::Rules;
use crate::slot::{MOST_SEEN, Slot, Terms, VERSIONS_PER_WRITE};
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
/// A change of the grid raises the epoch by as much as four million writes at least: two changes may
/// begin in one millisecond, or be written in the other order, and what the second no longer counts
/// may have been written many times. That is 68 minutes more than the time that has passed; and after
/// a million changes, in the year 2100, the sum is still exact as a number of JavaScript's (2^53).
const EPOCH_STEP: u64 = 4_000_000 * VERSIONS_PER_WRITE;
/// Buckets that ran out in slots of former grids raise the version of a slot that they overlap by no
/// more than this; those of its own by [`MOST_SEEN`]. Together that is less than one write.
const MOST_SEEN_ELSEWHERE: u64 = VERSIONS_PER_WRITE - 1 - MOST_SEEN;

/// Whether a booking is confirmed at once, or who decides on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Approval {
    /// Confirmed at once.
    #[default]
    Auto,
    /// Pending until an operator approves or declines.
    Manual,
    /// Pending until the fulfilment endpoint decides, or an operator does before it.
    Fulfilment,
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
    /// How what is of several resources is confirmed: as the strictest of them says. `others` are those
    /// beside the booking's own.
    #[must_use]
    pub fn with<'a>(self, others: impl IntoIterator<Item = &'a Resource>) -> Self {
        let mut all = self;
        for other in others.into_iter().map(Resource::confirming) {
            if other.by == ConfirmBy::Operator {
                all.by = ConfirmBy::Operator;
            }
            if all.approval == Approval::Auto && other.approval != Approval::Auto {
                all.approval = other.approval;
                all.pending_minutes = other.pending_minutes;
            }
        }
        all
    }

    /// When a booking from this start on that becomes pending now runs out.
    pub fn pending_until(&self, now: Timestamp, start: Timestamp) -> Timestamp {
        self.pending_minutes.map_or(start, |minutes| minutes.end(now, start))
    }
}

/// Whether anything new is sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Yes.
    #[default]
    Open,
    /// Not for now. What was made before goes on as ever.
    Paused,
    /// No, and customers find it in no list.
    Archived,
}

/// A grid that a resource had before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FormerGrid {
    /// The calendar that made it, without its closures.
    pub calendar: Calendar,
    /// When the request that replaced it began.
    pub replaced_at: Timestamp,
}

/// A room, a table, a seat: opening rules, capacity, and how it is sold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Its name in requests and topics.
    pub id: ResourceId,
    /// Who operates it. It never changes: what rests on it is never out of date.
    pub venue: VenueId,
    /// Its name for people, 1 to 200 characters.
    pub name: String,
    /// When it can be booked.
    pub calendar: Calendar,
    /// Whether anything new is sold.
    pub state: State,
    /// Places in each slot.
    pub capacity: Capacity,
    /// Whether bookings share a slot's places; otherwise one takes them all, whatever its quantity.
    pub sharing: bool,
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
    /// The pools of its venue that it is in.
    pub pools: Pools,
    /// In which order it is chosen where others of its capacity are as good.
    pub rank: Rank,
    /// What is asked of customers.
    pub rules: Rules,
    /// When it began to count the active bookings of a customer, if it has not from its first version
    /// on.
    pub counts_since: Option<Timestamp>,
    /// What front ends keep with it; anyone may read it.
    pub details: Details,
    /// How often it was written.
    pub version: Version,
    /// The grids that it had until shortly, the oldest first.
    pub former: Vec<FormerGrid>,
    /// When its grid changed last, in microseconds since 1970; 0 for a grid that never changed.
    pub grid_epoch: u64,
    /// No booking of it is longer, on whichever of its calendars it was made.
    pub longest_booking: SignedDuration,
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
    /// This resource as the first of its id.
    #[must_use]
    pub fn first(self) -> Self {
        let longest_booking = self.calendar.longest_stretch();
        Self { version: Version::FIRST, longest_booking, ..self }
    }

    /// This resource as it replaces another of its id: the next version, with what has to be
    /// remembered of the grid before. The venue stays what it is.
    pub fn replacing(mut self, old: &Self, now: Timestamp) -> Result<Self, Rejection> {
        if self.venue != old.venue {
            let message = format!("this resource belongs to the venue {} for good", old.venue);
            return Err(Rejection::Unacceptable { field: "/resource/venue", message });
        }
        self.version = old.version.next();
        self.counts_since = match (old.rules.max_active, self.rules.max_active) {
            (_, None) => None,
            (None, Some(_)) => Some(now),
            (Some(_), Some(_)) => old.counts_since,
        };
        self.grid_epoch = old.grid_epoch;
        self.longest_booking = self.calendar.longest_stretch().max(old.longest_booking);
        self.former.clone_from(&old.former);
        self.former.retain(|former| in_transition(former, now).is_some());
        if !self.calendar.has_the_grid_of(&old.calendar) {
            if self.former.len() >= MAX_FORMER {
                return Err(Rejection::InTransition(TRANSITION));
            }
            self.former.push(FormerGrid { calendar: old.calendar.grid(), replaced_at: now });
            let epoch = u64::try_from(now.as_microsecond()).unwrap_or_default();
            self.grid_epoch = epoch.max(old.grid_epoch.saturating_add(EPOCH_STEP));
        }
        Ok(self)
    }

    /// Whether something may have been sold here on another grid than today's.
    pub fn has_moved(&self) -> bool {
        self.grid_epoch > 0
    }

    /// Refuses whatever is new while it is paused or archived.
    pub fn sells(&self) -> Result<(), Rejection> {
        match self.state {
            State::Open => Ok(()),
            State::Paused => Err(Rejection::Closed("nothing new is sold here for now")),
            State::Archived => Err(Rejection::Closed("nothing is sold here any more")),
        }
    }

    /// Takes the stretch if it is of whole, adjacent slots that are offered and have not begun.
    pub fn stretch(
        &self,
        start: Timestamp,
        length: Length,
        now: Timestamp,
    ) -> Result<Stretch, Rejection> {
        if start < now {
            return Err(Rejection::Closed("the start is in the past"));
        }
        Ok(self.calendar.stretch(start, length)?)
    }

    /// Refuses, for now, a stretch that somebody else may be selling a part of on a former grid.
    pub fn settled(&self, stretch: &Stretch, now: Timestamp) -> Result<(), Rejection> {
        for former in &self.former {
            let Some(left) = in_transition(former, now) else { continue };
            if !former.calendar.agrees_with(stretch) {
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

    /// What is offered at this slot, seen at this instant. `touched` has the slots that somebody touched, read from [`Self::reads_from`] to the end of the slot.
    ///
    /// A slot changes with its own writes, with its resource, with buckets that run out, and after a
    /// change of the grid with slots of former grids. All of these are counted in the version: writes
    /// only rise, each by more than the buckets, which depend on the clock of whoever looks. After a
    /// change of the grid other slots are counted, so the sum starts again from the microsecond of the
    /// change: more than any number of writes before it.
    pub fn availability(
        &self,
        slot: Period,
        touched: &BTreeMap<Timestamp, Slot>,
        now: Timestamp,
    ) -> Availability {
        let Period { start, end } = slot;
        let own = self.slot(slot, touched);
        let free = own.free(self.terms(slot, touched, now), now);
        // A slot that is not shared is free as a whole, or not at all.
        let free = if self.sharing || free == self.capacity.get() { free } else { 0 };
        let seen = own.changes(now).min(MOST_SEEN);
        let others = self.others(slot, touched);
        let seen_elsewhere: u64 = others.map(|slot| slot.changes(as_another_knows(now))).sum();
        // Whether or not they overlap now: one that no longer does must not lower the sum.
        let writes = touched.range(self.reads_from(start)..end);
        let writes = writes.fold(0_u64, |sum, (_, slot)| sum.saturating_add(slot.version.get()));
        let version = self.first_version().plus(writes).plus(seen);
        let version = version.plus(seen_elsewhere.min(MOST_SEEN_ELSEWHERE));
        Availability { start, end, capacity: self.capacity, free, version }
    }

    /// The version of a slot that nobody has touched: 1 under the first version of a resource whose grid
    /// never changed.
    fn first_version(&self) -> Version {
        let writes = self.version.get().saturating_sub(1).saturating_mul(VERSIONS_PER_WRITE);
        Version::FIRST.plus(writes).plus(self.grid_epoch)
    }

    /// This slot as somebody left it, or as nobody has touched it.
    pub fn slot(&self, slot: Period, touched: &BTreeMap<Timestamp, Slot>) -> Slot {
        let untouched = || Slot::untouched(slot.start, slot.minutes());
        touched.get(&slot.start).cloned().unwrap_or_else(untouched)
    }

    /// On what terms this slot is sold: without the places that slots of former grids take in its
    /// time.
    pub fn terms(
        &self,
        slot: Period,
        touched: &BTreeMap<Timestamp, Slot>,
        now: Timestamp,
    ) -> Terms {
        let others = self.others(slot, touched);
        let others: Vec<Slot> = others.map(|slot| slot.at(as_another_knows(now))).collect();
        let places = self.capacity.get().saturating_sub(most_at_once(&others));
        Terms { minutes: slot.minutes(), places }
    }

    /// Takes so much from a start on, for a caller of this role: whole, adjacent slots that are offered,
    /// have not begun, and that the rules allow. Whether they may be sold yet is [`Self::settled`].
    pub fn bookable(
        &self,
        start: Timestamp,
        length: Length,
        role: Role,
        now: Timestamp,
    ) -> Result<Stretch, Rejection> {
        let stretch = self.stretch(start, length, now)?;
        self.rules.admit(&stretch, role, now)?;
        Ok(stretch)
    }

    /// What a caller of this role takes of it, for so many places: of slots that are [`Self::bookable`] and
    /// may be sold by now. Whether there is room is for the slots to say.
    pub fn claim(
        &self,
        (start, length): (Timestamp, Length),
        quantity: Quantity,
        role: Role,
        now: Timestamp,
    ) -> Result<Claim, Rejection> {
        let stretch = self.bookable(start, length, role, now)?;
        self.fits(quantity)?;
        self.rules.suits(quantity, role)?;
        self.settled(&stretch, now)?;
        let places = self.places(quantity);
        Ok(Claim { resource: self.id.clone(), stretch, quantity, places })
    }

    /// How it confirms what it sells.
    pub fn confirming(&self) -> Confirming {
        let Self { confirm_by: by, approval, pending_minutes, .. } = *self;
        Confirming { by, approval, pending_minutes }
    }

    /// The slots of former grids that overlap this one.
    fn others<'a>(
        &self,
        slot: Period,
        touched: &'a BTreeMap<Timestamp, Slot>,
    ) -> impl Iterator<Item = &'a Slot> {
        let Period { start, end } = slot;
        let near = touched.range(self.reads_from(start)..end).map(|(_, slot)| slot);
        near.filter(move |slot| slot.start != start && slot.end() > start)
    }

    /// Refuses another resource that is none of the same venue, or this one.
    pub fn goes_with(&self, other: &Self) -> Result<(), Rejection> {
        let refused = |message: String| Err(Rejection::Unacceptable { field: "/with", message });
        if other.id == self.id {
            return refused("the booking is one of this resource already".to_owned());
        }
        if other.venue != self.venue {
            return refused(format!("expected a resource of the same venue, {}", self.venue));
        }
        Ok(())
    }

    /// The places that a booking of this quantity takes in each of its slots.
    pub fn places(&self, quantity: Quantity) -> Quantity {
        if self.sharing { quantity } else { self.capacity.into() }
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

/// The instant as of which a slot counts against one that overlaps it: whoever sells that one does not
/// write this one, so a hold counts for as long as a confirmation that was decided before its end may
/// be under way.
fn as_another_knows(now: Timestamp) -> Timestamp {
    now.checked_sub(REQUEST_LIFE).unwrap_or(Timestamp::MIN)
}

/// The most places that these slots take at one time.
fn most_at_once(slots: &[Slot]) -> u32 {
    let at = |instant: Timestamp| {
        let there = slots.iter().filter(|slot| slot.start <= instant && instant < slot.end());
        there.fold(0_u32, |sum, slot| sum.saturating_add(slot.taken))
    };
    slots.iter().map(|slot| at(slot.start)).max().unwrap_or(0)
}
