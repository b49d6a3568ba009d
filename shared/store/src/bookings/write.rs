//! The writes that transactions are made of.
//!
//! A slot is written as the effect says that the domain decided ([`domain::Slot::after`]): as an
//! update whose condition says what must still hold, and whose expression says what changes.

use crate::bookings::Bookings;
use crate::error::{CommandError, Error};
use crate::items;
use crate::items::booking::from_booking;
use crate::items::slot::bucket_attribute;
use crate::keys;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::slot::VERSIONS_PER_WRITE;
use domain::{
    Booking, Effect, Period, Quantity, Rejection, Resource, ResourceId, Slot, Terms, Version,
};
use jiff::Timestamp;
use serde_dynamo::Item;
use std::collections::{BTreeMap, HashMap};

/// The condition of a write over the version that was read, `:read`.
const AT_VERSION: &str = "version = :read";
/// The condition of a write of a new item.
const NEW: &str = "attribute_not_exists(PK)";
/// A slot nobody asks for any more is collected this many days after it has ended.
const SLOT_KEPT_DAYS: i64 = 30;
/// The most buckets that one update names: an expression has at most 4 KB and 300 operators. There
/// are more only where a resource's `holdSeconds` was changed often and shortly before.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub(super) const NAMED: usize = 80;

/// What is offered where places are taken, as it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// Its slots that somebody touched, from [`Resource::reads_from`] on.
    pub touched: &'a BTreeMap<Timestamp, Slot>,
}

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
    /// A write of a slot, whatever else it does.
    fn of_slot() -> Self {
        let mut step = Self::default();
        step.add("version", &VERSIONS_PER_WRITE);
        step
    }

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
    }

    /// Puts places into the bucket of the holds that end then.
    fn enter_bucket(&mut self, quantity: Quantity, end: Timestamp) {
        let bucket = self.bucket(end);
        self.add(&bucket, &quantity);
    }

    /// The slot must have so many places taken.
    fn has_taken(&mut self, quantity: Quantity) {
        let places = self.number(&quantity);
        self.conditions.push(format!("taken >= {places}"));
    }

    /// Takes places of a slot as it was read: held until an instant, or for good. Buckets that have
    /// run out give way in the same write.
    fn take(
        &mut self,
        slot: &Slot,
        (quantity, until): (Quantity, Option<Timestamp>),
        terms: Terms,
        now: Timestamp,
    ) {
        let run_out: Vec<(Timestamp, u32)> = slot.run_out(now).collect();
        let given_back: u32 = run_out.iter().map(|(_, places)| places).sum();
        self.drop_buckets(&run_out);
        let room = (terms.places + given_back).saturating_sub(quantity.get());
        let (room, length) = (self.number(&room), self.number(&terms.minutes));
        let nobody = self.number(&given_back);
        // What is sold at another length is not sold in part again.
        self.conditions.push(format!(
            "(attribute_not_exists(taken) OR \
             (taken <= {room} AND (minutes = {length} OR taken <= {nobody})))"
        ));
        self.add("taken", &(i64::from(quantity.get()) - i64::from(given_back)));
        if let Some(until) = until {
            self.enter_bucket(quantity, until);
        }
        self.sets.push(format!("minutes = {length}"));
        self.names.insert("#ttl".to_owned(), "ttl".to_owned());
        self.set("#ttl", &items::ttl(slot.start, SLOT_KEPT_DAYS));
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
    /// The write that has this effect on this slot; or the domain's rejection, where
    /// what is offered there leaves no places to take.
    pub(super) fn slot_write(
        &self,
        resource: &ResourceId,
        (slot, effect): (Period, Effect),
        offer: Option<Offer<'_>>,
        now: Timestamp,
    ) -> Result<TransactWriteItem, CommandError> {
        let mut step = Step::of_slot();
        match effect {
            Effect::Take(quantity, until) => {
                let Offer { resource, touched } = offer.ok_or(Rejection::NoSuchResource)?;
                let read = resource.slot(slot, touched);
                let terms = resource.terms(slot, touched, now);
                read.after(effect, terms, now)?;
                step.take(&read, (quantity, until), terms, now);
            }
            // Held places become sold ones.
            Effect::Keep(quantity, until) => step.leave_bucket(quantity, until),
            Effect::Extend(quantity, until, later) => {
                step.leave_bucket(quantity, until);
                step.enter_bucket(quantity, later);
            }
            Effect::Release(quantity, until) => {
                match until {
                    Some(until) => step.leave_bucket(quantity, until),
                    None => step.has_taken(quantity),
                }
                step.add("taken", &-i64::from(quantity.get()));
            }
        }
        Ok(step.build(&self.table.name, &keys::slot(resource, slot.start))?)
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
        let mut step = Step::of_slot();
        step.drop_buckets(&run_out);
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
            None => put.condition_expression(NEW),
            Some(version) => put
                .condition_expression(AT_VERSION)
                .expression_attribute_values(":read", AttributeValue::N(version.to_string())),
        };
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    /// Writes an item by itself, as [`Self::put`] does in a transaction; whether its condition held.
    pub(super) async fn put_alone(&self, item: Item, over: Option<Version>) -> Result<bool, Error> {
        match over {
            None => self.table.put(item, Some((NEW, &[]))).await,
            Some(version) => {
                let read = [(":read", AttributeValue::N(version.to_string()))];
                self.table.put(item, Some((AT_VERSION, &read))).await
            }
        }
    }
}
