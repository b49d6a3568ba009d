//! What was there before is told of as well: where a booking was, and the time that a slot had.

use crate::scene::{Scene, availability, booked, me};
use delivery::topic;
use domain::{Booking, NewBooking, Resource, ResourceId, Slot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Change, OldImage, Record, TopicKey};
use support::fixtures::{NOW, Shortly, at, grid, hold, room};

/// When nobody sells on the former grid any more, and the hold on it is long over.
const SETTLED: &str = "08:10:00";

fn record(new: Change, old: Change) -> Record {
    Record { new, old: OldImage::Read(Box::new(old)) }
}

/// The slots that a connection was told of, with the places that are free.
fn told(scene: &Scene, id: &str) -> BTreeMap<String, Value> {
    let updates = scene.gateway.frames(id).into_iter().flatten();
    let slots = updates.filter_map(|update| update["slots"].as_array().cloned()).flatten();
    slots.map(|slot| (slot["start"].as_str().unwrap().to_owned(), slot["free"].clone())).collect()
}

/// An hour is held, and the hold runs out unswept; the hour is cut into halves since. Answers the
/// hour as it is kept, and the first half as alice has it then.
async fn sold_again_at_half_the_length(scene: &Scene) -> [Slot; 2] {
    let store = &scene.tables.bookings;
    let put = async |minutes| {
        let calendar = grid("UTC", minutes, &["09:00-17:00"]);
        let room = Resource { calendar, ..room(3) };
        store.put_resource(room, at("07:00:00")).await.unwrap();
    };
    let slot = async || {
        let slots = store.slots(&room(3).id, at(NOW), at("17:00:00")).await.unwrap();
        slots[&at("09:00:00")].clone()
    };
    put(60).await;
    store.place(&hold("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    let hour = slot().await;
    put(30).await;
    store.place(&hold("alice", "2", "09:00:00"), 50, at(SETTLED)).await.unwrap();
    [hour, slot().await]
}

fn halves() -> BTreeMap<String, Value> {
    let half = |start: &str, free: u32| (at(start).to_string(), json!(free));
    [half("09:00:00", 2), half("09:30:00", 3)].into()
}

#[tokio::test]
async fn a_slot_that_is_sold_again_at_a_shorter_length_gives_back_the_rest_of_its_time() {
    let scene = Scene::new().await;
    let [hour, half] = sold_again_at_half_the_length(&scene).await;
    let room = room(3).id;
    let change = |slot: &Slot| Change::Slot(room.clone(), slot.clone());
    let shorter = record(change(&half), change(&hour));
    // A later write of the batch is of the shorter slot alone.
    let again = record(change(&half), change(&half));
    let batches = [
        ("alone=", vec![shorter.clone()]),
        ("before=", vec![shorter.clone(), again.clone()]),
        ("after=", vec![again, shorter]),
        ("unreadable=", vec![Record { new: change(&half), old: OldImage::Unreadable }]),
    ];
    for (id, batch) in batches {
        scene.connect(id, &[availability()]).await;
        scene.tell_at(batch, at(SETTLED)).await;
        let mut told = told(&scene, id);
        told.retain(|start, _| *start < at("10:00:00").to_string());
        assert_eq!(told, halves(), "{id}");
    }
}

/// Without a change of the grid no slot was ever longer: what is told is of the slot alone, and says of
/// no other that nobody has it.
#[tokio::test]
async fn without_a_change_of_the_grid_a_slot_is_told_alone() {
    let scene = Scene::new().await;
    let store = &scene.tables.bookings;
    for start in ["09:00:00", "09:30:00"] {
        let request = NewBooking { start: at(start), ..hold("alice", start, start) };
        store.place(&request, 50, at(NOW)).await.unwrap();
    }
    scene.connect("desk=", &[availability()]).await;
    let first = scene.slots().await.remove(0);
    scene.tell([Record { new: first, old: OldImage::Unreadable }]).await;
    assert_eq!(told(&scene, "desk="), [(at("09:00:00").to_string(), json!(2))].into());
}

fn pier() -> ResourceId {
    ResourceId::parse("pier").unwrap()
}

fn operators_of(resource: &ResourceId) -> TopicKey {
    topic::resource_bookings(resource, &room(3).venue)
}

/// Who watches where a booking was hears that it has left, once, and of no later change.
#[tokio::test]
async fn a_booking_is_told_where_it_was_and_where_it_is() {
    let there = booked("alice", "1", 1);
    let moved = Booking { resource: pier(), ..booked("alice", "1", 2) };
    let later = Booking { resource: pier(), ..booked("alice", "1", 3) };
    let records = [
        record(Change::Booking(moved.clone()), Change::Booking(there)),
        record(Change::Booking(later), Change::Booking(moved)),
    ];
    // One by one, in one batch, and in an order that no stream would have.
    let [first, second] = records.clone().map(|record| vec![record]);
    let mut turned = records.to_vec();
    turned.reverse();
    for (batches, last) in [
        (vec![first, second], [vec![2], vec![2, 3], vec![2, 3], vec![2, 3]]),
        (vec![records.to_vec()], [vec![2], vec![3], vec![3], vec![3]]),
        (vec![turned], [vec![2], vec![3], vec![3], vec![3]]),
    ] {
        let scene = Scene::new().await;
        let ids = ["room=", "pier=", "venue=", "mine="];
        let topics = [
            operators_of(&room(3).id),
            operators_of(&pier()),
            topic::venue_bookings(&room(3).venue),
            me("alice"),
        ];
        for (id, topic) in ids.iter().zip(topics) {
            scene.connect(id, &[topic]).await;
        }
        for batch in batches {
            scene.tell(batch).await;
        }
        for (id, expected) in ids.iter().zip(last) {
            let updates = scene.gateway.frames(id).into_iter().flatten();
            let bookings =
                updates.flat_map(|update| update["bookings"].as_array().unwrap().clone());
            let versions: Vec<_> = bookings.map(|booking| booking["version"].clone()).collect();
            assert_eq!(json!(versions), json!(expected), "{id}");
        }
    }
}

/// Who moves away and comes back within a batch is told as they are now, everywhere.
#[tokio::test]
async fn a_booking_that_comes_back_is_told_as_it_is() {
    let scene = Scene::new().await;
    scene.connect("room=", &[operators_of(&room(3).id)]).await;
    scene.connect("pier=", &[operators_of(&pier())]).await;
    let there = booked("alice", "1", 1);
    let away = Booking { resource: pier(), ..booked("alice", "1", 2) };
    let back = booked("alice", "1", 3);
    scene
        .tell([
            record(Change::Booking(away.clone()), Change::Booking(there)),
            record(Change::Booking(back), Change::Booking(away)),
        ])
        .await;
    for id in ["room=", "pier="] {
        let frames = scene.gateway.frames(id);
        assert_eq!(frames[0][0]["bookings"][0]["version"], 3, "{id}");
        assert_eq!(frames[0][0]["bookings"][0]["resource"], "room-1", "{id}");
    }
}
