//! Writes, reads and lists resources.

use crate::bookings::{Bookings, DECISIONS};
use crate::cursor::List;
use crate::error::{Error, Unavailable};
use crate::items::resource::{from_resource, to_resource};
use crate::keys;
use crate::table::Range;
use crate::transact::Outcome;
use domain::{Rejection, Resource, ResourceId, Version};
use jiff::Timestamp;

impl Bookings {
    /// Creates or replaces a resource; its version is counted here, and what has to be remembered of
    /// the grid before is kept in it.
    pub async fn put_resource(
        &self,
        resource: Resource,
        now: Timestamp,
    ) -> Result<Resource, Error> {
        for _ in 0..DECISIONS {
            let read = self.find_resource(&resource.id).await?;
            let next = match &read {
                Some(read) => resource.clone().replacing(read, now)?,
                None => Resource { version: Version::FIRST, ..resource.clone() },
            };
            let over = read.map(|read| read.version);
            let keys = [keys::resource(&next.id), keys::listed_resource(&next.id)];
            let writes: Result<_, Error> =
                keys.into_iter().map(|key| self.put(from_resource(key, &next)?, over)).collect();
            if self.table.transact(writes?).await? == Outcome::Written {
                return Ok(next);
            }
        }
        Err(Error::Busy)
    }

    /// The resource of this id.
    pub async fn resource(&self, id: &ResourceId) -> Result<Resource, Error> {
        Ok(self.find_resource(id).await?.ok_or(Rejection::NoSuchResource)?)
    }

    pub(super) async fn find_resource(&self, id: &ResourceId) -> Result<Option<Resource>, Error> {
        Ok(self.table.get(keys::resource(id)).await?.map(to_resource).transpose()?)
    }

    /// All resources by id, from the one after `cursor`.
    pub async fn resources(
        &self,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<(Vec<Resource>, bool), Error> {
        let after = match cursor {
            Some(cursor) => resource_list().place(cursor)?,
            None => String::new(),
        };
        let (after, to) = keys::listed_resources(&after);
        let range = Range { partition: keys::RESOURCES.to_owned(), from: after.clone(), to };
        let range = range.after(&after);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (items, more) = self.table.page(&range, limit).await?;
        let resources: Result<_, Unavailable> = items.into_iter().map(to_resource).collect();
        Ok((resources?, more))
    }
}

/// The list of all resources, for its cursors: a place is a resource's id.
pub fn resource_list() -> List {
    List::new(["resources"])
}
