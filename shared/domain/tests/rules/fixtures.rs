//! Short ways to write down what the tests are about.

use domain::opening::{Day, Hours};
use domain::{
    Approval, Booking, BookingId, Capacity, CustomerId, HoldSeconds, Key, Opening, Quantity,
    Request, Resource, ResourceId, SlotMinutes, Status, Stretch, TimeZoneName, Version,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub const WEEK: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];

/// An instant, as `2027-01-11T09:00Z`.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One opening, as `09:00-12:30`.
pub fn hours(text: &str) -> Hours {
    Hours::try_from(text.to_owned()).unwrap()
}

/// The same openings on each of these days.
pub fn open(days: &[Day], openings: &[&str]) -> Opening {
    let openings: Vec<Hours> = openings.iter().copied().map(hours).collect();
    let week: BTreeMap<_, _> = days.iter().map(|day| (*day, openings.clone())).collect();
    Opening::try_from(week).unwrap()
}

/// A room of one place that is open like this every day of the week.
pub fn room(zone: &str, minutes: u32, openings: &[&str]) -> Resource {
    Resource {
        id: ResourceId::parse("room-1").unwrap(),
        name: "Room 1".to_owned(),
        time_zone: TimeZoneName::parse(zone).unwrap(),
        slot_minutes: SlotMinutes::new(minutes).unwrap(),
        opening: open(&WEEK, openings),
        capacity: Capacity::ONE,
        hold_seconds: HoldSeconds::DEFAULT,
        approval: Approval::Auto,
        version: Version::FIRST,
    }
}

/// Alice's request to hold one place for one slot.
pub fn request(start: Timestamp) -> Request {
    Request {
        customer: CustomerId::parse("alice").unwrap(),
        key: Key::parse("1").unwrap(),
        hold: true,
        resource: ResourceId::parse("room-1").unwrap(),
        start,
        end: None,
        quantity: Quantity::ONE,
    }
}

/// The id of the booking that this customer's key names.
pub fn id(customer: &str, key: &str) -> BookingId {
    BookingId::derive(&CustomerId::parse(customer).unwrap(), &Key::parse(key).unwrap())
}

/// A stretch of half-hour slots.
pub fn half_hours(start: &str, end: &str) -> Stretch {
    Stretch { start: at(start), end: at(end), slot_minutes: SlotMinutes::new(30).unwrap() }
}

/// A booking of this status at version 4; a held one is held until 09:05.
pub fn booking(status: Status) -> Booking {
    Booking {
        id: id("alice", "1"),
        resource: ResourceId::parse("room-1").unwrap(),
        customer: CustomerId::parse("alice").unwrap(),
        stretch: half_hours("2027-01-11T10:00Z", "2027-01-11T11:00Z"),
        quantity: Quantity::new(2).unwrap(),
        status,
        version: Version::new(4),
        hold_expires_at: (status == Status::Held).then(|| at("2027-01-11T09:05Z")),
        confirmation_code: None,
        reason: None,
        created_at: at("2027-01-11T09:00Z"),
        updated_at: at("2027-01-11T09:00Z"),
        fingerprint: "as asked".to_owned(),
    }
}
