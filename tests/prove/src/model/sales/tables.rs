//! The table, and the conditional writes of `store`: each says what must still hold, and what changes.

use super::super::explore::Broken;
use super::super::kept::Kept;
use super::super::mutation::Mutation;
use super::promises;
use super::scenario::Scenario;
use domain::slot::VERSIONS_PER_WRITE;
use domain::{Booking, Effect, Resource, Share, Slot, Terms, Version};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One of the two resources that there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The one that all scenarios have.
    Main,
    /// The one that may be booked with it.
    Beside,
}

/// A slot of one of them, by its start.
pub type Place = (Side, Timestamp);

/// What is in the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tables {
    /// The resource.
    pub resource: Kept<Resource>,
    /// The bookings, by number.
    pub bookings: Vec<Option<Kept<Booking>>>,
    /// The slots that somebody touched.
    pub slots: BTreeMap<Place, Kept<Slot>>,
}

/// One write of a transaction.
#[derive(Debug, Clone, Hash)]
pub enum Write {
    /// A booking: a new one, or over the version that was read.
    Booking {
        /// Which one.
        number: usize,
        /// What it becomes.
        after: Kept<Booking>,
        /// The version that was read.
        over: Option<Version>,
    },
    /// A slot.
    Slot(SlotWrite),
    /// The resource, over the version that was read.
    Resource(Kept<Resource>, Version),
}

/// A write of one slot.
#[derive(Debug, Clone, Hash)]
pub struct SlotWrite {
    /// Which slot.
    pub place: Place,
    /// What is done to it, all of it together; nothing but to drop buckets, if nothing is said.
    pub effects: Vec<Effect>,
    /// The buckets that it drops, as they were seen.
    pub drops: Vec<(Timestamp, u32)>,
    /// On what terms it is sold.
    pub terms: Terms,
    /// When this was decided.
    pub now: Timestamp,
    /// Who may wait in it.
    pub line: Line,
    /// More places than this are taken: somebody joins the line of a slot that is full.
    pub full: Option<u32>,
}

/// Who may wait in a slot that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// Anybody: places are neither taken nor given back.
    Anybody,
    /// Nobody.
    Nobody,
    /// Those who were seen: the slot is at the version that was read.
    AsRead(Version),
}

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was written.
    Written,
    /// Nothing was, for the conditions of these writes, by their place.
    Refused(Vec<usize>),
}

impl Tables {
    /// The slots with `from <= start < to` that somebody touched.
    pub fn slots(&self, from: Timestamp, to: Timestamp) -> BTreeMap<Timestamp, Slot> {
        self.slots_of(Side::Main, from, to)
    }

    /// The same, of one of the resources.
    pub fn slots_of(
        &self,
        side: Side,
        from: Timestamp,
        to: Timestamp,
    ) -> BTreeMap<Timestamp, Slot> {
        let slots = self.slots.range((side, from)..(side, to));
        slots.map(|((_, start), slot)| (*start, Slot::clone(slot))).collect()
    }

    /// Writes all or nothing.
    pub fn transact(
        &mut self,
        scenario: &Scenario,
        clock: u8,
        writes: &[Write],
    ) -> Result<Outcome, Broken> {
        let refused = writes.iter().enumerate().filter(|(_, write)| !self.holds(scenario, write));
        let refused: Vec<usize> = refused.map(|(place, _)| place).collect();
        if !refused.is_empty() {
            return Ok(Outcome::Refused(refused));
        }
        let before = self.clone();
        for write in writes {
            match write {
                Write::Booking { number, after, .. } => {
                    let before = &mut self.bookings[*number];
                    promises::of_booking(scenario, clock, before.as_deref(), after)?;
                    *before = Some(after.clone());
                }
                Write::Slot(write) => {
                    let before = self.slots.get(&write.place).map(|slot| &**slot);
                    let after = write.after(before, scenario.mutation)?;
                    promises::of_slot(scenario, before, &after, write)?;
                    self.slots.insert(write.place, Kept::new(after));
                }
                Write::Resource(after, _) => self.resource = after.clone(),
            }
        }
        promises::of_line(&before, self, writes)?;
        Ok(Outcome::Written)
    }

    /// Whether the condition of a write holds.
    fn holds(&self, scenario: &Scenario, write: &Write) -> bool {
        let wrong = |mutation| scenario.mutation == Some(mutation);
        match write {
            Write::Booking { number, over: None, .. } => {
                self.bookings[*number].is_none() || wrong(Mutation::CreateOverwrites)
            }
            Write::Booking { number, after, over: Some(read) } => {
                let expires = after.status == domain::Status::Expired;
                self.bookings[*number].as_ref().is_some_and(|booking| booking.version == *read)
                    || wrong(Mutation::ChangeOverwrites) && !expires
                    || wrong(Mutation::ExpiryOverwrites) && expires
            }
            Write::Slot(write) => {
                let slot = self.slots.get(&write.place).map(|slot| &**slot);
                write.holds(slot, scenario.mutation)
            }
            Write::Resource(_, read) => self.resource.version == *read,
        }
    }
}

impl SlotWrite {
    /// Effects on a slot as it is offered. Only what takes places drops buckets. `read` is the slot as it was
    /// read, if it was.
    pub fn new(
        slot: &Slot,
        effects: Vec<Effect>,
        terms: Terms,
        now: Timestamp,
        read: Option<&Slot>,
    ) -> Self {
        let takes = effects.iter().any(|effect| effect.taken() > 0);
        let gives = effects.iter().any(|effect| effect.given_back() > 0);
        let drops = if takes { slot.run_out(now).collect() } else { Vec::new() };
        let line = match read {
            _ if !takes && !gives => Line::Anybody,
            Some(slot) if slot.waiting > 0 => Line::AsRead(slot.version),
            _ => Line::Nobody,
        };
        let place = (Side::Main, slot.start);
        Self { place, effects, drops, terms, now, line, full: None }
    }

    /// The same, of a slot of this resource.
    #[must_use]
    pub fn of(self, side: Side) -> Self {
        Self { place: (side, self.place.1), ..self }
    }

    /// Drops the buckets that have run out, and does nothing else.
    pub fn sweep(slot: &Slot, now: Timestamp) -> Self {
        let terms = Terms { minutes: slot.minutes, places: 0 };
        let (drops, effects) = (slot.run_out(now).collect(), Vec::new());
        let place = (Side::Main, slot.start);
        Self { place, effects, drops, terms, now, line: Line::Anybody, full: None }
    }

    fn sum(&self, of: fn(&Effect) -> u32) -> u32 {
        self.effects.iter().map(of).sum()
    }

    /// Whether those who may wait in the slot are those who do.
    fn is_in_line(&self, slot: Option<&Slot>, mutation: Option<Mutation>) -> bool {
        let takes = self.sum(Effect::taken) > 0;
        let ignores = match mutation {
            Some(Mutation::CancelIgnoresLine) => !takes,
            Some(Mutation::NewcomerIgnoresLine | Mutation::TakeUnguarded) => takes,
            _ => false,
        };
        ignores
            || match self.line {
                Line::Anybody => true,
                Line::Nobody => slot.is_none_or(|slot| slot.waiting == 0),
                Line::AsRead(version) => slot.is_some_and(|slot| slot.version == version),
            }
    }

    fn given_back(&self) -> u32 {
        self.drops.iter().map(|(_, places)| places).sum()
    }

    /// Whether its condition holds: that of the update which `store` writes.
    fn holds(&self, slot: Option<&Slot>, mutation: Option<Mutation>) -> bool {
        let bucket = |end: &Timestamp| slot.and_then(|slot| slot.expiring.get(end)).copied();
        let as_seen = self.drops.iter().all(|(end, places)| bucket(end) == Some(*places))
            || mutation == Some(Mutation::DropBucketsUnseen);
        let (more, fewer) = (self.sum(Effect::taken), self.sum(Effect::given_back));
        let given_back = self.given_back();
        let room = (self.terms.places + given_back + fewer).saturating_sub(more);
        let length = self.terms.minutes;
        let has_room = more == 0
            || mutation == Some(Mutation::TakeUnconditionally)
            || slot.is_none_or(|slot| {
                slot.taken <= room && (slot.minutes == length || slot.taken <= given_back)
            });
        let trusts = mutation == Some(Mutation::ConfirmByBookingAlone);
        let (mut for_good, mut least) = (0, BTreeMap::new());
        for effect in self.effects.iter().filter(|effect| !(effect.keeps() && trusts)) {
            match effect.before {
                Some(Share::Has(places, Some(until))) => {
                    *least.entry(until).or_insert(0) += places.get();
                }
                Some(Share::Has(places, None)) => for_good += places.get(),
                Some(Share::Waits) | None => {}
            }
        }
        let has_shares = slot.map_or(0, |slot| slot.taken) >= for_good
            && least.iter().all(|(end, places)| bucket(end).is_some_and(|there| there >= *places));
        let joins: i32 = self.effects.iter().map(Effect::joins).sum();
        let waiting = slot.map_or(0, |slot| slot.waiting);
        let is_full = self.full.is_none_or(|room| slot.is_some_and(|slot| slot.taken > room));
        as_seen
            && has_room
            && has_shares
            && is_full
            && waiting.checked_add_signed(joins).is_some()
            && self.is_in_line(slot, mutation)
    }

    /// The slot after it: what the expression of that update makes of it.
    fn after(&self, before: Option<&Slot>, mutation: Option<Mutation>) -> Result<Slot, Broken> {
        let untouched = || Slot::untouched(self.place.1, self.terms.minutes);
        let mut slot = before.cloned().unwrap_or_else(untouched);
        let mut taken = i64::from(slot.taken) - i64::from(self.given_back());
        for (end, _) in &self.drops {
            slot.expiring.remove(end);
        }
        taken += i64::from(self.sum(Effect::taken)) - i64::from(self.sum(Effect::given_back));
        for effect in &self.effects {
            if let Some(Share::Has(places, Some(until))) = effect.before
                && !(effect.keeps() && mutation == Some(Mutation::ConfirmLeavesBucket))
            {
                let bucket = slot.expiring.entry(until).or_default();
                *bucket = bucket.saturating_sub(places.get());
            }
            if let Some(Share::Has(places, Some(until))) = effect.after {
                *slot.expiring.entry(until).or_default() += places.get();
            }
            slot.waiting = slot.waiting.saturating_add_signed(effect.joins());
        }
        if self.sum(Effect::taken) > 0 {
            slot.minutes = self.terms.minutes;
        }
        let versions =
            if mutation == Some(Mutation::WriteIsOneVersion) { 1 } else { VERSIONS_PER_WRITE };
        slot.version = slot.version.plus(versions);
        slot.taken = u32::try_from(taken)
            .map_err(|_| Broken::new(promises::BOOKS, format!("{taken} places taken")))?;
        Ok(slot)
    }
}
