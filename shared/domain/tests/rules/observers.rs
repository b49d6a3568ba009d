//! What readers see, and what they must never see: told once more, apart from the domain's code.

use crate::world::{Table, World};
use domain::{Availability, Booking, BookingHash, Period, Resource, Slot, Status, Version};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// How many places the booking takes, at this instant, in the slot of this start: PROTOCOL's rule.
pub fn places(booking: &Booking, slot: Timestamp, now: Timestamp) -> u32 {
    let takes = match booking.status {
        Status::Held => booking.hold_expires_at.is_some_and(|until| until > now),
        Status::Pending => booking.pending_expires_at.is_none_or(|until| until > now),
        Status::Confirmed | Status::Completed => true,
        // What had not begun was given back.
        Status::NoShow => slot <= booking.ended_at.unwrap_or(booking.updated_at),
        Status::Waitlisted | Status::Cancelled | Status::Expired | Status::Declined => false,
    };
    let covered = booking.stretch.slots().any(|covered| covered.start == slot);
    if takes && covered { booking.quantity.get() } else { 0 }
}

/// How many places the booking takes at an instant of the calendar.
pub fn places_at(booking: &Booking, instant: Timestamp, now: Timestamp) -> u32 {
    let mut slots = booking.stretch.slots();
    let slot = slots.find(|slot| (slot.start..slot.end).contains(&instant));
    slot.map_or(0, |slot| places(booking, slot.start, now))
}

/// A slot without the buckets that are empty: they mean nothing to anybody.
pub fn content(slot: &Slot) -> Slot {
    let mut slot = slot.clone();
    slot.expiring.retain(|_, places| *places > 0);
    slot
}

/// What a view was made of, and the highest version that any clock shows of it.
struct Read {
    resource: Resource,
    slots: BTreeMap<Timestamp, Slot>,
    highest: Version,
}

/// All that was ever seen, to find a version that shows two different things, or one that falls.
#[derive(Default)]
pub struct Seen {
    slots: HashMap<(Timestamp, Version), Slot>,
    newest: HashMap<Timestamp, Version>,
    views: HashMap<(Timestamp, Version), Availability>,
    newest_views: HashMap<Timestamp, Version>,
    last: HashMap<Timestamp, Read>,
    bookings: HashMap<(BookingHash, Version), Booking>,
}

impl Seen {
    /// Looks at everything, at this instant.
    pub fn look(&mut self, world: &World) {
        for slot in world.offered() {
            self.look_at_view(&world.table.resource.availability(
                slot,
                &world.table.slots,
                world.now,
            ));
            self.look_by_any_clock(slot, &world.table);
        }
        for written in world.table.slots.values() {
            self.look_at_slot(&content(&written.at(world.now)));
            // Each bucket that runs out is one version more, and nothing else is but a write.
            for end in written.expiring.keys() {
                let gone = written.expiring.range(..=end).filter(|(_, places)| **places > 0);
                let gone = u64::try_from(gone.count()).unwrap();
                assert_eq!(written.at(*end).version, written.version.plus(gone), "{written:?}");
            }
        }
        for booking in world.table.bookings.values() {
            self.look_at_booking(booking);
        }
    }

    fn look_at_view(&mut self, view: &Availability) {
        let newest = self.newest_views.entry(view.start).or_default();
        assert!(*newest <= view.version, "{newest} came before {view:?}");
        *newest = view.version;
        let known = self.views.entry((view.start, view.version)).or_insert(*view);
        assert_eq!(known, view, "one version, two contents");
    }

    /// What is written is newer than whatever any clock showed before.
    fn look_by_any_clock(&mut self, slot: Period, table: &Table) {
        let resource = &table.resource;
        let counted = table.slots.range(resource.reads_from(slot.start)..slot.end);
        let slots: BTreeMap<_, _> = counted.map(|(start, slot)| (*start, slot.clone())).collect();
        let version = |now| resource.availability(slot, &slots, now).version;
        let (lowest, highest) = (version(Timestamp::MIN), version(Timestamp::MAX));
        if let Some(last) = self.last.get(&slot.start)
            && (last.resource != *resource || last.slots != slots)
        {
            assert!(lowest > last.highest, "{lowest} is not newer than {}", last.highest);
        }
        self.last.insert(slot.start, Read { resource: resource.clone(), slots, highest });
    }

    fn look_at_slot(&mut self, slot: &Slot) {
        let newest = self.newest.entry(slot.start).or_default();
        assert!(*newest <= slot.version, "{newest} came before {slot:?}");
        *newest = slot.version;
        let known = self.slots.entry((slot.start, slot.version)).or_insert_with(|| slot.clone());
        assert_eq!(known, slot, "one version, two contents");
    }

    /// As it is written: that a hold has run out is written before anybody is told.
    fn look_at_booking(&mut self, booking: &Booking) {
        let hash = || booking.id.hash().clone();
        let key = (hash(), booking.version);
        let known = self.bookings.entry(key).or_insert_with(|| booking.clone());
        assert_eq!(known, booking, "one version, two contents");
        for earlier in 1..booking.version.get() {
            let known = self.bookings.contains_key(&(hash(), Version::new(earlier)));
            assert!(known, "no version {earlier}: {booking:?}");
        }
    }
}
