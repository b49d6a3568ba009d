//! Resources, and what may become of them once something is sold.

use crate::support::Tables;
use crate::support::fixtures::{NOW, at, book, hold, open, room};
use domain::{
    Approval, Capacity, Command, HoldSeconds, Rejection, Resource, ResourceId, SlotMinutes,
    TimeZoneName, Version,
};
use jiff::{SignedDuration, Timestamp};
use store::Error;

async fn put(tables: &Tables, resource: &Resource, now: Timestamp) -> Result<Resource, Error> {
    tables.bookings.put_resource(resource.clone(), now).await
}

/// Rules under which the slot from 09:00 to 09:30 would be sold again in part.
fn reselling() -> Vec<Resource> {
    let minutes = |minutes| SlotMinutes::new(minutes).unwrap();
    vec![
        Resource { slot_minutes: minutes(60), ..room(1) },
        Resource { slot_minutes: minutes(15), ..room(1) },
        Resource { opening: open(&["08:45-17:00"]), ..room(1) },
        Resource { opening: open(&["09:15-17:00"]), ..room(1) },
        Resource {
            time_zone: TimeZoneName::parse("Asia/Kathmandu").unwrap(),
            opening: open(&["00:00-24:00"]),
            ..room(1)
        },
    ]
}

/// Rules under which it stays the slot that it is, or is in no slot at all.
fn harmless() -> Vec<Resource> {
    vec![
        Resource { opening: open(&["08:00-20:00"]), ..room(1) },
        Resource { opening: open(&["10:00-17:00"]), ..room(1) },
        Resource { opening: open(&["09:00-09:30", "13:00-13:45"]), ..room(1) },
        Resource { opening: open(&[]), ..room(1) },
        Resource {
            slot_minutes: SlotMinutes::new(60).unwrap(),
            opening: open(&["09:30-17:00"]),
            ..room(1)
        },
        Resource { time_zone: TimeZoneName::parse("Europe/London").unwrap(), ..room(1) },
        Resource {
            name: "Another name".to_owned(),
            capacity: Capacity::new(7).unwrap(),
            hold_seconds: HoldSeconds::new(1).unwrap(),
            approval: Approval::Manual,
            ..room(1)
        },
    ]
}

fn is_refused(answer: &Result<Resource, Error>) -> bool {
    matches!(
        answer,
        Err(Error::Rejected(Rejection::Unacceptable { field: "/resource/opening", .. }))
    )
}

#[tokio::test]
async fn rules_that_would_resell_a_sold_slot_are_refused() {
    let tables = Tables::start();
    put(&tables, &room(1), at(NOW)).await.unwrap();
    let sold = tables.bookings.place(&book("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    for resource in reselling() {
        let answer = put(&tables, &resource, at(NOW)).await;
        assert!(is_refused(&answer), "{resource:?}: {answer:?}");
    }
    let stored = tables.bookings.resource(&room(1).id).await.unwrap();
    assert_eq!(stored, room(1));

    // While the slot lasts it is sold; then nobody can sell it again.
    let [during, over] = ["09:29:59", "09:30:00"].map(at);
    assert!(is_refused(&put(&tables, &reselling()[0], during).await));
    put(&tables, &reselling()[0], over).await.unwrap();
    put(&tables, &room(1), over).await.unwrap();
    assert!(is_refused(&put(&tables, &reselling()[1], at(NOW)).await));

    let cancel = Command::Cancel(None);
    tables.bookings.change(&sold.customer, &sold.id, &cancel, None, at(NOW)).await.unwrap();
    put(&tables, &reselling()[1], at(NOW)).await.unwrap();
}

#[tokio::test]
async fn other_rules_are_accepted() {
    for resource in harmless() {
        let tables = Tables::start();
        put(&tables, &room(1), at(NOW)).await.unwrap();
        tables.bookings.place(&book("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
        let written = put(&tables, &resource, at(NOW)).await.unwrap();
        let expected = Resource { version: Version::new(2), ..resource };
        assert_eq!(written, expected);
        assert_eq!(tables.bookings.resource(&expected.id).await.unwrap(), expected);
    }
}

/// A slot under way, however long, counts until it is over; one that is only held, until the hold
/// has run out.
#[tokio::test]
async fn the_longest_slots_and_the_shortest_holds() {
    let tables = Tables::start();
    let day = SlotMinutes::new(1440).unwrap();
    let days = Resource { slot_minutes: day, opening: open(&["00:00-24:00"]), ..room(1) };
    put(&tables, &days, at(NOW)).await.unwrap();
    let midnight = at("00:00:00") + SignedDuration::from_hours(24);
    let request = domain::Request { start: midnight, ..book("alice", "1", "09:00:00") };
    tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    let end = midnight + SignedDuration::from_hours(24);
    assert!(is_refused(&put(&tables, &room(1), end - SignedDuration::from_secs(1)).await));
    put(&tables, &room(1), end).await.unwrap();

    let tables = Tables::start();
    put(&tables, &room(1), at(NOW)).await.unwrap();
    tables.bookings.place(&hold("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    assert!(is_refused(&put(&tables, &reselling()[0], at("08:04:59")).await));
    put(&tables, &reselling()[0], at("08:05:00")).await.unwrap();
}

#[tokio::test]
async fn every_write_counts_one_version() {
    let tables = Tables::start();
    let unknown = tables.bookings.resource(&room(1).id).await;
    assert!(matches!(unknown, Err(Error::Rejected(Rejection::NoSuchResource))));
    for version in 1..=5 {
        // What the caller says of the version is not asked.
        let resource = Resource { version: Version::new(77), ..room(1) };
        let written = put(&tables, &resource, at(NOW)).await.unwrap();
        assert_eq!(written.version, Version::new(version));
        assert_eq!(tables.bookings.resource(&resource.id).await.unwrap(), written);
        assert_eq!(tables.bookings.resources(10, None).await.unwrap(), (vec![written], false));
    }
    let other = Resource { id: ResourceId::parse("other").unwrap(), ..room(1) };
    assert_eq!(put(&tables, &other, at(NOW)).await.unwrap().version, Version::FIRST);
}

#[tokio::test]
async fn a_lower_capacity_cancels_nothing_and_sells_nothing() {
    let tables = Tables::start();
    put(&tables, &room(3), at(NOW)).await.unwrap();
    let place = async |name| tables.bookings.place(&book(name, "1", "09:00:00"), 50, at(NOW)).await;
    let alice = place("alice").await.unwrap();
    for name in ["bob", "carol"] {
        place(name).await.unwrap();
    }
    let smaller = put(&tables, &room(1), at(NOW)).await.unwrap();
    let free = async || {
        let slots = tables.bookings.slots(&smaller.id, at("09:00:00"), at("09:30:00")).await;
        let slot = slots.unwrap().remove(&at("09:00:00")).unwrap();
        (slot.taken, slot.free(smaller.capacity, at(NOW)))
    };
    let full = |answer| matches!(answer, Err(Error::Rejected(Rejection::SlotFull)));
    assert_eq!(free().await, (3, 0));
    assert!(full(place("dave").await));

    let cancel = Command::Cancel(None);
    tables.bookings.change(&alice.customer, &alice.id, &cancel, None, at(NOW)).await.unwrap();
    assert_eq!(free().await, (2, 0));
    assert!(full(place("dave").await));

    // More places count at once.
    put(&tables, &room(3), at(NOW)).await.unwrap();
    place("dave").await.unwrap();
}
