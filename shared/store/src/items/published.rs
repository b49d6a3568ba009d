//! Changes of the bookings table as the bus tells of them.
//!
//! The pipe from the table's stream to the bus (`infra/cdk/lib/pipelines.ts`) makes an event of some of an
//! item's attributes, each as a text; one that the item does not have is an empty text.

use super::{Unavailable, instant, malformed};
use crate::keys;
use domain::{BookingId, ResourceId, Status, Version};
use jiff::Timestamp;
use serde::Deserialize;

/// What an event tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// A booking as it was written.
    Booking {
        /// Which.
        id: BookingId,
        /// Its version.
        version: Version,
        /// Where it stood.
        status: Status,
        /// When it would be over by itself, if ever.
        over_at: Option<Timestamp>,
    },
    /// A slot in which somebody waits was written.
    Slot {
        /// Of which resource.
        resource: ResourceId,
        /// When it starts.
        start: Timestamp,
    },
    /// A resource was written.
    Resource(ResourceId),
}

/// An event as a rule passes it on.
/// <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
#[derive(Debug, Deserialize)]
struct Envelope {
    detail: Detail,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detail {
    /// The item's sort key.
    kind: String,
    id: String,
    version: String,
    status: String,
    resource: String,
    start: String,
    hold_until: String,
    pending_until: String,
}

impl Published {
    /// Reads an event.
    pub fn read(event: &str) -> Result<Self, Unavailable> {
        let Envelope { detail } = serde_json::from_str(event).map_err(malformed)?;
        if detail.kind == keys::META {
            return Ok(Self::Resource(ResourceId::parse(&detail.id).map_err(malformed)?));
        }
        if let Some(start) = keys::slot_start(&detail.kind) {
            let resource = ResourceId::parse(&detail.resource).map_err(malformed)?;
            return Ok(Self::Slot { resource, start });
        }
        if !detail.kind.starts_with(keys::BOOKING) {
            return Err(malformed("neither a booking, nor a slot, nor a resource"));
        }
        let status = Status::ALL.into_iter().find(|status| status.as_str() == detail.status);
        let status = status.ok_or_else(|| malformed("an unknown status"))?;
        Ok(Self::Booking {
            id: BookingId::parse(&detail.id).map_err(malformed)?,
            version: Version::new(detail.version.parse().map_err(malformed)?),
            status,
            over_at: detail.over_at(status)?,
        })
    }
}

impl Detail {
    fn over_at(&self, status: Status) -> Result<Option<Timestamp>, Unavailable> {
        let until = match status {
            Status::Held => &self.hold_until,
            Status::Pending => &self.pending_until,
            Status::Waitlisted => return Ok(Some(self.start.parse().map_err(malformed)?)),
            _ => return Ok(None),
        };
        // What became pending before there was such an end has none.
        if until.is_empty() {
            return Ok(None);
        }
        Ok(Some(instant(until.parse().map_err(malformed)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(detail: &str) -> Result<Published, Unavailable> {
        Published::read(&format!(
            r#"{{"version":"0","id":"1","source":"booking-gateway","detail":{detail}}}"#
        ))
    }

    #[test]
    fn a_booking_says_when_it_is_over() {
        let booking = |status: &str| {
            let detail = format!(
                r#"{{"event":"INSERT","kind":"B#abc","id":"room-1.tf0o00.0123456789abcdef0123456789abcdef",
                "version":"3","status":"{status}","resource":"room-1","start":"2027-01-11T09:00:00Z",
                "end":"2027-01-11T10:00:00Z","holdUntil":"1799658000125","pendingUntil":"","updated":"1"}}"#
            );
            match read(&detail).unwrap() {
                Published::Booking { over_at, version, .. } => {
                    assert_eq!(version.get(), 3);
                    over_at.map(|it| it.to_string())
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(booking("held").as_deref(), Some("2027-01-11T09:00:00.125Z"));
        assert_eq!(booking("waitlisted").as_deref(), Some("2027-01-11T09:00:00Z"));
        assert_eq!(booking("pending"), None);
        assert_eq!(booking("confirmed"), None);
    }

    #[test]
    fn a_slot_and_a_resource_are_named() {
        let slot = r#"{"kind":"S#2027-01-11T09:00:00Z","id":"","resource":"room-1","start":""}"#;
        let start = "2027-01-11T09:00:00Z".parse().unwrap();
        let resource = ResourceId::parse("room-1").unwrap();
        assert_eq!(read(slot).unwrap(), Published::Slot { resource: resource.clone(), start });
        let written = r#"{"kind":"META","id":"room-1","version":"4"}"#;
        assert_eq!(read(written).unwrap(), Published::Resource(resource));
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for detail in [
            "7",
            "{}",
            r#"{"kind":"A#room-1"}"#,
            r#"{"kind":"META","id":"Room 1"}"#,
            r#"{"kind":"S#2027-01-11T09:00:00Z","resource":""}"#,
            r#"{"kind":"S#soon","resource":"room-1"}"#,
            r#"{"kind":"B#abc","id":"room-1","version":"1","status":"held"}"#,
        ] {
            assert!(read(detail).is_err(), "{detail}");
        }
        assert!(Published::read("not JSON").is_err());
    }
}
