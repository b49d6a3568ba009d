//! Records of the stream that come late: a hold has run out since, or was confirmed before it did.
//! Whoever is told must not be told a newer version than the truth.

use crate::scene::{Scene, availability, everybodys, me, shown};
use domain::Booking;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::Change;
use support::fixtures::{NOW, Shortly, at, confirm, hold};

async fn watched() -> (Scene, Booking, Vec<Change>) {
    let scene = Scene::new().await;
    scene.connect("mine=", &[me("alice"), availability()]).await;
    scene.connect("desk=", &[everybodys()]).await;
    let request = hold("alice", "1", "09:00:00");
    let held = scene.tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    let mut records = scene.slots().await;
    records.push(Change::Booking(held.clone()));
    (scene, held, records)
}

/// What a connection was told last: of the booking, and of the slot.
fn told(scene: &Scene, id: &str) -> (Value, Value) {
    let updates = scene.gateway.frames(id).pop().unwrap();
    let find = |field: &str| {
        let lists = updates.iter().filter_map(|update| update.get(field));
        lists.map(|list| list[0].clone()).next().unwrap_or_default()
    };
    (find("bookings"), find("slots"))
}

async fn slot_now(scene: &Scene, now: Timestamp) -> Value {
    let [Change::Slot(_, slot)] = &scene.slots().await[..] else { panic!() };
    shown(slot, now)
}

/// What was written is told, with its end in the past: that it has run out is told once somebody
/// has written it down.
#[tokio::test]
async fn a_hold_that_has_run_out_is_told_as_it_was_written() {
    let (scene, held, records) = watched().await;
    let later = held.hold_expires_at.unwrap();
    scene.tell_at(records, later).await;
    for id in ["mine=", "desk="] {
        let (booking, _) = told(&scene, id);
        assert_eq!((&booking["status"], &booking["version"]), (&json!("held"), &json!(1)));
        assert_eq!(booking["holdExpiresAt"], json!(later.to_string()));
    }
    // Its places are free from that instant on, whoever asks.
    let (_, slot) = told(&scene, "mine=");
    assert_eq!((&slot, &slot["free"]), (&slot_now(&scene, later).await, &json!(3)));

    let store = &scene.tables.bookings;
    let seen = store.booking(&held.customer, &held.id, later).await.unwrap().unwrap();
    scene.tell_at([Change::Booking(seen)], later).await;
    let (booking, _) = told(&scene, "mine=");
    assert_eq!((&booking["status"], &booking["version"]), (&json!("expired"), &json!(2)));
}

/// The slot was told as if the hold had run out; then comes the record of a confirmation that was
/// written in time. It is newer than what was told, whatever else the bucket held.
#[tokio::test]
async fn a_confirmation_is_newer_than_a_slot_that_was_told_without_its_hold() {
    let (scene, held, records) = watched().await;
    let later = held.hold_expires_at.unwrap();
    scene.tell_at(records, later).await;
    let (_, before) = told(&scene, "mine=");
    let store = &scene.tables.bookings;
    let (customer, id) = (&held.customer, &held.id);
    store.carry_out(customer, id, &confirm(), None, at("08:04:59")).await.unwrap();
    scene.tell_at(scene.slots().await, later).await;
    let (_, after) = told(&scene, "mine=");
    assert_eq!((&before["free"], &after["free"]), (&json!(3), &json!(2)));
    assert!(after["version"].as_u64() > before["version"].as_u64(), "{before} {after}");
}
