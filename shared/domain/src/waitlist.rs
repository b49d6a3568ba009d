//! Who waits for places, and to whom they are offered: first come, first offered. Who does not fit is
//! passed over, and keeps the place in the line.

use crate::booking::{Booking, Status};
use crate::calendar::Length;
use crate::effect::{Effect, Share};
use crate::ids::Role;
use crate::resource::Resource;
use crate::slot::Slot;
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Resource {
    /// What bookings that wait are offered at this instant: each becomes a timed hold. `waiting` are in the
    /// order of their line; `touched` has the slots of all of them, and what they are after it.
    pub fn offers<'a>(
        &self,
        touched: &mut BTreeMap<Timestamp, Slot>,
        waiting: impl IntoIterator<Item = &'a Booking>,
        now: Timestamp,
    ) -> Vec<(&'a Booking, Booking)> {
        let mut offers = Vec::new();
        for waits in waiting {
            if waits.at(now).status != Status::Waitlisted || !self.may_offer(waits, now) {
                continue;
            }
            let offered = waits.offered(self, now);
            if let Some(slots) = self.slots_after(touched, &offered, now) {
                touched.extend(slots);
                offers.push((waits, offered));
            }
        }
        offers
    }

    /// Whether a booking that waits may have places, if there are any.
    fn may_offer(&self, booking: &Booking, now: Timestamp) -> bool {
        let time = booking.stretch.time();
        let (from, _) = self.rules.bookable(Role::Customer, now);
        self.sells().is_ok()
            && self.fits(booking.quantity).is_ok()
            && from.is_none_or(|from| time.start >= from)
            && self.stretch(time.start, Length::Until(time.end), now).ok().as_ref()
                == Some(&booking.stretch)
            && self.settled(&booking.stretch, now).is_ok()
    }

    /// Its slots after they have what this booking, which waits in them, is offered; nothing where they
    /// do not have as much.
    fn slots_after(
        &self,
        touched: &BTreeMap<Timestamp, Slot>,
        offered: &Booking,
        now: Timestamp,
    ) -> Option<BTreeMap<Timestamp, Slot>> {
        let share = Share::Has(offered.places, offered.runs_out_at());
        let effect = Effect { before: Some(Share::Waits), after: Some(share) };
        let after = offered.stretch.slots().map(|slot| {
            let terms = self.terms(slot, touched, now);
            let after = self.slot(slot, touched).after(effect, terms, now);
            after.ok().map(|after| (slot.start, after))
        });
        after.collect()
    }
}

impl Booking {
    /// This booking, which waits, as the timed hold that it is offered. That is nobody's change.
    fn offered(&self, resource: &Resource, now: Timestamp) -> Self {
        Self {
            status: Status::Held,
            places: resource.places(self.quantity),
            hold_expires_at: Some(resource.hold_seconds.end(now)),
            deadlines: resource.rules.deadlines(self.stretch.start()),
            version: self.version.next(),
            updated_at: now,
            last_attempt: None,
            ..self.clone()
        }
    }
}
