//! Several resources of which any will do, and the order in which they are chosen from.

use crate::ids::{ResourceId, fingerprint};
use crate::numbers::{Capacity, Rank};
use crate::pools::Pool;
use crate::resource::{Resource, State};

/// Several resources of which any will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyOf {
    /// Those that are in this pool.
    Pool(Pool),
    /// These: [`AnyOf::MOST`] at most.
    Resources(Vec<ResourceId>),
}

impl AnyOf {
    /// So many resources are named one by one at most.
    pub const MOST: usize = 20;

    /// What tells it from any other, and from a resource: as it was asked for, not what it came to.
    pub fn fingerprint(&self) -> String {
        let texts = match self {
            Self::Pool(pool) => vec!["pool", pool.venue.as_str(), pool.name.as_str()],
            Self::Resources(ids) => {
                let ids = ids.iter().map(ResourceId::as_str);
                ["resources"].into_iter().chain(ids).collect()
            }
        };
        format!("any:{}", fingerprint(texts))
    }
}

impl Resource {
    /// Whether it is in this pool, and not archived: who watches the pool is told of its slots.
    pub fn is_listed_in(&self, pool: &Pool) -> bool {
        self.venue == pool.venue && self.pools.contains(&pool.name) && self.state != State::Archived
    }
}

/// A resource to choose, in the order of choice: the smallest capacity first, then the lowest rank,
/// then the id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Candidate {
    /// Places in each slot.
    pub capacity: Capacity,
    /// Its rank among those of the same capacity.
    pub rank: Rank,
    /// Which.
    pub resource: ResourceId,
}

impl From<&Resource> for Candidate {
    fn from(resource: &Resource) -> Self {
        let Resource { capacity, rank, .. } = *resource;
        Self { capacity, rank, resource: resource.id.clone() }
    }
}
