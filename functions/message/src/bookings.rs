//! `hold`, `book`, `extend`, `confirm`, `update`, `cancel`, `reschedule`, `approve`, `decline`, `complete`,
//! `noShow`, `get`, `list`.

use crate::app::App;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::page::{Wanted, fit};
use aws_lc_rs::rand;
use domain::{
    Action, Attempt, Booking, BookingHash, ConfirmationCode, CustomerId, Details, Key, MadeBy,
    NewBooking, Quantity, Rejection, Resource, Role, Sale, Version,
};
use jiff::Timestamp;
use protocol::reply::Page;
use protocol::request::{
    BookingCommand, Extend, Get, HoldOrBook, List, ReasonedCommand, Reschedule, UpdateBooking,
};
use protocol::view::BookingView;
use protocol::{BookingRef, Note, Reply, WireError};
use store::bookings::calendar::CalendarKey;
use store::bookings::change::{Intent, Target};
use store::cursor::ListName;

fn reply(caller: &Caller, booking: &Booking) -> Reply {
    Reply::Booking(BookingView::of(booking, caller.connection.role))
}

/// Holds a stretch of slots.
pub async fn hold(
    app: &App,
    caller: &Caller,
    asked: HoldOrBook,
    now: Timestamp,
) -> Result<Reply, Failure> {
    sell(app, caller, asked, Sale::Hold, now).await
}

/// Books a stretch of slots at once.
pub async fn book(
    app: &App,
    caller: &Caller,
    asked: HoldOrBook,
    now: Timestamp,
) -> Result<Reply, Failure> {
    sell(app, caller, asked, Sale::Book, now).await
}

async fn sell(
    app: &App,
    caller: &Caller,
    asked: HoldOrBook,
    sale: Sale,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let note = noted(caller, asked.note)?;
    let own = caller.customer().clone();
    let (by, customer) = match asked.r#for {
        Some(_) if !caller.is_operator() => {
            return Err(WireError::forbidden("only operators book for others", "/for").into());
        }
        Some(customer) => (MadeBy::OperatorFor(own), customer),
        None if caller.is_operator() => (MadeBy::Operator, own),
        None => (MadeBy::Customer, own),
    };
    let wanted = NewBooking {
        customer,
        by,
        key: asked.key.map_or_else(random_key, Ok)?,
        sale,
        resource: asked.resource,
        start: asked.start.0,
        end: asked.end.map(|end| end.0),
        quantity: asked.quantity.unwrap_or(Quantity::ONE),
        details: asked.details.unwrap_or_default(),
        note,
    };
    let code = ConfirmationCode::from_random(random()?);
    Ok(reply(caller, &app.bookings.sell(&wanted, &code, app.max_open_holds, now).await?))
}

/// A note of this caller, who must be an operator to have one.
fn noted(caller: &Caller, note: Option<Note>) -> Result<Option<String>, Failure> {
    if note.is_some() && !caller.is_operator() {
        return Err(WireError::forbidden("only operators keep notes", "/note").into());
    }
    Ok(note.map(Into::into))
}

/// A name that no other attempt has, for an attempt that is never sent again.
fn random_key() -> Result<Key, Failure> {
    let key = format!("~{:032x}", u128::from_be_bytes(random()?));
    Key::parse(&key).map_err(|_| Failure::Random)
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], Failure> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| Failure::Random)?;
    Ok(bytes)
}

/// Holds places for longer.
pub async fn extend(
    app: &App,
    caller: &Caller,
    asked: Extend,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let attempt = attempt(caller, (asked.key, asked.if_version), "extend".to_owned());
    change(app, caller, &asked.booking, &Intent::Extend, &attempt, now).await
}

/// Turns a hold into a sale, or into a request where an operator must approve.
pub async fn confirm(
    app: &App,
    caller: &Caller,
    asked: BookingCommand,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let intent = Intent::Confirm(ConfirmationCode::from_random(random()?));
    let attempt = attempt(caller, (asked.key, asked.if_version), "confirm".to_owned());
    change(app, caller, &asked.booking, &intent, &attempt, now).await
}

/// Replaces what is kept with a booking.
pub async fn update(
    app: &App,
    caller: &Caller,
    asked: UpdateBooking,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let note = noted(caller, asked.note)?;
    let details = asked.details.as_ref().map(Details::fingerprint);
    let fields = format!("update {details:?} {note:?}");
    let attempt = attempt(caller, (asked.key, asked.if_version), fields);
    let intent = Intent::Act(Action::Update(asked.details, note));
    change(app, caller, &asked.booking, &intent, &attempt, now).await
}

/// Gives a booking's places back.
pub async fn cancel(
    app: &App,
    caller: &Caller,
    asked: ReasonedCommand,
    now: Timestamp,
) -> Result<Reply, Failure> {
    decide(app, caller, asked, ("cancel", Action::Cancel), now).await
}

/// Moves a confirmed booking.
pub async fn reschedule(
    app: &App,
    caller: &Caller,
    asked: Reschedule,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let (start, end) = (asked.start.0, asked.end.map(|end| end.0));
    let attempt =
        attempt(caller, (asked.key, asked.if_version), format!("reschedule {start}/{end:?}"));
    let intent = Intent::Reschedule(start, end);
    change(app, caller, &asked.booking, &intent, &attempt, now).await
}

/// An operator's yes.
pub async fn approve(
    app: &App,
    caller: &Caller,
    asked: ReasonedCommand,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    let code = ConfirmationCode::from_random(random()?);
    let action = |reason| Action::Approve(reason, code);
    decide(app, caller, asked, ("approve", action), now).await
}

/// An operator's no.
pub async fn decline(
    app: &App,
    caller: &Caller,
    asked: ReasonedCommand,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    decide(app, caller, asked, ("decline", Action::Decline), now).await
}

/// What an operator says of a booking that has begun: the customer came, or did not.
pub async fn close(
    app: &App,
    caller: &Caller,
    asked: BookingCommand,
    (name, action): (&str, Action),
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_be_operator()?;
    let attempt = attempt(caller, (asked.key, asked.if_version), name.to_owned());
    change(app, caller, &asked.booking, &Intent::Act(action), &attempt, now).await
}

async fn decide(
    app: &App,
    caller: &Caller,
    asked: ReasonedCommand,
    (name, action): (&str, impl FnOnce(Option<String>) -> Action),
    now: Timestamp,
) -> Result<Reply, Failure> {
    let reason: Option<String> = asked.reason.map(Into::into);
    let attempt = attempt(caller, (asked.key, asked.if_version), format!("{name} {reason:?}"));
    change(app, caller, &asked.booking, &Intent::Act(action(reason)), &attempt, now).await
}

/// An attempt of this caller; `fields` tell it from others of the same key.
fn attempt(
    caller: &Caller,
    (key, if_version): (Option<Key>, Option<Version>),
    fields: String,
) -> Attempt {
    let (by, role) = (caller.customer().clone(), caller.connection.role);
    Attempt { by, role, key, fields, if_version }
}

async fn change(
    app: &App,
    caller: &Caller,
    booking: &BookingRef,
    intent: &Intent,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let (owner, id) = caller.owner_of(booking, &app.bookings).await?;
    let target = Target { customer: &owner, id: &id };
    Ok(reply(caller, &app.bookings.change(target, intent, attempt, now).await?))
}

/// Reads a booking.
pub async fn get(
    app: &App,
    caller: &Caller,
    asked: &Get,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let (owner, id) = caller.owner_of(&asked.booking, &app.bookings).await?;
    let booking = app.bookings.booking(&owner, &id, now).await?;
    Ok(reply(caller, &booking.ok_or(Rejection::NoSuchBooking)?))
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
        let list = ListName::new(["list", caller.customer().as_str(), status]);
        let role = caller.connection.role;
        return own(app, (caller.customer(), role), &wanted(list), now).await.map(Reply::Page);
    };
    caller.must_be_operator()?;
    let resource = app.bookings.resource(resource).await?;
    let window = (from.0, to.0);
    let name = [resource.id.as_str(), &window.0.to_string(), &window.1.to_string(), status];
    let list = ListName::new(["list at"].into_iter().chain(name));
    at(app, &resource, window, &wanted(list), now).await.map(Reply::Page)
}

/// One page of a customer's bookings, as somebody of this role sees them.
pub async fn own(
    app: &App,
    (customer, role): (&CustomerId, Role),
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Page, Failure> {
    let after = wanted.after(|position| BookingHash::parse(position).ok())?;
    let (found, next) = app
        .bookings
        .bookings_of(customer, wanted.status, wanted.most(), after.as_ref(), now)
        .await?;
    let hash = |booking: &Booking| booking.id.hash().to_string();
    page(role, wanted, &found, next.map(|next| next.to_string()), hash)
}

/// One page of a resource's bookings.
pub async fn at(
    app: &App,
    resource: &Resource,
    window: (Timestamp, Timestamp),
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Page, Failure> {
    let after = wanted.after(CalendarKey::parse)?;
    let (status, most) = (wanted.status, wanted.most());
    let (found, next) =
        app.bookings.bookings_at(resource, window, status, most, after.as_ref(), now).await?;
    let position = |booking: &Booking| CalendarKey::of(booking).to_string();
    page(Role::Operator, wanted, &found, next.map(|next| next.to_string()), position)
}

/// The bookings that fit a frame, and the cursor to those that come after them.
fn page(
    role: Role,
    wanted: &Wanted<'_>,
    found: &[Booking],
    next: Option<String>,
    position: impl FnOnce(&Booking) -> String,
) -> Result<Page, Failure> {
    let (bookings, cut) =
        fit(found.iter().map(|booking| BookingView::of(booking, role)).collect())?;
    let next = match found[..bookings.len()].last() {
        Some(last) if cut => Some(position(last)),
        _ => next,
    };
    let cursor = next.map(|position| wanted.list.cursor(&position));
    Ok(Page { bookings: Some(bookings), cursor, ..Page::default() })
}
