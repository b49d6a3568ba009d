//! Resources as their pools have them, as items: with what says in which order they are chosen from.

use super::{Unavailable, malformed};
use crate::keys::{self, ItemKey};
use domain::{Candidate, Capacity, Rank, ResourceId};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

#[derive(Debug, Serialize, Deserialize)]
struct PoolMemberItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    capacity: Capacity,
    rank: Rank,
}

/// A resource as an item at this key.
pub(crate) fn from_candidate(key: ItemKey, candidate: &Candidate) -> Result<Item, Unavailable> {
    let Candidate { capacity, rank, .. } = *candidate;
    Ok(serde_dynamo::to_item(PoolMemberItem { pk: key.pk, sk: key.sk, capacity, rank })?)
}

/// The resource that an item names.
pub(crate) fn to_candidate(item: Item) -> Result<Candidate, Unavailable> {
    let PoolMemberItem { sk, capacity, rank, .. } = serde_dynamo::from_item(item)?;
    let resource = keys::resource_of(&sk).unwrap_or_else(|| ResourceId::parse(""));
    Ok(Candidate { capacity, rank, resource: resource.map_err(malformed)? })
}
