//! The writes that transactions are made of.
//!
//! A slot is written as the effect says that the domain decided ([`domain::Slot::after`]): as an
//! update whose condition says what must still hold, and whose expression says what changes.

use crate::bookings::Bookings;
use crate::bookings::own::AT_VERSION;
use crate::error::{CommandError, Error};
use crate::items;
use crate::items::booking::from_booking;
use crate::items::slot::bucket_attribute;
use crate::keys;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::slot::LEAVES_BUCKET;
use domain::{Booking, Effect, Quantity, Resource, ResourceId, Slot, Terms, Version};
use jiff::Timestamp;
use serde_dynamo::Item;
use std::collections::HashMap;

/// A slot nobody asks for any more is collected this many days after it has ended.
const SLOT_KEPT_DAYS: i64 = 30;
/// The most buckets that one update names: an expression has at most 4 KB and 300 operators. There
/// are more only where a resource's `holdSeconds` was changed often and shortly before.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub(super) const NAMED: usize = 80;

/// An update under construction: names and values are placeholders in its texts.
#[derive(Default)]
struct Step {
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Step {
    /// A placeholder for a number.
    fn number<N: ToString + ?Sized>(&mut self, number: &N) -> String {
        let placeholder = format!(":n{}", self.values.len());
        self.values.insert(placeholder.clone(), AttributeValue::N(number.to_string()));
        placeholder
    }

    /// A placeholder for the bucket of the holds that end then.
    fn bucket(&mut self, end: Timestamp) -> String {
        let placeholder = format!("#x{}", self.names.len());
        self.names.insert(placeholder.clone(), bucket_attribute(end));
        placeholder
    }

    fn add<N: ToString + ?Sized>(&mut self, attribute: &str, number: &N) {
        let number = self.number(number);
        self.adds.push(format!("{attribute} {number}"));
    }

    fn set<N: ToString + ?Sized>(&mut self, attribute: &str, number: &N) {
        let number = self.number(number);
        self.sets.push(format!("{attribute} = {number}"));
    }

    /// Drops buckets that have run out, which must be as they were seen.
    fn drop_buckets(&mut self, buckets: &[(Timestamp, u32)]) {
        for (end, places) in buckets {
            let (bucket, places) = (self.bucket(*end), self.number(places));
            self.conditions.push(format!("{bucket} = {places}"));
            self.removes.push(bucket);
        }
    }

    /// Takes places out of the bucket of the holds that end then, while the slot still has it.
    fn leave_bucket(&mut self, quantity: Quantity, end: Timestamp) {
        let (bucket, places) = (self.bucket(end), self.number(&quantity));
        self.conditions.push(format!("{bucket} >= {places}"));
        self.add(&bucket, &-i64::from(quantity.get()));
        self.add("version", &LEAVES_BUCKET);
    }

    fn build(self, table: &str, key: &keys::ItemKey) -> Result<TransactWriteItem, Error> {
        let clause = |verb: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{verb} {} ", parts.join(", ")),
        };
        let expression =
            [clause("SET", &self.sets), clause("ADD", &self.adds), clause("REMOVE", &self.removes)];
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .update_expression(expression.concat().trim_end())
            .condition_expression(self.conditions.join(" AND "))
            .set_expression_attribute_names((!self.names.is_empty()).then_some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Bookings {
    /// Writes an effect on a slot as it was read, on these terms; or the domain's rejection.
    pub(super) fn slot_write(
        &self,
        resource: &ResourceId,
        slot: &Slot,
        effect: Effect,
        terms: Terms,
        now: Timestamp,
    ) -> Result<TransactWriteItem, CommandError> {
        slot.after(effect, terms, now)?;
        let write = match effect {
            Effect::Take(quantity, until) => {
                self.take(resource, slot, (quantity, until), terms, now)
            }
            Effect::Keep(quantity, until) => self.keep(resource, slot.start, quantity, until),
            Effect::Extend(quantity, until, later) => {
                self.extend(resource, slot.start, quantity, (until, later))
            }
            Effect::Release(quantity, until) => self.release(resource, slot.start, quantity, until),
        };
        Ok(write?)
    }

    /// Takes places: held until an instant, or for good. Buckets that have run out give way in the
    /// same write.
    fn take(
        &self,
        resource: &ResourceId,
        slot: &Slot,
        (quantity, until): (Quantity, Option<Timestamp>),
        terms: Terms,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let quantity = quantity.get();
        let run_out: Vec<(Timestamp, u32)> = slot.run_out(now).collect();
        let given_back: u32 = run_out.iter().map(|(_, places)| places).sum();
        let changes = 1 + run_out.iter().filter(|(_, places)| *places > 0).count();

        let mut step = Step::default();
        step.drop_buckets(&run_out);
        let room = step.number(&(terms.places + given_back).saturating_sub(quantity));
        let (length, nobody) = (step.number(&terms.minutes), step.number(&given_back));
        // What is sold at another length is not sold in part again.
        step.conditions.push(format!(
            "(attribute_not_exists(taken) OR \
             (taken <= {room} AND (minutes = {length} OR taken <= {nobody})))"
        ));
        step.add("version", &changes);
        step.add("taken", &(i64::from(quantity) - i64::from(given_back)));
        if let Some(until) = until {
            let bucket = step.bucket(until);
            step.add(&bucket, &quantity);
        }
        step.sets.push(format!("minutes = {length}"));
        step.names.insert("#ttl".to_owned(), "ttl".to_owned());
        step.set("#ttl", &items::ttl(slot.start, SLOT_KEPT_DAYS));
        step.build(&self.table.name, &keys::slot(resource, slot.start))
    }

    /// Turns held places into sold ones, while the slot still has the bucket that they are in.
    pub(super) fn keep(
        &self,
        resource: &ResourceId,
        start: Timestamp,
        quantity: Quantity,
        until: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let mut step = Step::default();
        step.leave_bucket(quantity, until);
        step.build(&self.table.name, &keys::slot(resource, start))
    }

    /// Moves held places from one bucket to another, while the slot still has the first.
    pub(super) fn extend(
        &self,
        resource: &ResourceId,
        start: Timestamp,
        quantity: Quantity,
        (until, later): (Timestamp, Timestamp),
    ) -> Result<TransactWriteItem, Error> {
        let mut step = Step::default();
        step.leave_bucket(quantity, until);
        let bucket = step.bucket(later);
        step.add(&bucket, &quantity);
        step.build(&self.table.name, &keys::slot(resource, start))
    }

    /// Gives places back: held ones only while the slot still has the bucket that they are in.
    pub(super) fn release(
        &self,
        resource: &ResourceId,
        start: Timestamp,
        quantity: Quantity,
        until: Option<Timestamp>,
    ) -> Result<TransactWriteItem, Error> {
        let mut step = Step::default();
        if let Some(until) = until {
            step.leave_bucket(quantity, until);
        } else {
            let places = step.number(&quantity);
            step.conditions.push(format!("taken >= {places}"));
            step.add("version", &1);
        }
        step.add("taken", &-i64::from(quantity.get()));
        step.build(&self.table.name, &keys::slot(resource, start))
    }

    /// Drops buckets that have run out, as many as one write can name.
    pub(super) fn sweep(
        &self,
        resource: &ResourceId,
        slot: &Slot,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let run_out: Vec<(Timestamp, u32)> = slot.run_out(now).take(NAMED).collect();
        let given_back: u32 = run_out.iter().map(|(_, places)| places).sum();
        let mut step = Step::default();
        step.drop_buckets(&run_out);
        step.add("version", &run_out.iter().filter(|(_, places)| *places > 0).count());
        step.add("taken", &-i64::from(given_back));
        step.build(&self.table.name, &keys::slot(resource, slot.start))
    }

    /// Writes a booking that must not exist yet.
    pub(super) fn create(&self, booking: &Booking) -> Result<TransactWriteItem, Error> {
        self.put(from_booking(booking)?, None)
    }

    /// Writes a booking over the version that was read.
    pub(super) fn replace(
        &self,
        booking: &Booking,
        read: Version,
    ) -> Result<TransactWriteItem, Error> {
        self.put(from_booking(booking)?, Some(read))
    }

    /// Writes that a resource is one of its venue's.
    pub(super) fn join(&self, resource: &Resource) -> Result<TransactWriteItem, Error> {
        let key = keys::member(&resource.venue, &resource.id);
        let put = Put::builder().table_name(&self.table.name).set_item(Some(key.attributes()));
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    /// Writes an item: a new one, or over the version that was read.
    pub(super) fn put(
        &self,
        item: Item,
        over: Option<Version>,
    ) -> Result<TransactWriteItem, Error> {
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item.into()));
        let put = match over {
            None => put.condition_expression("attribute_not_exists(PK)"),
            Some(version) => put
                .condition_expression(AT_VERSION)
                .expression_attribute_values(":read", AttributeValue::N(version.to_string())),
        };
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }
}
