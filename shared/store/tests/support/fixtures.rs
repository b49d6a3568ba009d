//! Short ways to write down what the tests are about.

use domain::opening::{Day, Hours};
use domain::{
    Approval, Capacity, CustomerId, HoldSeconds, Key, Opening, Quantity, Request, Resource,
    ResourceId, SlotMinutes, TimeZoneName, Version,
};
use jiff::Timestamp;

/// The time at which most tests happen: far enough ahead that nothing is collected as too old.
pub const NOW: &str = "08:00:00";

/// An instant of the one day that the tests are about, as `09:30:00`.
pub fn at(time: &str) -> Timestamp {
    format!("2099-06-01T{time}Z").parse().unwrap()
}

pub fn customer(name: &str) -> CustomerId {
    CustomerId::parse(name).unwrap()
}

/// The same openings on every day.
pub fn open(openings: &[&str]) -> Opening {
    let week = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
    let hours = |text: &&str| Hours::try_from((*text).to_owned()).unwrap();
    let openings: Vec<Hours> = openings.iter().map(hours).collect();
    Opening::try_from(std::collections::BTreeMap::from(week.map(|day| (day, openings.clone()))))
        .unwrap()
}

/// `room-1`: half hours from 09:00 to 17:00 every day, held for five minutes.
pub fn room(capacity: u32) -> Resource {
    Resource {
        id: ResourceId::parse("room-1").unwrap(),
        name: "Room 1".to_owned(),
        time_zone: TimeZoneName::parse("UTC").unwrap(),
        slot_minutes: SlotMinutes::new(30).unwrap(),
        opening: open(&["09:00-17:00"]),
        capacity: Capacity::new(capacity).unwrap(),
        hold_seconds: HoldSeconds::DEFAULT,
        approval: Approval::Auto,
        version: Version::FIRST,
    }
}

/// A customer's request to hold one place of `room-1` for one slot.
pub fn hold(name: &str, key: &str, start: &str) -> Request {
    Request {
        customer: customer(name),
        key: Key::parse(key).unwrap(),
        hold: true,
        resource: room(1).id,
        start: at(start),
        end: None,
        quantity: Quantity::ONE,
    }
}

/// A customer's request to book one place of `room-1` for one slot.
pub fn book(name: &str, key: &str, start: &str) -> Request {
    Request { hold: false, ..hold(name, key, start) }
}
