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

/// What is in the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tables {
    /// The resource.
    pub resource: Kept<Resource>,
    /// The bookings, by number.
    pub bookings: Vec<Option<Kept<Booking>>>,
    /// The slots that somebody touched, by start.
    pub slots: BTreeMap<Timestamp, Kept<Slot>>,
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
    pub start: Timestamp,
    /// What is done to it; nothing but to drop buckets, if nothing is said.
    pub effect: Option<Effect>,
    /// The buckets that it drops, as they were seen.
    pub drops: Vec<(Timestamp, u32)>,
    /// On what terms it is sold.
    pub terms: Terms,
    /// When this was decided.
    pub now: Timestamp,
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
        let slots = self.slots.range(from..to);
        slots.map(|(start, slot)| (*start, Slot::clone(slot))).collect()
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
        for write in writes {
            match write {
                Write::Booking { number, after, .. } => {
                    let before = &mut self.bookings[*number];
                    promises::of_booking(scenario, clock, before.as_deref(), after)?;
                    *before = Some(after.clone());
                }
                Write::Slot(write) => {
                    let before = self.slots.get(&write.start).map(|slot| &**slot);
                    let after = write.after(before, scenario.mutation)?;
                    promises::of_slot(scenario, before, &after, write)?;
                    self.slots.insert(write.start, Kept::new(after));
                }
                Write::Resource(after, _) => self.resource = after.clone(),
            }
        }
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
                let slot = self.slots.get(&write.start).map(|slot| &**slot);
                write.holds(slot, scenario.mutation)
            }
            Write::Resource(_, read) => self.resource.version == *read,
        }
    }
}

impl SlotWrite {
    /// An effect on a slot as it was read. Only what takes places drops buckets.
    pub fn new(slot: &Slot, effect: Effect, terms: Terms, now: Timestamp) -> Self {
        let drops = if effect.taken() > 0 { slot.run_out(now).collect() } else { Vec::new() };
        Self { start: slot.start, effect: Some(effect), drops, terms, now }
    }

    /// Drops the buckets that have run out, and does nothing else.
    pub fn sweep(slot: &Slot, now: Timestamp) -> Self {
        let terms = Terms { minutes: slot.minutes, places: 0 };
        let drops = slot.run_out(now).collect();
        Self { start: slot.start, effect: None, drops, terms, now }
    }

    fn given_back(&self) -> u32 {
        self.drops.iter().map(|(_, places)| places).sum()
    }

    /// Whether its condition holds: that of the update which `store` writes.
    fn holds(&self, slot: Option<&Slot>, mutation: Option<Mutation>) -> bool {
        let bucket = |end: &Timestamp| slot.and_then(|slot| slot.expiring.get(end)).copied();
        let effect = self.effect.unwrap_or(Effect { before: None, after: None });
        let as_seen = self.drops.iter().all(|(end, places)| bucket(end) == Some(*places))
            || mutation == Some(Mutation::DropBucketsUnseen);
        let more = effect.taken();
        let given_back = self.given_back();
        let room = (self.terms.places + given_back).saturating_sub(more);
        let length = self.terms.minutes;
        let has_room = more == 0
            || mutation == Some(Mutation::TakeUnconditionally)
            || slot.is_none_or(|slot| {
                slot.taken <= room && (slot.minutes == length || slot.taken <= given_back)
            });
        let has_share = match effect.before {
            None => true,
            _ if effect.keeps() && mutation == Some(Mutation::ConfirmByBookingAlone) => true,
            Some(Share::Has(places, Some(until))) => {
                bucket(&until).is_some_and(|there| there >= places.get())
            }
            Some(Share::Has(places, None)) => slot.is_some_and(|slot| slot.taken >= places.get()),
            Some(Share::Waits) => slot.is_some_and(|slot| slot.waiting > 0),
        };
        as_seen && has_room && has_share
    }

    /// The slot after it: what the expression of that update makes of it.
    fn after(&self, before: Option<&Slot>, mutation: Option<Mutation>) -> Result<Slot, Broken> {
        let untouched = || Slot::untouched(self.start, self.terms.minutes);
        let mut slot = before.cloned().unwrap_or_else(untouched);
        let mut taken = i64::from(slot.taken) - i64::from(self.given_back());
        for (end, _) in &self.drops {
            slot.expiring.remove(end);
        }
        let effect = self.effect.unwrap_or(Effect { before: None, after: None });
        taken += i64::from(effect.taken()) - i64::from(effect.given_back());
        if let Some(Share::Has(places, Some(until))) = effect.before
            && !(effect.keeps() && mutation == Some(Mutation::ConfirmLeavesBucket))
        {
            let bucket = slot.expiring.entry(until).or_default();
            *bucket = bucket.saturating_sub(places.get());
        }
        if let Some(Share::Has(places, Some(until))) = effect.after {
            *slot.expiring.entry(until).or_default() += places.get();
        }
        if effect.taken() > 0 {
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
