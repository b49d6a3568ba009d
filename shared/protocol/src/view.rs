//! Resources, slots and bookings as clients see them.

use crate::fields::Instant;
use domain::{Approval, Availability, Booking, Opening, Resource};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A resource.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "as in `ResourceInput`")]
pub struct ResourceView {
    pub id: String,
    pub name: String,
    pub time_zone: String,
    pub slot_minutes: u32,
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub opening: Opening,
    pub capacity: u32,
    pub hold_seconds: u32,
    pub max_hold_seconds: u32,
    #[schemars(with = "String")]
    pub approval: Approval,
    /// 1, 2, 3, ... without a gap.
    pub version: u64,
}

impl From<&Resource> for ResourceView {
    fn from(resource: &Resource) -> Self {
        Self {
            id: resource.id.to_string(),
            name: resource.name.clone(),
            time_zone: resource.grid.time_zone.clone().into(),
            slot_minutes: resource.grid.slot_minutes.get(),
            opening: resource.grid.opening.clone(),
            capacity: resource.capacity.get(),
            hold_seconds: resource.hold_seconds.get(),
            max_hold_seconds: resource.max_hold_seconds.get(),
            approval: resource.approval,
            version: resource.version.get(),
        }
    }
}

/// A slot's availability; nothing in it tells who booked.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotView {
    /// When it starts.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// Places in all.
    pub capacity: u32,
    /// Places that can be booked now.
    pub free: u32,
    /// Rises with every change: of two views of a slot, the one of the higher version is newer.
    pub version: u64,
}

impl From<Availability> for SlotView {
    fn from(slot: Availability) -> Self {
        Self {
            start: Instant(slot.start),
            end: Instant(slot.end),
            capacity: slot.capacity.get(),
            free: slot.free,
            version: slot.version.get(),
        }
    }
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "as in `domain::Status`")]
pub enum StatusName {
    Held,
    Pending,
    Confirmed,
    Waitlisted,
    Cancelled,
    Expired,
    Declined,
    Completed,
    NoShow,
}

/// A booking.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookingView {
    /// Its id: what the server gave it, to be sent back as it is.
    pub id: String,
    /// The resource's id.
    pub resource: String,
    /// Whose it is: the `sub` of the token that made it.
    pub customer: String,
    /// The first slot's start.
    pub start: Instant,
    /// The last slot's end.
    pub end: Instant,
    /// Places in each slot.
    pub quantity: u32,
    /// Where it stands.
    #[schemars(with = "StatusName")]
    pub status: domain::Status,
    /// 1, 2, 3, ... without a gap.
    pub version: u64,
    /// While held: when the hold runs out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_expires_at: Option<Instant>,
    /// Once confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_code: Option<String>,
    /// Why it was cancelled, approved or declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was changed last.
    pub updated_at: Instant,
}

impl From<&Booking> for BookingView {
    fn from(booking: &Booking) -> Self {
        Self {
            id: booking.id.to_string(),
            resource: booking.resource.to_string(),
            customer: booking.customer.to_string(),
            start: Instant(booking.stretch.start),
            end: Instant(booking.stretch.end),
            quantity: booking.quantity.get(),
            status: booking.status,
            version: booking.version.get(),
            hold_expires_at: booking.hold_expires_at.map(Instant),
            confirmation_code: booking
                .confirmation_code
                .as_ref()
                .map(|code| code.as_str().to_owned()),
            reason: booking.reason.clone(),
            created_at: Instant(booking.created_at),
            updated_at: Instant(booking.updated_at),
        }
    }
}
