//! What is sold, read from the tables themselves, and whether the books agree.

use domain::{Booking, Slot};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use store::items;
use support::Tables;

/// All slots and bookings, as they were written last.
#[derive(Debug, PartialEq)]
pub struct Ledger {
    pub slots: BTreeMap<Timestamp, Slot>,
    pub bookings: Vec<Booking>,
}

impl Ledger {
    /// Reads the whole table.
    pub async fn read(tables: &Tables) -> Self {
        let (mut slots, mut bookings) = (BTreeMap::new(), Vec::new());
        for item in tables.raw.scan("bookings").await {
            let sort = item["SK"].as_s().unwrap().clone();
            if sort.starts_with("S#") {
                let slot = items::slot::to_slot(item.into()).unwrap();
                slots.insert(slot.start, slot);
            } else if sort.starts_with("B#") {
                bookings.push(items::booking::to_booking(item.into()).unwrap());
            }
        }
        Self { slots, bookings }
    }

    /// Places that bookings take in a slot at this instant.
    pub fn booked(&self, start: Timestamp, now: Timestamp) -> u32 {
        self.bookings
            .iter()
            .map(|booking| booking.at(now).places_in(&booking.resource, start))
            .sum()
    }

    /// Bookings that take places in their first slot at this instant.
    pub fn live(&self, now: Timestamp) -> usize {
        let bookings = self.bookings.iter().map(|booking| booking.at(now));
        bookings
            .filter(|booking| booking.places_in(&booking.resource, booking.stretch.start()) > 0)
            .count()
    }

    /// Places taken in a slot at this instant, as the slot says.
    pub fn taken(&self, start: Timestamp, now: Timestamp) -> u32 {
        self.slots.get(&start).map_or(0, |slot| slot.at(now).taken)
    }

    /// In every slot, what bookings take is what is taken, and never more than there is.
    pub fn assert_balanced(&self, capacity: u32, now: Timestamp) {
        let booked =
            self.bookings.iter().flat_map(|booking| booking.stretch.slots().map(|slot| slot.start));
        let starts: BTreeSet<_> = booked.chain(self.slots.keys().copied()).collect();
        for start in starts {
            let (booked, taken) = (self.booked(start, now), self.taken(start, now));
            assert_eq!(booked, taken, "{start}: {self:#?}");
            assert!(taken <= capacity, "{start} sold {taken} of {capacity}: {self:#?}");
        }
    }
}
