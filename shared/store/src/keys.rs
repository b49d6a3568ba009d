//! Where each item lives.
//!
//! `bookings`:
//!
//! | item | `PK` | `SK` |
//! |---|---|---|
//! | resource | `R#id` | `META` |
//! | resource, in the list of all | `RESOURCES` | `R#id` |
//! | slot, once somebody touched it | `R#id` | `S#start` |
//! | booking | `C#customer` | `B#id` |
//!
//! Two keys-only indexes find bookings for operators: `byBooking` (`bookingId`) and `byResource`
//! (`atResource`, `atStart`).
//!
//! `connections`:
//!
//! | item | `PK` | `SK` |
//! |---|---|---|
//! | connection, with its topics | `C#connection` | `META` |
//! | subscription | `T#topic#shard` | connection |
//! | how many shards a topic has, if more than one | `T#topic#0` | `!` |

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{BookingId, CustomerId, ResourceId};
use jiff::Timestamp;
use std::collections::HashMap;

/// Partition key of both tables.
pub const PK: &str = "PK";
/// Sort key of both tables.
pub const SK: &str = "SK";
/// The index that finds a booking by its id.
pub const BY_BOOKING: &str = "byBooking";
/// The index that finds a resource's bookings by their start.
pub const BY_RESOURCE: &str = "byResource";
/// Sort key of a resource and of a connection.
pub const META: &str = "META";
/// Partition of the list of all resources.
pub const RESOURCES: &str = "RESOURCES";
/// Sort key of a topic's shard count: sorts before every connection id.
pub const SHARDS: &str = "!";

/// An item's whole key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemKey {
    /// Partition.
    pub pk: String,
    /// Place in the partition.
    pub sk: String,
}

impl ItemKey {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// As the SDK wants it.
    pub fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// A resource's partition: the resource itself and its slots.
pub fn resource_partition(resource: &ResourceId) -> String {
    format!("R#{resource}")
}

/// The resource.
pub fn resource(id: &ResourceId) -> ItemKey {
    ItemKey::new(resource_partition(id), META)
}

/// The resource in the list of all.
pub fn listed_resource(id: &ResourceId) -> ItemKey {
    ItemKey::new(RESOURCES, resource_partition(id))
}

/// A slot's place in its resource's partition.
pub fn slot_sort(start: Timestamp) -> String {
    format!("S#{start}")
}

/// When the slot of this sort key starts.
pub fn slot_start(sort: &str) -> Option<Timestamp> {
    sort.strip_prefix("S#")?.parse().ok()
}

/// A slot.
pub fn slot(id: &ResourceId, start: Timestamp) -> ItemKey {
    ItemKey::new(resource_partition(id), slot_sort(start))
}

/// A customer's partition: their bookings.
pub fn customer_partition(customer: &CustomerId) -> String {
    format!("C#{customer}")
}

/// A booking.
pub fn booking(customer: &CustomerId, id: &BookingId) -> ItemKey {
    ItemKey::new(customer_partition(customer), format!("B#{id}"))
}

/// A connection.
pub fn connection(id: &str) -> ItemKey {
    ItemKey::new(format!("C#{id}"), META)
}

/// One shard of a topic's subscriptions.
pub fn topic_partition(topic: &str, shard: u32) -> String {
    format!("T#{topic}#{shard}")
}

/// A subscription.
pub fn subscription(topic: &str, shard: u32, connection: &str) -> ItemKey {
    ItemKey::new(topic_partition(topic, shard), connection)
}

/// How many shards a topic has.
pub fn shards(topic: &str) -> ItemKey {
    ItemKey::new(topic_partition(topic, 0), SHARDS)
}
