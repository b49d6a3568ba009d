//! What a batch comes to where something in it cannot be read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use aws_lambda_events::dynamodb::Event;
use delivery::{Batch, topic};
use domain::{CustomerId, ResourceId, VenueId};
use push::records::read;
use serde_json::{Value, json};
use store::{Change, OldImage, TopicKey};

/// A slot of `room-1` with so many places taken.
fn slot(taken: &str) -> Value {
    json!({
        "PK": {"S": "R#room-1"}, "SK": {"S": "S#2099-06-01T09:00:00Z"},
        "taken": {"N": taken}, "version": {"N": "1024"}, "minutes": {"N": "60"},
    })
}

/// A booking of `room-1`.
fn booking() -> Value {
    let id = "room-1.xxmh00.3029927cf1603332c06186faaef08ad3";
    json!({
        "PK": {"S": "C#alice"}, "SK": {"S": "B#3029927cf1603332c06186faaef08ad3"}, "id": {"S": id},
        "resource": {"S": "room-1"}, "start": {"S": "2035-01-08T09:00:00Z"},
        "end": {"S": "2035-01-08T10:00:00Z"}, "slotMinutes": {"N": "60"}, "quantity": {"N": "1"},
        "status": {"S": "confirmed"}, "version": {"N": "2"}, "created": {"N": "0"},
        "updated": {"N": "0"}, "fingerprint": {"S": ""},
    })
}

/// What is left of a booking that cannot be read.
fn broken_booking(resource: &str) -> Value {
    json!({"PK": {"S": "C#alice"}, "SK": {"S": "B#1"}, "resource": {"S": resource}})
}

fn batch(records: &[(&str, Option<Value>, Option<Value>)]) -> Batch {
    let record = |(name, old, new): &(&str, Option<Value>, Option<Value>)| {
        let mut change =
            json!({"ApproximateCreationDateTime": 1.0, "SequenceNumber": "1", "SizeBytes": 1});
        for (image, item) in [("OldImage", old), ("NewImage", new)] {
            if let Some(item) = item {
                change[image] = item.clone();
            }
        }
        json!({"eventID": "1", "eventName": name, "awsRegion": "x", "dynamodb": change})
    };
    let records: Vec<Value> = records.iter().map(record).collect();
    let event: Event = serde_json::from_value(json!({"Records": records})).unwrap();
    read(event)
}

fn operators(resource: &str) -> TopicKey {
    topic::resource_bookings(&ResourceId::parse(resource).unwrap(), &VenueId::default())
}

#[test]
fn both_images_are_read() {
    let batch = batch(&[
        ("INSERT", None, Some(slot("1"))),
        ("MODIFY", Some(slot("1")), Some(slot("2"))),
        ("REMOVE", Some(slot("2")), None),
    ]);
    assert_eq!((batch.made.len(), batch.unreadable.len()), (3, 0));
    let [(0, first), (1, second)] = &batch.changes[..] else { panic!("{batch:?}") };
    assert_eq!(first.old, OldImage::Absent);
    assert_eq!(second.old, OldImage::Read(Box::new(first.new.clone())));
}

/// The new image is told of all the same, and nobody is closed whom it tells.
#[test]
fn an_unreadable_old_image_does_not_lose_the_new_one() {
    let batch = batch(&[("MODIFY", Some(slot("many")), Some(slot("2")))]);
    let [(0, record)] = &batch.changes[..] else { panic!("{batch:?}") };
    assert!(matches!(&record.new, Change::Slot(_, slot) if slot.taken == 2), "{record:?}");
    assert_eq!(record.old, OldImage::Unreadable);
    assert_eq!(batch.unreadable, []);
}

/// Whom the old image concerned alone is closed: they have lost a booking, and nothing tells them.
#[test]
fn whom_only_an_unreadable_old_image_concerns_is_closed() {
    let old = broken_booking("pier");
    let batch = batch(&[("MODIFY", Some(old), Some(booking()))]);
    assert_eq!(batch.changes.len(), 1, "{batch:?}");
    assert_eq!(batch.unreadable, [(0, operators("pier"))]);
}

#[test]
fn whom_an_unreadable_new_image_concerns_is_closed() {
    let batch = batch(&[("MODIFY", None, Some(broken_booking("pier")))]);
    assert_eq!(batch.changes, []);
    let alice = topic::me(&CustomerId::parse("alice").unwrap());
    let venue = topic::venue_bookings(&VenueId::default());
    let closed: Vec<_> = batch.unreadable.into_iter().map(|(_, topic)| topic).collect();
    assert_eq!(closed, [alice, operators("pier"), venue]);
}
