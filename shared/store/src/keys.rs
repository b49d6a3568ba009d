//! Where each item lives.
//!
//! `bookings`:
//!
//! | item | `PK` | `SK` |
//! |---|---|---|
//! | resource | `R#id` | `META` |
//! | resource, in the list of all | `RESOURCES` | `R#id` |
//! | resource, as one of its venue's: its name alone | `V#venue` | `R#id` |
//! | resource, as one of a pool's: its capacity and rank | `P#venue#pool` | `R#id` |
//! | slot, once somebody touched it | `R#id` | `S#start` |
//! | booking | `C#customer` | `B#hash` |
//! | a customer's open bookings | `C#customer` | `OPEN` |
//! | a customer's active bookings of a resource that bounds them | `C#customer` | `A#resource` |
//! | an operator's key, on a sale for somebody | `C#operator` | `K#hash` |
//! | up to when a customer's tokens are revoked | `C#customer` | `REVOKED` |
//! | pointer: a booking may be here in a resource's calendar | `L#resource` | `start#hash` |
//! | a place in the line of a slot | `W#resource` | `start#joined#hash` |
//!
//! There is no index: whatever decides or is shown is read strongly consistently.
//!
//! `connections`:
//!
//! | item | `PK` | `SK` |
//! |---|---|---|
//! | connection, with its topics | `C#connection` | `META` |
//! | connection, as one of its customer's | `U#customer` | connection |
//! | subscription | `T#topic#shard` | connection |
//! | how many shards a topic has, if more than one | `T#topic#0` | `!` |

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::Malformed;
use domain::{BookingHash, CustomerId, Key, Pool, ResourceId, VenueId};
use jiff::Timestamp;
use std::collections::HashMap;

/// Partition key of both tables.
pub const PK: &str = "PK";
/// Sort key of both tables.
pub const SK: &str = "SK";
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

const RESOURCE: &str = "R#";
const SLOT: &str = "S#";
const CUSTOMER: &str = "C#";
const CALENDAR: &str = "L#";

/// A resource's partition: the resource itself and its slots.
pub fn resource_partition(resource: &ResourceId) -> String {
    format!("{RESOURCE}{resource}")
}

/// Whose partition this is, if a resource's.
pub fn resource_of(partition: &str) -> Option<Result<ResourceId, Malformed>> {
    partition.strip_prefix(RESOURCE).map(ResourceId::parse)
}

/// The first and the last sort key that a resource can have in the list of all, after one of them.
pub fn listed_resources(after: &str) -> (String, String) {
    (format!("{RESOURCE}{after}"), format!("{RESOURCE}~"))
}

/// The resource.
pub fn resource(id: &ResourceId) -> ItemKey {
    ItemKey::new(resource_partition(id), META)
}

/// The resource in the list of all.
pub fn listed_resource(id: &ResourceId) -> ItemKey {
    ItemKey::new(RESOURCES, resource_partition(id))
}

/// A venue's partition: its resources by name.
pub fn venue_partition(venue: &VenueId) -> String {
    format!("V#{venue}")
}

/// The resource as one of its venue's.
pub fn member(venue: &VenueId, id: &ResourceId) -> ItemKey {
    ItemKey::new(venue_partition(venue), resource_partition(id))
}

/// A pool's partition: its resources by name.
pub fn pool_partition(pool: &Pool) -> String {
    format!("P#{}#{}", pool.venue, pool.name)
}

/// The resource as one of a pool's.
pub fn pool_member(pool: &Pool, id: &ResourceId) -> ItemKey {
    ItemKey::new(pool_partition(pool), resource_partition(id))
}

/// A slot's place in its resource's partition.
pub fn slot_sort(start: Timestamp) -> String {
    format!("{SLOT}{start}")
}

/// Whether this sort key is a slot's.
pub fn is_slot(sort: &str) -> bool {
    sort.starts_with(SLOT)
}

/// When the slot of this sort key starts.
pub fn slot_start(sort: &str) -> Option<Timestamp> {
    sort.strip_prefix(SLOT)?.parse().ok()
}

/// A slot.
pub fn slot(id: &ResourceId, start: Timestamp) -> ItemKey {
    ItemKey::new(resource_partition(id), slot_sort(start))
}

/// A customer's partition: their bookings.
pub fn customer_partition(customer: &CustomerId) -> String {
    format!("{CUSTOMER}{customer}")
}

/// Whose partition this is, if a customer's.
pub fn customer_of(partition: &str) -> Option<Result<CustomerId, Malformed>> {
    partition.strip_prefix(CUSTOMER).map(CustomerId::parse)
}

/// What the sort keys of a customer's bookings begin with.
pub const BOOKING: &str = "B#";

/// A booking.
pub fn booking(customer: &CustomerId, hash: &BookingHash) -> ItemKey {
    ItemKey::new(customer_partition(customer), format!("{BOOKING}{hash}"))
}

/// A customer's open bookings.
pub fn open_bookings(customer: &CustomerId) -> ItemKey {
    ItemKey::new(customer_partition(customer), "OPEN")
}

/// A customer's active bookings of a resource.
pub fn active_bookings(customer: &CustomerId, resource: &ResourceId) -> ItemKey {
    ItemKey::new(customer_partition(customer), format!("A#{resource}"))
}

/// A key that an operator has used on a sale for somebody.
pub fn used_key(operator: &CustomerId, key: &Key) -> ItemKey {
    let hash = BookingHash::derive(operator, key);
    ItemKey::new(customer_partition(operator), format!("K#{hash}"))
}

/// Up to when a customer's tokens are revoked.
pub fn revoked(customer: &CustomerId) -> ItemKey {
    ItemKey::new(customer_partition(customer), "REVOKED")
}

/// A resource's calendar: where its bookings may be.
pub fn calendar_partition(resource: &ResourceId) -> String {
    format!("{CALENDAR}{resource}")
}

/// Whose calendar this is, if one.
pub fn calendar_of(partition: &str) -> Option<Result<ResourceId, Malformed>> {
    partition.strip_prefix(CALENDAR).map(ResourceId::parse)
}

/// A pointer's place in a resource's calendar.
pub fn pointer_sort(start: Timestamp, hash: &BookingHash) -> String {
    format!("{start}#{hash}")
}

/// A pointer.
pub fn pointer(resource: &ResourceId, start: Timestamp, hash: &BookingHash) -> ItemKey {
    ItemKey::new(calendar_partition(resource), pointer_sort(start, hash))
}

/// The lines of a resource's slots.
pub fn line_partition(resource: &ResourceId) -> String {
    format!("W#{resource}")
}

/// A place in the line of the slot of this start: who joined first comes first.
pub fn line_sort(start: Timestamp, joined: Timestamp, hash: &BookingHash) -> String {
    // Of the same length until the year 2286.
    format!("{start}#{:013}#{hash}", joined.as_millisecond())
}

/// A place in a line.
pub fn line(
    resource: &ResourceId,
    start: Timestamp,
    joined: Timestamp,
    hash: &BookingHash,
) -> ItemKey {
    ItemKey::new(line_partition(resource), line_sort(start, joined, hash))
}

/// A connection.
pub fn connection(id: &str) -> ItemKey {
    ItemKey::new(format!("C#{id}"), META)
}

/// A customer's connections.
pub fn connections_partition(customer: &CustomerId) -> String {
    format!("U#{customer}")
}

/// A connection, as one of its customer's.
pub fn connection_of_customer(customer: &CustomerId, connection: &str) -> ItemKey {
    ItemKey::new(connections_partition(customer), connection)
}

/// The first and the last sort key that a connection can have, after a topic's shard count: names are
/// of base64's characters.
pub const CONNECTION_SORTS: (&str, &str) = ("\"", "~");

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
