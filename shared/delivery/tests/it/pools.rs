//! Who watches a pool is told of all its resources, and of those that have just come or gone.

use crate::scene::Scene;
use delivery::topic;
use domain::{Pool, PoolName, Pools, Resource, ResourceId, State};
use serde_json::Value;
use store::{Change, OldImage, Record, TopicKey};
use support::fixtures::{NOW, Shortly, at, hold, room};

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

fn watching(pool: &str) -> TopicKey {
    topic::pool(&Pool::parse(pool).unwrap())
}

fn table(name: &str, pools: &[&str]) -> Resource {
    let pools = pools.iter().map(|name| PoolName::parse(name).unwrap());
    let pools = Pools::try_from(pools.collect::<Vec<_>>()).unwrap();
    Resource { id: id(name), pools, ..room(3) }
}

/// Writes a resource: the record of that.
async fn put(scene: &Scene, resource: Resource) -> Record {
    let store = &scene.tables.bookings;
    let old = store.resource(&resource.id).await.ok();
    let new = Change::Resource(store.put_resource(resource, at(NOW)).await.unwrap());
    let old = old.map_or(OldImage::Absent, |old| OldImage::Read(Box::new(Change::Resource(old))));
    Record { new, old }
}

/// Holds a place of a resource: the record of its slot.
async fn take(scene: &Scene, name: &str, customer: &str) -> Record {
    let request = domain::NewBooking { resource: id(name), ..hold(customer, name, "09:00:00") };
    scene.tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    let slots = scene.tables.bookings.slots(&id(name), at(NOW), at("17:00:00")).await.unwrap();
    Change::Slot(id(name), slots[&at("09:00:00")].clone()).into()
}

/// What a connection was told since so many frames: the resources that were written, and the slots by
/// resource, with what is free.
fn told(scene: &Scene, connection: &str, since: usize) -> (Vec<String>, Vec<String>) {
    let frames = scene.gateway.frames(connection);
    let updates: Vec<&Value> = frames[since..].iter().flatten().collect();
    let written = updates.iter().filter_map(|update| update["resource"]["id"].as_str());
    let slots = updates.iter().filter_map(|update| update["slots"].as_array()).flatten();
    let slot = |slot: &Value| format!("{} {}", slot["resource"].as_str().unwrap(), slot["free"]);
    (written.map(ToOwned::to_owned).collect(), slots.map(slot).collect())
}

fn all(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn slots_of_all_resources_of_a_pool_come_together() {
    let scene = Scene::new().await;
    for name in ["a", "b"] {
        put(&scene, table(name, &["tables", "window"])).await;
    }
    put(&scene, table("c", &["rooms"])).await;
    scene.connect("tables", &[watching("main/tables")]).await;
    scene.connect("window", &[watching("main/window"), topic::resource(&id("a"))]).await;
    scene.connect("pier", &[watching("pier/tables")]).await;
    let mut records = Vec::new();
    for name in ["a", "b", "c"] {
        records.push(take(&scene, name, "alice").await);
    }
    records.push(take(&scene, "b", "bob").await);
    scene.tell(records).await;
    assert_eq!(told(&scene, "tables", 0), (vec![], all(&["a 2", "b 1"])));
    assert_eq!(scene.gateway.frames("tables").len(), 1);
    assert_eq!(scene.gateway.frames("tables")[0].len(), 1, "one update");
    assert_eq!(scene.gateway.frames("window").len(), 1);
    assert!(scene.gateway.frames("pier").is_empty());
    let text = scene.gateway.frames("tables").into_iter().flatten();
    let text: String = text.map(|update| update.to_string()).collect();
    assert!(!text.contains("alice"), "{text}");
}

/// Who has left is told of where it was, and from then on only where it is.
#[tokio::test]
async fn who_comes_and_who_goes_is_told_of() {
    let scene = Scene::new().await;
    put(&scene, table("a", &["tables"])).await;
    scene.connect("tables", &[watching("main/tables")]).await;
    scene.connect("rooms", &[watching("main/rooms")]).await;
    // In one batch: a slot of it, and that it goes elsewhere.
    let taken = take(&scene, "a", "alice").await;
    let moved = put(&scene, table("a", &["rooms"])).await;
    scene.tell([taken, moved]).await;
    assert_eq!(told(&scene, "tables", 0), (all(&["a"]), vec![]));
    assert_eq!(told(&scene, "rooms", 0), (all(&["a"]), all(&["a 2"])));
    let taken = take(&scene, "a", "bob").await;
    scene.tell([taken]).await;
    assert_eq!(scene.gateway.frames("tables").len(), 1);
    assert_eq!(told(&scene, "rooms", 1), (vec![], all(&["a 1"])));
    // Two resources that were written are two updates.
    let new = put(&scene, table("b", &["rooms"])).await;
    let archived = Resource { state: State::Archived, ..table("a", &["rooms"]) };
    let archived = put(&scene, archived).await;
    scene.tell([new, archived]).await;
    assert_eq!(told(&scene, "rooms", 2), (all(&["a", "b"]), vec![]));
    // What is archived is told of no more, until it is open again.
    let taken = scene.tables.bookings.slots(&id("a"), at(NOW), at("17:00:00")).await.unwrap();
    let taken = Change::Slot(id("a"), taken[&at("09:00:00")].clone());
    scene.tell([taken]).await;
    assert_eq!(scene.gateway.frames("rooms").len(), 3);
}

/// A batch that names a pool only by what was before it, and one whose slots are of no resource.
#[tokio::test]
async fn what_is_left_without_anybody() {
    let scene = Scene::new().await;
    put(&scene, table("a", &["tables"])).await;
    scene.connect("tables", &[watching("main/tables")]).await;
    let taken = take(&scene, "a", "alice").await;
    let Change::Slot(_, slot) = taken.new else { panic!("a slot") };
    let left = put(&scene, table("a", &[])).await;
    scene.tell([left]).await;
    assert_eq!(told(&scene, "tables", 0), (all(&["a"]), vec![]));
    let report = scene.tell([Change::Slot(id("nowhere"), slot)]).await;
    assert_eq!(report.failed_from, None);
}
