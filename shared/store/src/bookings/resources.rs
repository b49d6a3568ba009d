//! Writes, reads and lists resources.

use crate::bookings::{Bookings, DECISIONS};
use crate::cursor::List;
use crate::error::{Error, Unavailable};
use crate::transact::{Outcome, transact};
use crate::{items, keys};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Rejection, Resource, ResourceId, Version};
use jiff::{SignedDuration, Timestamp};

impl Bookings {
    /// Creates or replaces a resource; its version is counted here. Changed opening rules are
    /// refused where they would sell again, in part, what is already sold.
    ///
    /// That is checked on what is sold before the new rules are written: a request that read the
    /// old rules and is written in the same instant is not seen.
    pub async fn put_resource(
        &self,
        mut resource: Resource,
        now: Timestamp,
    ) -> Result<Resource, Error> {
        for _ in 0..DECISIONS {
            let read = self.find_resource(&resource.id).await?;
            resource.version = read.as_ref().map_or(Version::FIRST, |read| read.version.next());
            let other_slots = |read: &Resource| {
                resource.opening != read.opening
                    || resource.slot_minutes != read.slot_minutes
                    || resource.time_zone != read.time_zone
            };
            if read.as_ref().is_some_and(other_slots) {
                self.refuse_to_resell(&resource, now).await?;
            }
            let over = read.map(|read| read.version);
            let keys = [keys::resource(&resource.id), keys::listed_resource(&resource.id)];
            let writes: Result<_, Error> = keys
                .into_iter()
                .map(|key| self.put(items::from_resource(key, &resource)?, over))
                .collect();
            if transact(&self.client, &self.units, writes?).await? == Outcome::Written {
                return Ok(resource);
            }
        }
        Err(Error::Busy)
    }

    async fn refuse_to_resell(&self, resource: &Resource, now: Timestamp) -> Result<(), Error> {
        // No slot is longer than a day: those that began before are over.
        let from = now - SignedDuration::from_hours(24);
        for (slot, minutes) in self.slot_items(&resource.id, from, Timestamp::MAX).await? {
            let end = slot.start + SignedDuration::from_mins(i64::from(minutes.get()));
            if slot.at(now).taken > 0 && end > now && resource.would_resell(slot.start, end) {
                return Err(Rejection::Unacceptable {
                    field: "/resource/opening",
                    message: format!(
                        "the slot from {} to {end} is sold, and these opening rules would sell \
                         part of it again: cancel its bookings first",
                        slot.start
                    ),
                }
                .into());
            }
        }
        Ok(())
    }

    /// The resource of this id.
    pub async fn resource(&self, id: &ResourceId) -> Result<Resource, Error> {
        Ok(self.find_resource(id).await?.ok_or(Rejection::NoSuchResource)?)
    }

    async fn find_resource(&self, id: &ResourceId) -> Result<Option<Resource>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::resource(id).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.item.map(|item| items::to_resource(item.into())).transpose()?)
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
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk AND SK > :after")
            .expression_attribute_values(":pk", AttributeValue::S(keys::RESOURCES.to_owned()))
            .expression_attribute_values(":after", AttributeValue::S(format!("R#{after}")))
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await?;
        let more = page.last_evaluated_key.is_some();
        let resources: Result<_, Unavailable> = page
            .items
            .unwrap_or_default()
            .into_iter()
            .map(|item| items::to_resource(item.into()))
            .collect();
        Ok((resources?, more))
    }
}

/// The list of all resources, for its cursors: a place is a resource's id.
pub fn resource_list() -> List {
    List::new(["resources"])
}
