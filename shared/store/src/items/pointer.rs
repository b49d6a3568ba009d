//! What points at bookings in their resources' calendars, as items.

use super::{Unavailable, instant, malformed};
use crate::keys;
use domain::{Booking, BookingHash, CustomerId, ResourceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

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
    /// When the booking ends, if it is here. Nothing where more than one end was meant: then only
    /// the booking says.
    pub ends: Option<Timestamp>,
}

impl Pointer {
    /// A pointer to this booking, where it is now.
    pub fn to(booking: &Booking, now: Timestamp) -> Self {
        Self {
            start: booking.stretch.start(),
            hash: booking.id.hash().clone(),
            customer: booking.customer.clone(),
            written: now,
            ends: Some(booking.stretch.end()),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct PointerItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    customer: CustomerId,
    written: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ends: Option<i64>,
}

/// A pointer in this resource's calendar as an item.
pub fn from_pointer(resource: &ResourceId, pointer: &Pointer) -> Result<Item, Unavailable> {
    let key = keys::pointer(resource, pointer.start, &pointer.hash);
    Ok(serde_dynamo::to_item(PointerItem {
        pk: key.pk,
        sk: key.sk,
        customer: pointer.customer.clone(),
        written: pointer.written.as_millisecond(),
        ends: pointer.ends.map(Timestamp::as_millisecond),
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
        ends: item.ends.map(instant).transpose()?,
    })
}
