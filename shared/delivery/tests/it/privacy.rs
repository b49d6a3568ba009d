//! Nobody learns of another's bookings.

use crate::scene::{Scene, availability, booked, everybodys, me};
use domain::{Action, Role};
use serde_json::Value;
use store::bookings::change::Intent;
use store::{Change, Connection, ConnectionId};
use support::fixtures::{NOW, Shortly, at, book, hold};

#[tokio::test]
async fn my_bookings_are_mine() {
    // Names that begin or end like others' names, topics or keys.
    let names =
        ["alice", "alice#0", "me:alice", "resource:room-1/bookings", "room-1", "Alice", "a"];
    let scene = Scene::new().await;
    for name in names {
        scene.connect(&format!("{name}="), &[me(name)]).await;
    }
    let changes: Vec<Change> =
        names.iter().map(|name| Change::Booking(booked(name, "1", 1))).collect();
    assert_eq!(scene.tell(changes).await.sent, names.len());
    for name in names {
        let frames = scene.gateway.frames(&format!("{name}="));
        let [updates] = &frames[..] else { panic!("{name}: {frames:?}") };
        let [update] = &updates[..] else { panic!("{name}: {updates:?}") };
        let bookings = update["bookings"].as_array().unwrap();
        assert_eq!((&update["topic"], bookings.len()), (&Value::from("me"), 1));
        assert_eq!(bookings[0]["customer"], name);
    }
}

/// Whatever has left such a subscription, it is looked at again.
#[tokio::test]
async fn only_operators_are_told_of_everybodys_bookings() {
    let scene = Scene::new().await;
    let operator = scene.connect("operator=", &[everybodys()]).await;
    let customer =
        Connection { id: ConnectionId::new("customer="), role: Role::Customer, ..operator };
    scene.tables.connections.remember(&customer).await.unwrap();
    assert_eq!(scene.traces_of("customer=").await, 3);
    assert_eq!(scene.tell([Change::Booking(booked("alice", "1", 1))]).await.sent, 1);
    assert_eq!(scene.gateway.frames("operator=").len(), 1);
    assert_eq!(scene.gateway.frames("customer=").len(), 0);
}

#[tokio::test]
async fn availability_does_not_tell_who_booked() {
    let scene = Scene::new().await;
    scene.connect("anybody=", &[availability()]).await;
    scene.connect("desk=", &[everybodys()]).await;
    let store = &scene.tables.bookings;
    let held = store.place(&hold("mallory", "secret", "09:00:00"), 50, at(NOW)).await.unwrap();
    let sold = store.place(&book("mallory", "public", "09:00:00"), 50, at(NOW)).await.unwrap();
    let cancel = Intent::Act(Action::Cancel(Some("nobody's business".to_owned())));
    let cancelled =
        store.carry_out(&sold.customer, &sold.id, &cancel, None, at(NOW)).await.unwrap();

    // Everything that is in the table, as the stream would tell of it.
    let items = scene.tables.raw.scan("bookings").await;
    let changes = items.into_iter().filter_map(|item| Change::of(item.into()).unwrap());
    scene.tell(changes).await;
    let frames = scene.gateway.texts("anybody=");
    let [frame] = &frames[..] else { panic!("{frames:?}") };
    for secret in
        ["mallory", held.id.hash().as_str(), cancelled.id.hash().as_str(), "business", "C#"]
    {
        assert!(!frame.contains(secret), "{secret} is in {frame}");
    }
    let frame: Value = serde_json::from_str(frame).unwrap();
    for update in frame["updates"].as_array().unwrap() {
        assert_eq!(update["topic"], "resource:room-1");
        for slot in update["slots"].as_array().into_iter().flatten() {
            let fields: Vec<&str> = slot.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(fields, ["capacity", "end", "free", "start", "version"]);
        }
    }
    let told = scene.gateway.frames("desk=").remove(0);
    assert_eq!(told[0]["bookings"].as_array().unwrap().len(), 2);
}
