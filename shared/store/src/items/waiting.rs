//! Places in the lines of slots, as items.

use super::{Unavailable, malformed, ttl};
use crate::keys;
use domain::{Booking, BookingHash, CustomerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

/// A place in a line is collected this many days after its slot has begun.
const KEPT_DAYS: i64 = 1;

/// A booking waits for places in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// When the slot starts.
    pub start: Timestamp,
    /// When it joined.
    pub joined: Timestamp,
    /// Which booking.
    pub hash: BookingHash,
    /// Whose.
    pub customer: CustomerId,
}

#[derive(Debug, Serialize, Deserialize)]
struct WaitingItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    customer: CustomerId,
    ttl: i64,
}

/// The place of a booking in the line of one of its slots, as an item.
pub(crate) fn from_waiting(booking: &Booking, start: Timestamp) -> Result<Item, Unavailable> {
    let key = keys::line(&booking.resource, start, booking.created_at, booking.id.hash());
    let (customer, ttl) = (booking.customer.clone(), ttl(start, KEPT_DAYS));
    Ok(serde_dynamo::to_item(WaitingItem { pk: key.pk, sk: key.sk, customer, ttl })?)
}

/// The place in a line that an item holds.
pub(crate) fn to_waiting(item: Item) -> Result<Waiting, Unavailable> {
    let item: WaitingItem = serde_dynamo::from_item(item)?;
    let mut parts = item.sk.split('#');
    let mut part = || parts.next().ok_or_else(|| malformed("not a place in a line"));
    Ok(Waiting {
        start: part()?.parse().map_err(malformed)?,
        joined: super::instant(part()?.parse().map_err(malformed)?)?,
        hash: BookingHash::parse(part()?).map_err(malformed)?,
        customer: item.customer,
    })
}
