//! Pools: who is in them, bookings of any of several resources, and what could be booked.

mod any_of;
mod search;
mod topics;

use crate::stage::Stage;
use crate::venues::{operator, put};
use e2e::{Client, Gateway, Room, Value, json, unique};

/// Some tables of a pool of their own.
pub struct Tables {
    /// The pool, as `anyOf` names it.
    pub any_of: Value,
    /// The pool's name.
    pub pool: String,
    /// The tables, by number: their capacities are those that were asked for.
    pub rooms: Vec<Room>,
}

impl Tables {
    /// Makes tables of these capacities, each for one party, with these fields over their own.
    pub async fn with(gateway: &Gateway, capacities: &[u64], fields: &Value) -> Self {
        let pool = unique("tables");
        let mut rooms = Vec::new();
        for capacity in capacities {
            let mut all = json!({"capacity": capacity, "pools": [pool]});
            for (name, value) in fields.as_object().unwrap() {
                all[name] = value.clone();
            }
            rooms.push(Room::with(gateway, all).await);
        }
        let mut any_of = json!({"pool": pool});
        if let Some(venue) = fields.get("venue") {
            any_of["venue"] = venue.clone();
        }
        Self { any_of, pool, rooms }
    }

    /// A request for one slot of any of them.
    pub fn one(&self, action: &str, slot: u32) -> Value {
        json!({"action": action, "anyOf": self.any_of, "start": self.rooms[0].slot(slot)})
    }

    /// Their names.
    pub fn ids(&self) -> Vec<&str> {
        self.rooms.iter().map(|room| room.id.as_str()).collect()
    }

    /// Puts one of them again, with these fields over those that it had.
    pub async fn put(&mut self, number: usize, capacity: u64, fields: &Value) -> Value {
        let mut all = json!({"capacity": capacity, "pools": [self.pool]});
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        let put = put(&self.rooms[number].id, &all);
        self.rooms[number].operator.ok(put).await
    }

    pub async fn customer(&self) -> Client {
        self.rooms[0].customer().await
    }
}

/// The ids of a list of resources, over all pages.
async fn listed(client: &mut Client, mut request: Value) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = client.ok(request.clone()).await;
        let resources = page["resources"].as_array().unwrap();
        ids.extend(resources.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.get("cursor") else { return ids };
        request["cursor"] = cursor.clone();
    }
}

#[tokio::test]
async fn a_pool_is_listed_by_id_as_it_is() {
    let gateway = Gateway::shared();
    let harbour = unique("harbour");
    let mut tables = Tables::with(gateway, &[4, 2, 6, 2], &json!({"venue": harbour})).await;
    let mut alice = tables.customer().await;
    let list = |pool: &str| json!({"action": "resource.list", "venue": harbour, "pool": pool});
    let mut ids: Vec<String> = tables.ids().into_iter().map(ToOwned::to_owned).collect();
    ids.sort();
    for limit in [1, 2, 3, 4, 100] {
        let mut request = list(&tables.pool);
        request["limit"] = json!(limit);
        assert_eq!(listed(&mut alice, request).await, ids, "by {limit}");
    }
    // Another venue has another pool of this name; without a venue, it is `main`'s.
    assert_eq!(listed(&mut alice, list(&unique("nobody"))).await, [""; 0]);
    let main = json!({"action": "resource.list", "pool": tables.pool});
    assert_eq!(listed(&mut alice, main.clone()).await, [""; 0]);
    let here = Tables::with(gateway, &[1], &json!({"pools": [tables.pool]})).await;
    assert_eq!(listed(&mut alice, main).await, here.ids());
    // Archived ones are for operators, and pages go on behind them.
    let venue = json!({"venue": harbour, "state": "archived"});
    tables.put(0, 4, &venue).await;
    let mut left = ids.clone();
    left.retain(|id| *id != tables.rooms[0].id);
    let pool = tables.pool.clone();
    let mut request = list(&pool);
    request["limit"] = json!(1);
    assert_eq!(listed(&mut alice, request).await, left);
    assert_eq!(listed(&mut operator(gateway, None).await, list(&pool)).await, ids);
    // Who has left is gone; who has come is there.
    tables.put(0, 4, &json!({"venue": harbour, "pools": []})).await;
    tables.put(1, 2, &json!({"venue": harbour, "pools": [pool, "others"]})).await;
    assert_eq!(listed(&mut operator(gateway, None).await, list(&pool)).await, left);
    let others = listed(&mut alice, list("others")).await;
    assert_eq!(others, [tables.rooms[1].id.clone()]);
}

#[tokio::test]
async fn a_cursor_of_a_pool_is_good_for_that_pool() {
    let stage = Stage::set(&[]);
    let tables = Tables::with(&stage.gateway, &[1, 1], &json!({})).await;
    let mut alice = tables.customer().await;
    let mut list = json!({"action": "resource.list", "pool": tables.pool, "limit": 1});
    list["cursor"] = alice.ok(list.clone()).await["cursor"].clone();
    alice.ok(list.clone()).await;
    for (name, other) in [("pool", json!("others")), ("venue", json!("pier"))] {
        let mut other_list = list.clone();
        other_list[name] = other;
        stage.refuses(&mut alice, &other_list, "bad_request", Some("/cursor")).await;
    }
    list.as_object_mut().unwrap().remove("pool");
    stage.refuses(&mut alice, &list, "bad_request", Some("/cursor")).await;
}
