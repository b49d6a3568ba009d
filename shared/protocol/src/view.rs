//! Resources, slots and bookings as clients see them.

use crate::fields::{DetailsMap, Instant};
use crate::rules::RulesInput;
use domain::calendar::{Closure, Day, Hours};
use domain::{
    Approval, Availability, Booking, Calendar, Claim, ConfirmBy, Details, PendingMinutes, Period,
    Pools, Resource, ResourceId, Role, Rules, SlotMinutes, State,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A resource.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "as in `ResourceInput`")]
pub struct ResourceView {
    pub id: String,
    pub venue: String,
    pub name: String,
    pub time_zone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot_minutes: Option<u32>,
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub opening: BTreeMap<Day, Vec<Hours>>,
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub dates: BTreeMap<Date, Vec<Hours>>,
    pub closures: Vec<ClosureView>,
    #[schemars(with = "String")]
    pub state: State,
    pub capacity: u32,
    pub sharing: bool,
    pub hold_seconds: u32,
    pub max_hold_seconds: u32,
    #[schemars(with = "String")]
    pub approval: Approval,
    #[schemars(with = "String")]
    pub confirm_by: ConfirmBy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_minutes: Option<u32>,
    #[schemars(with = "Vec<String>")]
    pub pools: Pools,
    pub rank: u32,
    #[schemars(with = "RulesInput")]
    pub rules: Rules,
    #[schemars(with = "DetailsMap")]
    pub details: Details,
    /// 1, 2, 3, ... without a gap.
    pub version: u64,
}

/// A time at which nothing is offered.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ClosureView {
    /// When it begins.
    pub from: Instant,
    /// When it is over.
    pub to: Instant,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<&Closure> for ClosureView {
    fn from(closure: &Closure) -> Self {
        let Period { start, end } = closure.time;
        Self { from: Instant(start), to: Instant(end), reason: closure.reason.clone() }
    }
}

impl From<&Resource> for ResourceView {
    fn from(resource: &Resource) -> Self {
        let Calendar { time_zone, slot_minutes, week, dates, closures } = &resource.calendar;
        Self {
            id: resource.id.to_string(),
            venue: resource.venue.to_string(),
            name: resource.name.clone(),
            time_zone: time_zone.clone().into(),
            slot_minutes: slot_minutes.map(SlotMinutes::get),
            opening: week.days().clone(),
            dates: dates.dates().clone(),
            closures: closures.as_slice().iter().map(ClosureView::from).collect(),
            state: resource.state,
            capacity: resource.capacity.get(),
            sharing: resource.sharing,
            hold_seconds: resource.hold_seconds.get(),
            max_hold_seconds: resource.max_hold_seconds.get(),
            approval: resource.approval,
            confirm_by: resource.confirm_by,
            pending_minutes: resource.pending_minutes.map(PendingMinutes::get),
            pools: resource.pools.clone(),
            rank: resource.rank.get(),
            rules: resource.rules,
            details: resource.details.clone(),
            version: resource.version.get(),
        }
    }
}

/// A slot's availability; nothing in it tells who booked.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotView {
    /// The resource's id, where it is of a pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
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

impl SlotView {
    /// A slot of this resource of a pool.
    pub fn of(resource: &ResourceId, slot: Availability) -> Self {
        Self { resource: Some(resource.to_string()), ..Self::from(slot) }
    }
}

impl From<Availability> for SlotView {
    fn from(slot: Availability) -> Self {
        Self {
            resource: None,
            start: Instant(slot.start),
            end: Instant(slot.end),
            capacity: slot.capacity.get(),
            free: slot.free,
            version: slot.version.get(),
        }
    }
}

/// What could be booked now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundView {
    /// The resource's id.
    pub resource: String,
    /// The first slot's start.
    pub start: Instant,
    /// The last slot's end.
    pub end: Instant,
    /// Places that can be booked in each of its slots.
    pub free: u32,
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

/// What a booking has of another resource.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WithView {
    /// The resource's id.
    pub resource: String,
    /// Places in each slot.
    pub quantity: u32,
}

impl From<&Claim> for WithView {
    fn from(claim: &Claim) -> Self {
        Self { resource: claim.resource.to_string(), quantity: claim.quantity.get() }
    }
}

/// A booking.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookingView {
    /// Its id: what the server gave it, to be sent back as it is.
    pub id: String,
    /// The resource's id.
    pub resource: String,
    /// The resource's venue.
    pub venue: String,
    /// Whose it is: the `sub` of a token.
    pub customer: String,
    /// The first slot's start.
    pub start: Instant,
    /// The last slot's end.
    pub end: Instant,
    /// Places in each slot.
    pub quantity: u32,
    /// What it has of other resources for the same time; absent where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub with: Vec<WithView>,
    /// Where it stands.
    #[schemars(with = "StatusName")]
    pub status: domain::Status,
    /// 1, 2, 3, ... without a gap.
    pub version: u64,
    /// While held: when the hold runs out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_expires_at: Option<Instant>,
    /// While pending: when it runs out. Absent where it became pending before there was such an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_expires_at: Option<Instant>,
    /// While waitlisted: 1 for the first in line. At most 1000 of those before it are counted in each of its
    /// slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// Until when its customer may cancel it.
    pub cancel_by: Instant,
    /// Until when its customer may move it.
    pub reschedule_by: Instant,
    /// Once confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_code: Option<String>,
    /// Why it was cancelled, approved or declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What its owner and operators keep with it; absent where it is empty.
    #[serde(skip_serializing_if = "Details::is_empty", default)]
    #[schemars(with = "DetailsMap")]
    pub details: Details,
    /// What operators keep with it. Only operators see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The `sub` of the token that made it.
    pub created_by: String,
    /// The `sub` of the token that changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: Instant,
    /// When it was changed last.
    pub updated_at: Instant,
}

impl BookingView {
    /// The booking as somebody of this role sees it: the note is for operators' eyes only.
    pub fn of(booking: &Booking, role: Role) -> Self {
        match role {
            Role::Customer => Self::for_owner(booking),
            Role::Operator => Self { note: booking.note.clone(), ..Self::for_owner(booking) },
        }
    }

    /// With its place in the line, if it waits in one.
    #[must_use]
    pub fn at_position(self, position: Option<usize>) -> Self {
        Self { position, ..self }
    }

    /// The booking as its owner sees it.
    pub fn for_owner(booking: &Booking) -> Self {
        Self {
            id: booking.id.to_string(),
            resource: booking.resource.to_string(),
            venue: booking.venue.to_string(),
            customer: booking.customer.to_string(),
            start: Instant(booking.stretch.start()),
            end: Instant(booking.stretch.end()),
            quantity: booking.quantity.get(),
            with: booking.with.iter().map(WithView::from).collect(),
            status: booking.status,
            version: booking.version.get(),
            hold_expires_at: booking.hold_expires_at.map(Instant),
            pending_expires_at: booking.pending_expires_at.map(Instant),
            position: None,
            cancel_by: Instant(booking.deadlines.cancel_by),
            reschedule_by: Instant(booking.deadlines.reschedule_by),
            confirmation_code: booking
                .confirmation_code
                .as_ref()
                .map(|code| code.as_str().to_owned()),
            reason: booking.reason.clone(),
            details: booking.details.clone(),
            note: None,
            created_by: booking.created_by.to_string(),
            updated_by: booking.updated_by.to_string(),
            created_at: Instant(booking.created_at),
            updated_at: Instant(booking.updated_at),
        }
    }
}
