//! Up to when customers' tokens are revoked, as items.

use super::Unavailable;
use crate::keys::ItemKey;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RevokedItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    /// In seconds since 1970, included. It is never collected: a token may be good for years.
    up_to: i64,
}

/// Says up to which second tokens are revoked, as an item at this key.
pub(crate) fn from_revoked(key: ItemKey, up_to: i64) -> Result<Item, Unavailable> {
    Ok(serde_dynamo::to_item(RevokedItem { pk: key.pk, sk: key.sk, up_to })?)
}

/// Up to which second tokens are revoked by this item.
pub(crate) fn to_revoked(item: Item) -> Result<i64, Unavailable> {
    let item: RevokedItem = serde_dynamo::from_item(item)?;
    Ok(item.up_to)
}
