//! Resources as items.

use super::calendar::CalendarItem;
use super::{Unavailable, details, instant};
use crate::keys;
use domain::calendar::LONGEST_SLOT;
use domain::{
    Approval, Calendar, Capacity, ConfirmBy, FormerGrid, HoldSeconds, MaxHoldSeconds,
    PendingMinutes, Pools, Rank, Resource, ResourceId, Rules, State, VenueId, Version,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormerItem {
    #[serde(flatten)]
    calendar: CalendarItem,
    replaced: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    id: ResourceId,
    #[serde(default)]
    venue: VenueId,
    name: String,
    #[serde(flatten)]
    calendar: CalendarItem,
    #[serde(skip_serializing_if = "is_open", default)]
    state: State,
    capacity: Capacity,
    #[serde(skip_serializing_if = "is_true", default = "yes")]
    sharing: bool,
    hold_seconds: HoldSeconds,
    #[serde(default)]
    max_hold_seconds: MaxHoldSeconds,
    approval: Approval,
    #[serde(default)]
    confirm_by: ConfirmBy,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pending_minutes: Option<PendingMinutes>,
    #[serde(skip_serializing_if = "Pools::is_empty", default)]
    pools: Pools,
    #[serde(default)]
    rank: Rank,
    #[serde(skip_serializing_if = "Rules::is_empty", default)]
    rules: Rules,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    counts_since: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    details: Option<String>,
    version: Version,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    former: Vec<FormerItem>,
    #[serde(skip_serializing_if = "is_zero", default)]
    grid_epoch: u64,
    /// In minutes. Items that lack it are of a release in which no booking was longer than a slot may
    /// be now, and each opening had a grid of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    longest_booking: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(yes: &bool) -> bool {
    *yes
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_open(state: &State) -> bool {
    *state == State::Open
}

/// The resource as an item at this key.
pub fn from_resource(key: keys::ItemKey, resource: &Resource) -> Result<Item, Unavailable> {
    let resource = resource.clone();
    let former = |former: FormerGrid| FormerItem {
        calendar: former.calendar.into(),
        replaced: former.replaced_at.as_millisecond(),
    };
    Ok(serde_dynamo::to_item(ResourceItem {
        pk: key.pk,
        sk: key.sk,
        id: resource.id,
        venue: resource.venue,
        name: resource.name,
        calendar: resource.calendar.into(),
        state: resource.state,
        capacity: resource.capacity,
        sharing: resource.sharing,
        hold_seconds: resource.hold_seconds,
        max_hold_seconds: resource.max_hold_seconds,
        approval: resource.approval,
        confirm_by: resource.confirm_by,
        pending_minutes: resource.pending_minutes,
        pools: resource.pools,
        rank: resource.rank,
        rules: resource.rules,
        counts_since: resource.counts_since.map(Timestamp::as_millisecond),
        details: details::to_text(&resource.details)?,
        version: resource.version,
        former: resource.former.into_iter().map(former).collect(),
        grid_epoch: resource.grid_epoch,
        longest_booking: Some(resource.longest_booking.as_mins()),
    })?)
}

/// The resource that an item holds.
pub fn to_resource(item: Item) -> Result<Resource, Unavailable> {
    let item: ResourceItem = serde_dynamo::from_item(item)?;
    let former = |former: FormerItem| -> Result<FormerGrid, Unavailable> {
        let replaced_at: Timestamp = instant(former.replaced)?;
        Ok(FormerGrid { calendar: former.calendar.try_into()?, replaced_at })
    };
    let calendar = Calendar::try_from(item.calendar)?;
    let had_a_grid_for_each_opening = item.longest_booking.is_none()
        && calendar.week.has_runs()
        && !calendar.week.is_of_whole_days();
    let longest = item.longest_booking.map_or(LONGEST_SLOT, SignedDuration::from_mins);
    Ok(Resource {
        id: item.id,
        venue: item.venue,
        name: item.name,
        longest_booking: longest.max(calendar.longest_stretch()),
        calendar,
        state: item.state,
        capacity: item.capacity,
        sharing: item.sharing,
        hold_seconds: item.hold_seconds,
        max_hold_seconds: item.max_hold_seconds,
        approval: item.approval,
        confirm_by: item.confirm_by,
        pending_minutes: item.pending_minutes,
        pools: item.pools,
        rank: item.rank,
        rules: item.rules,
        counts_since: item.counts_since.map(instant).transpose()?,
        details: details::from_text(item.details.as_deref())?,
        version: item.version,
        former: item.former.into_iter().map(former).collect::<Result<_, _>>()?,
        grid_epoch: item.grid_epoch.max(u64::from(had_a_grid_for_each_opening)),
    })
}
