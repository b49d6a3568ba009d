//! `hold`, `book`, `confirm`, `cancel`, `reschedule`, `approve`, `decline`, `complete`, `noShow`,
//! `get`, `list`.

use crate::App;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::page::{Wanted, fit};
use aws_lc_rs::rand;
use domain::{Booking, BookingId, Command, Key, Quantity, Rejection, Request, ResourceId, Version};
use jiff::Timestamp;
use protocol::reply::Page;
use protocol::request::{Change, Decide, Get, List, Place, Reschedule};
use protocol::view::BookingView;
use protocol::{BookingRef, Reply};
use store::bookings::read::Place as ListPlace;
use store::cursor;

fn reply(booking: &Booking) -> Reply {
    Reply::Booking(BookingView::from(booking))
}

/// Holds or books a stretch of slots.
pub async fn place(
    app: &App,
    caller: &Caller,
    asked: Place,
    hold: bool,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let key = match asked.key {
        Some(key) => key,
        None => random_key()?,
    };
    let request = Request {
        customer: caller.customer().clone(),
        key,
        hold,
        resource: asked.resource,
        start: asked.start.0,
        end: asked.end.map(|end| end.0),
        quantity: asked.quantity.unwrap_or(Quantity::ONE),
    };
    Ok(reply(&app.bookings.place(&request, app.max_open_holds, now).await?))
}

/// A name that no other attempt has: `~` starts none of a client's, by accident or design, that
/// would be worth anything, for what follows cannot be guessed.
fn random_key() -> Result<Key, Failure> {
    let mut bytes = [0_u8; 16];
    let failed = |_| store::Unavailable::Call("the system gave no random bytes".into());
    rand::fill(&mut bytes).map_err(failed)?;
    let key = format!("~{:032x}", u128::from_be_bytes(bytes));
    Key::parse(&key).map_err(|error| store::Unavailable::Call(error.into()).into())
}

/// Turns the caller's own hold into a sale, or into a request where an operator must approve.
pub async fn confirm(
    app: &App,
    caller: &Caller,
    asked: &Change,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let id = asked.booking.id().ok_or(Rejection::NoSuchBooking)?;
    let customer = caller.customer();
    let held = app.bookings.booking(customer, &id).await?.ok_or(Rejection::NoSuchBooking)?;
    let approval = app.bookings.resource(&held.resource).await?.approval;
    let command = Command::Confirm(approval);
    Ok(reply(&app.bookings.change(customer, &id, &command, asked.if_version, now).await?))
}

/// Gives a booking's places back.
pub async fn cancel(
    app: &App,
    caller: &Caller,
    asked: Decide,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let command = Command::Cancel(asked.reason.map(Into::into));
    change(app, caller, &asked.booking, &command, asked.if_version, now).await
}

/// Moves a confirmed booking.
pub async fn reschedule(
    app: &App,
    caller: &Caller,
    asked: &Reschedule,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let (owner, id) = caller.owner_of(&asked.booking, &app.bookings).await?;
    let to = (asked.start.0, asked.end.map(|end| end.0));
    Ok(reply(&app.bookings.reschedule(&owner, &id, to, asked.if_version, now).await?))
}

/// An operator's yes.
pub async fn approve(
    app: &App,
    caller: &Caller,
    asked: Decide,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    let command = Command::Approve(asked.reason.map(Into::into));
    change(app, caller, &asked.booking, &command, asked.if_version, now).await
}

/// An operator's no.
pub async fn decline(
    app: &App,
    caller: &Caller,
    asked: Decide,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    let command = Command::Decline(asked.reason.map(Into::into));
    change(app, caller, &asked.booking, &command, asked.if_version, now).await
}

/// The customer came.
pub async fn complete(
    app: &App,
    caller: &Caller,
    asked: &Change,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    change(app, caller, &asked.booking, &Command::Complete, asked.if_version, now).await
}

/// The customer did not come.
pub async fn no_show(
    app: &App,
    caller: &Caller,
    asked: &Change,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    change(app, caller, &asked.booking, &Command::NoShow, asked.if_version, now).await
}

async fn change(
    app: &App,
    caller: &Caller,
    booking: &BookingRef,
    command: &Command,
    if_version: Option<Version>,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let (owner, id) = caller.owner_of(booking, &app.bookings).await?;
    Ok(reply(&app.bookings.change(&owner, &id, command, if_version, now).await?))
}

/// Reads a booking.
pub async fn get(
    app: &App,
    caller: &Caller,
    asked: &Get,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let (owner, id) = caller.owner_of(&asked.booking, &app.bookings).await?;
    let booking = app.bookings.booking(&owner, &id).await?.ok_or(Rejection::NoSuchBooking)?;
    Ok(reply(&booking.at(now)))
}

/// Lists the caller's own bookings or, for an operator, a resource's.
pub async fn list(
    app: &App,
    caller: &Caller,
    asked: &List,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let status = asked.status.map_or("", domain::Status::as_str);
    let wanted = |list| Wanted {
        list,
        cursor: asked.cursor.as_deref(),
        limit: asked.limit.get(),
        status: asked.status,
    };
    let (Some(resource), Some(from), Some(to)) = (&asked.resource, asked.from, asked.to) else {
        let list = cursor::List::new(["list", caller.customer().as_str(), status]);
        return own(app, caller, &wanted(list), now).await.map(Reply::Page);
    };
    caller.must_be_operator()?;
    app.bookings.resource(resource).await?;
    let window = (from.0, to.0);
    let name = [resource.as_str(), &window.0.to_string(), &window.1.to_string(), status];
    let list = cursor::List::new(["list at"].into_iter().chain(name));
    at(app, resource, window, &wanted(list), now).await.map(Reply::Page)
}

/// One page of the caller's own bookings.
pub async fn own(
    app: &App,
    caller: &Caller,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Page, Failure> {
    let after = wanted.after(|place| BookingId::parse(place).ok())?;
    let (customer, most) = (caller.customer(), wanted.most());
    let (found, more) =
        app.bookings.bookings_of(customer, wanted.status, most, after.as_ref(), now).await?;
    bookings_page(&found, more, |last| wanted.list.cursor(last.id.as_str()))
}

/// One page of a resource's bookings.
pub async fn at(
    app: &App,
    resource: &ResourceId,
    window: (Timestamp, Timestamp),
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Page, Failure> {
    let after = wanted.after(ListPlace::parse)?;
    let (status, most) = (wanted.status, wanted.most());
    let (found, more) =
        app.bookings.bookings_at(resource, window, status, most, after.as_ref(), now).await?;
    bookings_page(&found, more, |last| wanted.list.cursor(&ListPlace::of(last).to_string()))
}

fn bookings_page(
    found: &[Booking],
    more: bool,
    cursor: impl FnOnce(&Booking) -> String,
) -> Result<Page, Failure> {
    let (bookings, cut) = fit(found.iter().map(BookingView::from).collect())?;
    let last = found[..bookings.len()].last();
    let cursor = last.filter(|_| more || cut).map(cursor);
    Ok(Page { bookings: Some(bookings), cursor, ..Page::default() })
}
