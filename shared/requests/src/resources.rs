//! `resource.*`, `availability`.

use crate::app::App;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::page::{Wanted, fit};
use domain::{Period, Pool, Rejection, Resource, ResourceId, State};
use jiff::{SignedDuration, Timestamp};
use protocol::reply::Page;
use protocol::request::{Availability, ResourceGet, ResourceList, ResourcePut};
use protocol::view::{ResourceView, SlotView};
use protocol::{Instant, Reply};
use store::CommandError;
use store::bookings::pool_slots::PoolPlace;
use store::cursor::ListName;

/// Slots of one page: it fits a frame, with room for the largest numbers.
pub const SLOTS: u32 = 500;
/// Slots of one page of a pool: each names its resource.
pub const POOL_SLOTS: u32 = 300;

/// Creates or replaces a resource.
pub async fn put(
    app: &App,
    caller: &Caller,
    asked: ResourcePut,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    let resource = asked.resource.resource()?;
    caller.must_operate(&resource.venue)?;
    if caller.bound().is_some() {
        // The id may be another venue's. Where that is made only now, the write refuses it, too.
        match app.bookings.resource(&resource.id).await {
            Ok(there) => caller.must_operate(&there.venue)?,
            Err(CommandError::Rejected(Rejection::NoSuchResource)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let resource = app.bookings.put_resource_if(resource, asked.if_version, now).await?;
    // Only now: a booking that was made meanwhile is seen.
    let stranded = app.bookings.stranded(&resource, now).await?;
    Ok(Reply::ResourcePut { resource: ResourceView::from(&resource), stranded })
}

/// Reads a resource.
pub async fn get(app: &App, asked: &ResourceGet) -> Result<Reply, Failure> {
    let resource = app.bookings.resource(&asked.resource).await?;
    Ok(Reply::Resource(ResourceView::from(&resource)))
}

/// Lists all resources, those of a venue, or those in a pool; to customers, those that are not archived.
pub async fn list(app: &App, caller: &Caller, asked: &ResourceList) -> Result<Reply, Failure> {
    let pool = asked.pool.clone().map(|name| {
        let venue = asked.venue.clone().unwrap_or_default();
        Pool { venue, name }
    });
    let list = match (&pool, &asked.venue) {
        (Some(pool), _) => ListName::new(["resources in", &pool.to_string()]),
        (None, Some(venue)) => ListName::new(["resources of", venue.as_str()]),
        (None, None) => ListName::new(["resources"]),
    };
    let wanted =
        Wanted { list, cursor: asked.cursor.as_deref(), limit: asked.limit.get(), status: None };
    let after = wanted.after(|position| ResourceId::parse(position).ok())?;
    let (most, after) = (wanted.most(), after.as_ref());
    let (found, next) = match (&pool, &asked.venue) {
        (Some(pool), _) => app.bookings.resources_in(pool, most, after).await?,
        (None, Some(venue)) => goes_on(app.bookings.resources_of(venue, most, after).await?),
        (None, None) => goes_on(app.bookings.resources(most, after).await?),
    };
    let shown = |resource: &&Resource| caller.is_operator() || resource.state != State::Archived;
    let shown = found.iter().filter(shown).map(ResourceView::from);
    let (resources, cut) = fit(shown.collect())?;
    // A page may have nothing to show, and others come after it.
    let last = match resources.last() {
        Some(last) if cut => Some(last.id.as_str()),
        _ => next.as_ref().map(ResourceId::as_str),
    };
    let cursor = last.map(|last| wanted.list.cursor(last));
    Ok(Reply::Page(Page { resources: Some(resources), cursor, ..Page::default() }))
}

/// Resources, and after which one it goes on, if it does.
fn goes_on((found, more): (Vec<Resource>, bool)) -> (Vec<Resource>, Option<ResourceId>) {
    let last = found.last().map(|last| last.id.clone()).filter(|_| more);
    (found, last)
}

/// Reads the slots of a window.
pub async fn availability(
    app: &App,
    caller: &Caller,
    asked: &Availability,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let resource = app.bookings.resource(&asked.resource).await?;
    let name = [resource.id.as_str(), &asked.from.0.to_string(), &asked.to.0.to_string()];
    let list = ListName::new(["availability"].into_iter().chain(name));
    let wanted = Wanted { list, cursor: asked.cursor.as_deref(), limit: SLOTS, status: None };
    let window = (asked.from.0, asked.to.0);
    let page = slots(app, &resource, window, &wanted, now).await?;
    let (from, to) = resource.rules.bookable(caller.role(), now);
    let (bookable_from, bookable_to) = (from.map(Instant), to.map(Instant));
    Ok(Reply::Page(Page { bookable_from, bookable_to, ..page }))
}

/// One page of a resource's slots in a window.
pub async fn slots(
    app: &App,
    resource: &Resource,
    (from, to): (Timestamp, Timestamp),
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Page, Failure> {
    // A cursor leads on within the window, whatever it says.
    let after: Option<Timestamp> = wanted.after(|position| position.parse().ok())?;
    let next = |last: Timestamp| last.checked_add(SignedDuration::from_nanos(1)).unwrap_or(to);
    let from = after.map_or(from, next).clamp(from, to);
    let mut offered: Vec<Period> =
        resource.calendar.offered(from, to).take(wanted.most() + 1).collect();
    let more = offered.len() > wanted.most();
    offered.truncate(wanted.most());
    let slots = app.bookings.availability_after_offers(resource, &offered, now).await?;
    let last = offered.last().filter(|_| more);
    let cursor = last.map(|last| wanted.list.cursor(&last.start.to_string()));
    let slots = slots.into_iter().map(SlotView::from).collect();
    Ok(Page { slots: Some(slots), cursor, ..Page::default() })
}

/// One page of the slots of a pool's resources.
pub async fn slots_in(
    app: &App,
    pool: &Pool,
    window: (Timestamp, Timestamp),
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Page, Failure> {
    let after = wanted.after(PoolPlace::parse)?;
    let (slots, next) =
        app.bookings.slots_in(pool, window, wanted.most(), after.as_ref(), now).await?;
    let slots = slots.into_iter().map(|(resource, slot)| SlotView::of(&resource, slot)).collect();
    let cursor = next.map(|next| wanted.list.cursor(&next.to_string()));
    Ok(Page { slots: Some(slots), cursor, ..Page::default() })
}
