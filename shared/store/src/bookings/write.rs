//! The writes that transactions are made of.
//!
//! Each mirrors one step of [`domain::Slot`], as an update that does not need to have read the
//! slot: its condition says what must hold, its expression what changes.

use crate::bookings::Bookings;
use crate::error::Error;
use crate::items::{self, HoldItem, hold_attribute};
use crate::keys::{self, ItemKey};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::{Booking, BookingId, Capacity, Hold, ResourceId, Slot, Version};
use jiff::Timestamp;
use serde_dynamo::Item;
use std::collections::HashMap;

/// A slot nobody asks for any more is collected this many days after it has ended.
const SLOT_KEPT_DAYS: i64 = 30;

/// An update under construction: names and values are placeholders in its texts.
struct Step {
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Step {
    /// Every change of a slot raises its version, by one for each thing that changed.
    fn new(version: usize) -> Self {
        let mut step = Self {
            sets: Vec::new(),
            adds: vec!["version :changes".to_owned()],
            removes: Vec::new(),
            conditions: Vec::new(),
            names: HashMap::new(),
            values: HashMap::new(),
        };
        step.value(":changes", &version);
        step
    }

    fn value<N: ToString + ?Sized>(&mut self, name: &str, number: &N) {
        self.values.insert(name.to_owned(), AttributeValue::N(number.to_string()));
    }

    /// A placeholder for the attribute of a booking's hold.
    fn hold(&mut self, booking: &BookingId) -> String {
        let placeholder = format!("#h{}", self.names.len());
        self.names.insert(placeholder.clone(), hold_attribute(booking));
        placeholder
    }

    /// Drops holds, which must all be there still; the places that they give back.
    fn drop_holds(&mut self, holds: &[(&BookingId, &Hold)]) -> u32 {
        for (id, _) in holds {
            let hold = self.hold(id);
            self.conditions.push(format!("attribute_exists({hold})"));
            self.removes.push(hold);
        }
        holds.iter().map(|(_, hold)| hold.quantity.get()).sum()
    }

    fn build(self, table: &str, key: &ItemKey) -> Result<TransactWriteItem, Error> {
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
    /// Takes places in a slot, as it was last seen or believed to be: held until an instant, or
    /// sold. Holds seen to have run out give way in the same write.
    pub(super) fn take(
        &self,
        booking: &Booking,
        seen: &Slot,
        capacity: Capacity,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let run_out: Vec<(&BookingId, &Hold)> = seen.run_out(now).collect();
        let quantity = booking.quantity.get();

        let mut step = Step::new(1 + run_out.len());
        let given_back = step.drop_holds(&run_out);
        step.adds.push("taken :change".to_owned());
        step.value(":change", &(i64::from(quantity) - i64::from(given_back)));
        step.value(":room", &(capacity.get() + given_back).saturating_sub(quantity));
        step.conditions.push("(attribute_not_exists(taken) OR taken <= :room)".to_owned());
        if let Some(until) = booking.hold_expires_at {
            let hold = step.hold(&booking.id);
            let item = HoldItem { q: booking.quantity, u: until.as_millisecond() };
            step.values.insert(":hold".to_owned(), serde_dynamo::to_attribute_value(item)?);
            step.sets.push(format!("{hold} = :hold"));
        }
        let minutes = booking.stretch.slot_minutes;
        step.sets.push("minutes = :minutes".to_owned());
        step.value(":minutes", &minutes);
        step.sets.push("#ttl = :ttl".to_owned());
        step.names.insert("#ttl".to_owned(), "ttl".to_owned());
        step.value(":ttl", &items::ttl(seen.start, SLOT_KEPT_DAYS));
        step.build(&self.table, &keys::slot(&booking.resource, seen.start))
    }

    /// Drops holds of a slot that have run out, and nothing else.
    pub(super) fn sweep(
        &self,
        resource: &ResourceId,
        start: Timestamp,
        run_out: &[(&BookingId, &Hold)],
    ) -> Result<TransactWriteItem, Error> {
        let mut step = Step::new(run_out.len());
        let given_back = step.drop_holds(run_out);
        step.adds.push("taken :back".to_owned());
        step.value(":back", &-i64::from(given_back));
        step.build(&self.table, &keys::slot(resource, start))
    }

    /// Turns a hold into a sale, while the slot itself still holds it.
    pub(super) fn confirm_slot(
        &self,
        booking: &Booking,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let mut step = Step::new(1);
        let hold = step.hold(&booking.id);
        step.value(":now", &now.as_millisecond());
        step.conditions.push(format!("{hold}.u > :now"));
        step.removes.push(hold);
        step.build(&self.table, &keys::slot(&booking.resource, start))
    }

    /// Gives a booking's places back: held ones only while the slot still holds them.
    pub(super) fn release(
        &self,
        booking: &Booking,
        start: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let quantity = booking.quantity.get();
        let mut step = Step::new(1);
        step.adds.push("taken :back".to_owned());
        step.value(":back", &-i64::from(quantity));
        if booking.hold_expires_at.is_some() {
            let hold = step.hold(&booking.id);
            step.conditions.push(format!("attribute_exists({hold})"));
            step.removes.push(hold);
        } else {
            step.value(":quantity", &quantity);
            step.conditions.push("taken >= :quantity".to_owned());
        }
        step.build(&self.table, &keys::slot(&booking.resource, start))
    }

    /// Writes a booking that must not exist yet.
    pub(super) fn create(&self, booking: &Booking) -> Result<TransactWriteItem, Error> {
        self.put(items::from_booking(booking)?, None)
    }

    /// Writes a booking over the version that was read.
    pub(super) fn replace(
        &self,
        booking: &Booking,
        read: Version,
    ) -> Result<TransactWriteItem, Error> {
        self.put(items::from_booking(booking)?, Some(read))
    }

    /// Writes an item: a new one, or over the version that was read.
    pub(super) fn put(
        &self,
        item: Item,
        over: Option<Version>,
    ) -> Result<TransactWriteItem, Error> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item.into()));
        let put = match over {
            None => put.condition_expression("attribute_not_exists(PK)"),
            Some(version) => put
                .condition_expression("version = :read")
                .expression_attribute_values(":read", AttributeValue::N(version.to_string())),
        };
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }
}
