//! Bookings as items.

use super::claim::{ClaimItem, SlotsItem, other_than};
use super::{Unavailable, details, instant, malformed, ttl};
use crate::keys;
use domain::booking::Mark;
use domain::{
    Booking, BookingId, ConfirmationCode, CustomerId, Deadlines, Period, Quantity, ResourceId,
    Status, VenueId, Version,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

/// A booking that ran out is collected this many days after its time has passed.
const EXPIRED_KEPT_DAYS: i64 = 7;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookingItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    id: BookingId,
    resource: ResourceId,
    #[serde(default)]
    venue: VenueId,
    start: Timestamp,
    end: Timestamp,
    #[serde(flatten)]
    slots: SlotsItem,
    quantity: Quantity,
    /// Absent: the quantity.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    places: Option<Quantity>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    with: Vec<ClaimItem>,
    status: Status,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    hold_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pending_until: Option<i64>,
    /// Absent: its start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cancel_by: Option<i64>,
    /// Absent: its start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reschedule_by: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmation_code: Option<ConfirmationCode>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    details: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
    /// Absent: its customer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    created_by: Option<CustomerId>,
    /// Absent: its customer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    updated_by: Option<CustomerId>,
    created: i64,
    updated: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ended: Option<i64>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last_attempt: Option<Mark>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

/// When a booking that comes to nothing is collected, in seconds since 1970: when its slots have passed,
/// and some days on.
pub(crate) fn kept_until(booking: &Booking) -> i64 {
    let passed = booking.stretch.end().max(booking.id.start());
    let over = match booking.status {
        Status::Expired => Some(booking.updated_at),
        _ => booking.over_at(),
    };
    ttl(over.map_or(passed, |over| over.max(passed)), EXPIRED_KEPT_DAYS)
}

/// The booking as an item.
///
/// What is only held, pending or waitlisted is collected in time; what became more stays. It is collected so late that its
/// slots have passed: the same key could otherwise make a booking of the same id once more, which
/// would begin at version 1 again.
pub fn from_booking(booking: &Booking) -> Result<Item, Unavailable> {
    let key = keys::booking(&booking.customer, booking.id.hash());
    let booking = booking.clone();
    let other = |by: CustomerId| Some(by).filter(|by| *by != booking.customer);
    let begins = booking.stretch.start();
    let earlier = |by: Timestamp| Some(by.as_millisecond()).filter(|_| by != begins);
    let comes_to_nothing = booking.status == Status::Expired || booking.over_at().is_some();
    let over = comes_to_nothing.then(|| kept_until(&booking));
    let Period { start, end } = booking.stretch.time();
    Ok(serde_dynamo::to_item(BookingItem {
        pk: key.pk,
        sk: key.sk,
        id: booking.id,
        resource: booking.resource,
        venue: booking.venue,
        start,
        end,
        slots: SlotsItem::of(&booking.stretch),
        quantity: booking.quantity,
        places: other_than(booking.places, booking.quantity),
        with: booking.with.into_iter().map(ClaimItem::of).collect(),
        status: booking.status,
        version: booking.version,
        hold_until: booking.hold_expires_at.map(Timestamp::as_millisecond),
        pending_until: booking.pending_expires_at.map(Timestamp::as_millisecond),
        cancel_by: earlier(booking.deadlines.cancel_by),
        reschedule_by: earlier(booking.deadlines.reschedule_by),
        confirmation_code: booking.confirmation_code,
        reason: booking.reason,
        details: details::to_text(&booking.details)?,
        note: booking.note,
        created_by: other(booking.created_by),
        updated_by: other(booking.updated_by),
        created: booking.created_at.as_millisecond(),
        updated: booking.updated_at.as_millisecond(),
        ended: booking.ended_at.map(Timestamp::as_millisecond),
        fingerprint: booking.fingerprint,
        last_attempt: booking.last_attempt,
        ttl: over,
    })?)
}

/// The booking that an item holds.
pub fn to_booking(item: Item) -> Result<Booking, Unavailable> {
    let item: BookingItem = serde_dynamo::from_item(item)?;
    let (start, end) = (item.start, item.end);
    let with = item.with.into_iter().map(|item| item.claim(start, end));
    let customer = keys::customer_of(&item.pk).unwrap_or_else(|| CustomerId::parse(""));
    let customer = customer.map_err(malformed)?;
    Ok(Booking {
        id: item.id,
        resource: item.resource,
        venue: item.venue,
        created_by: item.created_by.unwrap_or_else(|| customer.clone()),
        updated_by: item.updated_by.unwrap_or_else(|| customer.clone()),
        customer,
        stretch: item.slots.stretch(Period { start, end })?,
        quantity: item.quantity,
        places: item.places.unwrap_or(item.quantity),
        with: with.collect::<Result<_, _>>()?,
        status: item.status,
        version: item.version,
        hold_expires_at: item.hold_until.map(instant).transpose()?,
        pending_expires_at: item.pending_until.map(instant).transpose()?,
        deadlines: Deadlines {
            cancel_by: item.cancel_by.map_or(Ok(item.start), instant)?,
            reschedule_by: item.reschedule_by.map_or(Ok(item.start), instant)?,
        },
        confirmation_code: item.confirmation_code,
        reason: item.reason,
        details: details::from_text(item.details.as_deref())?,
        note: item.note,
        created_at: instant(item.created)?,
        updated_at: instant(item.updated)?,
        ended_at: item.ended.map(instant).transpose()?,
        fingerprint: item.fingerprint,
        last_attempt: item.last_attempt,
    })
}
