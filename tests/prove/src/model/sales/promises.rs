//! What must hold, whatever happens.

use super::super::explore::Broken;
use super::super::kept::Kept;
use super::State;
use super::scenario::{Kind, Scenario, length_of_a_slot};
use super::tables::{Side, SlotWrite, Tables, Write};
use domain::{Booking, NewBooking, Period, Resource, Slot, Status, Terms, Version};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// At every instant, what is sold and held is not more than there is, by the bookings themselves.
pub const NOTHING_TWICE: &str = "nothing is sold twice";
/// What a slot says is taken is what bookings took in it, and its buckets.
pub const BOOKS: &str = "a slot says what its bookings took";
/// Places that are held by everybody's clock are there to be confirmed.
pub const HOLDS: &str = "a live hold has its places";
/// What is free is what nobody has.
pub const FREE: &str = "what is free, held and sold adds up to the capacity";
/// Every change of a booking is the next version of it, and what is final stays.
pub const VERSIONS: &str = "a booking goes from version to version, and what is final stays";
/// No booking is expired before some clock shows the end of its hold.
pub const NOT_EARLY: &str = "no hold ends before its time";
/// Who is answered with a booking finds it.
pub const ANSWERS: &str = "what is answered is there, and the same key is the same booking";
/// The conditions and expressions of `store` do to a slot what the domain says.
pub const AS_DECIDED: &str = "a slot is written as the domain decides";
/// What is written is newer than whatever anybody may have seen before, by whatever clock.
pub const NEWER: &str = "of two views of a slot, the higher version is the newer";

/// Who waits and fits is not passed by a newcomer.
pub const OVERTAKES: &str = "nobody overtakes who waits";
/// Whoever gives places back offers them in the same transaction.
pub const IN_ONE: &str = "what comes free is offered in the transaction that frees it";
/// A slot says how many wait in it.
pub const LINES: &str = "a slot counts who waits in it";

/// Checks the change of a booking.
pub fn of_booking(
    scenario: &Scenario,
    clock: u8,
    before: Option<&Booking>,
    after: &Booking,
) -> Result<(), Broken> {
    let expected = before.map_or(1, |before| before.version.get() + 1);
    if after.version.get() != expected {
        return Err(Broken::new(
            VERSIONS,
            format!("{} where {expected} comes next", after.version),
        ));
    }
    let Some(before) = before else { return Ok(()) };
    if before.status.is_final() {
        let (from, to) = (before.status.as_str(), after.status.as_str());
        return Err(Broken::new(VERSIONS, format!("from {from} to {to}")));
    }
    let ends = before.runs_out_at().is_some_and(|end| end > scenario.fastest(clock));
    if after.status == Status::Expired && ends {
        return Err(Broken::new(NOT_EARLY, "it is expired before any clock says so"));
    }
    Ok(())
}

/// Checks the write of a slot. A wrong design is to break a promise, not only to differ from the
/// domain.
pub fn of_slot(
    scenario: &Scenario,
    before: Option<&Slot>,
    after: &Slot,
    write: &SlotWrite,
) -> Result<(), Broken> {
    if scenario.mutation.is_some() {
        return Ok(());
    }
    let untouched = Slot::untouched(write.place.1, write.terms.minutes);
    let before = before.unwrap_or(&untouched);
    let decided = match write.effects.as_slice() {
        [] => Ok(before.swept(write.now)),
        effects => before.after(effects.iter().copied(), write.terms, write.now),
    };
    // Buckets that ran out may be dropped now or later: at the instant of the write it is the same.
    if decided.as_ref().map(|slot| slot.at(write.now)) != Ok(after.at(write.now)) {
        let how = format!("{decided:?} is decided, {after:?} is written");
        return Err(Broken::new(AS_DECIDED, how));
    }
    Ok(())
}

/// Checks what a transaction does to who waits, by its own clock.
pub fn of_line(before: &Tables, after: &Tables, writes: &[Write]) -> Result<(), Broken> {
    let waits = |booking: &&Booking| booking.status == Status::Waitlisted;
    let (old, new) = (before.bookings.iter(), after.bookings.iter());
    let waiting = old.zip(new).filter(|(old, new)| old == new);
    let waiting: Vec<&Booking> =
        waiting.filter_map(|(old, _)| old.as_deref()).filter(waits).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    for write in writes {
        let Write::Booking { number, after: booking, .. } = write else { continue };
        let was = before.bookings[*number].as_deref();
        // That it runs out is nobody's change of a slot.
        if booking.status == Status::Expired {
            continue;
        }
        let offered = was.is_some_and(|was| was.status == Status::Waitlisted);
        let fits = |waits: &Booking, tables: &Tables| {
            let mut slots = tables.slots(Timestamp::MIN, Timestamp::MAX);
            !tables.resource.offers(&mut slots, [waits], booking.updated_at).is_empty()
        };
        for (of, effect) in Booking::effects(was, booking) {
            let here = |waits: &&&Booking| {
                waits.resource == of.resource && waits.stretch.slots().any(|slot| slot == of.slot)
            };
            for waits in waiting.iter().filter(here) {
                let how = || format!("{} at {}", waits.customer, of.slot.start);
                if effect.taken() > 0 && !offered && fits(waits, before) {
                    return Err(Broken::new(OVERTAKES, how()));
                }
                if effect.given_back() > 0 && fits(waits, after) {
                    return Err(Broken::new(IN_ONE, how()));
                }
            }
        }
    }
    Ok(())
}

/// Checks an answer to a new booking: it is there, and it is what was asked for.
pub fn of_sale(
    tables: &Tables,
    number: usize,
    request: &NewBooking,
    answer: &Booking,
) -> Result<(), Broken> {
    if answer.fingerprint != request.fingerprint() || answer.id != request.id() {
        return Err(Broken::new(ANSWERS, "another booking is answered than was asked for"));
    }
    of_answer(tables, number, answer)
}

/// Checks an answer: that version of the booking has been written, and nothing older is there.
pub fn of_answer(tables: &Tables, number: usize, answer: &Booking) -> Result<(), Broken> {
    let Some(written) = &tables.bookings[number] else {
        return Err(Broken::new(ANSWERS, "a booking is answered that is not there"));
    };
    let older = written.version < answer.version;
    let other = written.version == answer.version && **written != *answer;
    if older || other || written.id != answer.id {
        let (is, was) = (written.version, answer.version);
        return Err(Broken::new(ANSWERS, format!("version {was} is answered, {is} is there")));
    }
    Ok(())
}

/// Checks that what is offered after a step is newer than whatever any clock showed before it,
/// wherever something was written. A reader's clock may be as far off as it likes.
pub fn of_versions(scenario: &Scenario, before: &Tables, after: &Tables) -> Result<(), Broken> {
    if before == after {
        return Ok(());
    }
    for start in scenario.starts() {
        let (old, new) = (Offered::of(before, start), Offered::of(after, start));
        if old == new {
            continue;
        }
        let (seen, next) = (old.version(Timestamp::MAX), new.version(Timestamp::MIN));
        if next <= seen {
            let how = format!("{next} is written over {seen} at {start}");
            return Err(Broken::new(NEWER, how));
        }
    }
    Ok(())
}

/// What a view of a slot is made of.
#[derive(PartialEq)]
struct Offered {
    resource: Kept<Resource>,
    slot: Period,
    slots: BTreeMap<Timestamp, Slot>,
}

impl Offered {
    fn of(tables: &Tables, start: Timestamp) -> Self {
        let resource = tables.resource.clone();
        let end = length_of_a_slot(&resource).after(start).unwrap_or(Timestamp::MAX);
        let slots = tables.slots(resource.reads_from(start), end);
        Self { resource, slot: Period { start, end }, slots }
    }

    fn version(&self, now: Timestamp) -> Version {
        self.resource.availability(self.slot, &self.slots, now).version
    }
}

/// Checks a state.
pub fn of_state(scenario: &Scenario, state: &State) -> Result<(), Broken> {
    let tables = &state.tables;
    let fastest = scenario.fastest(state.clock);
    let bookings = || tables.bookings.iter().flatten().map(|booking| &**booking);
    let live = |booking: &Booking| booking.runs_out_at().is_none_or(|end| end > fastest);

    let sides = [(Side::Main, Some((&*tables.resource, scenario.most()))), {
        let beside = scenario.beside.as_ref();
        (Side::Beside, beside.map(|beside| (beside, beside.capacity.get())))
    }];
    for (side, resource) in sides {
        let Some((resource, most)) = resource else { continue };
        let claims = |one: &Booking| {
            let here = one.claims().filter(|claim| claim.resource == resource.id);
            here.flat_map(|claim| claim.stretch.slots().collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        let slots = bookings().flat_map(claims);
        let starts: BTreeSet<Timestamp> = slots.map(|slot| slot.start).collect();
        for start in &starts {
            // A slot that began before and is not over may be one of another grid.
            let covers = |booking: &Booking| {
                let mut slots = claims(booking).into_iter();
                let slot = slots.find(|slot| slot.start <= *start && slot.end > *start);
                slot.map_or(0, |slot| booking.places_in(&resource.id, slot.start))
            };
            let taken: u32 = bookings().filter(|one| live(one)).map(covers).sum();
            if taken > most {
                return Err(Broken::new(NOTHING_TWICE, format!("{taken} places at {start}")));
            }
        }
        let touched = tables.slots.keys().filter(|(of, _)| *of == side).map(|(_, start)| *start);
        for start in touched.chain(starts).collect::<BTreeSet<_>>() {
            let untouched = Slot::untouched(start, length_of_a_slot(&scenario.resource));
            let slot = tables.slots.get(&(side, start)).map_or(&untouched, |slot| &**slot);
            of_books(slot, bookings(), resource, fastest)?;
        }
    }
    Ok(())
}

/// Checks one slot against the bookings.
fn of_books<'a>(
    slot: &Slot,
    bookings: impl Iterator<Item = &'a Booking>,
    resource: &Resource,
    fastest: Timestamp,
) -> Result<(), Broken> {
    let (mut sold, mut waiting) = (0, 0);
    let mut held = BTreeMap::<Timestamp, u32>::new();
    for booking in bookings {
        let places = booking.places_in(&resource.id, slot.start);
        let waits = booking.status == Status::Waitlisted && booking.resource == resource.id;
        waiting += u32::from(waits && booking.stretch.slots().any(|it| it.start == slot.start));
        match booking.runs_out_at() {
            Some(end) if places > 0 => *held.entry(end).or_default() += places,
            _ => sold += places,
        }
    }
    if slot.waiting != waiting {
        return Err(Broken::new(LINES, format!("{waiting} wait in {slot:?}")));
    }
    let buckets: u32 = slot.expiring.values().sum();
    if slot.taken != sold + buckets {
        let how = format!("{} taken, {sold} sold and {buckets} in buckets", slot.taken);
        return Err(Broken::new(BOOKS, how));
    }
    let ends: BTreeSet<Timestamp> = slot.expiring.keys().chain(held.keys()).copied().collect();
    for end in ends.into_iter().filter(|end| *end > fastest) {
        let (has, holds) = (slot.expiring.get(&end), held.get(&end));
        if has.copied().unwrap_or(0) != holds.copied().unwrap_or(0) {
            let how = format!("{has:?} in the bucket of {end}, {holds:?} are held until then");
            return Err(Broken::new(HOLDS, how));
        }
    }
    let live: u32 =
        held.range(fastest..).filter(|(end, _)| **end > fastest).map(|(_, it)| it).sum();
    let terms = Terms { minutes: slot.minutes, places: resource.capacity.get() };
    let free = slot.free(terms, fastest);
    if free != resource.capacity.get().saturating_sub(sold + live) {
        let how = format!("{free} free, {live} held and {sold} sold of {}", resource.capacity);
        return Err(Broken::new(FREE, how));
    }
    Ok(())
}

/// Checks that an order's answer is the booking that it is about.
pub fn of_order(tables: &Tables, kind: &Kind, answer: &Booking) -> Result<(), Broken> {
    match kind {
        Kind::Sell { booking, request } => of_sale(tables, *booking, request, answer),
        Kind::Change { booking, .. } => of_answer(tables, *booking, answer),
        Kind::Put(_) => Ok(()),
    }
}
