//! Frames stay under API Gateway's limit, whatever is in them.

use crate::scene::{Scene, availability, booked, everybodys, me};
use domain::{Booking, Resource, Slot, Version};
use jiff::SignedDuration;
use protocol::MAX_OUTBOUND;
use std::collections::BTreeMap;
use store::Change;
use support::fixtures::{NOW, at, grid, length, room};

/// A hundred bookings, each as large as they get in JSON.
fn large() -> Vec<Booking> {
    // A quote takes two bytes in JSON, a control character six.
    let name = format!("{}\u{1F600}", "\"".repeat(127));
    let large = |n: usize| Booking {
        reason: Some("\u{1}".repeat(500)),
        ..booked(&name, &n.to_string(), 1)
    };
    (0..100).map(large).collect()
}

#[tokio::test]
async fn a_batch_of_the_largest_bookings_is_cut_into_frames() {
    let scene = Scene::new().await;
    let bookings = large();
    let name = bookings[0].customer.as_str();
    scene.connect("both=", &[me(name), everybodys()]).await;
    scene.connect("mine=", &[me(name)]).await;
    let told = scene.tell(bookings.iter().cloned().map(Change::Booking)).await;

    for (id, topics) in [("both=", 2), ("mine=", 1)] {
        let texts = scene.gateway.texts(id);
        assert!(texts.iter().all(|frame| frame.len() <= MAX_OUTBOUND), "{id}");
        let whole: usize = texts.iter().map(String::len).sum();
        assert!(whole > topics * 3 * MAX_OUTBOUND - MAX_OUTBOUND);
        // As few as they can be, give or take one that does not fill up.
        assert!(texts.len() <= whole / MAX_OUTBOUND + 1 + topics, "{id}: {}", texts.len());
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for update in scene.gateway.frames(id).into_iter().flatten() {
            for booking in update["bookings"].as_array().unwrap() {
                assert_eq!(booking["customer"], name);
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                *seen.entry((text(&update["topic"]), text(&booking["id"]))).or_default() += 1;
            }
        }
        assert_eq!(seen.len(), topics * 100);
        assert!(seen.values().all(|times| *times == 1));
    }
    let frames = scene.gateway.texts("both=").len() + scene.gateway.texts("mine=").len();
    assert_eq!((told.sent, told.failed_from), (frames, None));
}

#[tokio::test]
async fn thousands_of_slots_are_cut_into_frames() {
    let scene = Scene::new().await;
    scene.connect("desk=", &[availability()]).await;
    let always = Resource { calendar: grid("UTC", 30, &["00:00-24:00"]), ..room(3) };
    scene.tables.bookings.put_resource(always, at("07:00:00")).await.unwrap();
    let room = scene.tables.bookings.resource(&room(3).id).await.unwrap();
    let length = length(30);
    let slots = (0..3000).map(|n| {
        let start = at(NOW) + SignedDuration::from_mins(30 * n);
        let version = Version::new(u64::MAX / 2);
        Change::Slot(room.id.clone(), Slot { version, ..Slot::untouched(start, length) })
    });
    let told = scene.tell(slots.chain([Change::Resource(room.clone())])).await;
    let texts = scene.gateway.texts("desk=");
    assert!(texts.iter().all(|frame| frame.len() <= MAX_OUTBOUND));
    assert_eq!(told.sent, texts.len());
    assert!(texts.len() > 1);
    let updates: Vec<_> = scene.gateway.frames("desk=").into_iter().flatten().collect();
    let slots = updates.iter().filter_map(|update| update["slots"].as_array());
    assert_eq!(slots.map(Vec::len).sum::<usize>(), 3000);
    assert_eq!(updates.iter().filter(|update| update.get("resource").is_some()).count(), 1);
}
