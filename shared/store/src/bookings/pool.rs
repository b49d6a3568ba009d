//! Pools: which resources are in one.
//!
//! That a resource is in a pool is written in the transaction that writes the resource, with what says
//! in which order it is chosen. What is read there may be out of date by the time at which the
//! resource is read: then the resource is what counts.

use crate::bookings::Bookings;
use crate::bookings::venue::MembersFrom;
use crate::error::{CommandError, Error, Unavailable};
use crate::items::pool_member::{from_candidate, to_candidate};
use crate::items::resource::to_resource;
use crate::keys;
use crate::table::Range;
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{AnyOf, Candidate, Pool, Rejection, Resource, ResourceId, VenueId};
use std::collections::{BTreeMap, BTreeSet};

/// The resources of a pool that one request reads, by id: others are never chosen.
pub const MOST_MEMBERS: usize = 1000;

/// Resources to choose from.
#[derive(Debug)]
pub(super) struct Candidates {
    /// All of them, in the order of choice.
    pub in_order: Vec<Candidate>,
    /// Those that have been read, as they were.
    pub read: BTreeMap<ResourceId, Resource>,
}

impl Bookings {
    /// A pool's resources by id, from the one after `after`: at most `limit`, and after which one it
    /// goes on, if there may be more. A page may have none, and others come after it.
    pub async fn resources_in(
        &self,
        pool: &Pool,
        limit: usize,
        after: Option<&ResourceId>,
    ) -> Result<(Vec<Resource>, Option<ResourceId>), Error> {
        let (partition, from) = (keys::pool_partition(pool), after.map(MembersFrom::After));
        let (mut resources, more) = self.members(partition, from, limit).await?;
        let last = resources.last().map(|last| last.id.clone()).filter(|_| more);
        // One that has left it since is left out.
        resources.retain(|resource| resource.pools.contains(&pool.name));
        Ok((resources, last))
    }

    /// Whether all of these are of one venue. Those that do not exist are of none.
    pub async fn are_all_at(&self, any_of: &AnyOf, venue: &VenueId) -> Result<bool, Error> {
        match any_of {
            AnyOf::Pool(pool) => Ok(pool.venue == *venue),
            AnyOf::Resources(ids) => {
                let read = self.resources_of_ids(ids.iter()).await?;
                Ok(read.values().all(|resource| resource.venue == *venue))
            }
        }
    }

    /// The resources to choose from, in the order of choice.
    pub(super) async fn candidates(&self, any_of: &AnyOf) -> Result<Candidates, CommandError> {
        let (mut in_order, read) = match any_of {
            AnyOf::Pool(pool) => {
                let (from, to) = keys::listed_resources("");
                let range = Range { partition: keys::pool_partition(pool), from, to };
                let (items, _) = self.table.page(&range, MOST_MEMBERS).await?;
                let members = items.into_iter().map(to_candidate);
                (members.collect::<Result<Vec<_>, Unavailable>>()?, BTreeMap::new())
            }
            AnyOf::Resources(ids) => {
                let read = self.resources_of_ids(ids.iter()).await?;
                if let Some(index) = ids.iter().position(|id| !read.contains_key(id)) {
                    let reason = Box::new(Rejection::NoSuchResource);
                    return Err(Rejection::Of { field: format!("/anyOf/{index}"), reason }.into());
                }
                (read.values().map(Candidate::from).collect(), read)
            }
        };
        if in_order.is_empty() {
            let reason = Box::new(Rejection::EmptyPool);
            return Err(Rejection::Of { field: "/anyOf".to_owned(), reason }.into());
        }
        in_order.sort_unstable();
        Ok(Candidates { in_order, read })
    }

    /// The resources of these ids, as far as there are.
    pub(super) async fn resources_of_ids(
        &self,
        ids: impl Iterator<Item = &ResourceId>,
    ) -> Result<BTreeMap<ResourceId, Resource>, Error> {
        let ids: BTreeSet<&ResourceId> = ids.collect();
        let items = self.table.batch(ids.into_iter().map(keys::resource).collect()).await?;
        let resources = items.into_iter().map(to_resource);
        let resources = resources.map(|read| read.map(|resource| (resource.id.clone(), resource)));
        Ok(resources.collect::<Result<_, Unavailable>>()?)
    }

    /// Writes that a resource is in its pools, and no longer in those that it leaves.
    pub(super) fn enter_pools(
        &self,
        old: Option<&Resource>,
        next: &Resource,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let candidate = Candidate::from(next);
        let mut writes = Vec::new();
        for pool in next.pools.of(&next.venue) {
            let item = from_candidate(keys::pool_member(&pool, &next.id), &candidate)?;
            writes.push(self.put_whatever(item.into())?);
        }
        let before = old.into_iter().flat_map(|old| old.pools.of(&old.venue));
        for pool in before.filter(|pool| !next.pools.contains(&pool.name)) {
            writes.push(self.delete(&keys::pool_member(&pool, &next.id), false)?);
        }
        Ok(writes)
    }
}
