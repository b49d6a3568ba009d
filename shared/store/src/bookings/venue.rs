//! A venue's resources, and their bookings.
//!
//! A venue has no calendar of its own. Its bookings are read from the calendars of its resources, some
//! of them at a time: nothing more is written for a booking, no partition gets what a whole venue sells,
//! and bookings of any age are there.

use crate::bookings::calendar::{CalendarKey, Lookup, POINTERS, calendar_range};
use crate::bookings::{AT_ONCE, Bookings, EXAMINED};
use crate::error::{Error, Unavailable};
use crate::items::pointer::Pointer;
use crate::items::resource::to_resource;
use crate::keys;
use crate::table::{Range, sort_key};
use domain::{Booking, Resource, ResourceId, Status, VenueId};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::fmt;

/// Calendars that are looked into before it is decided whether to go on.
const CALENDARS: usize = 25;
/// Calendars that one request looks into before it answers with a cursor, however little is there.
const MOST_CALENDARS: usize = 200;
/// With so many pointers at hand their bookings are read first: as many as one batch reads.
const ENOUGH: usize = 100;

/// Where a list of members goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum MembersFrom<'a> {
    /// With this one.
    At(&'a ResourceId),
    /// With the one after this one.
    After(&'a ResourceId),
}

/// Where a list of a venue's bookings goes on: in the calendar of a resource, or after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenuePlace {
    resource: ResourceId,
    after: Option<CalendarKey>,
}

impl VenuePlace {
    /// After this booking.
    pub fn of(booking: &Booking) -> Self {
        Self { resource: booking.resource.clone(), after: Some(CalendarKey::of(booking)) }
    }

    fn members(&self) -> MembersFrom<'_> {
        let from = if self.after.is_some() { MembersFrom::At } else { MembersFrom::After };
        from(&self.resource)
    }

    fn at(pointer: &Pointer) -> Self {
        Self { resource: pointer.resource.clone(), after: Some(CalendarKey::from(pointer)) }
    }

    /// Reads what [`ToString::to_string`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (resource, after) = match text.split_once('/') {
            Some((resource, after)) => (resource, Some(CalendarKey::parse(after)?)),
            None => (text, None),
        };
        Some(Self { resource: ResourceId::parse(resource).ok()?, after })
    }
}

impl fmt::Display for VenuePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.after {
            Some(after) => write!(f, "{}/{after}", self.resource),
            None => write!(f, "{}", self.resource),
        }
    }
}

impl Bookings {
    /// A venue's resources by id, from the one after `after`: at most `limit`, and whether there may
    /// be more.
    pub async fn resources_of(
        &self,
        venue: &VenueId,
        limit: usize,
        after: Option<&ResourceId>,
    ) -> Result<(Vec<Resource>, bool), Error> {
        self.members(keys::venue_partition(venue), after.map(MembersFrom::After), limit).await
    }

    /// The bookings of a venue's resources that overlap a window, by resource and start, from the one
    /// after `after`: at most `limit`, only those that have the status at this instant. With where to
    /// go on, if there may be more: a page may have few bookings or none, and others come after it.
    pub async fn bookings_in(
        &self,
        venue: &VenueId,
        window: (Timestamp, Timestamp),
        status: Option<Status>,
        limit: usize,
        after: Option<&VenuePlace>,
        now: Timestamp,
    ) -> Result<(Vec<Booking>, Option<VenuePlace>), Error> {
        let lookup = Lookup { window, status, now, once: true };
        let mut place = after.cloned();
        let (mut found, mut examined, mut passed, mut looked) = (Vec::new(), 0, 0, 0);
        loop {
            let partition = keys::venue_partition(venue);
            let from = place.as_ref().map(VenuePlace::members);
            let (members, others) = self.members(partition, from, CALENDARS).await?;
            looked += members.len();
            let count = members.len();
            let pages = members.into_iter().map(|resource| {
                let resumed = place.as_ref().filter(|place| place.resource == resource.id);
                let after = resumed.and_then(|place| place.after.as_ref());
                let range = calendar_range(&resource, window, after);
                async move {
                    let page = self.calendar_page(&range, window.0).await?;
                    Ok::<_, Error>((resource.id, page))
                }
            });
            let pages: Vec<_> =
                futures::stream::iter(pages).buffered(AT_ONCE).try_collect().await?;

            let (mut pointers, mut next) = (Vec::new(), None);
            for (index, (resource, page)) in pages.into_iter().enumerate() {
                passed += page.passed;
                pointers.extend(page.pointers);
                let stops = page.next.is_some() || pointers.len() >= ENOUGH;
                let is_last = index + 1 == count && page.next.is_none() && !others;
                next = (!is_last).then_some(VenuePlace { resource, after: page.next });
                if stops {
                    break;
                }
            }
            examined += pointers.len();
            let stopped = self.examine(pointers, &lookup, limit, &mut found).await?;
            let next = stopped.map(|pointer| VenuePlace::at(&pointer)).or(next);
            let goes_on = found.len() < limit
                && examined < EXAMINED
                && passed < POINTERS
                && looked < MOST_CALENDARS;
            match next {
                Some(next) if goes_on => place = Some(next),
                next => return Ok((self.settle_and_serve(found, now).await?, next)),
            }
        }
    }

    /// The resources that a partition of members names, by id, from a place on: at most `limit`, and
    /// whether there may be more. Whatever place is named, none but those.
    pub(super) async fn members(
        &self,
        partition: String,
        from: Option<MembersFrom<'_>>,
        limit: usize,
    ) -> Result<(Vec<Resource>, bool), Error> {
        let first = match from {
            Some(MembersFrom::At(resource) | MembersFrom::After(resource)) => resource.as_str(),
            None => "",
        };
        let (first, to) = keys::listed_resources(first);
        let range = Range { partition, from: first.clone(), to };
        let range = match from {
            Some(MembersFrom::At(_)) => range,
            _ => range.after(&first),
        };
        let (items, more) = self.table.page(&range, limit).await?;
        let name = |item| keys::resource_of(sort_key(item)?)?.ok();
        let ids = items.iter().filter_map(name).map(|id| keys::resource(&id));
        let items = self.table.batch(ids.collect()).await?.into_iter();
        let mut resources = items.map(to_resource).collect::<Result<Vec<_>, Unavailable>>()?;
        resources.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Ok((resources, more))
    }
}
