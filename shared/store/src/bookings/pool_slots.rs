//! What the resources of a pool offer, resource by resource.

use crate::bookings::Bookings;
use crate::bookings::venue::MembersFrom;
use crate::error::Error;
use crate::keys;
use domain::{Availability, Period, Pool, ResourceId};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// Resources that are read at once.
const MEMBERS: usize = 10;
/// Resources that one request looks at before it answers with a cursor, however little they offer.
const MOST_LOOKS: usize = 200;

/// Where a list of a pool's slots goes on: after a slot of a resource, or after the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolPlace {
    resource: ResourceId,
    after: Option<Timestamp>,
}

impl PoolPlace {
    /// Reads what [`ToString::to_string`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (resource, after) = match text.split_once('/') {
            Some((resource, after)) => (resource, Some(after.parse().ok()?)),
            None => (text, None),
        };
        Some(Self { resource: ResourceId::parse(resource).ok()?, after })
    }

    fn members(&self) -> MembersFrom<'_> {
        let from = if self.after.is_some() { MembersFrom::At } else { MembersFrom::After };
        from(&self.resource)
    }
}

impl fmt::Display for PoolPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.after {
            Some(after) => write!(f, "{}/{after}", self.resource),
            None => write!(f, "{}", self.resource),
        }
    }
}

impl Bookings {
    /// What is offered in a window by the resources that are listed in a pool, by resource and start, from
    /// the slot after `after`: at most `limit`. With where to go on, if there may be more: a page may
    /// have few slots or none, and others come after it.
    pub async fn slots_in(
        &self,
        pool: &Pool,
        (from, to): (Timestamp, Timestamp),
        limit: usize,
        after: Option<&PoolPlace>,
        now: Timestamp,
    ) -> Result<(Vec<(ResourceId, Availability)>, Option<PoolPlace>), Error> {
        let (mut found, mut place, mut looked) = (Vec::new(), after.cloned(), 0);
        loop {
            let members = place.as_ref().map(PoolPlace::members);
            let partition = keys::pool_partition(pool);
            let (members, others) = self.members(partition, members, MEMBERS).await?;
            let count = members.len();
            for (index, resource) in members.into_iter().enumerate() {
                let is_last = index + 1 == count && !others;
                let resumed = place.as_ref().filter(|place| place.resource == resource.id);
                let first = match resumed.and_then(|place| place.after) {
                    Some(last) => last.checked_add(SignedDuration::from_nanos(1)).unwrap_or(to),
                    None => from,
                };
                let id = resource.id.clone();
                place = Some(PoolPlace { resource: id.clone(), after: None });
                looked += 1;
                if resource.is_listed_in(pool) {
                    let left = limit - found.len();
                    let offered = resource.calendar.offered(first.clamp(from, to), to);
                    let mut offered: Vec<Period> = offered.take(left + 1).collect();
                    let more = offered.len() > left;
                    offered.truncate(left);
                    let slots = self.availability_after_offers(&resource, &offered, now).await?;
                    found.extend(slots.into_iter().map(|slot| (id.clone(), slot)));
                    if let Some(last) = offered.last().filter(|_| more) {
                        let after = Some(last.start);
                        return Ok((found, Some(PoolPlace { resource: id, after })));
                    }
                }
                if found.len() >= limit || looked >= MOST_LOOKS || is_last {
                    return Ok((found, place.filter(|_| !is_last)));
                }
            }
            if !others {
                return Ok((found, None));
            }
        }
    }
}
