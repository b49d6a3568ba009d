//! What points at bookings in their resources' calendars, as items.

use super::{Unavailable, instant, malformed};
use crate::keys;
use domain::{Booking, BookingHash, Claim, CustomerId, ResourceId, VenueId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

/// Says that a booking may be at this place of a resource's calendar, and whose it is. The booking
/// itself says whether it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// In whose calendar the place is.
    pub resource: ResourceId,
    /// The start of the booking's first slot.
    pub start: Timestamp,
    /// The booking.
    pub hash: BookingHash,
    /// Whose it is.
    pub customer: CustomerId,
    /// Who operates it. It never changes, so what the pointer says of it is not a hint.
    pub venue: VenueId,
    /// When the pointer was written.
    pub written: Timestamp,
    /// When the booking ends, if it is here. Nothing where more than one end was meant: then only
    /// the booking says.
    pub ends: Option<Timestamp>,
}

impl Pointer {
    /// A pointer to this booking, in the calendar of one of its resources.
    pub fn to(booking: &Booking, claim: &Claim, now: Timestamp) -> Self {
        Self {
            resource: claim.resource.clone(),
            start: claim.stretch.start(),
            hash: booking.id.hash().clone(),
            customer: booking.customer.clone(),
            venue: booking.venue.clone(),
            written: now,
            ends: Some(claim.stretch.end()),
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
    #[serde(default)]
    venue: VenueId,
    written: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ends: Option<i64>,
}

/// The pointer as an item.
pub fn from_pointer(pointer: &Pointer) -> Result<Item, Unavailable> {
    let key = keys::pointer(&pointer.resource, pointer.start, &pointer.hash);
    Ok(serde_dynamo::to_item(PointerItem {
        pk: key.pk,
        sk: key.sk,
        customer: pointer.customer.clone(),
        venue: pointer.venue.clone(),
        written: pointer.written.as_millisecond(),
        ends: pointer.ends.map(Timestamp::as_millisecond),
    })?)
}

/// The pointer that an item holds.
pub fn to_pointer(item: Item) -> Result<Pointer, Unavailable> {
    let item: PointerItem = serde_dynamo::from_item(item)?;
    let resource = keys::calendar_of(&item.pk).unwrap_or_else(|| ResourceId::parse(""));
    let (start, hash) = item.sk.split_once('#').ok_or_else(|| malformed("not a pointer's key"))?;
    Ok(Pointer {
        resource: resource.map_err(malformed)?,
        start: start.parse().map_err(malformed)?,
        hash: BookingHash::parse(hash).map_err(malformed)?,
        customer: item.customer,
        venue: item.venue,
        written: instant(item.written)?,
        ends: item.ends.map(instant).transpose()?,
    })
}
