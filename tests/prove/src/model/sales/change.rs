//! Confirms, cancels, moves, ...: as `store::bookings::change` does it.

use super::super::explore::Broken;
use super::super::kept::Kept;
use super::flight::{After, Lookup, Move, Phase, Slots, Turn};
use super::line::{Asking, Leaving, Offers, offers};
use super::scenario::Intent;
use super::sell::sweeps;
use super::tables::{SlotWrite, Tables, Write};
use domain::{
    Action, Attempt, Booking, Command, Decision, Destination, Period, Rejection, Reschedule,
    Resource,
};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The change that a step belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The step.
    pub turn: Turn<'a>,
    /// What is to be done.
    pub intent: &'a Intent,
    /// By whom.
    pub attempt: &'a Attempt,
}

impl Change<'_> {
    /// Reads the booking, and decides.
    pub fn look(self, lookup: Lookup, tables: &mut Arc<Tables>) -> Result<After, Broken> {
        let sales = self.turn.sales;
        let read = match lookup.step(self.turn, tables)? {
            Lookup::Known(Some(read)) => read,
            Lookup::Known(None) => return Ok(After::Answer(Err(Rejection::NoSuchBooking))),
            lookup => return Ok(After::Next(Phase::Looking(lookup))),
        };
        Ok(match self.intent {
            Intent::Act(action) => self.decided(&read, self.decide(&read, action.clone()), None),
            Intent::Reschedule(..) => {
                // Whether it may be moved at all comes before where to.
                let at_rest = Action::Reschedule(Box::new(Destination::of(&read)));
                match self.decide(&read, at_rest) {
                    Ok(Decision::Change(_)) if sales.moves => {
                        After::Next(Phase::ReadingResource(read))
                    }
                    Ok(Decision::Change(_)) => self.aim(&read, &sales.resource),
                    decision => self.decided(&read, decision, None),
                }
            }
        })
    }

    fn decide(self, read: &Booking, action: Action) -> Result<Decision, Rejection> {
        Command { action, attempt: self.attempt.clone() }.decide(read, self.turn.flight.now)
    }

    /// Decides where to move to.
    pub fn aim(self, read: &Kept<Booking>, resource: &Kept<Resource>) -> After {
        let Intent::Reschedule(start, end) = self.intent else {
            return After::Answer(Err(Rejection::NoSuchResource));
        };
        let now = self.turn.flight.now;
        let wanted = Reschedule::to(*start, *end);
        let to = wanted.decide(read, resource, &[], self.attempt.role, now);
        let decision = to.and_then(|to| self.decide(read, Action::Reschedule(Box::new(to))));
        self.decided(read, decision, Some(resource.clone()))
    }

    fn decided(
        self,
        read: &Kept<Booking>,
        decision: Result<Decision, Rejection>,
        resource: Option<Kept<Resource>>,
    ) -> After {
        let next = match decision {
            Ok(Decision::Change(next)) => Kept::new(*next),
            Ok(Decision::Done(done)) => return After::Answer(Ok(Kept::new(*done))),
            Err(rejection) => return After::Answer(Err(rejection)),
        };
        let moving = Move { read: read.clone(), next, resource };
        match moving.resource {
            Some(_) => After::Next(Phase::ReadingSlots(moving)),
            None => self.leave(moving, None),
        }
    }

    /// Reads the slots that it moves to.
    pub fn read_slots(self, moving: Move, tables: &Tables) -> After {
        let stretch = &moving.next.stretch;
        let Period { start, end } = stretch.time();
        let from = moving.resource.as_ref().map(|resource| resource.reads_from(start));
        let slots = tables.slots(from.unwrap_or(start), end);
        let sweeps = sweeps(stretch, &slots, self.turn.flight.now);
        if sweeps.is_empty() {
            self.leave(moving, Some(Kept::new(slots)))
        } else {
            After::Next(Phase::Sweeping(sweeps))
        }
    }

    /// What is given back is read only after it was refused once.
    fn leave(self, moving: Move, taken: Option<Slots>) -> After {
        if self.turn.flight.again {
            After::Next(Phase::ReadingLeft(moving, taken))
        } else {
            self.write(&moving, (taken.as_ref(), None), |_| false, None)
        }
    }

    /// Reads the slots that it leaves.
    pub fn read_left(self, moving: &Move, taken: Option<&Slots>, tables: &Tables) -> After {
        let Period { start, end } = moving.read.stretch.time();
        let sales = self.turn.sales;
        let own = sales.side(&moving.read.resource);
        let left = tables.slots_of(own, start, end);
        let (read, now) = (&moving.read, self.turn.flight.now);
        let is_dropped = |until: Timestamp| {
            read.claims().any(|claim| {
                let there = tables.slots_of(sales.side(&claim.resource), start, end);
                claim.stretch.slots().any(|slot| {
                    there.get(&slot.start).is_some_and(|slot| !slot.holds(claim.places, until))
                })
            })
        };
        if let Some(until) = read.runs_out_at().filter(|until| now < *until)
            && is_dropped(until)
        {
            // By the clock of whoever needed the places it has run out.
            return After::Anew(until);
        }
        let asking =
            Leaving { moving: moving.clone(), taken: taken.cloned(), left: Kept::new(left) };
        if asking.window().is_some() {
            return self.turn.ask(Asking::Change(asking));
        }
        let gone = |start| !asking.left.contains_key(&start);
        self.write(moving, (taken, Some(&asking.left)), gone, None)
    }

    /// Offers what it gives back, beside what it does itself.
    pub fn offer(
        self,
        asking: &Asking,
        slots: &Slots,
        waiting: &[(usize, Kept<Booking>)],
    ) -> After {
        let Asking::Change(Leaving { moving, taken, left }) = asking else {
            unreachable!("a change asks for itself")
        };
        let resource = &self.turn.sales.resource;
        let now = self.turn.flight.now;
        let mut after = (**slots).clone();
        let effects = Booking::effects(Some(&moving.read), &moving.next).into_iter();
        for (of, effect) in effects.filter(|(of, _)| of.resource == resource.id) {
            let terms = resource.terms(of.slot, slots, now);
            match slots.get(&of.slot.start).map(|slot| slot.after(effect, terms, now)) {
                Some(Ok(slot)) => drop(after.insert(of.slot.start, slot)),
                // It will be refused, and decided anew.
                Some(Err(_)) => return After::Anew(now),
                None => {}
            }
        }
        let offers = offers(resource, &mut after, waiting, now);
        let mut known = (**left).clone();
        known.extend((**slots).clone());
        let left = Kept::new(known);
        let gone = |start| !left.contains_key(&start);
        self.write(moving, (taken.as_ref(), Some(&left)), gone, Some(offers))
    }

    fn write(
        self,
        moving: &Move,
        (taken, left): (Option<&Slots>, Option<&Slots>),
        gone: impl Fn(Timestamp) -> bool,
        offers: Option<Offers>,
    ) -> After {
        let Move { read, next, resource } = moving;
        let now = self.turn.flight.now;
        let over = Some(read.version);
        let mut writes =
            vec![Write::Booking { number: self.turn.number, after: next.clone(), over }];
        let mut offered = offers.unwrap_or_default();
        for (of, effect) in Booking::effects(Some(read), next) {
            let (period, side) = (of.slot, self.turn.sales.side(&of.resource));
            let is_own = of.resource == read.resource;
            let (taken, left) = (taken.filter(|_| is_own), left.filter(|_| is_own));
            let mut effects = vec![effect];
            effects.extend(offered.effects.remove(&of).unwrap_or_default());
            let known = taken.and_then(|taken| taken.get(&period.start));
            let known = left.and_then(|left| left.get(&period.start)).or(known);
            if let Some(known) = known.filter(|_| effects.len() > 1) {
                let terms = self.turn.sales.resource.terms(period, &BTreeMap::new(), now);
                let write = SlotWrite::new(known, effects, terms, now, Some(known));
                writes.push(Write::Slot(write.of(side)));
                continue;
            }
            let (slot, terms) = match (effect.taken(), resource, taken) {
                (1.., Some(resource), Some(taken)) => {
                    let terms = resource.terms(period, taken, now);
                    let slot = resource.slot(period, taken);
                    if let Err(rejection) = slot.after(effect, terms, now) {
                        return After::Answer(Err(rejection));
                    }
                    (slot, terms)
                }
                _ if effect.only_gives_back_for_good() && is_own && gone(period.start) => continue,
                // Neither the slot nor the terms matter to what is kept or given back.
                _ => {
                    let resource = self.turn.sales.on(side);
                    let none = BTreeMap::new();
                    (resource.slot(period, &none), resource.terms(period, &none, now))
                }
            };
            writes.push(Write::Slot(SlotWrite::new(&slot, effects, terms, now, known).of(side)));
        }
        writes.extend(offered.bookings);
        After::Next(Phase::Writing(Kept::new(writes)))
    }
}
