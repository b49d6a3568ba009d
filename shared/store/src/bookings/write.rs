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
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use domain::slot::VERSIONS_PER_WRITE;
use domain::{
    Booking, Effect, Period, Rejection, Resource, ResourceId, Share, Slot, SlotOf, Terms, Version,
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
#[derive(Debug, Clone)]
pub(super) struct Offer {
    /// The resource.
    pub resource: Resource,
    /// Its slots that somebody touched, from [`Resource::reads_from`] on.
    pub touched: BTreeMap<Timestamp, Slot>,
}

/// Slots that somebody touched, by their resources.
pub(super) type Touched = HashMap<ResourceId, BTreeMap<Timestamp, Slot>>;

/// What a transaction does to each slot.
pub(super) type Effects = BTreeMap<SlotOf, Vec<Effect>>;

/// What a booking's change does to each slot.
pub(super) fn effects(before: Option<&Booking>, after: &Booking) -> Effects {
    let effects = Booking::effects(before, after).into_iter();
    effects.map(|(of, effect)| (of, vec![effect])).collect()
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
        let attribute = bucket_attribute(end);
        let known = self.names.iter().find(|(_, name)| **name == attribute);
        if let Some((placeholder, _)) = known {
            return placeholder.clone();
        }
        let placeholder = format!("#x{}", self.names.len());
        self.names.insert(placeholder.clone(), attribute);
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

    /// Moves places from the buckets of the holds that end at some instants to those of others, while
    /// the slot still has the first.
    fn change_buckets(&mut self, effects: &[Effect]) {
        // An update names each attribute once.
        let (mut least, mut changes) = (BTreeMap::new(), BTreeMap::new());
        for effect in effects {
            if let Some((end, places)) = effect.before.and_then(Share::bucket) {
                *least.entry(end).or_insert(0) += i64::from(places.get());
                *changes.entry(end).or_insert(0) -= i64::from(places.get());
            }
            if let Some((end, places)) = effect.after.and_then(Share::bucket) {
                *changes.entry(end).or_insert(0) += i64::from(places.get());
            }
        }
        for (end, places) in least {
            let (bucket, places) = (self.bucket(end), self.number(&places));
            self.conditions.push(format!("{bucket} >= {places}"));
        }
        for (end, places) in changes {
            let bucket = self.bucket(end);
            self.add(&bucket, &places);
        }
    }

    /// Nobody waits in the slot who was not seen to wait there: places are neither taken past a line nor
    /// given back past it.
    fn guard_line(&mut self, read: Option<&Slot>) {
        match read {
            Some(slot) if slot.waiting > 0 => {
                let version = self.number(&slot.version);
                self.conditions.push(format!("version = {version}"));
            }
            _ => {
                let nobody = self.number(&0);
                let empty = format!("(attribute_not_exists(waiting) OR waiting = {nobody})");
                self.conditions.push(empty);
            }
        }
    }

    /// So many leave the line of a slot.
    fn leave_line(&mut self, many: u32) {
        self.add("waiting", &-i64::from(many));
        let least = self.number(&many);
        self.conditions.push(format!("waiting >= {least}"));
    }

    /// Somebody joins the line of a slot, which is there from then on. It says whose it is: what follows the
    /// table's changes off the bus is not told of keys, since a customer's partition names the customer.
    fn join_line(&mut self, resource: &ResourceId, slot: Period) {
        self.add("waiting", &1);
        self.names.insert("#resource".to_owned(), "resource".to_owned());
        self.values.insert(":resource".to_owned(), AttributeValue::S(resource.to_string()));
        self.sets.push("#resource = :resource".to_owned());
        let (nothing, length) = (self.number(&0), self.number(&slot.minutes()));
        self.sets.push(format!("taken = if_not_exists(taken, {nothing})"));
        self.sets.push(format!("minutes = if_not_exists(minutes, {length})"));
        self.names.insert("#ttl".to_owned(), "ttl".to_owned());
        let ttl = self.number(&items::ttl(slot.start, SLOT_KEPT_DAYS));
        self.sets.push(format!("#ttl = if_not_exists(#ttl, {ttl})"));
    }

    /// Makes room for so many places more in a slot as it was read, which may be fewer than none: buckets
    /// that have run out give way in the same write. How many places these give back.
    fn make_room(&mut self, slot: &Slot, more: i64, terms: Terms, now: Timestamp) -> i64 {
        let run_out: Vec<(Timestamp, u32)> = slot.run_out(now).collect();
        let given_back: i64 = run_out.iter().map(|(_, places)| i64::from(*places)).sum();
        self.drop_buckets(&run_out);
        // With less room than none, nothing is taken: the domain has refused it.
        let room = (i64::from(terms.places) + given_back - more).max(0);
        let (room, length) = (self.number(&room), self.number(&terms.minutes));
        let nobody = self.number(&given_back);
        // What is sold at another length is not sold in part again.
        self.conditions.push(format!(
            "(attribute_not_exists(taken) OR \
             (taken <= {room} AND (minutes = {length} OR taken <= {nobody})))"
        ));
        self.sets.push(format!("minutes = {length}"));
        self.names.insert("#ttl".to_owned(), "ttl".to_owned());
        self.set("#ttl", &items::ttl(slot.start, SLOT_KEPT_DAYS));
        given_back
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
            .set_condition_expression(
                Some(self.conditions.join(" AND ")).filter(|it| !it.is_empty()),
            )
            .set_expression_attribute_names((!self.names.is_empty()).then_some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Bookings {
    /// The writes that have these effects, which a booking's change has on its slots and on those of
    /// others.
    pub(super) fn slot_writes(
        &self,
        booking: &Booking,
        effects: &Effects,
        (offers, left): (&[Offer], Option<&Touched>),
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, CommandError> {
        let write = |(of, effects): (&SlotOf, &Vec<Effect>)| {
            let write = self.slot_write(of, effects, (offers, left), now);
            write.map_err(|error| match error {
                CommandError::Rejected(rejection) => {
                    rejection.because_of(&of.resource, booking).into()
                }
                failed @ CommandError::Failed(_) => failed,
            })
        };
        effects.iter().map(write).collect()
    }

    /// The write that has these effects on this slot; or the domain's rejection, where what is offered
    /// there leaves no places to take.
    fn slot_write(
        &self,
        of: &SlotOf,
        effects: &[Effect],
        (offers, left): (&[Offer], Option<&Touched>),
        now: Timestamp,
    ) -> Result<TransactWriteItem, CommandError> {
        let SlotOf { resource, slot } = of;
        let mut step = Step::of_slot();
        let sum = |places: fn(&Effect) -> u32| effects.iter().map(places).sum::<u32>();
        let (more, fewer) = (i64::from(sum(Effect::taken)), i64::from(sum(Effect::given_back)));
        let offer = offers.iter().find(|offer| offer.resource.id == *resource);
        let mut run_out = 0;
        if more > 0 {
            let Offer { resource, touched } = offer.ok_or(Rejection::NoSuchResource)?;
            let read = resource.slot(*slot, touched);
            let terms = resource.terms(*slot, touched, now);
            read.after(effects.iter().copied(), terms, now)?;
            run_out = step.make_room(&read, more - fewer, terms, now);
        }
        let for_good = |effect: &Effect| match effect.before {
            Some(Share::Has(places, None)) => places.get(),
            _ => 0,
        };
        let for_good = sum(for_good);
        if for_good > 0 {
            let least = step.number(&for_good);
            step.conditions.push(format!("taken >= {least}"));
        }
        step.change_buckets(effects);
        if more > 0 || fewer > 0 {
            step.add("taken", &(more - fewer - run_out));
            let there = offer.and_then(|offer| offer.touched.get(&slot.start));
            let left = || left.and_then(|left| left.get(resource)?.get(&slot.start));
            step.guard_line(there.or_else(left));
        }
        match effects.iter().map(Effect::joins).sum::<i32>() {
            0 => {}
            // A transaction has one booking that joins at most.
            1.. => step.join_line(resource, *slot),
            joins => step.leave_line(joins.unsigned_abs()),
        }
        Ok(step.build(&self.table.name, &keys::slot(resource, slot.start))?)
    }

    /// The same as a write of [`Self::slot_writes`], of somebody who joins the line of a slot as it was
    /// read: while it is as full.
    pub(super) fn join_full_slot(
        &self,
        booking: &Booking,
        slot: Period,
        offer: &Offer,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let Offer { resource, touched } = offer;
        let (read, terms) = (resource.slot(slot, touched), resource.terms(slot, touched, now));
        let mut step = Step::of_slot();
        step.join_line(&resource.id, slot);
        if read.minutes == terms.minutes {
            let run_out: i64 = read.run_out(now).map(|(_, places)| i64::from(places)).sum();
            let room = i64::from(terms.places) + run_out - i64::from(booking.places.get());
            if room >= 0 {
                let room = step.number(&room);
                step.conditions.push(format!("taken > {room}"));
            }
            // Otherwise what else is in its time leaves too little, however little is taken here.
        } else {
            let version = step.number(&read.version);
            step.conditions.push(format!("version = {version}"));
        }
        step.build(&self.table.name, &keys::slot(&resource.id, slot.start))
    }

    /// One fewer waits in a slot.
    pub(super) fn leave_slot(&self, slot: &keys::ItemKey) -> Result<TransactWriteItem, Error> {
        let mut step = Step::of_slot();
        step.leave_line(1);
        step.build(&self.table.name, slot)
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
        self.put_whatever(keys::member(&resource.venue, &resource.id).attributes())
    }

    /// Writes an item, whatever is there.
    pub(super) fn put_whatever(
        &self,
        item: HashMap<String, AttributeValue>,
    ) -> Result<TransactWriteItem, Error> {
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item));
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    /// Deletes an item.
    pub(super) fn delete(
        &self,
        key: &keys::ItemKey,
        must_be_there: bool,
    ) -> Result<TransactWriteItem, Error> {
        let there = must_be_there.then(|| "attribute_exists(PK)".to_owned());
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .set_condition_expression(there)
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
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
