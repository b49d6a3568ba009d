//! A resource's bookings, by the pointers in its calendar.
//!
//! A pointer is written before its booking, by itself: so whoever reads the calendar after a booking
//! was committed finds it. What a pointer says is a hint. It may lead to a booking that was never
//! made, was collected, or has moved on; the booking itself, read consistently, says where it is.

use crate::bookings::slots::whole_second_after;
use crate::bookings::{AT_ONCE, Bookings, EXAMINED};
use crate::error::Error;
use crate::items::booking::to_booking;
use crate::items::pointer::{Pointer, from_pointer, to_pointer};
use crate::keys;
use crate::table::Range;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Booking, BookingHash, BookingId, Claim, CustomerId, Resource, ResourceId, Status, VenueId,
};
use futures::StreamExt;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};

/// Pointers read at once: as many bookings as one batch reads.
const PAGE: usize = 100;
/// Pointers that one request looks at before it answers with a cursor, also those that need no look at
/// their bookings.
pub(super) const POINTERS: usize = 5000;
/// A pointer that leads nowhere is left alone for this long: its booking may be on the way.
const ON_THE_WAY: SignedDuration = SignedDuration::from_hours(1);

/// Where a booking is in a resource's calendar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarKey {
    /// When it starts.
    pub start: Timestamp,
    /// Which it is.
    pub hash: BookingHash,
}

impl CalendarKey {
    /// Where this booking is.
    pub fn of(booking: &Booking) -> Self {
        Self { start: booking.stretch.start(), hash: booking.id.hash().clone() }
    }

    /// Reads what [`ToString::to_string`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (start, hash) = text.split_once('#')?;
        Some(Self { start: start.parse().ok()?, hash: BookingHash::parse(hash).ok()? })
    }
}

impl From<&Pointer> for CalendarKey {
    fn from(pointer: &Pointer) -> Self {
        Self { start: pointer.start, hash: pointer.hash.clone() }
    }
}

/// A page of a calendar.
#[derive(Debug)]
pub(super) struct CalendarPage {
    /// Pointers whose bookings are worth a look.
    pub pointers: Vec<Pointer>,
    /// Pointers that were read.
    pub passed: usize,
    /// After which place it goes on, if it does.
    pub next: Option<CalendarKey>,
}

/// Which bookings are looked for.
#[derive(Debug)]
pub(super) struct Lookup {
    /// Those that overlap this window.
    pub window: (Timestamp, Timestamp),
    /// Those that have this status, if any.
    pub status: Option<Status>,
    /// At this instant.
    pub now: Timestamp,
    /// Only in the calendar of the resource that they are bookings of first: where several calendars are
    /// looked into, each booking is found once.
    pub once: bool,
}

impl Lookup {
    fn is_for(&self, booking: &Booking) -> bool {
        let (from, to) = self.window;
        let time = booking.stretch.time();
        time.start < to
            && time.end > from
            && self.status.is_none_or(|status| booking.at(self.now).status == status)
    }
}

impl std::fmt::Display for CalendarKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&keys::pointer_sort(self.start, &self.hash))
    }
}

impl Bookings {
    /// Whose booking this is, and which venue's. Neither ever changes.
    pub async fn owner(&self, id: &BookingId) -> Result<Option<(CustomerId, VenueId)>, Error> {
        let key = keys::pointer(id.resource(), id.start(), id.hash());
        let pointer = self.table.get(key).await?.map(to_pointer).transpose()?;
        Ok(pointer.map(|pointer| (pointer.customer, pointer.venue)))
    }

    /// Points at a booking, where it is about to be: in the calendar of each of its resources.
    pub(super) async fn point_at(&self, booking: &Booking, now: Timestamp) -> Result<(), Error> {
        let points = booking.claims().map(|claim| self.point(booking, claim, now));
        try_join_all(points).await?;
        Ok(())
    }

    /// Points at a booking that is about to change, where it was not before.
    pub(super) async fn point_at_changes(
        &self,
        before: &Booking,
        after: &Booking,
        now: Timestamp,
    ) -> Result<(), Error> {
        let place = |claim: &Claim| (claim.resource.clone(), claim.stretch.time());
        let old: HashSet<_> = before.claims().map(|claim| place(&claim)).collect();
        let is_new = |claim: &Claim| !old.contains(&place(claim));
        let points = after.claims().filter(is_new).map(|claim| self.point(after, claim, now));
        try_join_all(points).await?;
        Ok(())
    }

    /// Attempts may overlap, and which of them will have written the booking is not known yet. So the
    /// pointer says when the booking ends only while all of them mean the same end.
    async fn point(&self, booking: &Booking, claim: Claim, now: Timestamp) -> Result<(), Error> {
        let mut pointer = Pointer::to(booking, &claim, now);
        let ends = claim.stretch.end().as_millisecond().to_string();
        let ends = [(":ends", AttributeValue::N(ends))];
        let same = ("attribute_not_exists(PK) OR ends = :ends", &ends[..]);
        if !self.table.put(from_pointer(&pointer)?, Some(same)).await? {
            pointer.ends = None;
            self.table.put(from_pointer(&pointer)?, None).await?;
        }
        Ok(())
    }

    /// A resource's bookings that overlap a window, by start, from the one after `after`: at most
    /// `limit`, only those that have the status at this instant. With where to go on, if there may
    /// be more: a page may have few bookings or none, and others come after it.
    pub async fn bookings_at(
        &self,
        resource: &Resource,
        (from, to): (Timestamp, Timestamp),
        status: Option<Status>,
        limit: usize,
        after: Option<&CalendarKey>,
        now: Timestamp,
    ) -> Result<(Vec<Booking>, Option<CalendarKey>), Error> {
        let mut range = calendar_range(resource, (from, to), after);
        let lookup = Lookup { window: (from, to), status, now, once: false };
        let (mut found, mut examined, mut passed) = (Vec::new(), 0, 0);
        loop {
            let page = self.calendar_page(&range, from).await?;
            examined += page.pointers.len();
            passed += page.passed;
            let stopped = self.examine(page.pointers, &lookup, limit, &mut found).await?;
            match stopped.as_ref().map(CalendarKey::from).or(page.next) {
                Some(last) if found.len() < limit && examined < EXAMINED && passed < POINTERS => {
                    range = range.after(&last.to_string());
                }
                next => return Ok((self.settle_and_serve(found, now).await?, next)),
            }
        }
    }

    /// The first pointers of a part of a calendar, but for those of bookings that ended before an
    /// instant.
    pub(super) async fn calendar_page(
        &self,
        range: &Range,
        from: Timestamp,
    ) -> Result<CalendarPage, Error> {
        let (items, more) = self.table.page(range, PAGE).await?;
        let mut pointers = items.into_iter().map(to_pointer).collect::<Result<Vec<_>, _>>()?;
        let passed = pointers.len();
        let next = pointers.last().map(CalendarKey::from).filter(|_| more);
        // It ends before the window: its booking is not looked at.
        pointers.retain(|pointer| pointer.ends.is_none_or(|ends| ends > from));
        Ok(CalendarPage { pointers, passed, next })
    }

    /// Adds those of the bookings behind these pointers that are looked for, up to a number of them in
    /// all. Answers the pointer at which it stopped for that, if others come after it.
    pub(super) async fn examine(
        &self,
        pointers: Vec<Pointer>,
        lookup: &Lookup,
        limit: usize,
        found: &mut Vec<Booking>,
    ) -> Result<Option<Pointer>, Error> {
        let bookings = self.pointed_at(&pointers).await?;
        let (mut stopped, mut stale) = (None, Vec::new());
        let mut pointers = pointers.into_iter().peekable();
        while let Some(pointer) = pointers.next() {
            let key = CalendarKey::from(&pointer);
            match bookings.get(&(pointer.customer.clone(), pointer.hash.clone())) {
                Some(booking) if is_at(booking, &pointer.resource, &key) => {
                    let counts = !lookup.once || booking.resource == pointer.resource;
                    if counts && lookup.is_for(booking) {
                        found.push(booking.clone());
                    }
                    if found.len() >= limit && pointers.peek().is_some() {
                        stopped = Some(pointer);
                        break;
                    }
                }
                // Its first place is in its id: the pointer there is needed.
                Some(booking) if is_first(&booking.id, &pointer.resource, &key) => {}
                _ => stale.push(pointer),
            }
        }
        self.forget(stale, lookup.now).await;
        Ok(stopped)
    }

    /// The bookings that these pointers lead to.
    pub(super) async fn pointed_at(
        &self,
        pointers: &[Pointer],
    ) -> Result<HashMap<(CustomerId, BookingHash), Booking>, Error> {
        // A booking that has moved has more than one pointer, and DynamoDB refuses the same key twice.
        let distinct: HashSet<_> =
            pointers.iter().map(|pointer| (&pointer.customer, &pointer.hash)).collect();
        let keys =
            distinct.into_iter().map(|(customer, hash)| keys::booking(customer, hash)).collect();
        let mut bookings = HashMap::new();
        for item in self.table.batch(keys).await? {
            let booking = to_booking(item)?;
            bookings.insert((booking.customer.clone(), booking.id.hash().clone()), booking);
        }
        Ok(bookings)
    }

    /// Deletes pointers that lead nowhere. Whether it succeeds makes no difference to anybody but
    /// the next reader.
    async fn forget(&self, stale: Vec<Pointer>, now: Timestamp) {
        let old = |pointer: &Pointer| now.duration_since(pointer.written) > ON_THE_WAY;
        futures::stream::iter(stale.into_iter().filter(old))
            .for_each_concurrent(AT_ONCE, |pointer| async move {
                let key = keys::pointer(&pointer.resource, pointer.start, &pointer.hash);
                let written = AttributeValue::N(pointer.written.as_millisecond().to_string());
                if let Err(error) = self.table.delete_if(key, "written", written).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "a pointer that leads nowhere stays");
                }
            })
            .await;
    }
}

/// The part of a resource's calendar in which bookings that overlap a window may start, after a place.
pub(super) fn calendar_range(
    resource: &Resource,
    (from, to): (Timestamp, Timestamp),
    after: Option<&CalendarKey>,
) -> Range {
    let first = from.checked_sub(resource.longest_booking).unwrap_or(Timestamp::MIN);
    let range = Range {
        partition: keys::calendar_partition(&resource.id),
        from: whole_second_after(first).to_string(),
        // Every pointer's key at this start is longer, and so comes after it.
        to: format!("{}#", whole_second_after(to)),
    };
    match after {
        Some(after) => range.after(&after.to_string()),
        None => range,
    }
}

pub(super) fn is_at(booking: &Booking, resource: &ResourceId, key: &CalendarKey) -> bool {
    let there = |claim: Claim| claim.resource == *resource && claim.stretch.start() == key.start;
    booking.claims().any(there)
}

fn is_first(id: &BookingId, resource: &ResourceId, key: &CalendarKey) -> bool {
    id.resource() == resource && id.start() == key.start
}
