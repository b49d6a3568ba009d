//! Records of the stream that come late: a hold has run out since, or was confirmed before it did.
//! Whoever is told must not be told a newer version than the truth.

use crate::scene::{Scene, availability, everybodys, me};
use crate::support::fixtures::{NOW, at, hold, room};
use domain::{Approval, Booking, Command};
use jiff::Timestamp;
use protocol::view::SlotView;
use serde_json::{Value, json};
use store::Change;

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
    json!(SlotView::new(&room(3), slot, now))
}

#[tokio::test]
async fn a_hold_that_has_run_out_is_told_as_expired() {
    let (scene, held, records) = watched().await;
    let later = held.hold_expires_at.unwrap();
    scene.tell_at(records, later).await;
    for id in ["mine=", "desk="] {
        let (booking, _) = told(&scene, id);
        assert_eq!((&booking["status"], &booking["version"]), (&json!("expired"), &json!(2)));
    }
    let (_, slot) = told(&scene, "mine=");
    assert_eq!((&slot, &slot["free"]), (&slot_now(&scene, later).await, &json!(3)));
}

/// Told as expired it would be at version 2, as which it was confirmed: the client would take the
/// confirmation for old news, and never show it.
#[tokio::test]
async fn a_hold_that_was_confirmed_in_time_is_not_told_as_expired() {
    let (scene, held, records) = watched().await;
    let later = held.hold_expires_at.unwrap();
    let confirm = Command::Confirm(Approval::Auto);
    let store = &scene.tables.bookings;
    store.change(&held.customer, &held.id, &confirm, None, at("08:04:59")).await.unwrap();
    scene.tell_at(records, later).await;
    for id in ["mine=", "desk="] {
        let (booking, _) = told(&scene, id);
        assert_eq!((&booking["status"], &booking["version"]), (&json!("confirmed"), &json!(2)));
    }
    let (_, slot) = told(&scene, "mine=");
    assert_eq!((&slot, &slot["free"]), (&slot_now(&scene, later).await, &json!(2)));
}
