//! What most tests begin with: a resource of their own and people to use it.

use crate::client::Client;
use crate::gateway::Gateway;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A name that nothing else has, in this run or an earlier one against the same gateway.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let run = std::process::id() ^ Timestamp::now().subsec_nanosecond().unsigned_abs();
    format!("{prefix}-{run:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The day on which the tests' bookings are: two days on, so always in the future and always
/// within the two weeks of a snapshot.
pub fn day() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::now()).date() + 2.days()
}

/// A resource in UTC that is open from 08:00 to 20:00 every day, in slots of an hour.
#[derive(Debug)]
pub struct Room {
    /// Its id.
    pub id: String,
    /// The operator who made it.
    pub operator: Client,
    gateway: Gateway,
    first: Timestamp,
}

impl Room {
    /// Makes a resource with these fields over those of [`Room::definition`].
    pub async fn with(gateway: &Gateway, fields: Value) -> Self {
        let mut operator =
            Client::connect(gateway, &gateway.operator_token(&unique("operator")).await).await;
        let id = unique("room");
        let resource = Self::definition(&id, &fields);
        operator.ok(json!({"action": "resource.put", "resource": resource})).await;
        let first = day().to_datetime(Time::constant(8, 0, 0, 0));
        let first = first.to_zoned(TimeZone::UTC).unwrap().timestamp();
        Self { id, operator, gateway: gateway.clone(), first }
    }

    /// Makes a resource of capacity 1.
    pub async fn single(gateway: &Gateway) -> Self {
        Self::with(gateway, json!({})).await
    }

    /// A resource as `resource.put` takes it.
    pub fn definition(id: &str, fields: &Value) -> Value {
        let mut resource = json!({
            "id": id,
            "name": "A room",
            "timeZone": "Etc/UTC",
            "slotMinutes": 60,
            "opening": every_day("08:00-20:00"),
        });
        for (name, value) in fields.as_object().unwrap() {
            resource[name] = value.clone();
        }
        resource
    }

    /// The start of the slot with this number, from 0 to 11.
    pub fn slot(&self, number: u32) -> String {
        (self.first + SignedDuration::from_hours(number.into())).to_string()
    }

    /// A request for the slots from `first` up to, not with, `end`.
    pub fn stretch(&self, action: &str, first: u32, end: u32) -> Value {
        json!({
            "action": action,
            "resource": self.id,
            "start": self.slot(first),
            "end": self.slot(end),
        })
    }

    /// A request for one slot.
    pub fn one(&self, action: &str, slot: u32) -> Value {
        json!({"action": action, "resource": self.id, "start": self.slot(slot)})
    }

    /// Holds a slot for a customer who goes away, and waits until the hold has run out.
    pub async fn abandon_hold(&self, slot: u32) {
        let held = self.customer().await.ok(self.one("hold", slot)).await;
        let end: Timestamp = held["holdExpiresAt"].as_str().unwrap().parse().unwrap();
        while Timestamp::now() <= end {
            let left = Timestamp::now().duration_until(end);
            tokio::time::sleep(left.unsigned_abs() + Duration::from_millis(1)).await;
        }
    }

    /// A new customer with a connection.
    pub async fn customer(&self) -> Client {
        self.named_customer(&unique("customer")).await
    }

    /// A connection of this customer.
    pub async fn named_customer(&self, name: &str) -> Client {
        Client::connect(&self.gateway, &self.gateway.token(name).await).await
    }

    /// A connection that watches the resource.
    pub async fn watcher(&self) -> Client {
        let mut watcher = self.customer().await;
        watcher.ok(json!({"action": "subscribe", "topic": self.topic()})).await;
        watcher
    }

    /// The topic of the resource's availability.
    pub fn topic(&self) -> String {
        format!("resource:{}", self.id)
    }

    /// The topic of the resource's bookings.
    pub fn bookings_topic(&self) -> String {
        format!("resource:{}/bookings", self.id)
    }

    /// How many places are free in each slot of the day, as `availability` tells.
    pub async fn free(&mut self) -> Vec<u64> {
        let request = json!({
            "action": "availability",
            "resource": self.id,
            "from": self.slot(0),
            "to": self.slot(12),
        });
        let slots = self.operator.ok(request).await;
        let slots = slots["slots"].as_array().unwrap().iter();
        slots.map(|slot| slot["free"].as_u64().unwrap()).collect()
    }
}

/// Open at the same hours every day.
pub fn every_day(hours: &str) -> Value {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .into_iter()
        .map(|day| (day.to_owned(), json!([hours])))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
