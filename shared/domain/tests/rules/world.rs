//! One resource, its slots and bookings, and everything that can happen to them: the store's
//! part played in memory. A step may be decided a while before it is committed, on what was written
//! then; it takes effect as a whole, under the conditions under which the store writes it, or not at
//! all.

use crate::fixtures::{at, code, grid, room};
use crate::ops::{GRIDS, Op, SLOTS, What, Which};
use domain::resource::REQUEST_LIFE;
use domain::{
    Action, Approval, Attempt, Booking, BookingHash, Capacity, Command, CustomerId, Decision,
    Destination, Details, HoldSeconds, Key, MadeBy, MaxHoldSeconds, NewBooking, PendingMinutes,
    Period, Quantity, Rejection, Reschedule, Resource, Role, Sale, Slot, SlotOf, Status, Version,
};
use jiff::{SignedDuration, Timestamp};
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};

/// The store decides anew, on what it reads then, when a condition did not hold.
const DECISIONS: u32 = 3;

/// All that is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub resource: Resource,
    pub slots: BTreeMap<Timestamp, Slot>,
    pub bookings: BTreeMap<BookingHash, Booking>,
}

/// The time, all that is written, and what was written before.
#[derive(Debug, Clone)]
pub struct World {
    pub now: Timestamp,
    pub table: Table,
    past: Vec<(Timestamp, Table)>,
}

/// So many minutes after 09:00 on the day of everything.
fn minutes(minutes: i64) -> Timestamp {
    at("2027-01-11T09:00Z") + SignedDuration::from_mins(minutes)
}

impl World {
    /// A resource of half hours from 09:00 to 11:00, shortly before it opens.
    pub fn new(capacity: u32, approval: Approval) -> Self {
        let resource = Resource {
            capacity: Capacity::new(capacity).unwrap(),
            hold_seconds: HoldSeconds::new(60).unwrap(),
            max_hold_seconds: MaxHoldSeconds::new(150).unwrap(),
            approval,
            pending_minutes: Some(PendingMinutes::new(1).unwrap()),
            ..room("UTC", 30, &["09:00-11:00"])
        };
        let now = at("2027-01-11T08:50Z");
        let table = Table { resource, slots: BTreeMap::new(), bookings: BTreeMap::new() };
        Self { now, past: vec![(now, table.clone())], table }
    }

    /// The start of a slot of the first grid.
    pub fn start_of(slot: i64) -> Timestamp {
        minutes(30 * slot)
    }

    /// A slot of the first grid.
    pub fn slot_of(slot: i64) -> Period {
        Period { start: Self::start_of(slot), end: Self::start_of(slot + 1) }
    }

    /// A slot as it was written last.
    pub fn slot(&self, slot: Period) -> Slot {
        self.table.resource.slot(slot, &self.table.slots)
    }

    /// The slots that the resource offers on the day of everything.
    pub fn offered(&self) -> Vec<Period> {
        let calendar = &self.table.resource.calendar;
        calendar.offered(minutes(0), minutes(180)).collect()
    }

    /// The bookings as they are at this instant.
    pub fn bookings(&self) -> Vec<Booking> {
        self.table.bookings.values().map(|booking| booking.at(self.now)).collect()
    }

    /// Takes a step. The booking it was about, as it now stands, unless it was about none.
    pub fn apply(&mut self, op: &Op) -> Result<Option<Booking>, Rejection> {
        let outcome = self.step(op);
        if self.past.last().is_none_or(|(_, table)| *table != self.table) {
            self.past.push((self.now, self.table.clone()));
        }
        let forgotten = self.past.iter().rposition(|(time, _)| *time <= self.now - REQUEST_LIFE);
        self.past.drain(..forgotten.unwrap_or(0));
        outcome
    }

    fn step(&mut self, op: &Op) -> Result<Option<Booking>, Rejection> {
        match op {
            Op::Place { late, .. } => self.place(&Self::request(op), self.now - *late).map(Some),
            Op::Change { what, late, .. } => match self.attempt(op) {
                Some((hash, attempt)) => {
                    self.change(&hash, *what, &attempt, self.now - *late).map(Some)
                }
                None => Ok(None),
            },
            Op::Record(which) => {
                Ok(self.pick(Which::Any(*which)).map(|hash| self.read(&hash, self.now)))
            }
            Op::Sweep(slot) => {
                let start = Self::start_of(*slot);
                let now = self.now;
                if let Some(slot) = self.table.slots.get_mut(&start) {
                    sweep(slot, now);
                }
                Ok(None)
            }
            Op::Pass(time) => {
                self.now += *time;
                Ok(None)
            }
            Op::PassToAnEnd(off) => {
                let ends = self.bookings().into_iter().filter_map(|booking| booking.runs_out_at());
                self.pass_to_the_first(ends, *off);
                Ok(None)
            }
            Op::PassToASlot(off) => {
                self.pass_to_the_first((0..=SLOTS).map(Self::start_of), *off);
                Ok(None)
            }
            Op::Put { capacity, grid, late } => self.put(*capacity, *grid, self.now - *late),
        }
    }

    fn pass_to_the_first(&mut self, instants: impl Iterator<Item = Timestamp>, off: i64) {
        let ahead = instants.map(|instant| instant + SignedDuration::from_nanos(off));
        self.now = ahead.filter(|instant| *instant > self.now).min().unwrap_or(self.now);
    }

    /// What [`Op::Place`] asks for.
    pub fn request(op: &Op) -> NewBooking {
        let Op::Place { asked, .. } = op else { panic!("{op:?} asks for nothing") };
        NewBooking {
            customer: CustomerId::parse(&format!("customer-{}", asked.customer)).unwrap(),
            by: MadeBy::Customer,
            key: Key::parse(&asked.key.to_string()).unwrap(),
            sale: if asked.hold { Sale::Hold } else { Sale::Book },
            resource: room("UTC", 30, &[]).id,
            chosen_from: None,
            start: minutes(asked.start),
            end: asked.length.map(|length| minutes(asked.start + length)),
            quantity: Quantity::new(asked.quantity).unwrap(),
            with: Vec::new(),
            details: Details::default(),
            note: None,
        }
    }

    /// The booking that [`Op::Change`] is about, and the attempt that it is.
    pub fn attempt(&self, op: &Op) -> Option<(BookingHash, Attempt)> {
        let Op::Change { which, what, how, late } = op else { return None };
        let hash = self.pick(*which)?;
        let read = self.table.bookings[&hash].at(self.now - *late);
        let (by, role) = if how.operator {
            (CustomerId::parse("olga").unwrap(), Role::Operator)
        } else {
            (read.customer, Role::Customer)
        };
        let key = how.key.map(|key| Key::parse(&key.to_string()).unwrap());
        let version = |off: i8| read.version.get().wrapping_add_signed(off.into());
        let if_version = how.off.map(|off| Version::new(version(off)));
        Some((hash, Attempt { by, role, key, fields: format!("{what:?}"), if_version }))
    }

    fn pick(&self, which: Which) -> Option<BookingHash> {
        let hashes: Vec<&BookingHash> = self.table.bookings.keys().collect();
        let any = |index: Index| (!hashes.is_empty()).then(|| (*index.get(&hashes)).clone());
        match which {
            Which::Any(index) => any(index),
            Which::NearItsEnd => {
                let end = |booking: &Booking| match booking.status {
                    Status::Expired => Some(booking.updated_at),
                    _ => booking.runs_out_at(),
                };
                let ends = hashes.iter().filter_map(|hash| {
                    let end = end(&self.table.bookings[*hash])?;
                    Some((end.duration_since(self.now).abs(), *hash))
                });
                ends.min().map(|(_, hash)| hash.clone())
            }
        }
    }

    /// What was written at this instant.
    fn as_of(&self, instant: Timestamp) -> Table {
        let past = self.past.iter().rev().find(|(time, _)| *time <= instant);
        past.map_or_else(|| self.past[0].1.clone(), |(_, table)| table.clone())
    }

    /// A booking as it is at this instant. That it has run out is recorded before it is told.
    fn read(&mut self, hash: &BookingHash, now: Timestamp) -> Booking {
        let read = self.table.bookings[hash].at(now);
        self.table.bookings.insert(hash.clone(), read.clone());
        read
    }

    fn place(&mut self, request: &NewBooking, now: Timestamp) -> Result<Booking, Rejection> {
        if self.table.bookings.contains_key(&request.hash()) {
            let made = self.read(&request.hash(), now);
            request.repeats(&made)?;
            return Ok(made);
        }
        let mut seen = self.as_of(now);
        for _ in 0..DECISIONS {
            let booking = request.decide(&seen.resource, &[], &code(), now)?;
            if self.write(None, &booking, &seen, now)? {
                return Ok(booking);
            }
            seen = self.table.clone();
        }
        panic!("{request:?} was decided in vain");
    }

    fn change(
        &mut self,
        hash: &BookingHash,
        what: What,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Booking, Rejection> {
        let (mut now, mut seen) = (now, self.as_of(now));
        for _ in 0..DECISIONS {
            let read = self.read(hash, now);
            let decide = |action| {
                let command = Command { action, attempt: attempt.clone() };
                command.decide(&read, now)
            };
            let decision = match what {
                What::Extend => {
                    let Resource { hold_seconds, max_hold_seconds, .. } = seen.resource;
                    decide(Action::Extend(hold_seconds, max_hold_seconds))
                }
                What::Confirm => decide(Action::Confirm(seen.resource.confirming(), code())),
                What::Cancel => decide(Action::Cancel(None)),
                What::Approve => decide(Action::Approve(None, code())),
                What::Decline => decide(Action::Decline(None)),
                What::Complete => decide(Action::Complete),
                What::NoShow => decide(Action::NoShow),
                // That it has run out would be one more write in the same step.
                What::Note if read.status == Status::Expired => {
                    return Err(Rejection::InvalidTransition(Box::new(read)));
                }
                What::Note => decide(Action::Update(None, Some("regular".to_owned()))),
                What::Move { start, length } => {
                    match decide(Action::Reschedule(Box::new(Destination::of(&read))))? {
                        done @ Decision::Done(_) => Ok(done),
                        Decision::Change(_) => {
                            let (start, end) = (minutes(start), minutes(start + length));
                            let (resource, role) = (&seen.resource, attempt.role);
                            let wanted = Reschedule::to(start, Some(end));
                            let to = wanted.decide(&read, resource, &[], role, now)?;
                            decide(Action::Reschedule(Box::new(to)))
                        }
                    }
                }
            };
            let next = match decision? {
                Decision::Done(booking) => return Ok(*booking),
                Decision::Change(next) => *next,
            };
            if self.write(Some(&read), &next, &seen, now)? {
                return Ok(next);
            }
            seen = self.table.clone();
            if let Some(end) = read.runs_out_at() {
                let mut slots = read.stretch.slots().filter_map(|it| seen.slots.get(&it.start));
                if slots.any(|slot| !slot.holds(read.places, end)) {
                    // It has run out by somebody else's clock.
                    now = now.max(end);
                }
            }
        }
        panic!("{attempt:?} was decided in vain");
    }

    /// Writes what was decided on what was seen; whether all the slots can have it as they are now.
    fn write(
        &mut self,
        read: Option<&Booking>,
        next: &Booking,
        seen: &Table,
        now: Timestamp,
    ) -> Result<bool, Rejection> {
        let effects = Booking::effects(read, next);
        let starts: BTreeSet<Timestamp> = effects.iter().map(|(of, _)| of.slot.start).collect();
        assert_eq!(starts.len(), effects.len(), "a transaction writes an item once: {effects:?}");
        let mut slots = Vec::new();
        for (SlotOf { slot, .. }, effect) in effects {
            let terms = seen.resource.terms(slot, &seen.slots, now);
            if effect.taken() > 0 {
                seen.resource.slot(slot, &seen.slots).after(effect, terms, now)?;
            }
            match seen.resource.slot(slot, &self.table.slots).after(effect, terms, now) {
                Ok(slot) => slots.push(slot),
                Err(_) => return Ok(false),
            }
        }
        self.table.slots.extend(slots.into_iter().map(|slot| (slot.start, slot)));
        self.table.bookings.insert(next.id.hash().clone(), next.clone());
        Ok(true)
    }

    fn put(
        &mut self,
        capacity: u32,
        index: usize,
        now: Timestamp,
    ) -> Result<Option<Booking>, Rejection> {
        let (minutes, opening) = GRIDS[index];
        let new = Resource {
            capacity: Capacity::new(capacity).unwrap(),
            calendar: grid("UTC", minutes, &[opening]),
            ..self.table.resource.clone()
        };
        self.table.resource = new.replacing(&self.table.resource, now)?;
        Ok(None)
    }

    /// Records every hold that has run out, and drops every bucket that has.
    pub fn sweep_all(&mut self) {
        for booking in self.table.bookings.values_mut() {
            *booking = booking.at(self.now);
        }
        for slot in self.table.slots.values_mut() {
            sweep(slot, self.now);
        }
        self.past.push((self.now, self.table.clone()));
    }
}

/// Drops the buckets that have run out, if there are any.
fn sweep(slot: &mut Slot, now: Timestamp) {
    if slot.run_out(now).next().is_some() {
        *slot = slot.swept(now);
    }
}
