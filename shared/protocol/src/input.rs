//! Resources as operators write them.

use crate::calendar::{CalendarInput, ClosureInput, DateInput, WeekInput};
use crate::error::WireError;
use crate::fields::{DetailsMap, Text};
use crate::rules::RulesInput;
use domain::calendar::{Hours, LONGEST_SLOT};
use domain::{
    Approval, Capacity, ConfirmBy, Details, HoldSeconds, MaxHoldSeconds, PendingMinutes, Pools,
    Rank, Resource, ResourceId, Rules, SlotMinutes, State, TimeZoneName, VenueId, Version,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A resource as an operator writes it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceInput {
    /// `[a-z0-9][a-z0-9-]{0,62}`.
    #[schemars(with = "String")]
    pub id: ResourceId,
    /// Who operates it: `[a-z0-9][a-z0-9-]{0,62}`. It never changes. Defaults to `main`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub venue: VenueId,
    /// For people, 1 to 200 characters.
    pub name: Text<1, 200>,
    /// The IANA time zone of its hours.
    #[schemars(with = "String")]
    pub time_zone: TimeZoneName,
    /// How long a slot lasts, 1 to 1440 minutes: slots step in elapsed time from the beginning of each
    /// run of openings that touch. Without it, each opening is one slot.
    #[schemars(with = "Option<u32>")]
    pub slot_minutes: Option<SlotMinutes>,
    /// Opening hours by weekday, as `{"mon":["09:00-12:30","13:30-17:00"],"fri":["22:00-02:00"]}`: at
    /// most 96 a day, none of them overlapping. One that ends at or before its start ends the next day.
    pub opening: WeekInput,
    /// Local dates whose own hours replace their weekday's, as `{"2027-12-25":[]}`: at most 366.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub dates: BTreeMap<DateInput, Vec<Hours>>,
    /// Times at which nothing is offered, at most 100: slots that overlap one are not.
    #[serde(default)]
    pub closures: Vec<ClosureInput>,
    /// `open`; `paused` sells nothing new; `archived` is also in no list of customers. Defaults to
    /// `open`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub state: State,
    /// The places in each slot, 1 to 10000. Defaults to 1.
    #[serde(default = "one_place")]
    #[schemars(with = "u32")]
    pub capacity: Capacity,
    /// Whether bookings share a slot's places. `false`: one takes them all, whatever its quantity, as a
    /// table does for a party of up to `capacity`. Defaults to true.
    #[serde(default = "yes")]
    pub sharing: bool,
    /// How long a hold lasts, 1 to 900 seconds. Defaults to 300.
    #[serde(default = "five_minutes")]
    #[schemars(with = "u32")]
    pub hold_seconds: HoldSeconds,
    /// How long a hold lasts at most, however often it is extended, 1 to 7200 seconds. Where this is
    /// less than `holdSeconds`, a hold lasts those and is not extended. Defaults to 900.
    #[serde(default)]
    #[schemars(with = "u32")]
    pub max_hold_seconds: MaxHoldSeconds,
    /// `auto` confirms at once, `manual` waits for an operator, `fulfilment` for the fulfilment endpoint, or
    /// an operator who is there before it. Defaults to `auto`.
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
    /// The pools of its venue that it is in, of which any is as good as another: at most 5 names,
    /// `[a-z0-9][a-z0-9-]{0,62}`. Defaults to none.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub pools: Pools,
    /// In which order it is chosen from a pool, 0 to 1000: the lowest first, of those that have the same
    /// capacity. Defaults to 0.
    #[serde(default)]
    #[schemars(with = "u32")]
    pub rank: Rank,
    /// What is asked of customers. Operators are exempt.
    #[serde(default)]
    pub rules: RulesInput,
    /// What front ends keep with it, for anyone to read: a flat map of texts, numbers and booleans,
    /// at most 16 keys, and 1024 bytes of keys and values together. Defaults to an empty one.
    #[serde(default)]
    #[schemars(with = "DetailsMap")]
    pub details: Details,
}

fn one_place() -> Capacity {
    Capacity::ONE
}

fn yes() -> bool {
    true
}

fn five_minutes() -> HoldSeconds {
    HoldSeconds::DEFAULT
}

impl ResourceInput {
    /// The resource at its first version.
    pub fn resource(self) -> Result<Resource, WireError> {
        let calendar = CalendarInput {
            time_zone: self.time_zone,
            slot_minutes: self.slot_minutes,
            opening: self.opening,
            dates: self.dates,
            closures: self.closures,
        };
        let rules: Rules = self.rules.into();
        rules.check(self.capacity.get()).map_err(|(rule, malformed)| {
            let field = format!("/resource/rules/{rule}");
            WireError::bad_request(&malformed.to_string(), Some(&field))
        })?;
        Ok(Resource {
            id: self.id,
            venue: self.venue,
            name: self.name.into(),
            calendar: calendar.calendar()?,
            state: self.state,
            capacity: self.capacity,
            sharing: self.sharing,
            hold_seconds: self.hold_seconds,
            max_hold_seconds: self.max_hold_seconds,
            approval: self.approval,
            confirm_by: self.confirm_by,
            pending_minutes: self.pending_minutes,
            pools: self.pools,
            rank: self.rank,
            rules,
            counts_since: None,
            details: self.details,
            version: Version::FIRST,
            former: Vec::new(),
            grid_epoch: 0,
            longest_booking: LONGEST_SLOT,
        })
    }
}
