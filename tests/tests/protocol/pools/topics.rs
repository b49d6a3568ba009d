//! The topic of a pool: its snapshot, and what is pushed of whom.

use super::Tables;
use crate::stage::Stage;
use crate::venues::subscribe;
use e2e::{Client, Gateway, Room, Value, json, unique};

fn topic(tables: &Tables) -> String {
    let venue = tables.any_of.get("venue").map_or("main", |venue| venue.as_str().unwrap());
    format!("pool:{venue}/{}", tables.pool)
}

/// Whether a topic was pushed this slot of a resource with so many free places.
fn tells(push: &Value, topic: &str, resource: &str, start: &str, free: u64) -> bool {
    push["updates"].as_array().unwrap().iter().any(|update| {
        let slots = update["slots"].as_array();
        let is = |it: &Value| {
            it["resource"] == json!(resource) && it["start"] == json!(start) && it["free"] == free
        };
        update["topic"] == json!(topic) && slots.is_some_and(|all| all.iter().any(is))
    })
}

/// Whether a topic was pushed that a resource was written, in this version.
fn tells_of(push: &Value, topic: &str, resource: &Value) -> bool {
    push["updates"].as_array().unwrap().iter().any(|update| {
        update["topic"] == json!(topic)
            && update["resource"]["id"] == resource["id"]
            && update["resource"]["version"] == resource["version"]
    })
}

/// All pages of a snapshot.
async fn snapshot(client: &mut Client, mut request: Value) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let page = client.ok(request.clone()).await;
        assert_eq!(page["topic"], request["topic"]);
        all.extend(page["slots"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page.get("cursor") else { return all };
        request["cursor"] = cursor.clone();
    }
}

#[tokio::test]
async fn a_snapshot_has_the_slots_of_all_its_resources() {
    let gateway = Gateway::shared();
    let tables = Tables::with(gateway, &[2, 4, 1], &json!({})).await;
    let mut alice = tables.customer().await;
    alice.ok(tables.rooms[1].one("book", 2)).await;
    let mut request = subscribe(&topic(&tables));
    request["from"] = json!(tables.rooms[0].slot(1));
    request["to"] = json!(tables.rooms[0].slot(4));
    let found = snapshot(&mut alice, request).await;
    let mut expected = Vec::new();
    for room in &tables.rooms {
        let (from, to) = (room.slot(1), room.slot(4));
        let window = json!({"action": "availability", "resource": room.id, "from": from, "to": to});
        for slot in alice.ok(window).await["slots"].as_array().unwrap() {
            let mut slot = slot.clone();
            slot["resource"] = json!(room.id);
            expected.push(slot);
        }
    }
    let order = |slot: &Value| (slot["resource"].to_string(), slot["start"].to_string());
    expected.sort_by_key(order);
    assert_eq!(found, expected);
    assert_eq!(found.iter().filter(|slot| slot["free"] == json!(3)).count(), 1);
    // Two weeks are more than a page.
    let whole = snapshot(&mut alice, subscribe(&topic(&tables))).await;
    assert!((3 * 14 * 12 - 3..=3 * 14 * 12 + 3).contains(&whole.len()), "{}", whole.len());
}

#[tokio::test]
async fn every_change_of_every_resource_is_pushed() {
    let gateway = Gateway::shared();
    let mut tables = Tables::with(gateway, &[2, 2], &json!({})).await;
    let (mut alice, mut watcher) = (tables.customer().await, tables.customer().await);
    let topic = topic(&tables);
    watcher.ok(subscribe(&topic)).await;
    let start = tables.rooms[0].slot(3);
    for number in [0, 1] {
        let held = alice.ok(tables.rooms[number].one("hold", 3)).await;
        let id = tables.rooms[number].id.clone();
        watcher.pushed("what is held", |push| tells(push, &topic, &id, &start, 1)).await;
        alice.ok(json!({"action": "cancel", "booking": held["id"]})).await;
        watcher.pushed("what is free again", |push| tells(push, &topic, &id, &start, 2)).await;
    }
    let all = format!("{:?}", watcher.pushes());
    assert!(!all.contains("customer"), "{all}");
    // That it was written, with the new capacity.
    let put = tables.put(0, 7, &json!({})).await;
    watcher.pushed("the resource", |push| tells_of(push, &topic, &put)).await;
    watcher.ok(json!({"action": "unsubscribe", "topic": topic})).await;
    watcher.ok(subscribe(&tables.rooms[0].topic())).await;
    alice.ok(tables.rooms[0].one("book", 5)).await;
    watcher.slot_pushed(&tables.rooms[0].id, &tables.rooms[0].slot(5), 6).await;
    let slot = tables.rooms[0].slot(5);
    let id = &tables.rooms[0].id;
    assert!(watcher.pushes().iter().all(|push| !tells(push, &topic, id, &slot, 6)));
}

/// A pool may be watched before anybody is in it; who comes is told of, and so is who goes.
#[tokio::test]
async fn who_comes_and_who_goes() {
    let gateway = Gateway::shared();
    let mut tables = Tables::with(gateway, &[2], &json!({"venue": unique("harbour")})).await;
    let venue = tables.any_of["venue"].clone();
    let empty = unique("window");
    let here = topic(&tables);
    let there = format!("pool:{}/{empty}", venue.as_str().unwrap());
    let (mut alice, mut watcher) = (tables.customer().await, tables.customer().await);
    let first = watcher.ok(subscribe(&there)).await;
    assert_eq!(first, json!({"topic": there, "slots": []}));
    watcher.ok(subscribe(&here)).await;
    let moved = tables.put(0, 2, &json!({"venue": venue, "pools": [empty]})).await;
    for topic in [&here, &there] {
        watcher.pushed("the resource that moved", |push| tells_of(push, topic, &moved)).await;
    }
    let room = &tables.rooms[0];
    alice.ok(room.one("book", 1)).await;
    let (id, start) = (&room.id, room.slot(1));
    watcher.pushed("a slot where it is", |push| tells(push, &there, id, &start, 1)).await;
    assert!(watcher.pushes().iter().all(|push| !tells(push, &here, id, &start, 1)));
    assert_eq!(snapshot(&mut watcher, subscribe(&here)).await, [json!(null); 0]);
    assert!(!snapshot(&mut watcher, subscribe(&there)).await.is_empty());
    // A new one, too.
    let fields = json!({"venue": venue, "pools": [empty]});
    let new = Room::with(gateway, fields).await;
    let new_one = json!({"id": new.id, "version": 1});
    watcher.pushed("the new resource", |push| tells_of(push, &there, &new_one)).await;
}

#[tokio::test]
async fn names_of_pools() {
    let stage = Stage::set(&[]);
    let tables = Tables::with(&stage.gateway, &[1], &json!({})).await;
    let mut alice = tables.customer().await;
    for topic in [
        "pool:",
        "pool:main",
        "pool:main/",
        "pool:/tables",
        "pool:Main/tables",
        "pool:main/Tables",
        "pool:main/tables/bookings",
    ] {
        stage.refuses(&mut alice, &subscribe(topic), "bad_request", Some("/topic")).await;
    }
    let mut backwards = subscribe(&topic(&tables));
    backwards["from"] = json!(tables.rooms[0].slot(2));
    backwards["to"] = json!(tables.rooms[0].slot(1));
    stage.refuses(&mut alice, &backwards, "bad_request", Some("/to")).await;
    let mut forged = subscribe(&topic(&tables));
    forged["cursor"] = json!("forged");
    stage.refuses(&mut alice, &forged, "bad_request", Some("/cursor")).await;
}
