//! Who waits, judged at each commit and when everything is at rest: nobody overtakes, what comes free is
//! offered by whoever frees it, and no place stays idle that somebody looked at.
//!
//! Whether somebody who waits would be offered places is the domain's to say, as it is for `store`. A
//! transaction is judged by its own clock, which its bookings have, and by what it must have seen: the
//! slots that it wrote, under whose versions it was written, and those that nobody wrote since it began.

use super::ledger::{Ledger, shortly};
use super::world::World;
use domain::{Booking, Effect, Resource, ResourceId, Share, Slot, SlotOf, Status};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use store::Change;

const OVERTAKES: &str = "nobody overtakes who waits";
const IN_ORDER: &str = "who came first is offered first";
const IN_ONE: &str = "what comes free is offered in the transaction that frees it";
const IDLE: &str = "nobody waits beside places that fit, once somebody has looked";
const LINES: &str = "a slot counts who waits in it";

/// A resource's slots that somebody touched.
type Slots = BTreeMap<Timestamp, Slot>;

/// A booking that a transaction changes.
struct Changed<'a> {
    before: Option<&'a Booking>,
    after: &'a Booking,
    effects: Vec<(SlotOf, Effect)>,
}

impl Changed<'_> {
    /// Whether it is somebody who waited and is offered places.
    fn is_offer(&self) -> bool {
        self.before.is_some_and(|before| before.status == Status::Waitlisted)
            && self.after.status == Status::Held
    }
}

/// One transaction that is about to be applied to the ledger.
struct Commit<'a> {
    ledger: &'a Ledger,
    skew: SignedDuration,
    at: Timestamp,
    /// When it was decided, by its clock.
    now: Timestamp,
    changed: Vec<Changed<'a>>,
    written: BTreeMap<(ResourceId, Timestamp), &'a Slot>,
}

/// Judges what was just committed, before the ledger takes note of it.
pub fn judge(ledger: &Ledger, world: &World, changes: &[Change]) {
    let (mut changed, mut written) = (Vec::new(), BTreeMap::new());
    for change in changes {
        match change {
            // That it runs out is nobody's change of a slot.
            Change::Booking(after) if after.status != Status::Expired => {
                let before = ledger.bookings.get(&after.id);
                changed.push(Changed { before, after, effects: Booking::effects(before, after) });
            }
            Change::Slot(resource, slot) => {
                written.insert((resource.clone(), slot.start), slot);
            }
            _ => {}
        }
    }
    let Some(now) = changed.iter().map(|it| it.after.updated_at).max() else { return };
    let skew = SignedDuration::from_millis(world.plan.profile.skew + 1);
    let commit = Commit { ledger, skew, at: world.now(), now, changed, written };
    for resource in ledger.resources.keys() {
        commit.judge(world, resource);
    }
}

impl Commit<'_> {
    fn judge(&self, world: &World, resource: &ResourceId) {
        let waiting = self.waiting(resource);
        let slots = self.ledger.slots_of(resource);
        let mut after = slots.clone();
        let written = self.written.iter().filter(|((of, _), _)| of == resource);
        after.extend(written.map(|((_, start), slot)| (*start, (*slot).clone())));
        for waits in waiting {
            let broken = |promise, how: &Changed<'_>| {
                world.broken(promise, || {
                    let (waits, how) = (shortly(waits), shortly(how.after));
                    format!(
                        "{how} at {}, while {waits} waits: {slots:#?}, then {after:#?}",
                        self.now
                    )
                });
            };
            for changed in &self.changed {
                let there = |effect: fn(&Effect) -> u32| {
                    let mut effects = changed.effects.iter();
                    effects.any(|(of, it)| {
                        of.resource == *resource && effect(it) > 0 && waits_in(waits, of)
                    })
                };
                if there(Effect::given_back) && self.fits(resource, waits, &after) {
                    broken(IN_ONE, changed);
                }
                if there(Effect::taken) {
                    if !changed.is_offer() {
                        if self.fits(resource, waits, &slots) {
                            broken(OVERTAKES, changed);
                        }
                    } else if place(waits) < place(changed.after) {
                        let without = self.without_offers_after(resource, waits, &after);
                        if self.fits(resource, waits, &without) {
                            broken(IN_ORDER, changed);
                        }
                    }
                }
            }
        }
    }

    /// Who waited for slots of a resource before this commit, and still does.
    fn waiting(&self, resource: &ResourceId) -> Vec<&Booking> {
        let changed: BTreeSet<_> = self.changed.iter().map(|it| &it.after.id).collect();
        let all = self.ledger.bookings.values();
        let waits = |it: &&Booking| it.status == Status::Waitlisted && it.resource == *resource;
        all.filter(waits).filter(|it| !changed.contains(&it.id)).collect()
    }

    /// Whether places would be offered, as far as this commit must have seen: by each version of the
    /// resource that it may have read, and in slots that it wrote or that nobody wrote since it began.
    fn fits(&self, id: &ResourceId, waits: &Booking, slots: &Slots) -> bool {
        let began = self.now - self.skew;
        let is_seen = |start: Timestamp| {
            let key = (id.clone(), start);
            self.written.contains_key(&key)
                || self.ledger.slots.get(&key).is_none_or(|(_, at)| *at < began)
        };
        let versions = self.ledger.lately(id, self.at);
        waits.stretch.slots().all(|slot| is_seen(slot.start))
            && versions.into_iter().all(|resource| is_offered(resource, waits, slots, self.now))
    }

    /// The slots as they would be if nobody who came later had been offered anything.
    fn without_offers_after(&self, id: &ResourceId, waits: &Booking, after: &Slots) -> Slots {
        let mut slots = after.clone();
        let Some((resource, _)) = self.ledger.resource(id) else { return slots };
        let later =
            self.changed.iter().filter(|it| it.is_offer() && place(it.after) > place(waits));
        for (of, effect) in later.flat_map(|it| &it.effects).filter(|(of, _)| of.resource == *id) {
            let back = Effect { before: effect.after, after: Some(Share::Waits) };
            let terms = resource.terms(of.slot, after, self.now);
            let slot = slots.get(&of.slot.start).map(|slot| slot.after(back, terms, self.now));
            if let Some(Ok(slot)) = slot {
                slots.insert(of.slot.start, slot);
            }
        }
        slots
    }
}

/// A place in the line: who joined first comes first.
fn place(waits: &Booking) -> (Timestamp, &str) {
    (waits.created_at, waits.id.hash().as_str())
}

fn waits_in(waits: &Booking, of: &SlotOf) -> bool {
    waits.resource == of.resource && waits.stretch.slots().any(|slot| slot == of.slot)
}

/// Whether this booking, which waits, would be offered places now.
fn is_offered(resource: &Resource, waits: &Booking, slots: &Slots, now: Timestamp) -> bool {
    !resource.offers(&mut slots.clone(), [waits], now).is_empty()
}

/// Checks that nobody waits beside places that fit, at an instant at which somebody looked at all slots or
/// before it.
pub fn no_place_is_idle(
    world: &World,
    bookings: &BTreeMap<String, Booking>,
    (resource, slots): (&Resource, &Slots),
    looked: Timestamp,
) {
    // In slots of a former grid places come free that only somebody who looks finds.
    if world.plan.profile.expires && resource.has_moved() {
        return;
    }
    for waits in bookings.values() {
        let is_here = waits.status == Status::Waitlisted && waits.resource == resource.id;
        if is_here && is_offered(resource, waits, slots, looked) {
            world.broken(IDLE, || format!("{} at {looked}: {slots:#?}", shortly(waits)));
        }
    }
}

/// Checks that a slot counts those who wait in it, and that each of them has a place in its line. What
/// began while it waited may have left its places behind, until somebody looks.
pub fn lines_are_counted(
    world: &World,
    bookings: &BTreeMap<String, Booking>,
    (resource, slots): (&ResourceId, &Slots),
    lines: &BTreeSet<(Timestamp, String)>,
) {
    let now = world.now();
    let of = |booking: &Booking| {
        let hash = booking.id.hash().to_string();
        let slots: Vec<_> =
            booking.stretch.slots().map(|slot| (slot.start, hash.clone())).collect();
        slots
    };
    let here = || bookings.values().filter(|booking| booking.resource == *resource);
    let waits = here().filter(|booking| booking.at(now).status == Status::Waitlisted);
    let waits: BTreeSet<_> = waits.flat_map(of).collect();
    let over = here().filter(|booking| {
        let expired = matches!(booking.status, Status::Waitlisted | Status::Expired);
        expired && booking.stretch.start() <= now
    });
    let over: BTreeSet<_> = over.flat_map(of).collect();
    let open: BTreeSet<_> = lines.iter().filter(|(start, _)| *start > now).cloned().collect();
    let missing: Vec<_> = waits.difference(&open).collect();
    let odd: Vec<_> =
        open.iter().filter(|it| !waits.contains(*it) && !over.contains(*it)).collect();
    if !missing.is_empty() || !odd.is_empty() {
        world.broken(LINES, || format!("{resource}: missing {missing:?}, left over {odd:?}"));
    }
    for slot in slots.values().filter(|slot| slot.start > now) {
        let there = open.iter().filter(|(start, _)| *start == slot.start).count();
        if there != slot.waiting as usize {
            world.broken(LINES, || format!("{resource}: {there} wait in {slot:?}"));
        }
    }
}
