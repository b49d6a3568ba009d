//! Snapshots and lists. All of it is strongly consistent but the two indexes for operators, which
//! DynamoDB keeps up within moments; what they find is read again, consistently.

use crate::bookings::Bookings;
use crate::error::Error;
use crate::transact::wait;
use crate::{items, keys};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use domain::{Booking, BookingId, CustomerId, ResourceId, Slot, SlotMinutes, Status};
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use std::collections::{BTreeMap, HashMap};

/// DynamoDB reads no more items than this in one batch.
const BATCH: usize = 100;

type Attributes = HashMap<String, AttributeValue>;

impl Bookings {
    /// This customer's booking of this id.
    pub async fn booking(
        &self,
        customer: &CustomerId,
        id: &BookingId,
    ) -> Result<Option<Booking>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::booking(customer, id).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.item.map(|item| items::to_booking(item.into())).transpose()?)
    }

    /// Whose booking this is.
    pub async fn owner(&self, id: &BookingId) -> Result<Option<CustomerId>, Error> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(keys::BY_BOOKING)
            .key_condition_expression("bookingId = :id")
            .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
            .send()
            .await?;
        let customer = |item: &Attributes| {
            let key = item.get(keys::PK)?.as_s().ok()?;
            CustomerId::parse(key.strip_prefix("C#")?).ok()
        };
        Ok(found.items().first().and_then(customer))
    }

    /// How many holds of this customer are open.
    pub(super) async fn open_holds(
        &self,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk AND begins_with(SK, :bookings)")
            .filter_expression("#status = :held AND holdUntil > :now")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(
                ":pk",
                AttributeValue::S(keys::customer_partition(customer)),
            )
            .expression_attribute_values(":bookings", AttributeValue::S("B#".to_owned()))
            .expression_attribute_values(":held", AttributeValue::S("held".to_owned()))
            .expression_attribute_values(
                ":now",
                AttributeValue::N(now.as_millisecond().to_string()),
            )
            .select(aws_sdk_dynamodb::types::Select::Count)
            .consistent_read(true)
            .into_paginator()
            .send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += usize::try_from(page?.count()).unwrap_or_default();
        }
        Ok(count)
    }

    /// This customer's bookings by id, from the one after `after`: at most `limit` that have the
    /// status at this instant, and whether there may be more.
    pub async fn bookings_of(
        &self,
        customer: &CustomerId,
        status: Option<Status>,
        limit: usize,
        after: Option<&BookingId>,
        now: Timestamp,
    ) -> Result<(Vec<Booking>, bool), Error> {
        // Without a filter every booking counts, so that more need not be read.
        let most = status.is_none().then(|| i32::try_from(limit + 1).unwrap_or(i32::MAX));
        let mut found = Vec::new();
        let mut start = after.map(|id| keys::booking(customer, id).attributes());
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("PK = :pk AND begins_with(SK, :bookings)")
                .expression_attribute_values(
                    ":pk",
                    AttributeValue::S(keys::customer_partition(customer)),
                )
                .expression_attribute_values(":bookings", AttributeValue::S("B#".to_owned()))
                .consistent_read(true)
                .set_limit(most)
                .set_exclusive_start_key(start)
                .send()
                .await?;
            for item in page.items.unwrap_or_default() {
                let booking = items::to_booking(item.into())?.at(now);
                if status.is_none_or(|status| booking.status == status) {
                    found.push(booking);
                }
                if found.len() > limit {
                    found.truncate(limit);
                    return Ok((found, true));
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok((found, false));
            }
        }
    }

    /// A resource's bookings with `from <= start < to` by start, from the one after `after`: at
    /// most `limit` that have the status at this instant, and whether there may be more.
    pub async fn bookings_at(
        &self,
        resource: &ResourceId,
        (from, to): (Timestamp, Timestamp),
        status: Option<Status>,
        limit: usize,
        after: Option<&Place>,
        now: Timestamp,
    ) -> Result<(Vec<Booking>, bool), Error> {
        let mut found = Vec::new();
        let mut start = after.map(|after| after.key(resource));
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(keys::BY_RESOURCE)
                .key_condition_expression(
                    "atResource = :resource AND atStart BETWEEN :from AND :to",
                )
                .expression_attribute_values(":resource", AttributeValue::S(resource.to_string()))
                .expression_attribute_values(":from", AttributeValue::S(from.to_string()))
                .expression_attribute_values(
                    ":to",
                    AttributeValue::S(whole_second_after(to).to_string()),
                )
                .set_exclusive_start_key(start)
                .limit(i32::try_from(BATCH).unwrap_or(i32::MAX))
                .send()
                .await?;
            let keys: Vec<Attributes> = page.items.unwrap_or_default();
            // A booking may have moved since the index was written: it is judged as it is now.
            let wanted = |booking: &Booking| {
                booking.resource == *resource
                    && (from..to).contains(&booking.stretch.start)
                    && status.is_none_or(|status| booking.status == status)
            };
            let read = self.read_again(&keys).await?;
            found.extend(read.into_iter().map(|booking| booking.at(now)).filter(wanted));
            start = page.last_evaluated_key;
            if found.len() > limit || start.is_none() {
                let more = found.len() > limit;
                found.truncate(limit);
                return Ok((found, more));
            }
        }
    }

    /// The bookings of these index entries, strongly consistent and in the same order.
    async fn read_again(&self, entries: &[Attributes]) -> Result<Vec<Booking>, Error> {
        let base = |entry: &Attributes| {
            [keys::PK, keys::SK]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), entry.get(name)?.clone())))
                .collect::<Attributes>()
        };
        let mut missing: Vec<Attributes> = entries.iter().map(base).collect();
        let (mut read, mut attempt) = (HashMap::new(), 0);
        while !missing.is_empty() {
            let batch = missing.split_off(missing.len().saturating_sub(BATCH));
            let wanted =
                KeysAndAttributes::builder().set_keys(Some(batch)).consistent_read(true).build()?;
            let output =
                self.client.batch_get_item().request_items(&self.table, wanted).send().await?;
            for item in output.responses.unwrap_or_default().into_values().flatten() {
                let booking = items::to_booking(item.into())?;
                read.insert(format!("B#{}", booking.id), booking);
            }
            let unread = output.unprocessed_keys.unwrap_or_default();
            if !unread.is_empty() {
                wait(attempt).await;
                attempt += 1;
            }
            missing.extend(unread.into_values().flat_map(|keys| keys.keys));
        }
        let sort = |entry: &Attributes| entry.get(keys::SK)?.as_s().ok().cloned();
        Ok(entries.iter().filter_map(|entry| read.remove(&sort(entry)?)).collect())
    }

    /// The slots with `from <= start < to` that somebody touched.
    pub async fn slots(
        &self,
        resource: &ResourceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Timestamp, Slot>, Error> {
        let items = self.slot_items(resource, from, to).await?;
        Ok(items.into_iter().map(|(slot, _)| (slot.start, slot)).collect())
    }

    pub(super) async fn slot_items(
        &self,
        resource: &ResourceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Slot, SlotMinutes)>, Error> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk AND SK BETWEEN :from AND :to")
            .expression_attribute_values(
                ":pk",
                AttributeValue::S(keys::resource_partition(resource)),
            )
            .expression_attribute_values(":from", AttributeValue::S(keys::slot_sort(from)))
            .expression_attribute_values(
                ":to",
                AttributeValue::S(keys::slot_sort(whole_second_after(to))),
            )
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut slots = Vec::new();
        while let Some(item) = pages.next().await {
            let (slot, minutes) = items::to_slot(item?.into())?;
            if (from..to).contains(&slot.start) {
                slots.push((slot, minutes));
            }
        }
        Ok(slots)
    }
}

/// Starts are kept in whole seconds, and compared as texts: a fraction would sort before its second.
fn whole_second_after(instant: Timestamp) -> Timestamp {
    instant
        .round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil))
        .unwrap_or(instant)
}

/// A booking's place in the list of a resource's bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// When it starts.
    pub start: Timestamp,
    /// Whose it is.
    pub customer: CustomerId,
    /// Which it is.
    pub booking: BookingId,
}

impl Place {
    /// The place of this booking.
    pub fn of(booking: &Booking) -> Self {
        Self {
            start: booking.stretch.start,
            customer: booking.customer.clone(),
            booking: booking.id.clone(),
        }
    }

    /// Reads what [`Self::to_string`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        Some(Self {
            start: parts.next()?.parse().ok()?,
            booking: BookingId::parse(parts.next()?).ok()?,
            customer: CustomerId::parse(parts.next()?).ok()?,
        })
    }

    fn key(&self, resource: &ResourceId) -> Attributes {
        let mut key = keys::booking(&self.customer, &self.booking).attributes();
        key.insert("atResource".to_owned(), AttributeValue::S(resource.to_string()));
        key.insert("atStart".to_owned(), AttributeValue::S(self.start.to_string()));
        key
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.start, self.booking, self.customer)
    }
}
