//! The stretches that somebody could book, if there is room.

use crate::calendar::{Period, Stretch};
use crate::ids::Role;
use crate::numbers::{Quantity, RuleSlots};
use crate::resource::{Resource, State};
use jiff::{SignedDuration, Timestamp};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sought {
    /// Starts from here on.
    pub from: Timestamp,
    /// And before this.
    pub to: Timestamp,
    /// Adjacent slots.
    pub slots: RuleSlots,
    /// Places in each of them.
    pub quantity: Quantity,
}

impl Sought {
    /// Adjacent slots.
    pub fn count(&self) -> usize {
        self.slots.get() as usize
    }
}

impl Resource {
    /// The stretches that are looked for, in order, which a caller of this role could book now if all
    /// their slots had room.
    pub fn could_sell(
        &self,
        sought: &Sought,
        role: Role,
        now: Timestamp,
    ) -> impl Iterator<Item = Stretch> + use<'_> {
        let count = sought.count();
        let (first, last) = self.rules.bookable(role, now);
        let from = sought.from.max(now).max(first.unwrap_or(Timestamp::MIN));
        // The last start that a rule allows is included.
        let after = |last: Timestamp| last.checked_add(SignedDuration::from_nanos(1));
        let to = last.map_or(sought.to, |last| sought.to.min(after(last).unwrap_or(sought.to)));
        let is_sold = self.state == State::Open
            && self.fits(sought.quantity).is_ok()
            && self.rules.suits(sought.quantity, role).is_ok()
            && self.rules.suit_slots(count, role);
        let found = is_sold.then(|| self.calendar.adjacent(from, to, count)).into_iter().flatten();
        found.filter_map(move |slots| {
            let stretch = Stretch::of(&slots)?;
            let Period { start, end } = stretch.time();
            let is_offered = self.calendar.offers(Period { start, end });
            (is_offered && self.settled(&stretch, now).is_ok()).then_some(stretch)
        })
    }
}
