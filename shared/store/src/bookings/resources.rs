//! Writes, reads and lists resources.

use crate::bookings::{Bookings, DECISIONS};
use crate::error::{CommandError, Error, Unavailable};
use crate::items::resource::{from_resource, to_resource};
use crate::keys;
use crate::table::Range;
use crate::transact::Outcome;
use domain::{Period, Rejection, Resource, ResourceId, Version};
use jiff::Timestamp;

impl Bookings {
    /// Creates or replaces a resource; its version is counted here, and what has to be remembered of
    /// the grid before is kept in it.
    pub async fn put_resource(
        &self,
        resource: Resource,
        now: Timestamp,
    ) -> Result<Resource, CommandError> {
        self.put_resource_if(resource, None, now).await
    }

    /// Does it only where the resource is at this version, if one is said; 0, where there is none yet.
    pub async fn put_resource_if(
        &self,
        resource: Resource,
        if_version: Option<Version>,
        now: Timestamp,
    ) -> Result<Resource, CommandError> {
        for _ in 0..DECISIONS {
            let read = self.find_resource(&resource.id).await?;
            let current = read.as_ref().map(|read| read.version).unwrap_or_default();
            if if_version.is_some_and(|wanted| wanted != current) {
                return Err(Rejection::ResourceVersionConflict(current).into());
            }
            // What was read is the condition of the write.
            let next = match &read {
                Some(read) => resource.clone().replacing(read, now)?,
                None => resource.clone().first(),
            };
            let over = read.as_ref().map(|read| read.version);
            let keys = [keys::resource(&next.id), keys::listed_resource(&next.id)];
            let writes: Result<Vec<_>, Error> =
                keys.into_iter().map(|key| self.put(from_resource(key, &next)?, over)).collect();
            let mut writes = writes?;
            // The same whenever it is written: the venue never changes.
            writes.push(self.join(&next)?);
            writes.extend(self.enter_pools(read.as_ref(), &next)?);
            if self.table.transact(writes).await? == Outcome::Written {
                // A larger capacity, or a closure that is lifted: what came free is offered.
                let always = Period { start: now, end: Timestamp::MAX };
                self.serve_rest(vec![(next.id.clone(), always)], now).await;
                return Ok(next);
            }
        }
        Err(Error::Busy.into())
    }

    /// The resource of this id.
    pub async fn resource(&self, id: &ResourceId) -> Result<Resource, CommandError> {
        Ok(self.find_resource(id).await?.ok_or(Rejection::NoSuchResource)?)
    }

    pub(super) async fn find_resource(&self, id: &ResourceId) -> Result<Option<Resource>, Error> {
        Ok(self.table.get(keys::resource(id)).await?.map(to_resource).transpose()?)
    }

    /// All resources by id, from the one after `after`: at most `limit`, and whether there may be
    /// more.
    pub async fn resources(
        &self,
        limit: usize,
        after: Option<&ResourceId>,
    ) -> Result<(Vec<Resource>, bool), Error> {
        let (after, to) = keys::listed_resources(after.map_or("", ResourceId::as_str));
        let range = Range { partition: keys::RESOURCES.to_owned(), from: after.clone(), to };
        let range = range.after(&after);
        let (items, more) = self.table.page(&range, limit).await?;
        let resources: Result<_, Unavailable> = items.into_iter().map(to_resource).collect();
        Ok((resources?, more))
    }
}
