//! Who waits, and is offered places, as `store::bookings::line` does it: whoever takes places lets the line
//! go first, and whoever gives some back offers them in the same transaction. What is left out: places that
//! are left over after it, who waits for slots of several lines, and lines of what is booked with others.

use super::super::kept::Kept;
use super::super::mutation::Mutation;
use super::flight::{After, Move, Phase, Slots, Turn};
use super::sell::Selling;
use super::tables::{SlotWrite, Tables, Write};
use domain::{Booking, Effect, Period, Resource, Slot, SlotOf, Status};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Who asks who waits.
#[derive(Debug, Clone, Hash)]
pub enum Asking {
    /// Somebody who wants places.
    Sale(Sale),
    /// Somebody who gives some back.
    Change(Leaving),
}

/// Who waits, by the numbers of their bookings, first come first.
pub type Waiting = Vec<(usize, Kept<Booking>)>;

/// What is known of a line so far.
#[derive(Debug, Clone, Hash)]
pub enum Seen {
    /// Nothing. Whether who waits is read first, which is wrong.
    Nothing(bool),
    /// The slots.
    Slots(Slots),
    /// Who waits.
    Waiting(Waiting),
    /// Both.
    All(Slots, Waiting),
}

impl Default for Seen {
    fn default() -> Self {
        Self::Nothing(false)
    }
}

impl Seen {
    /// Whether the slots come next.
    pub fn reads_slots(&self) -> bool {
        matches!(self, Self::Nothing(false) | Self::Waiting(_))
    }
}

/// A sale that is decided.
#[derive(Debug, Clone, Hash)]
pub struct Sale {
    /// What it is to be.
    pub booking: Kept<Booking>,
    /// Of what.
    pub resource: Kept<Resource>,
    /// The slots as they were read.
    pub slots: Slots,
    /// Those of what is asked for with it.
    pub beside: Slots,
}

/// A change that gives places back.
#[derive(Debug, Clone, Hash)]
pub struct Leaving {
    /// Which.
    pub moving: Move,
    /// The slots that it takes, as they were read.
    pub taken: Option<Slots>,
    /// The slots that it leaves, as they were read.
    pub left: Slots,
}

/// What is offered: bookings, and what that does to slots.
#[derive(Debug, Default)]
pub struct Offers {
    /// Bookings as they are offered.
    pub bookings: Vec<Write>,
    /// What it does to slots.
    pub effects: BTreeMap<SlotOf, Vec<Effect>>,
}

impl Sale {
    /// Where somebody waits, and is free.
    pub fn window(&self, now: Timestamp) -> Option<Period> {
        let Self { booking, resource, slots, .. } = self;
        let waits = |slot: &Period| {
            let waiting = slots.get(&slot.start).is_some_and(|slot| slot.waiting > 0);
            waiting && resource.availability(*slot, slots, now).free > 0
        };
        hull(booking.stretch.slots().filter(waits))
    }
}

impl Leaving {
    /// Where somebody waits, and places are given back. Nobody waits for what is booked with it.
    pub fn window(&self) -> Option<Period> {
        let effects = Booking::effects(Some(&self.moving.read), &self.moving.next).into_iter();
        let effects = effects.filter(|(of, _)| of.resource == self.moving.read.resource);
        let given = effects.filter(|(_, effect)| effect.given_back() > 0).map(|(of, _)| of.slot);
        let waits = |slot: &Period| self.left.get(&slot.start).is_some_and(|slot| slot.waiting > 0);
        hull(given.filter(waits))
    }
}

fn hull(slots: impl Iterator<Item = Period>) -> Option<Period> {
    slots.reduce(|one, other| Period {
        start: one.start.min(other.start),
        end: one.end.max(other.end),
    })
}

impl Turn<'_> {
    /// Reads the slots, then who waits in them, in two steps.
    pub fn see(self, seen: Seen, asking: &Asking, tables: &Tables) -> Seen {
        let window = match asking {
            Asking::Sale(sale) => sale.window(self.flight.now),
            Asking::Change(leaving) => leaving.window(),
        };
        let Some(window) = window else { return Seen::default() };
        let slots = || Kept::new(tables.slots(window.start, window.end));
        match seen {
            Seen::Nothing(false) => Seen::Slots(slots()),
            Seen::Nothing(true) => Seen::Waiting(self.who_waits(window, tables)),
            Seen::Slots(slots) => Seen::All(slots, self.who_waits(window, tables)),
            Seen::Waiting(waiting) => Seen::All(slots(), waiting),
            all @ Seen::All(..) => all,
        }
    }

    fn who_waits(self, window: Period, tables: &Tables) -> Waiting {
        let waits = |booking: &Booking| {
            let here = booking.stretch.slots().any(|it| it.overlaps(window));
            here && booking.at(self.flight.now).status == Status::Waitlisted
        };
        let all = tables.bookings.iter().enumerate();
        let all = all.filter_map(|(number, it)| Some((number, it.clone()?)));
        let mut waiting: Vec<_> = all.filter(|(_, booking)| waits(booking)).collect();
        waiting.sort_by_key(|(_, waits)| (waits.created_at, waits.id.hash().clone()));
        waiting
    }

    /// Asks who waits, and begins with the slots.
    pub fn ask(self, asking: Asking) -> After {
        let line_first = self.sales.wrong(Mutation::LineBeforeSlots);
        After::Next(Phase::ReadingLine(asking, Seen::Nothing(line_first)))
    }
}

impl Selling<'_> {
    /// Offers what is free to who waits; then it begins anew, or goes on where nobody was offered anything.
    pub fn serve(self, asking: Asking, slots: &Slots, waiting: &[(usize, Kept<Booking>)]) -> After {
        let Asking::Sale(sale) = asking else { unreachable!("a sale asks for itself") };
        let now = self.turn.flight.now;
        let Offers { mut bookings, effects } =
            offers(&sale.resource, &mut (**slots).clone(), waiting, now);
        if bookings.is_empty() {
            return self.write_past_line(&sale);
        }
        for (of, effects) in effects {
            let slot = sale.resource.slot(of.slot, slots);
            let terms = sale.resource.terms(of.slot, slots, now);
            let read = slots.get(&of.slot.start);
            bookings.push(Write::Slot(SlotWrite::new(&slot, effects, terms, now, read)));
        }
        After::Next(Phase::Offering(Kept::new(bookings)))
    }
}

/// What is offered of these slots, as the domain says.
pub fn offers(
    resource: &Resource,
    slots: &mut BTreeMap<Timestamp, Slot>,
    waiting: &[(usize, Kept<Booking>)],
    now: Timestamp,
) -> Offers {
    let mut offers = Offers::default();
    let line = waiting.iter().map(|(_, waits)| &**waits);
    for (waits, offered) in resource.offers(slots, line, now) {
        let number = waiting.iter().find(|(_, it)| it.id == waits.id).map_or(0, |(it, _)| *it);
        for (of, effect) in Booking::effects(Some(waits), &offered) {
            offers.effects.entry(of).or_default().push(effect);
        }
        let over = Some(waits.version);
        let after = Kept::new(offered);
        offers.bookings.push(Write::Booking { number, after, over });
    }
    offers
}
