//! `resource.*`, `availability`.

use crate::app::App;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::page::{Wanted, fit};
use domain::{Resource, ResourceId};
use jiff::{SignedDuration, Timestamp};
use protocol::Reply;
use protocol::reply::Page;
use protocol::request::{Availability, ResourceGet, ResourceList, ResourcePut};
use protocol::view::{ResourceView, SlotView};
use store::cursor::ListName;

/// Slots of one page: it fits a frame, with room for the largest numbers.
pub const SLOTS: u32 = 500;

/// Creates or replaces a resource.
pub async fn put(
    app: &App,
    caller: &Caller,
    asked: ResourcePut,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    let resource = app.bookings.put_resource(asked.resource.resource()?, now).await?;
    Ok(Reply::Resource(ResourceView::from(&resource)))
}

/// Reads a resource.
pub async fn get(app: &App, asked: &ResourceGet) -> Result<Reply, Failure> {
    let resource = app.bookings.resource(&asked.resource).await?;
    Ok(Reply::Resource(ResourceView::from(&resource)))
}

/// Lists all resources.
pub async fn list(app: &App, asked: &ResourceList) -> Result<Reply, Failure> {
    let list = ListName::new(["resources"]);
    let wanted =
        Wanted { list, cursor: asked.cursor.as_deref(), limit: asked.limit.get(), status: None };
    let after = wanted.after(|position| ResourceId::parse(position).ok())?;
    let (found, more) = app.bookings.resources(wanted.most(), after.as_ref()).await?;
    let (resources, cut) = fit(found.iter().map(ResourceView::from).collect())?;
    let cursor = match resources.last() {
        Some(last) if more || cut => Some(wanted.list.cursor(&last.id)),
        _ => None,
    };
    Ok(Reply::Page(Page { resources: Some(resources), cursor, ..Page::default() }))
}

/// Reads the slots of a window.
pub async fn availability(
    app: &App,
    asked: &Availability,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let resource = app.bookings.resource(&asked.resource).await?;
    let name = [resource.id.as_str(), &asked.from.0.to_string(), &asked.to.0.to_string()];
    let list = ListName::new(["availability"].into_iter().chain(name));
    let wanted = Wanted { list, cursor: asked.cursor.as_deref(), limit: SLOTS, status: None };
    let window = (asked.from.0, asked.to.0);
    Ok(Reply::Page(slots(app, &resource, window, &wanted, now).await?))
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
    let mut starts: Vec<Timestamp> =
        resource.grid.slots_between(from, to).take(wanted.most() + 1).collect();
    let more = starts.len() > wanted.most();
    starts.truncate(wanted.most());
    let slots = app.bookings.availability(resource, &starts, now).await?;
    let cursor = starts.last().filter(|_| more).map(|last| wanted.list.cursor(&last.to_string()));
    let slots = slots.into_iter().map(SlotView::from).collect();
    Ok(Page { slots: Some(slots), cursor, ..Page::default() })
}
