//! The keys that operators have used on sales for somebody, as items.

use super::Unavailable;
use crate::keys::ItemKey;
use domain::CustomerId;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

#[derive(Debug, Serialize, Deserialize)]
struct UsedKeyItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    customer: CustomerId,
    ttl: i64,
}

/// Says for whom a key was used, as an item at this key that is collected then.
pub(crate) fn from_used_key(
    key: ItemKey,
    customer: &CustomerId,
    ttl: i64,
) -> Result<Item, Unavailable> {
    let (pk, sk) = (key.pk, key.sk);
    Ok(serde_dynamo::to_item(UsedKeyItem { pk, sk, customer: customer.clone(), ttl })?)
}

/// For whom the key of this item was used.
pub(crate) fn to_customer(item: Item) -> Result<CustomerId, Unavailable> {
    let item: UsedKeyItem = serde_dynamo::from_item(item)?;
    Ok(item.customer)
}
