//! Resources as items.

use super::{Unavailable, details, instant};
use crate::keys;
use domain::{
    Approval, Capacity, ConfirmBy, FormerGrid, Grid, HoldSeconds, MaxHoldSeconds, Opening,
    PendingMinutes, Resource, ResourceId, SlotMinutes, TimeZoneName, Version,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GridItem {
    time_zone: TimeZoneName,
    slot_minutes: SlotMinutes,
    opening: Opening,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormerItem {
    #[serde(flatten)]
    grid: GridItem,
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
    name: String,
    #[serde(flatten)]
    grid: GridItem,
    capacity: Capacity,
    hold_seconds: HoldSeconds,
    #[serde(default)]
    max_hold_seconds: MaxHoldSeconds,
    approval: Approval,
    #[serde(default)]
    confirm_by: ConfirmBy,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pending_minutes: Option<PendingMinutes>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    details: Option<String>,
    version: Version,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    former: Vec<FormerItem>,
    #[serde(skip_serializing_if = "is_zero", default)]
    grid_epoch: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<Grid> for GridItem {
    fn from(grid: Grid) -> Self {
        let Grid { time_zone, slot_minutes, opening } = grid;
        Self { time_zone, slot_minutes, opening }
    }
}

impl From<GridItem> for Grid {
    fn from(item: GridItem) -> Self {
        let GridItem { time_zone, slot_minutes, opening } = item;
        Self { time_zone, slot_minutes, opening }
    }
}

/// The resource as an item at this key.
pub fn from_resource(key: keys::ItemKey, resource: &Resource) -> Result<Item, Unavailable> {
    let resource = resource.clone();
    let former = |former: FormerGrid| FormerItem {
        grid: former.grid.into(),
        replaced: former.replaced_at.as_millisecond(),
    };
    Ok(serde_dynamo::to_item(ResourceItem {
        pk: key.pk,
        sk: key.sk,
        id: resource.id,
        name: resource.name,
        grid: resource.grid.into(),
        capacity: resource.capacity,
        hold_seconds: resource.hold_seconds,
        max_hold_seconds: resource.max_hold_seconds,
        approval: resource.approval,
        confirm_by: resource.confirm_by,
        pending_minutes: resource.pending_minutes,
        details: details::to_text(&resource.details)?,
        version: resource.version,
        former: resource.former.into_iter().map(former).collect(),
        grid_epoch: resource.grid_epoch,
    })?)
}

/// The resource that an item holds.
pub fn to_resource(item: Item) -> Result<Resource, Unavailable> {
    let item: ResourceItem = serde_dynamo::from_item(item)?;
    let former = |former: FormerItem| -> Result<FormerGrid, Unavailable> {
        let replaced_at: Timestamp = instant(former.replaced)?;
        Ok(FormerGrid { grid: former.grid.into(), replaced_at })
    };
    Ok(Resource {
        id: item.id,
        name: item.name,
        grid: item.grid.into(),
        capacity: item.capacity,
        hold_seconds: item.hold_seconds,
        max_hold_seconds: item.max_hold_seconds,
        approval: item.approval,
        confirm_by: item.confirm_by,
        pending_minutes: item.pending_minutes,
        details: details::from_text(item.details.as_deref())?,
        version: item.version,
        former: item.former.into_iter().map(former).collect::<Result<_, _>>()?,
        grid_epoch: item.grid_epoch,
    })
}
