//! Items <-> domain values, for the tables and for their stream.
//!
//! | module | items |
//! |---|---|
//! | [`resource`] | resources, with the grids that they had |
//! | [`slot`] | slots, with their expiry buckets |
//! | [`booking`] | bookings |
//! | [`record`] | records of the stream: what was written, and what was there before |
//! | [`published`] | changes as the bus tells of them |
//! | [`mod@pointer`] | what points at bookings in their resources' calendars |
//! | `pool_member` | resources as their pools have them |
//! | `claim` | what a booking takes of a resource, as parts of bookings |
//! | `calendar` | calendars, as parts of resources |
//! | `used_key` | the keys that operators have used on sales for somebody |
//! | `revoked` | up to when customers' tokens are revoked |
//! | `waiting` | places in the lines of slots |
//! | `details` | what front ends keep with a booking or a resource |

pub mod booking;
mod calendar;
mod claim;
mod details;
pub mod pointer;
pub(crate) mod pool_member;
pub mod published;
pub mod record;
pub mod resource;
pub(crate) mod revoked;
pub mod slot;
pub(crate) mod used_key;
pub(crate) mod waiting;

use crate::error::Unavailable;
use crate::keys;
use domain::{Booking, Resource, ResourceId, Slot};
use jiff::Timestamp;
use serde_dynamo::Item;

/// Seconds since 1970, as DynamoDB's time to live wants them.
pub fn ttl(end: Timestamp, days: i64) -> i64 {
    end.as_second() + days * 24 * 60 * 60
}

/// What an image in the bookings table's stream tells of.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A resource was written.
    Resource(Resource),
    /// A slot was written.
    Slot(ResourceId, Slot),
    /// A booking was written.
    Booking(Booking),
}

impl Change {
    /// What an item's image tells of; nothing for items that nobody watches.
    pub fn of(item: Item) -> Result<Option<Self>, Unavailable> {
        let text = |name: &str| match item.get(name) {
            Some(serde_dynamo::AttributeValue::S(text)) => text.as_str(),
            _ => "",
        };
        let (pk, sk) = (text(keys::PK), text(keys::SK));
        if sk.starts_with(keys::BOOKING) {
            return booking::to_booking(item).map(Self::Booking).map(Some);
        }
        if let Some(resource) = keys::resource_of(pk) {
            let resource = resource.map_err(malformed)?;
            if sk == keys::META {
                return resource::to_resource(item).map(Self::Resource).map(Some);
            }
            if keys::is_slot(sk) {
                return slot::to_slot(item).map(|slot| Some(Self::Slot(resource, slot)));
            }
        }
        Ok(None)
    }
}

/// An instant from milliseconds since 1970.
pub(crate) fn instant(millisecond: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_millisecond(millisecond).map_err(malformed)
}

fn malformed(error: impl std::fmt::Display) -> Unavailable {
    Unavailable::Item(serde::ser::Error::custom(error))
}
