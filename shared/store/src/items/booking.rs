//! Bookings, and what points at them, as items.

use super::{Unavailable, instant, malformed, ttl};
use crate::keys;
use domain::booking::Mark;
use domain::{
    Booking, BookingHash, BookingId, ConfirmationCode, CustomerId, Quantity, ResourceId,
    SlotMinutes, Status, Stretch, Version,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

/// A hold that ran out is collected this many days after its time has passed.
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
    start: Timestamp,
    end: Timestamp,
    slot_minutes: SlotMinutes,
    quantity: Quantity,
    status: Status,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    hold_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmation_code: Option<ConfirmationCode>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
    created: i64,
    updated: i64,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last_attempt: Option<Mark>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

/// The booking as an item.
///
/// What is only a hold is collected in time; what became more stays. It is collected so late that its
/// slots have passed: the same key could otherwise make a booking of the same id once more, which
/// would begin at version 1 again.
pub fn from_booking(booking: &Booking) -> Result<Item, Unavailable> {
    let key = keys::booking(&booking.customer, booking.id.hash());
    let booking = booking.clone();
    let over = match booking.status {
        Status::Expired => Some(booking.updated_at),
        _ => booking.hold_expires_at,
    };
    let passed = booking.stretch.end.max(booking.id.start());
    let over = over.map(|over| ttl(over.max(passed), EXPIRED_KEPT_DAYS));
    Ok(serde_dynamo::to_item(BookingItem {
        pk: key.pk,
        sk: key.sk,
        id: booking.id,
        resource: booking.resource,
        start: booking.stretch.start,
        end: booking.stretch.end,
        slot_minutes: booking.stretch.slot_minutes,
        quantity: booking.quantity,
        status: booking.status,
        version: booking.version,
        hold_until: booking.hold_expires_at.map(Timestamp::as_millisecond),
        confirmation_code: booking.confirmation_code,
        reason: booking.reason,
        created: booking.created_at.as_millisecond(),
        updated: booking.updated_at.as_millisecond(),
        fingerprint: booking.fingerprint,
        last_attempt: booking.last_attempt,
        ttl: over,
    })?)
}

/// The booking that an item holds.
pub fn to_booking(item: Item) -> Result<Booking, Unavailable> {
    let item: BookingItem = serde_dynamo::from_item(item)?;
    let customer = keys::customer_of(&item.pk).unwrap_or_else(|| CustomerId::parse(""));
    Ok(Booking {
        id: item.id,
        resource: item.resource,
        customer: customer.map_err(malformed)?,
        stretch: Stretch { start: item.start, end: item.end, slot_minutes: item.slot_minutes },
        quantity: item.quantity,
        status: item.status,
        version: item.version,
        hold_expires_at: item.hold_until.map(instant).transpose()?,
        confirmation_code: item.confirmation_code,
        reason: item.reason,
        created_at: instant(item.created)?,
        updated_at: instant(item.updated)?,
        fingerprint: item.fingerprint,
        last_attempt: item.last_attempt,
    })
}

/// Says that a booking may be at this place of a resource's calendar, and whose it is. The booking
/// itself says whether it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// The start of the booking's first slot.
    pub start: Timestamp,
    /// The booking.
    pub hash: BookingHash,
    /// Whose it is.
    pub customer: CustomerId,
    /// When the pointer was written.
    pub written: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct PointerItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    customer: CustomerId,
    written: i64,
}

/// A pointer to this booking, where it is now, as an item.
pub fn from_pointer(booking: &Booking, now: Timestamp) -> Result<Item, Unavailable> {
    let key = keys::pointer(&booking.resource, booking.stretch.start, booking.id.hash());
    Ok(serde_dynamo::to_item(PointerItem {
        pk: key.pk,
        sk: key.sk,
        customer: booking.customer.clone(),
        written: now.as_millisecond(),
    })?)
}

/// The pointer that an item holds.
pub fn to_pointer(item: Item) -> Result<Pointer, Unavailable> {
    let item: PointerItem = serde_dynamo::from_item(item)?;
    let (start, hash) = item.sk.split_once('#').ok_or_else(|| malformed("not a pointer's key"))?;
    Ok(Pointer {
        start: start.parse().map_err(malformed)?,
        hash: BookingHash::parse(hash).map_err(malformed)?,
        customer: item.customer,
        written: instant(item.written)?,
    })
}
