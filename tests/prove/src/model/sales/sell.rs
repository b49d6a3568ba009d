//! Holds and books, as `store::bookings::sell` does it. What is left out: the pointer in the calendar
//! and the entry among what a customer has open, neither of which any promise here rests on.

use super::super::explore::Broken;
use super::super::kept::Kept;
use super::super::mutation::Mutation;
use super::Sales;
use super::flight::{After, Lookup, Phase, Reads, Slots, Turn};
use super::line::{Asking, Sale};
use super::scenario::code;
use super::tables::{Side, SlotWrite, Tables, Write};
use domain::{Booking, NewBooking, Period, Rejection, Resource, Slot, SlotOf, Status, Stretch};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The sale that a step belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Selling<'a> {
    /// The step.
    pub turn: Turn<'a>,
    /// What is asked for.
    pub request: &'a NewBooking,
}

impl Selling<'_> {
    /// What it reads first: a resource only where that may change.
    pub fn reads(sales: &Sales, request: &NewBooking) -> Reads {
        let side = sales.side(&request.resource);
        let is_fixed = !sales.moves || side == Side::Beside;
        let resource = is_fixed.then(|| sales.on(side).clone());
        let beside = request.with.is_empty().then(|| Kept::new(BTreeMap::new()));
        Reads { resource, beside, ..Reads::default() }
    }

    /// The next of the reads that are made at the same time: the booking, the resource, the slots, those
    /// of what is asked for with it.
    pub fn read(
        self,
        mut reads: Reads,
        which: u8,
        tables: &mut Arc<Tables>,
    ) -> Result<After, Broken> {
        match which {
            0 => reads.booking = reads.booking.step(self.turn, tables)?,
            1 => reads.resource = Some(tables.resource.clone()),
            _ => {
                let end = self.request.end.unwrap_or(self.request.start);
                let own = self.turn.sales.side(&self.request.resource);
                let side = if which == 2 { own } else { Side::Beside };
                let read = Some(Kept::new(tables.slots_of(side, self.request.start, end)));
                if which == 2 { reads.slots = read } else { reads.beside = read }
            }
        }
        Ok(match reads {
            Reads {
                booking: Lookup::Known(made),
                resource: Some(resource),
                slots: Some(slots),
                beside: Some(beside),
            } => self.decide(made, &resource, &slots, beside),
            reads => After::Next(Phase::Selling(reads)),
        })
    }

    fn decide(
        self,
        made: Option<Kept<Booking>>,
        resource: &Kept<Resource>,
        slots: &Slots,
        beside: Slots,
    ) -> After {
        if let Some(made) = made {
            return After::Answer(self.request.repeats(&made).map(|()| made));
        }
        match self.booking(resource) {
            Err(rejection) => After::Answer(Err(rejection)),
            Ok(booking) if resource.has_moved() => {
                After::Next(Phase::SellingMoved(Kept::new(booking), resource.clone()))
            }
            Ok(booking) => self.write(&Kept::new(booking), resource, slots.clone(), beside),
        }
    }

    fn booking(self, resource: &Resource) -> Result<Booking, Rejection> {
        let now = self.turn.flight.now;
        if self.turn.sales.scenario.mutation == Some(Mutation::SellInTransition) {
            let settled = Resource { former: Vec::new(), ..resource.clone() };
            return self.request.decide(&settled, &[], &code(), now);
        }
        let beside = self.turn.sales.beside.iter().filter(|_| !self.request.with.is_empty());
        let beside: Vec<Resource> = beside.map(|beside| Resource::clone(beside)).collect();
        self.request.decide(resource, &beside, &code(), now)
    }

    /// Reads the slots of former grids as well.
    pub fn read_moved(
        self,
        booking: &Kept<Booking>,
        resource: &Kept<Resource>,
        tables: &Tables,
    ) -> After {
        let Period { start, end } = booking.stretch.time();
        let slots = tables.slots(resource.reads_from(start), end);
        self.write(booking, resource, Kept::new(slots), Kept::new(BTreeMap::new()))
    }

    fn write(
        self,
        booking: &Kept<Booking>,
        resource: &Kept<Resource>,
        touched: Slots,
        beside: Slots,
    ) -> After {
        let now = self.now();
        let sweeps = sweeps(&booking.stretch, &touched, now);
        if !sweeps.is_empty() {
            return After::Next(Phase::Sweeping(sweeps));
        }
        let (booking, resource) = (booking.clone(), resource.clone());
        let sale = Sale { booking, resource, slots: touched, beside };
        let wrong = self.turn.sales.wrong(Mutation::NewcomerIgnoresLine);
        if !wrong && sale.window(now).is_some() {
            return self.turn.ask(Asking::Sale(sale));
        }
        self.write_past_line(&sale)
    }

    /// By the clock of its process.
    fn now(self) -> Timestamp {
        let Turn { sales, flight, .. } = self.turn;
        let early = sales.scenario.mutation == Some(Mutation::DropBucketsEarly);
        if early { flight.now + sales.scenario.tick } else { flight.now }
    }

    /// Writes, where the line has had what it can have.
    pub fn write_past_line(self, sale: &Sale) -> After {
        let Sale { booking, resource: own, slots, beside } = sale;
        let (now, number) = (self.now(), self.turn.number);
        let create = Write::Booking { number, after: booking.clone(), over: None };
        let mut writes = vec![create];
        for (SlotOf { slot: period, resource: id }, effect) in Booking::effects(None, booking) {
            let side = self.turn.sales.side(&id);
            let (resource, touched) =
                if id == own.id { (own, slots) } else { (self.turn.sales.on(side), beside) };
            let slot = resource.slot(period, touched);
            let terms = resource.terms(period, touched, now);
            let read = touched.get(&period.start);
            let waits = booking.status == Status::Waitlisted;
            if waits && slot.free(terms, now) >= booking.places.get() {
                return After::Answer(Err(Rejection::NotFull));
            }
            match slot.after(effect, terms, now) {
                Ok(_) => {
                    let write = SlotWrite::new(&slot, vec![effect], terms, now, read).of(side);
                    let run_out: u32 = slot.run_out(now).map(|(_, places)| places).sum();
                    let full = (terms.places + run_out).checked_sub(booking.places.get());
                    let full = full.filter(|_| waits);
                    writes.push(Write::Slot(SlotWrite { full, ..write }));
                }
                Err(Rejection::SlotFull) => {
                    return After::Next(Phase::LookingAgain(Lookup::Unread));
                }
                Err(rejection) => return After::Answer(Err(rejection)),
            }
        }
        After::Next(Phase::Writing(Kept::new(writes)))
    }

    /// Looks whether another attempt of this key was faster.
    pub fn look_again(self, lookup: Lookup, tables: &mut Arc<Tables>) -> Result<After, Broken> {
        Ok(match lookup.step(self.turn, tables)? {
            Lookup::Known(Some(made)) => After::Answer(self.request.repeats(&made).map(|()| made)),
            Lookup::Known(None) => After::Answer(Err(Rejection::SlotFull)),
            lookup => After::Next(Phase::LookingAgain(lookup)),
        })
    }
}

/// The sweeps that have to come before a stretch is taken: of former grids' slots that overlap it.
/// A slot of its own drops its buckets in the write that takes it; none has too many for that here.
pub fn sweeps(
    stretch: &Stretch,
    touched: &BTreeMap<Timestamp, Slot>,
    now: Timestamp,
) -> Vec<SlotWrite> {
    let own: BTreeSet<Timestamp> = stretch.slots().map(|slot| slot.start).collect();
    let time = stretch.time();
    let others = touched.values().filter(|slot| !own.contains(&slot.start));
    let overlap = others.filter(|slot| slot.start < time.end && slot.end() > time.start);
    let needed = overlap.filter(|slot| slot.run_out(now).any(|(_, places)| places > 0));
    needed.map(|slot| SlotWrite::sweep(slot, now)).collect()
}
