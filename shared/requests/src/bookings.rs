//! `hold`, `book`, `waitlist`, `extend`, `confirm`, `update`, `cancel`, `reschedule`, `approve`, `decline`, `complete`,
//! `noShow`, `get`, `list`.

use crate::app::App;
use crate::caller::{Caller, Reached};
use crate::failure::Failure;
use crate::page::{Wanted, fit};
use aws_lc_rs::rand;
use domain::{
    Action, Attempt, Booking, BookingHash, ConfirmationCode, CustomerId, Details, Key, MadeBy,
    NewBooking, Quantity, Rejection, Resource, Role, Sale, VenueId, Version,
};
use jiff::Timestamp;
use protocol::companions::Companions;
use protocol::reply::Page;
use protocol::request::{
    BookingCommand, Extend, Get, HoldOrBook, List, ReasonedCommand, Reschedule, UpdateBooking,
    Waitlist, What,
};
use protocol::view::BookingView;
use protocol::{BookingRef, Note, Reply, WireError};
use store::bookings::calendar::CalendarKey;
use store::bookings::change::{Intent, Target};
use store::bookings::own::Only;
use store::bookings::venue::VenuePlace;
use store::cursor::ListName;

async fn reply(app: &App, caller: &Caller, booking: &Booking) -> Result<Reply, Failure> {
    let positions = app.bookings.positions(std::slice::from_ref(booking)).await?;
    let view = BookingView::of(booking, caller.role_at(&booking.venue));
    Ok(Reply::Booking(view.at_position(positions.get(&booking.id).copied())))
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

/// Waits for a stretch of slots that is full.
pub async fn waitlist(
    app: &App,
    caller: &Caller,
    asked: Waitlist,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let Waitlist { resource, start, end, quantity, details, r#for, note, key } = asked;
    let with = Companions::default();
    let (resource, any_of) = (Some(resource), None);
    let asked =
        HoldOrBook { resource, any_of, start, end, quantity, with, details, r#for, note, key };
    sell(app, caller, asked, Sale::Wait, now).await
}

async fn sell(
    app: &App,
    caller: &Caller,
    asked: HoldOrBook,
    sale: Sale,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let what = asked.what()?;
    let role = role_in_sale(app, caller, &what).await?;
    let code = ConfirmationCode::from_random(random()?);
    let (bookings, max_open) = (&app.bookings, app.max_open_holds);
    let booking = match what {
        What::Resource(resource) => {
            let wanted = wanted(caller, role, asked, sale, resource)?;
            bookings.sell(&wanted, &code, max_open, now).await?
        }
        What::AnyOf(any_of) => {
            let wanted = wanted(caller, role, asked, sale, any_of)?;
            bookings.sell_any_of(&wanted, &code, max_open, now).await?
        }
    };
    reply(app, caller, &booking).await
}

/// In which role a caller sells. An operator sells without the rules that bind customers, and so only
/// at their own venue; but whoever asks for any of several resources may do so at all venues, and where
/// not all of these are at the operator's, it is as a customer.
async fn role_in_sale(app: &App, caller: &Caller, what: &What) -> Result<Role, Failure> {
    let Some(bound) = caller.bound() else { return Ok(caller.role()) };
    match what {
        What::Resource(resource) => {
            let resource = app.bookings.resource(resource).await?;
            caller.must_operate(&resource.venue)?;
            Ok(Role::Operator)
        }
        What::AnyOf(any_of) if app.bookings.are_all_at(any_of, bound).await? => Ok(Role::Operator),
        What::AnyOf(_) => Ok(Role::Customer),
    }
}

/// What a caller in this role asks for.
fn wanted<R>(
    caller: &Caller,
    role: Role,
    asked: HoldOrBook,
    sale: Sale,
    resource: R,
) -> Result<NewBooking<R>, Failure> {
    let note = noted(role, asked.note)?;
    let own = caller.customer().clone();
    let (by, customer) = match (asked.r#for, role) {
        (Some(_), Role::Customer) => {
            return Err(WireError::forbidden("only operators book for others", "/for").into());
        }
        (Some(customer), Role::Operator) => (MadeBy::OperatorFor(own), customer),
        (None, Role::Operator) => (MadeBy::Operator, own),
        (None, Role::Customer) => (MadeBy::Customer, own),
    };
    Ok(NewBooking {
        customer,
        by,
        key: asked.key.map_or_else(random_key, Ok)?,
        sale,
        resource,
        chosen_from: None,
        start: asked.start.0,
        end: asked.end.map(|end| end.0),
        quantity: asked.quantity.unwrap_or(Quantity::ONE),
        with: asked.with.into_inner(),
        details: asked.details.unwrap_or_default(),
        note,
    })
}

/// A note of somebody in this role, who must be an operator to have one.
fn noted(role: Role, note: Option<Note>) -> Result<Option<String>, Failure> {
    if note.is_some() && role == Role::Customer {
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
    let note = noted(caller.role(), asked.note)?;
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

/// Moves a booking.
pub async fn reschedule(
    app: &App,
    caller: &Caller,
    asked: Reschedule,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let (start, end) = (asked.start.map(|start| start.0), asked.end.map(|end| end.0));
    let wanted =
        domain::Reschedule { start, end, resource: asked.resource, quantity: asked.quantity };
    let attempt = attempt(caller, (asked.key, asked.if_version), format!("{wanted:?}"));
    let intent = Intent::Reschedule(wanted, app.max_open_holds);
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
    let (by, role) = (caller.customer().clone(), caller.role());
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
    let Reached { owner, id, role } = caller.reach(booking, &app.bookings).await?;
    if role == Role::Customer && intent.is_for_operators() {
        return Err(Rejection::NoSuchBooking.into());
    }
    let target = Target { customer: &owner, id: &id };
    let attempt = Attempt { role, ..attempt.clone() };
    let changed = app.bookings.change(target, intent, &attempt, now).await?;
    reply(app, caller, &changed).await
}

/// Reads a booking.
pub async fn get(
    app: &App,
    caller: &Caller,
    asked: &Get,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let Reached { owner, id, .. } = caller.reach(&asked.booking, &app.bookings).await?;
    let booking = app.bookings.booking(&owner, &id, now).await?.ok_or(Rejection::NoSuchBooking)?;
    reply(app, caller, &app.bookings.after_offers(booking, now).await?).await
}

/// Lists the caller's own bookings or, for an operator, a customer's, a resource's or a venue's.
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
    let named = |kind: &str, name: &str, from: Timestamp, to: Timestamp| {
        ListName::new([kind, name, &from.to_string(), &to.to_string(), status])
    };
    let role = |booking: &Booking| caller.role_at(&booking.venue);
    let window = asked.from.zip(asked.to).map(|(from, to)| (from.0, to.0));
    let page = match (&asked.customer, &asked.resource, &asked.venue, window) {
        (Some(customer), ..) => {
            caller.must_be_operator()?;
            let bound = caller.bound();
            let name = ["list of", customer.as_str(), bound.map_or("", VenueId::as_str), status];
            let wanted = wanted(ListName::new(name));
            of(app, (customer, bound), role, &wanted, now).await?
        }
        (None, Some(resource), _, Some((from, to))) => {
            caller.must_be_operator()?;
            let resource = app.bookings.resource(resource).await?;
            caller.must_operate(&resource.venue)?;
            let wanted = wanted(named("list at", resource.id.as_str(), from, to));
            at(app, &resource, (from, to), &wanted, now).await?
        }
        (None, None, Some(venue), Some((from, to))) => {
            caller.must_operate(venue)?;
            let wanted = wanted(named("list in", venue.as_str(), from, to));
            at_venue(app, venue, (from, to), &wanted, now).await?
        }
        _ => {
            let name = ["list", caller.customer().as_str(), status];
            let wanted = wanted(ListName::new(name));
            of(app, (caller.customer(), None), role, &wanted, now).await?
        }
    };
    Ok(Reply::Page(page))
}

/// One page of a customer's bookings, of all or of those at one venue, as somebody in these roles sees
/// them.
pub async fn of(
    app: &App,
    (customer, venue): (&CustomerId, Option<&VenueId>),
    role: impl Fn(&Booking) -> Role,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Page, Failure> {
    let after = wanted.after(|position| BookingHash::parse(position).ok())?;
    let only = Only { status: wanted.status, venue };
    let (found, next) =
        app.bookings.bookings_of(customer, only, wanted.most(), after.as_ref(), now).await?;
    let hash = |booking: &Booking| booking.id.hash().to_string();
    page(app, role, wanted, &found, next.map(|next| next.to_string()), hash).await
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
    page(app, |_| Role::Operator, wanted, &found, next.map(|next| next.to_string()), position).await
}

/// One page of the bookings of a venue's resources.
pub async fn at_venue(
    app: &App,
    venue: &VenueId,
    window: (Timestamp, Timestamp),
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Page, Failure> {
    let after = wanted.after(VenuePlace::parse)?;
    let (status, most) = (wanted.status, wanted.most());
    let (found, next) =
        app.bookings.bookings_in(venue, window, status, most, after.as_ref(), now).await?;
    let position = |booking: &Booking| VenuePlace::of(booking).to_string();
    page(app, |_| Role::Operator, wanted, &found, next.map(|next| next.to_string()), position).await
}

/// The bookings that fit a frame, and the cursor to those that come after them.
async fn page(
    app: &App,
    role: impl Fn(&Booking) -> Role,
    wanted: &Wanted<'_>,
    found: &[Booking],
    next: Option<String>,
    position: impl FnOnce(&Booking) -> String,
) -> Result<Page, Failure> {
    let positions = app.bookings.positions(found).await?;
    let view = |booking: &Booking| {
        let view = BookingView::of(booking, role(booking));
        view.at_position(positions.get(&booking.id).copied())
    };
    let (bookings, cut) = fit(found.iter().map(view).collect())?;
    let next = match found[..bookings.len()].last() {
        Some(last) if cut => Some(position(last)),
        _ => next,
    };
    let cursor = next.map(|position| wanted.list.cursor(&position));
    Ok(Page { bookings: Some(bookings), cursor, ..Page::default() })
}
