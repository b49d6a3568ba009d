//! Items <-> domain values, for the tables and for their stream.
//!
//! A slot keeps each live hold in an attribute of its own, `h:` and the booking's id, so that one
//! condition can ask for one hold and two holds never overwrite each other.

use crate::error::Unavailable;
use crate::keys;
use domain::{
    Approval, Booking, BookingId, Capacity, CustomerId, Hold, HoldSeconds, Opening, Quantity,
    Resource, ResourceId, Slot, SlotMinutes, Status, Stretch, TimeZoneName, Version,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;
use std::collections::BTreeMap;

const HOLD: &str = "h:";

/// Name of the attribute that holds places for this booking.
pub fn hold_attribute(booking: &BookingId) -> String {
    format!("{HOLD}{booking}")
}

/// Seconds since 1970, as DynamoDB's time to live wants them.
pub fn ttl(end: Timestamp, days: i64) -> i64 {
    end.as_second() + days * 24 * 60 * 60
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    id: ResourceId,
    name: String,
    time_zone: TimeZoneName,
    slot_minutes: SlotMinutes,
    opening: Opening,
    capacity: Capacity,
    hold_seconds: HoldSeconds,
    approval: Approval,
    version: Version,
}

/// The resource as an item at this key.
pub fn from_resource(key: keys::ItemKey, resource: &Resource) -> Result<Item, Unavailable> {
    let resource = resource.clone();
    Ok(serde_dynamo::to_item(ResourceItem {
        pk: key.pk,
        sk: key.sk,
        id: resource.id,
        name: resource.name,
        time_zone: resource.time_zone,
        slot_minutes: resource.slot_minutes,
        opening: resource.opening,
        capacity: resource.capacity,
        hold_seconds: resource.hold_seconds,
        approval: resource.approval,
        version: resource.version,
    })?)
}

/// The resource that an item holds.
pub fn to_resource(item: Item) -> Result<Resource, Unavailable> {
    let item: ResourceItem = serde_dynamo::from_item(item)?;
    Ok(Resource {
        id: item.id,
        name: item.name,
        time_zone: item.time_zone,
        slot_minutes: item.slot_minutes,
        opening: item.opening,
        capacity: item.capacity,
        hold_seconds: item.hold_seconds,
        approval: item.approval,
        version: item.version,
    })
}

/// A hold as a slot keeps it: places, and until when in milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
pub struct HoldItem {
    /// Places.
    pub q: Quantity,
    /// Until when, in milliseconds since 1970.
    pub u: i64,
}

#[derive(Debug, Deserialize)]
struct SlotItem {
    #[serde(rename = "SK")]
    sk: String,
    taken: u32,
    version: Version,
    minutes: SlotMinutes,
}

/// A slot, and how long it lasted when it was sold.
pub fn to_slot(mut item: Item) -> Result<(Slot, SlotMinutes), Unavailable> {
    let mut holds = BTreeMap::new();
    let names: Vec<String> = item.keys().filter(|name| name.starts_with(HOLD)).cloned().collect();
    for name in names {
        let id = BookingId::parse(&name[HOLD.len()..]).map_err(malformed)?;
        if let Some(value) = item.remove(&name) {
            let hold: HoldItem = serde_dynamo::from_attribute_value(value)?;
            holds.insert(id, Hold { quantity: hold.q, until: instant(hold.u)? });
        }
    }
    let item: SlotItem = serde_dynamo::from_item(item)?;
    let start = keys::slot_start(&item.sk).ok_or_else(|| malformed("not a slot's sort key"))?;
    Ok((Slot { start, taken: item.taken, version: item.version, holds }, item.minutes))
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookingItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    booking_id: BookingId,
    customer: CustomerId,
    at_resource: ResourceId,
    at_start: Timestamp,
    end: Timestamp,
    slot_minutes: SlotMinutes,
    quantity: Quantity,
    status: Status,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    hold_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmation_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
    created: i64,
    updated: i64,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

/// The booking as an item. A hold is collected a week after it has run out; what became more than
/// a hold stays.
pub fn from_booking(booking: &Booking) -> Result<Item, Unavailable> {
    let key = keys::booking(&booking.customer, &booking.id);
    let booking = booking.clone();
    let over = match booking.status {
        Status::Expired => Some(booking.updated_at),
        _ => booking.hold_expires_at,
    };
    Ok(serde_dynamo::to_item(BookingItem {
        pk: key.pk,
        sk: key.sk,
        booking_id: booking.id,
        customer: booking.customer,
        at_resource: booking.resource,
        at_start: booking.stretch.start,
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
        ttl: over.map(|over| ttl(over, 7)),
    })?)
}

/// The booking that an item holds.
pub fn to_booking(item: Item) -> Result<Booking, Unavailable> {
    let item: BookingItem = serde_dynamo::from_item(item)?;
    Ok(Booking {
        id: item.booking_id,
        resource: item.at_resource,
        customer: item.customer,
        stretch: Stretch { start: item.at_start, end: item.end, slot_minutes: item.slot_minutes },
        quantity: item.quantity,
        status: item.status,
        version: item.version,
        hold_expires_at: item.hold_until.map(instant).transpose()?,
        confirmation_code: item.confirmation_code,
        reason: item.reason,
        created_at: instant(item.created)?,
        updated_at: instant(item.updated)?,
        fingerprint: item.fingerprint,
    })
}

/// What a record of the bookings table's stream tells of.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A resource was written.
    Resource(Resource),
    /// A slot was written.
    Slot(ResourceId, Slot),
    /// A booking was written.
    Booking(Booking),
}

impl Change {
    /// What an item's new image tells of; nothing for items that nobody watches.
    pub fn of(item: Item) -> Result<Option<Self>, Unavailable> {
        let text = |name: &str| match item.get(name) {
            Some(serde_dynamo::AttributeValue::S(text)) => text.as_str(),
            _ => "",
        };
        let (pk, sk) = (text(keys::PK), text(keys::SK));
        if sk.starts_with("B#") {
            return to_booking(item).map(Self::Booking).map(Some);
        }
        if let Some(resource) = pk.strip_prefix("R#") {
            let resource = ResourceId::parse(resource).map_err(malformed)?;
            if sk == keys::META {
                return to_resource(item).map(Self::Resource).map(Some);
            }
            if sk.starts_with("S#") {
                return to_slot(item).map(|(slot, _)| Some(Self::Slot(resource, slot)));
            }
        }
        Ok(None)
    }
}

/// An instant from milliseconds since 1970.
pub(crate) fn instant(millisecond: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_millisecond(millisecond).map_err(malformed)
}

fn malformed(error: impl std::fmt::Display) -> Unavailable {
    Unavailable::Item(serde::ser::Error::custom(error))
}
