//! The pools that a resource is in.

use crate::ids::{Malformed, PoolName, VenueId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A pool: resources of a venue of which one is as good as another. As text: `main/tables`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pool {
    /// Whose.
    pub venue: VenueId,
    /// Its name there.
    pub name: PoolName,
}

impl Pool {
    /// Reads what [`ToString::to_string`] wrote.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let (venue, name) = text.split_once('/').ok_or(Malformed("a venue, / and a pool"))?;
        Ok(Self { venue: VenueId::parse(venue)?, name: PoolName::parse(name)? })
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.venue, self.name)
    }
}

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

    /// The pools themselves, of a resource of this venue.
    pub fn of<'a>(&'a self, venue: &'a VenueId) -> impl Iterator<Item = Pool> + 'a {
        self.names().map(|name| Pool { venue: venue.clone(), name: name.clone() })
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
