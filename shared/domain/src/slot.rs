//! How much of one slot is taken, held and free at an instant.
//!
//! A slot keeps no entry for each hold: thousands of them would make every write of it dear. It
//! keeps, for each instant at which holds run out, the sum of their places: an expiry bucket. A
//! bucket that runs out is a change of the slot at that instant, whether it has been swept or not: it
//! gives its places back, and whoever looks sees a version that is higher by one.
//!
//! Who looks has a clock of their own, and may have seen buckets run out that others still count as
//! held. So a write raises the version by more than all the buckets that anybody counts: it is newer
//! than whatever was seen before it, by whatever clock.

use crate::calendar::Period;
use crate::effect::{Effect, Share};
use crate::numbers::{Quantity, SlotLength, Version};
use crate::rejection::Rejection;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// On what terms a resource sells a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// How long the slot lasts.
    pub minutes: SlotLength,
    /// Its places, without those that something else takes in its time.
    pub places: u32,
}

/// One slot as it was written last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot {
    /// When it starts.
    pub start: Timestamp,
    /// How long it lasted when it was sold last.
    pub minutes: SlotLength,
    /// Places taken by held, pending and confirmed bookings, holds that ran out unswept included.
    pub taken: u32,
    /// Rises by [`VERSIONS_PER_WRITE`] with each write; 0 for a slot that nobody touched.
    pub version: Version,
    /// Expiry buckets: the places of all holds that run out at an instant.
    pub expiring: BTreeMap<Timestamp, u32>,
    /// Bookings that wait for places in it.
    pub waiting: u32,
}

/// How far the version of a slot rises with each write: by more than buckets that run out can raise
/// what is seen of it.
pub const VERSIONS_PER_WRITE: u64 = 1024;
/// Buckets that run out raise what is seen of a slot by no more than this. The holds of one length
/// end at fewer than 70 instants, and so do pending bookings: this leaves room for some changes of
/// these lengths within the life of a hold. Of buckets beyond it is told with the next write.
pub(crate) const MOST_SEEN: u64 = 511;

impl Slot {
    /// A slot that nobody touched.
    pub fn untouched(start: Timestamp, minutes: SlotLength) -> Self {
        let (version, expiring) = (Version::default(), BTreeMap::new());
        Self { start, minutes, taken: 0, version, expiring, waiting: 0 }
    }

    /// When it ends, as it was sold last.
    pub fn end(&self) -> Timestamp {
        self.minutes.after(self.start).unwrap_or(Timestamp::MAX)
    }

    /// From its start to its end, as it was sold last.
    pub fn time(&self) -> Period {
        Period { start: self.start, end: self.end() }
    }

    /// The buckets that have run out at this instant, also those that are empty.
    pub fn run_out(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, u32)> {
        self.expiring.range(..=now).map(|(end, places)| (*end, *places))
    }

    /// The slot as it is at this instant: without the buckets that have run out.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let mut slot = self.clone();
        for (end, places) in self.run_out(now) {
            slot.expiring.remove(&end);
            slot.taken = slot.taken.saturating_sub(places);
        }
        slot.version = slot.version.plus(self.changes(now).min(MOST_SEEN));
        slot
    }

    /// How often the slot has changed by this instant since it was written: buckets that ran out, but
    /// for empty ones.
    pub(crate) fn changes(&self, now: Timestamp) -> u64 {
        self.run_out(now).map(|(_, places)| u64::from(places > 0)).sum()
    }

    /// The slot after a write that drops the buckets that have run out at this instant.
    #[must_use]
    pub fn swept(&self, now: Timestamp) -> Self {
        Self { version: self.written().version, ..self.at(now) }
    }

    /// Places that can be booked at this instant: none while it is sold at another length.
    pub fn free(&self, terms: Terms, now: Timestamp) -> u32 {
        let slot = self.at(now);
        if slot.taken > 0 && slot.minutes != terms.minutes {
            return 0;
        }
        terms.places.saturating_sub(slot.taken)
    }

    /// Whether it still has these places in the bucket of the holds that end then: whoever needed them
    /// after that instant has dropped the bucket.
    pub fn holds(&self, places: Quantity, until: Timestamp) -> bool {
        self.expiring.get(&until).is_some_and(|there| *there >= places.get())
    }

    /// The slot after all of these effects together, if it can have them at this instant.
    pub fn after(
        &self,
        effects: impl IntoIterator<Item = Effect>,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let effects: Vec<Effect> = effects.into_iter().collect();
        let more: u32 = effects.iter().map(Effect::taken).sum();
        let fewer: u32 = effects.iter().map(Effect::given_back).sum();
        let mut slot = self.written();
        if more > 0 {
            let fits = if more > fewer {
                more - fewer <= self.free(terms, now)
            } else {
                self.minutes == terms.minutes
            };
            if !fits {
                return Err(Rejection::SlotFull);
            }
            slot = Self { minutes: terms.minutes, ..self.swept(now) };
        }
        for effect in &effects {
            if let Some((until, places)) = effect.before.and_then(Share::bucket) {
                slot.leave(places, until)?;
            }
        }
        for effect in &effects {
            if let Some((until, places)) = effect.after.and_then(Share::bucket) {
                slot.enter(places, until);
            }
            slot.waiting = slot.waiting.saturating_add_signed(effect.joins());
        }
        slot.taken = slot.taken.saturating_add(more).saturating_sub(fewer);
        Ok(slot)
    }

    /// Places come into the bucket of the holds that end at an instant.
    fn enter(&mut self, places: Quantity, until: Timestamp) {
        let bucket = self.expiring.entry(until).or_default();
        *bucket = bucket.saturating_add(places.get());
    }

    /// Places leave the bucket of the holds that end at an instant, while the slot still has it:
    /// whoever needed them after that instant has dropped the bucket as a whole.
    fn leave(&mut self, places: Quantity, until: Timestamp) -> Result<(), Rejection> {
        let left = self.expiring.get(&until).and_then(|there| there.checked_sub(places.get()));
        self.expiring.insert(until, left.ok_or(Rejection::HoldExpired)?);
        Ok(())
    }

    /// The slot after one more write.
    fn written(&self) -> Self {
        Self { version: self.version.plus(VERSIONS_PER_WRITE), ..self.clone() }
    }
}
