//! Slots as items.
//!
//! An expiry bucket is an attribute of its own: `x` and the instant in milliseconds to the base of
//! 36, with the places that run out then. So a condition can name one, and two holds that end
//! together add up. The names are short on purpose: with all the buckets that a resource's holds
//! make (some 64, see [`domain::HoldSeconds::end`]) the item stays below 1 KB, which is what one
//! write unit pays for.

use super::{Unavailable, instant, malformed};
use crate::keys;
use domain::{Slot, SlotLength, Version, base36};
use jiff::Timestamp;
use serde::Deserialize;
use serde_dynamo::Item;
use std::collections::BTreeMap;

const BUCKET: &str = "x";

/// Name of the attribute for the holds that run out at this instant.
pub fn bucket_attribute(end: Timestamp) -> String {
    // Holds end in the future: none ends before 1970.
    format!("{BUCKET}{}", base36::encode(end.as_millisecond().unsigned_abs()))
}

fn bucket_end(name: &str) -> Option<Timestamp> {
    let milliseconds = base36::decode(name.strip_prefix(BUCKET)?)?;
    instant(i64::try_from(milliseconds).ok()?).ok()
}

#[derive(Debug, Deserialize)]
struct SlotItem {
    #[serde(rename = "SK")]
    sk: String,
    taken: u32,
    version: Version,
    minutes: SlotLength,
    #[serde(default)]
    waiting: u32,
}

/// The slot that an item holds.
pub fn to_slot(item: Item) -> Result<Slot, Unavailable> {
    let mut expiring = BTreeMap::new();
    for (name, value) in item.iter() {
        if let Some(end) = bucket_end(name) {
            expiring.insert(end, serde_dynamo::from_attribute_value(value.clone())?);
        }
    }
    let item: SlotItem = serde_dynamo::from_item(item)?;
    let start = keys::slot_start(&item.sk).ok_or_else(|| malformed("not a slot's sort key"))?;
    let SlotItem { minutes, taken, version, waiting, .. } = item;
    Ok(Slot { start, minutes, taken, version, expiring, waiting })
}
