//! What is offered: the slots that somebody touched.

use crate::bookings::Bookings;
use crate::error::Error;
use crate::items::slot::to_slot;
use crate::keys;
use crate::table::Range;
use domain::{Availability, Period, Resource, ResourceId, Slot};
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use std::collections::BTreeMap;

impl Bookings {
    /// What a resource offers at these slots, which are in order, at this instant: what is free there and
    /// somebody waits for is offered to them first.
    pub async fn availability_after_offers(
        &self,
        resource: &Resource,
        slots: &[Period],
        now: Timestamp,
    ) -> Result<Vec<Availability>, Error> {
        let (offered, touched) = self.seen(resource, slots, now).await?;
        let waits = |slot: &&Availability| {
            slot.free > 0
                && slot.start > now
                && touched.get(&slot.start).is_some_and(|slot| slot.waiting > 0)
        };
        let mut free = offered.iter().filter(waits);
        let Some(first) = free.next() else { return Ok(offered) };
        let last = free.next_back().unwrap_or(first);
        let window = Period { start: first.start, end: last.end };
        if self.serve(&resource.id, window, now).await? {
            return self.availability(resource, slots, now).await;
        }
        Ok(offered)
    }

    /// What a resource offers at these slots, which are in order, at this instant.
    pub async fn availability(
        &self,
        resource: &Resource,
        slots: &[Period],
        now: Timestamp,
    ) -> Result<Vec<Availability>, Error> {
        Ok(self.seen(resource, slots, now).await?.0)
    }

    /// The same, with those of the slots that somebody touched.
    async fn seen(
        &self,
        resource: &Resource,
        slots: &[Period],
        now: Timestamp,
    ) -> Result<(Vec<Availability>, BTreeMap<Timestamp, Slot>), Error> {
        let (Some(first), Some(last)) = (slots.first(), slots.last()) else {
            return Ok((Vec::new(), BTreeMap::new()));
        };
        let from = resource.reads_from(first.start);
        let touched = self.slots(&resource.id, from, last.end).await?;
        let seen = |slot: &Period| resource.availability(*slot, &touched, now);
        Ok((slots.iter().map(seen).collect(), touched))
    }

    /// The slots with `from <= start < to` that somebody touched.
    pub async fn slots(
        &self,
        resource: &ResourceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Timestamp, Slot>, Error> {
        let range = Range {
            partition: keys::resource_partition(resource),
            from: keys::slot_sort(whole_second_after(from)),
            to: keys::slot_sort(whole_second_after(to)),
        };
        let mut slots = BTreeMap::new();
        for item in self.table.all(range).await? {
            let slot = to_slot(item)?;
            if (from..to).contains(&slot.start) {
                slots.insert(slot.start, slot);
            }
        }
        Ok(slots)
    }
}

/// Starts are kept in whole seconds, and compared as texts: a fraction would sort before its second.
pub(super) fn whole_second_after(instant: Timestamp) -> Timestamp {
    instant
        .round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil))
        .unwrap_or(instant)
}
