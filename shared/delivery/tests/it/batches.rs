//! What a batch comes to: one frame for each connection, with the newest of each thing.

use crate::scene::{Scene, availability, booked, everybodys, me, shown};
use delivery::Report;
use domain::slot::VERSIONS_PER_WRITE;
use domain::{Capacity, Resource};
use protocol::view::{BookingView, ResourceView};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::Change;
use support::fixtures::{NOW, Shortly, at, confirm, hold, room};

fn sent(frames: usize) -> Report {
    Report { sent: frames, ..Report::default() }
}

#[tokio::test]
async fn one_frame_with_the_newest_of_each_thing() {
    let scene = Scene::new().await;
    let store = &scene.tables.bookings;
    scene.connect("mine=", &[me("alice"), availability()]).await;
    scene.connect("other window/+=", &[me("alice")]).await;
    scene.connect("desk=", &[everybodys(), availability()]).await;
    scene.connect("bob=", &[me("bob")]).await;

    let held = store.place(&hold("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    let mut changes = vec![Change::Booking(held.clone())];
    changes.extend(scene.slots().await);
    let (customer, id) = (&held.customer, &held.id);
    let confirmed = store.carry_out(customer, id, &confirm(), None, at(NOW)).await.unwrap();
    changes.push(Change::Booking(confirmed.clone()));
    let [Change::Slot(_, slot)] = &scene.slots().await[..] else { panic!() };
    changes.push(Change::Slot(room(3).id, slot.clone()));

    let booking = json!(BookingView::for_owner(&confirmed));
    let slot = shown(slot, at(NOW));
    let mine = json!({"topic": "me", "bookings": [booking]});
    let everybodys = json!({"topic": "resource:room-1/bookings", "bookings": [booking]});
    let free = json!({"topic": "resource:room-1", "slots": [slot]});
    // In the order of the stream, and in one that no stream would have.
    for changes in [changes.clone(), changes.into_iter().rev().collect()] {
        let before = scene.gateway.events().len();
        assert_eq!(scene.tell(changes).await, sent(3));
        assert_eq!(scene.gateway.events().len() - before, 3);
        for (id, expected) in [
            ("mine=", vec![&mine, &free]),
            ("other window/+=", vec![&mine]),
            ("desk=", vec![&everybodys, &free]),
            ("bob=", vec![]),
        ] {
            let mut frame = scene.gateway.frames(id).pop().unwrap_or_default();
            frame.sort_by_key(|update| update["topic"] == "resource:room-1");
            assert_eq!(frame.iter().collect::<Vec<_>>(), expected, "{id}");
        }
    }
}

#[tokio::test]
async fn nobody_there_is_nobody_told() {
    let scene = Scene::new().await;
    assert_eq!(scene.tell(Vec::<Change>::new()).await, sent(0));
    assert_eq!(scene.tell([Change::Booking(booked("alice", "1", 1))]).await, sent(0));
    assert_eq!(scene.gateway.events(), []);
}

#[tokio::test]
async fn a_rewritten_resource_is_told_as_it_is_now() {
    let scene = Scene::new().await;
    scene.connect("desk=", &[availability()]).await;
    let store = &scene.tables.bookings;
    store.place(&hold("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    let before = store.resource(&room(3).id).await.unwrap();
    let wider = Resource { capacity: Capacity::new(5).unwrap(), ..before.clone() };
    let wider = store.put_resource(wider, at(NOW)).await.unwrap();

    let mut changes = scene.slots().await;
    changes.extend([Change::Resource(wider.clone()), Change::Resource(before)]);
    assert_eq!(scene.tell(changes).await, sent(1));
    // One update says both.
    let frame = scene.gateway.frames("desk=").remove(0);
    assert_eq!(frame.len(), 1);
    assert_eq!(frame[0]["resource"], json!(ResourceView::from(&wider)));
    let slot = &frame[0]["slots"][0];
    assert_eq!((&slot["capacity"], &slot["free"]), (&json!(5), &json!(4)));
    // 1 for nothing, a second version of the resource, and a write of the slot.
    assert_eq!(slot["version"], 1 + 2 * VERSIONS_PER_WRITE);
}

#[tokio::test]
async fn sixty_four_posts_are_under_way_at_once() {
    let scene = Scene::new().await;
    let ids: Vec<String> = (0..200).map(|n| format!("c{n}=")).collect();
    for id in &ids {
        scene.connect(id, &[me("alice")]).await;
    }
    scene.gateway.gather(64);
    assert_eq!(scene.tell([Change::Booking(booked("alice", "1", 1))]).await, sent(200));
    assert_eq!(scene.gateway.most(), 64);
    for id in &ids {
        assert_eq!(scene.gateway.texts(id).len(), 1, "{id}");
    }
    let texts: BTreeSet<String> = ids.iter().flat_map(|id| scene.gateway.texts(id)).collect();
    assert_eq!(texts.len(), 1);
}

#[tokio::test]
async fn whose_token_has_ended_is_told_nothing() {
    let scene = Scene::new().await;
    for (id, end) in [("ended=", at(NOW)), ("ends=", at("08:00:01"))] {
        let connection = scene.connect(id, &[me("alice")]).await;
        let role = connection.role;
        scene.tables.connections.refresh(&connection, role, None, at(NOW), end).await.unwrap();
    }
    assert_eq!(scene.tell([Change::Booking(booked("alice", "1", 1))]).await, sent(1));
    assert_eq!(scene.gateway.texts("ended=").len(), 0);
    assert_eq!(scene.gateway.texts("ends=").len(), 1);
    // A refreshed token brings it back.
    assert_eq!(scene.traces_of("ended=").await, 3);
}

/// Everybody who has the topic is told, in whichever shard the subscription is.
#[tokio::test]
async fn every_shard_is_told() {
    let scene = Scene::new().await;
    let crowd: Vec<String> = (0..1001).map(|n| format!("c{n}=")).collect();
    for id in &crowd {
        scene.connect(id, &[availability()]).await;
    }
    let told = scene.tell([Change::Resource(room(3))]).await;
    assert_eq!(told, sent(1001));
    assert_eq!(scene.tables.connections.shards(&availability()).await.unwrap(), 4);
    for n in 0..20 {
        let late = scene.connect(&format!("late{n}="), &[]).await;
        scene.tables.connections.subscribe(&late, &availability(), at(NOW)).await.unwrap();
    }
    assert_eq!(scene.tell([Change::Resource(room(3))]).await, sent(1021));
    let frame: &[Value] = &scene.gateway.frames("late7=")[0];
    assert_eq!(frame[0]["topic"], "resource:room-1");
}
