//! The pools that a resource is in, and its place there.

use crate::ids::{Malformed, PoolName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The pools of its venue that a resource is in, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<PoolName>", into = "Vec<PoolName>")]
pub struct Pools(BTreeSet<PoolName>);

impl Pools {
    /// A resource is in no more pools than this.
    pub const MOST: usize = 5;

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &PoolName> {
        self.0.iter()
    }

    /// Whether this pool is among them.
    pub fn contains(&self, pool: &PoolName) -> bool {
        self.0.contains(pool)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<PoolName>> for Pools {
    type Error = Malformed;
    fn try_from(names: Vec<PoolName>) -> Result<Self, Malformed> {
        let count = names.len();
        let names: BTreeSet<_> = names.into_iter().collect();
        if count > Self::MOST || names.len() < count {
            return Err(Malformed("at most 5 names of pools, each of them once"));
        }
        Ok(Self(names))
    }
}

impl From<Pools> for Vec<PoolName> {
    fn from(pools: Pools) -> Self {
        pools.0.into_iter().collect()
    }
}
