//! Resources as operators write them.

use crate::error::WireError;
use crate::fields::{DetailsMap, Text};
use domain::opening::{Day, Hours};
use domain::{
    Approval, Capacity, ConfirmBy, Details, Grid, HoldSeconds, MaxHoldSeconds, Opening,
    PendingMinutes, Resource, ResourceId, SlotMinutes, TimeZoneName, Version,
};
use schemars::JsonSchema;
use serde::Deserialize;
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
    /// The places in each slot, 1 to 10000. Defaults to 1.
    #[serde(default = "one_place")]
    #[schemars(with = "u32")]
    pub capacity: Capacity,
    /// How long a hold lasts, 1 to 900 seconds. Defaults to 300.
    #[serde(default = "five_minutes")]
    #[schemars(with = "u32")]
    pub hold_seconds: HoldSeconds,
    /// How long a hold lasts at most, however often it is extended, 1 to 7200 seconds. Where this is
    /// less than `holdSeconds`, a hold lasts those and is not extended. Defaults to 900.
    #[serde(default)]
    #[schemars(with = "u32")]
    pub max_hold_seconds: MaxHoldSeconds,
    /// `auto` confirms at once, `manual` waits for an operator. Defaults to `auto`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub approval: Approval,
    /// `owner`: a hold is confirmed by its owner or an operator. `operator`: a customer's `confirm` and
    /// `book` are `forbidden`, and the server that was paid confirms. Defaults to `owner`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub confirm_by: ConfirmBy,
    /// How long a booking waits for an operator at most, 1 to 10080 minutes, rounded up by a 64th at
    /// most; then it is expired. It never waits longer than to its start, which is the default.
    #[schemars(with = "Option<u32>")]
    pub pending_minutes: Option<PendingMinutes>,
    /// What front ends keep with it, for anyone to read: a flat map of texts, numbers and booleans,
    /// at most 16 keys, and 1024 bytes of keys and values together. Defaults to an empty one.
    #[serde(default)]
    #[schemars(with = "DetailsMap")]
    pub details: Details,
}

fn one_place() -> Capacity {
    Capacity::ONE
}

fn five_minutes() -> HoldSeconds {
    HoldSeconds::DEFAULT
}

impl ResourceInput {
    /// The resource at its first version.
    pub fn resource(self) -> Result<Resource, WireError> {
        let opening = Opening::try_from(self.opening).map_err(|malformed| {
            WireError::bad_request(&malformed.to_string(), Some("/resource/opening"))
        })?;
        Ok(Resource {
            id: self.id,
            name: self.name.into(),
            grid: Grid { time_zone: self.time_zone, slot_minutes: self.slot_minutes, opening },
            capacity: self.capacity,
            hold_seconds: self.hold_seconds,
            max_hold_seconds: self.max_hold_seconds,
            approval: self.approval,
            confirm_by: self.confirm_by,
            pending_minutes: self.pending_minutes,
            details: self.details,
            version: Version::FIRST,
            former: Vec::new(),
            grid_epoch: 0,
        })
    }
}
