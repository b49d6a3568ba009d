//! What a customer has open, held or pending, and how much that may be; and, in the same way, what is
//! active of a resource that bounds it.
//!
//! One small item for each customer names what was opened lately, so that a hold need not read the
//! customer's whole history to count. Confirming or cancelling does not write it: whether an entry
//! is still open is looked up when it matters, which is when the limit is near or entries pile up.

use domain::resource::REQUEST_LIFE;
use domain::{Booking, BookingHash, Quantity, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// With so many entries it is looked up which of them are still open: the item stays small.
const CROWDED: usize = 16;

/// What a customer has opened lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OpenBookings {
    version: Version,
    entries: BTreeMap<BookingHash, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Entry {
    /// Places.
    q: Quantity,
    /// When it was entered last, in milliseconds since 1970.
    at: i64,
    /// How many attempts of its key rest on it: two may be under way at once.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    n: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(number: &u32) -> bool {
    *number == one()
}

impl OpenBookings {
    /// How often it was written.
    pub fn version(&self) -> Version {
        self.version
    }

    /// What it names, with the places of each.
    pub fn entries(&self) -> impl Iterator<Item = (&BookingHash, Quantity)> {
        self.entries.iter().map(|(hash, entry)| (hash, entry.q))
    }

    /// Counts a write of it, over the version that it had.
    pub fn count_write(&mut self) -> Version {
        let read = self.version;
        self.version = read.next();
        read
    }

    /// Whether it has to be looked up which entries are still open.
    pub fn is_crowded(&self) -> bool {
        self.entries.len() >= CROWDED
    }

    /// Whether this customer may have so many places open under this hash, beside what else is. The
    /// first may be of any size.
    pub fn takes(&self, hash: &BookingHash, quantity: Quantity, max: u64) -> bool {
        let others = self.entries.iter().filter(|(of, _)| *of != hash);
        let mut places = others.map(|(_, entry)| u64::from(entry.q.get())).peekable();
        places.peek().is_none() || places.sum::<u64>() + u64::from(quantity.get()) <= max
    }

    /// Enters a booking that is about to be made.
    pub fn enter(&mut self, booking: &Booking, now: Timestamp) {
        let at = now.as_millisecond();
        let entry = self.entries.entry(booking.id.hash().clone());
        let places = booking.places_asked_for();
        let entry = entry.or_insert(Entry { q: places, at, n: 0 });
        entry.q = entry.q.max(places);
        entry.at = entry.at.max(at);
        entry.n = entry.n.saturating_add(1);
    }

    /// Takes back what one attempt entered that made no booking: another attempt of the same key may
    /// rest on the entry. Whether there was anything to take back.
    pub fn take_back(&mut self, hash: &BookingHash) -> bool {
        let Some(entry) = self.entries.get_mut(hash) else { return false };
        entry.n = entry.n.saturating_sub(1);
        if entry.n == 0 {
            self.entries.remove(hash);
        }
        true
    }

    /// Keeps the entries of bookings that count and are not over, and of those that may be on the way:
    /// `made` are those that there are.
    pub fn keep(&mut self, made: &[Booking], now: Timestamp, counts: impl Fn(&Booking) -> bool) {
        let since = now.as_millisecond().saturating_sub(2 * 1000 * REQUEST_LIFE.as_secs());
        self.entries.retain(|hash, entry| {
            match made.iter().find(|booking| booking.id.hash() == hash) {
                Some(booking) => counts(&booking.at(now)) && booking.stretch.end() > now,
                None => entry.at > since,
            }
        });
    }
}
