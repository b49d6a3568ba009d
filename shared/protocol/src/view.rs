//! Resources, slots and bookings as clients see them.

use crate::fields::{Instant, Text};
use domain::opening::{Day, Hours};
use domain::{
    Approval, Availability, Booking, Capacity, Grid, HoldSeconds, Opening, Resource, ResourceId,
    SlotMinutes, TimeZoneName, Version,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Opening hours by weekday: each day's in order and apart.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the days of the week")]
pub struct Week {
    #[schemars(with = "Vec<String>")]
    pub mon: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub tue: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub wed: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub thu: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub fri: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub sat: Vec<Hours>,
    #[schemars(with = "Vec<String>")]
    pub sun: Vec<Hours>,
}

impl TryFrom<Week> for Opening {
    type Error = domain::ids::Malformed;
    fn try_from(week: Week) -> Result<Self, Self::Error> {
        Self::try_from(BTreeMap::from([
            (Day::Mon, week.mon),
            (Day::Tue, week.tue),
            (Day::Wed, week.wed),
            (Day::Thu, week.thu),
            (Day::Fri, week.fri),
            (Day::Sat, week.sat),
            (Day::Sun, week.sun),
        ]))
    }
}

/// A resource as an operator writes it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceInput {
    /// `[a-z0-9][a-z0-9-]{0,62}`.
    #[schemars(with = "String")]
    pub id: ResourceId,
    /// For people, 1 to 200 characters.
    pub name: Text<1, 200>,
    /// The IANA time zone of its hours.
    #[schemars(with = "String")]
    pub time_zone: TimeZoneName,
    /// How long a slot lasts, 1 to 1440 minutes.
    #[schemars(with = "u32")]
    pub slot_minutes: SlotMinutes,
    /// Opening hours by weekday, as `{"mon":["09:00-12:30","13:30-17:00"]}`.
    pub opening: Week,
    /// Places in each slot, 1 to 10000; 1 where it is not said.
    #[serde(default = "one_place")]
    #[schemars(with = "u32")]
    pub capacity: Capacity,
    /// How long a hold lasts, 1 to 900 seconds; 300 where it is not said.
    #[serde(default = "five_minutes")]
    #[schemars(with = "u32")]
    pub hold_seconds: HoldSeconds,
    /// `auto` confirms at once, `manual` waits for an operator; `auto` where it is not said.
    #[serde(default)]
    #[schemars(with = "String")]
    pub approval: Approval,
}

fn one_place() -> Capacity {
    Capacity::ONE
}

fn five_minutes() -> HoldSeconds {
    HoldSeconds::DEFAULT
}

impl ResourceInput {
    /// The resource at its first version.
    pub fn resource(self) -> Result<Resource, crate::WireError> {
        let opening = Opening::try_from(self.opening).map_err(|malformed| {
            crate::WireError::bad_request(&malformed.to_string(), Some("/resource/opening"))
        })?;
        Ok(Resource {
            id: self.id,
            name: self.name.into(),
            grid: Grid { time_zone: self.time_zone, slot_minutes: self.slot_minutes, opening },
            capacity: self.capacity,
            hold_seconds: self.hold_seconds,
            approval: self.approval,
            version: Version::FIRST,
            former: Vec::new(),
            grid_epoch: 0,
        })
    }
}

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
