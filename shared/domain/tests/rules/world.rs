//! One resource, its slots and bookings, and everything that can happen to them: the store's
//! part played in memory. Each step is decided on what is written and takes effect as a whole or
//! not at all.

use crate::fixtures::{at, room};
use domain::{
    Approval, Booking, BookingId, Capacity, Command, CustomerId, HoldSeconds, Key, Quantity,
    Rejection, Request, Resource, Slot, Status, Version,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};

/// The slots of the only day that anybody asks for.
pub const SLOTS: i64 = 4;

/// What can happen.
#[derive(Debug, Clone)]
pub enum Op {
    /// Somebody holds or books.
    Place { customer: u8, key: u8, hold: bool, slot: i64, length: i64, quantity: u32 },
    /// Something is done to a booking, as if it were at its version plus `off`.
    Change { which: Index, what: Change, off: Option<i8> },
    /// A booking is moved.
    Move { which: Index, slot: i64, length: i64 },
    /// A booking's hold is swept up, if it has run out.
    Sweep(Index),
    /// Time passes.
    Pass(SignedDuration),
    /// Time passes until the first hold's end, or a nanosecond before or after it.
    PassToAnEnd(i64),
    /// An operator changes how many places there are.
    Resize(u32),
}

/// What is done to a booking.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    Confirm,
    Cancel,
    Approve,
    Decline,
    Complete,
    NoShow,
}

/// Steps to take; with or without changes of the capacity among them.
pub fn ops(resize: bool) -> impl Strategy<Value = Vec<Op>> {
    let which = any::<Index>;
    let place = (0..3_u8, 0..4_u8, prop::bool::weighted(0.7), 0..=SLOTS, 1..=3_i64, 1..=3_u32)
        .prop_map(|(customer, key, hold, slot, length, quantity)| Op::Place {
            customer,
            key,
            hold,
            slot,
            length,
            quantity,
        });
    let what = prop_oneof![
        6 => Just(Change::Confirm),
        3 => Just(Change::Cancel),
        2 => Just(Change::Approve),
        2 => Just(Change::Decline),
        1 => Just(Change::Complete),
        1 => Just(Change::NoShow),
    ];
    let off = prop_oneof![4 => Just(None), 2 => Just(Some(0)), 1 => (-1..=1_i8).prop_map(Some)];
    let change =
        (which(), what, off).prop_map(|(which, what, off)| Op::Change { which, what, off });
    let moved = (which(), 0..SLOTS, 1..=3_i64).prop_map(|(which, slot, length)| Op::Move {
        which,
        slot,
        length,
    });
    let op = prop_oneof![
        8 => place,
        8 => change,
        3 => moved,
        3 => which().prop_map(Op::Sweep),
        2 => (0..120_000_i64).prop_map(|ms| Op::Pass(SignedDuration::from_millis(ms))),
        3 => (-1..=1_i64).prop_map(Op::PassToAnEnd),
        u32::from(resize) => (1..=4_u32).prop_map(Op::Resize),
    ];
    prop::collection::vec(op, 1..40)
}

/// Everything there is, as it was written last, and the time.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub now: Timestamp,
    pub resource: Resource,
    pub slots: BTreeMap<Timestamp, Slot>,
    pub bookings: BTreeMap<BookingId, Booking>,
}

impl World {
    /// A resource of half hours from 09:00 to 11:00, shortly before it opens.
    pub fn new(capacity: u32, approval: Approval) -> Self {
        let resource = Resource {
            capacity: Capacity::new(capacity).unwrap(),
            hold_seconds: HoldSeconds::new(60).unwrap(),
            approval,
            ..room("UTC", 30, &["09:00-11:00"])
        };
        let now = at("2027-01-11T08:50Z");
        Self { now, resource, slots: BTreeMap::new(), bookings: BTreeMap::new() }
    }

    pub fn start_of(slot: i64) -> Timestamp {
        at("2027-01-11T09:00Z") + SignedDuration::from_mins(30 * slot)
    }

    /// A slot as it was written last.
    pub fn slot(&self, start: Timestamp) -> Slot {
        self.slots.get(&start).cloned().unwrap_or_else(|| Slot::untouched(start))
    }

    /// All that a reader can see at this instant.
    pub fn seen(&self) -> (Vec<Slot>, Vec<Booking>) {
        let slots = (0..SLOTS).map(|slot| self.slot(Self::start_of(slot)).at(self.now)).collect();
        (slots, self.bookings.values().map(|booking| booking.at(self.now)).collect())
    }

    /// Takes a step. The booking it was about, as it now stands, unless it was about none.
    pub fn apply(&mut self, op: &Op) -> Result<Option<Booking>, Rejection> {
        match op {
            Op::Place { .. } => self.place(&Self::request(op)).map(Some),
            Op::Change { which, what, off } => self.change(*which, *what, *off),
            Op::Move { which, slot, length } => self.reschedule(*which, *slot, *length),
            Op::Sweep(which) => self.sweep(*which),
            Op::Pass(time) => {
                self.now += *time;
                Ok(None)
            }
            Op::PassToAnEnd(off) => {
                let bookings = self.bookings.values().map(|booking| booking.at(self.now));
                let ends = bookings.filter_map(|booking| booking.hold_expires_at);
                let ahead = ends.map(|end| end + SignedDuration::from_nanos(*off));
                self.now = ahead.filter(|end| *end > self.now).min().unwrap_or(self.now);
                Ok(None)
            }
            Op::Resize(capacity) => {
                self.resource.capacity = Capacity::new(*capacity).unwrap();
                Ok(None)
            }
        }
    }

    /// What [`Op::Place`] asks for.
    pub fn request(op: &Op) -> Request {
        let Op::Place { customer, key, hold, slot, length, quantity } = op else {
            panic!("{op:?} asks for nothing")
        };
        Request {
            customer: CustomerId::parse(&format!("customer-{customer}")).unwrap(),
            key: Key::parse(&key.to_string()).unwrap(),
            hold: *hold,
            resource: room("UTC", 30, &[]).id,
            start: Self::start_of(*slot),
            end: (*length > 1).then(|| Self::start_of(slot + length)),
            quantity: Quantity::new(*quantity).unwrap(),
        }
    }

    fn place(&mut self, request: &Request) -> Result<Booking, Rejection> {
        if let Some(made) = self.bookings.get(&request.id()) {
            request.repeats(made)?;
            return Ok(made.at(self.now));
        }
        let booking = request.decide(&self.resource, self.now)?;
        let (id, until) = (&booking.id, booking.hold_expires_at);
        let slots: Result<Vec<Slot>, Rejection> = booking
            .stretch
            .slots()
            .map(|start| {
                let slot = self.slot(start);
                slot.take(id, booking.quantity, until, self.resource.capacity, self.now)
            })
            .collect();
        Ok(self.write(booking, slots?))
    }

    fn write(&mut self, booking: Booking, slots: Vec<Slot>) -> Booking {
        self.slots.extend(slots.into_iter().map(|slot| (slot.start, slot)));
        self.bookings.insert(booking.id.clone(), booking.clone());
        booking
    }

    fn pick(&self, which: Index) -> Option<Booking> {
        let bookings: Vec<&Booking> = self.bookings.values().collect();
        (!bookings.is_empty()).then(|| (*which.get(&bookings)).clone())
    }

    fn change(
        &mut self,
        which: Index,
        what: Change,
        off: Option<i8>,
    ) -> Result<Option<Booking>, Rejection> {
        let Some(read) = self.pick(which) else { return Ok(None) };
        let command = match what {
            Change::Confirm => Command::Confirm(self.resource.approval),
            Change::Cancel => Command::Cancel(None),
            Change::Approve => Command::Approve(None),
            Change::Decline => Command::Decline(None),
            Change::Complete => Command::Complete,
            Change::NoShow => Command::NoShow,
        };
        let current = read.at(self.now).version.get();
        let if_version = off.map(|off| Version::new(current.wrapping_add_signed(off.into())));
        let next = command.decide(&read, if_version, self.now)?;
        let starts = read.stretch.slots().map(|start| self.slot(start));
        let slots: Result<Vec<Slot>, Rejection> =
            if read.status == Status::Held && next.status.takes_capacity() {
                starts.map(|slot| slot.confirm(&read.id, self.now)).collect()
            } else if next.status.takes_capacity() {
                Ok(Vec::new())
            } else {
                Ok(starts.map(|slot| slot.release(&read.id, read.quantity)).collect())
            };
        Ok(Some(self.write(next, slots?)))
    }

    fn reschedule(
        &mut self,
        which: Index,
        slot: i64,
        length: i64,
    ) -> Result<Option<Booking>, Rejection> {
        let Some(read) = self.pick(which) else { return Ok(None) };
        let (start, end) = (Self::start_of(slot), Some(Self::start_of(slot + length)));
        let stretch = self.resource.stretch(start, end, self.now)?;
        let next = Command::Reschedule(stretch).decide(&read, None, self.now)?;
        let old: BTreeSet<Timestamp> = read.stretch.slots().collect();
        let new: BTreeSet<Timestamp> = next.stretch.slots().collect();
        let (id, capacity) = (&read.id, self.resource.capacity);
        let taken = new
            .difference(&old)
            .map(|start| self.slot(*start).take(id, read.quantity, None, capacity, self.now));
        let mut slots = taken.collect::<Result<Vec<Slot>, Rejection>>()?;
        let left = old.difference(&new).map(|start| self.slot(*start).release(id, read.quantity));
        slots.extend(left);
        Ok(Some(self.write(next, slots)))
    }

    fn sweep(&mut self, which: Index) -> Result<Option<Booking>, Rejection> {
        let Some(read) = self.pick(which) else { return Ok(None) };
        self.sweep_one(&read).map(Some)
    }

    fn sweep_one(&mut self, read: &Booking) -> Result<Booking, Rejection> {
        let next = Command::Expire.decide(read, None, self.now)?;
        // Whoever needed the places may have swept the hold out of a slot before.
        let holding = read
            .stretch
            .slots()
            .map(|start| self.slot(start))
            .filter(|slot| slot.holds.contains_key(&read.id));
        let slots = holding.map(|slot| slot.release(&read.id, read.quantity)).collect();
        Ok(self.write(next, slots))
    }

    /// Sweeps up every hold that has run out.
    pub fn sweep_all(&mut self) {
        for read in self.bookings.clone().into_values() {
            if read.at(self.now) != read {
                self.sweep_one(&read).unwrap();
            }
        }
    }
}
