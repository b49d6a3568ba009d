//! Which resources are in a pool: as they are, in order, nobody else's.

use domain::{NewBooking, Pool, PoolName, Pools, Rank, Resource, ResourceId, State, VenueId};
use futures::future::join_all;
use std::collections::BTreeMap;
use store::bookings::pool_slots::PoolPlace;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, book, grid, room};

pub fn pool(text: &str) -> Pool {
    Pool::parse(text).unwrap()
}

pub fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

pub fn pools(names: &[&str]) -> Pools {
    let names = names.iter().map(|name| PoolName::parse(name).unwrap());
    Pools::try_from(names.collect::<Vec<_>>()).unwrap()
}

/// A table of so many places in the pool `tables`.
pub fn table(name: &str, capacity: u32) -> Resource {
    Resource { id: id(name), pools: pools(&["tables"]), ..room(capacity) }
}

pub async fn put(tables: &Tables, resource: &Resource) -> Resource {
    tables.bookings.put_resource(resource.clone(), at(NOW)).await.unwrap()
}

async fn ids_in(tables: &Tables, name: &str) -> Vec<String> {
    let (found, next) = tables.bookings.resources_in(&pool(name), 100, None).await.unwrap();
    assert_eq!(next, None);
    found.iter().map(|resource| resource.id.to_string()).collect()
}

/// What the table says of all pools: who is in each, with capacity and rank.
async fn members(tables: &Tables) -> BTreeMap<(String, String), (String, String)> {
    let items = tables.raw.scan("bookings").await.into_iter();
    let items = items.filter(|item| item["PK"].as_s().unwrap().starts_with("P#"));
    let text = |item: &support::Item, name: &str| item[name].as_s().unwrap().clone();
    let number = |item: &support::Item, name: &str| item[name].as_n().unwrap().clone();
    let member = |item| {
        let key = (text(&item, "PK"), text(&item, "SK"));
        (key, (number(&item, "capacity"), number(&item, "rank")))
    };
    items.map(member).collect()
}

#[tokio::test]
async fn a_resource_joins_and_leaves_pools_with_its_write() {
    let tables = Tables::start();
    let one = |names: &[&str]| Resource { pools: pools(names), ..table("t-1", 4) };
    assert_eq!(ids_in(&tables, "main/tables").await, [""; 0]);
    put(&tables, &one(&["tables", "window"])).await;
    put(&tables, &table("t-2", 2)).await;
    assert_eq!(ids_in(&tables, "main/tables").await, ["t-1", "t-2"]);
    assert_eq!(ids_in(&tables, "main/window").await, ["t-1"]);
    assert_eq!(ids_in(&tables, "pier/tables").await, [""; 0]);
    put(&tables, &one(&["window", "terrace"])).await;
    assert_eq!(ids_in(&tables, "main/tables").await, ["t-2"]);
    assert_eq!(ids_in(&tables, "main/window").await, ["t-1"]);
    assert_eq!(ids_in(&tables, "main/terrace").await, ["t-1"]);
    put(&tables, &one(&[])).await;
    for name in ["main/window", "main/terrace"] {
        assert_eq!(ids_in(&tables, name).await, [""; 0]);
    }
    assert_eq!(members(&tables).await.len(), 1);
    // Five there and five others before: all in one transaction.
    put(&tables, &one(&["a", "b", "c", "d", "e"])).await;
    put(&tables, &one(&["f", "g", "h", "i", "j"])).await;
    assert_eq!(members(&tables).await.len(), 6);
}

/// What is written in a pool is what the resource says, whoever of many wrote last.
#[tokio::test]
async fn pools_are_as_the_last_of_many_writes_says() {
    for seed in 0..4 {
        let tables = Tables::start();
        let mut random = fastrand::Rng::with_seed(seed);
        let puts = (1..=8).map(|capacity| {
            let names: Vec<&str> = ["a", "b", "c"].into_iter().filter(|_| random.bool()).collect();
            let rank = Rank::new(random.u32(0..=1000)).unwrap();
            let resource = Resource { pools: pools(&names), rank, ..table("t", capacity) };
            tables.bookings.put_resource(resource, at(NOW))
        });
        join_all(puts).await.into_iter().for_each(|put| drop(put.unwrap()));
        let last = tables.bookings.resource(&id("t")).await.unwrap();
        let expected = last.pools.names().map(|name| {
            let key = (format!("P#main#{name}"), "R#t".to_owned());
            (key, (last.capacity.to_string(), last.rank.to_string()))
        });
        assert_eq!(members(&tables).await, expected.collect(), "seed {seed}");
    }
}

#[tokio::test]
async fn a_pool_with_every_limit() {
    let tables = Tables::start();
    let mut ids = ["0", "a", "a-", "a-1", "t-1", "t-10", "t-2", "z"];
    for name in ids {
        put(&tables, &table(name, 2)).await;
        let venue = VenueId::parse("pier").unwrap();
        put(&tables, &Resource { venue, ..table(&format!("{name}-2"), 2) }).await;
    }
    ids.sort_unstable();
    for limit in 1..=9 {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let pool = pool("main/tables");
            let page = tables.bookings.resources_in(&pool, limit, after.as_ref());
            let (page, next) = page.await.unwrap();
            assert!(page.len() <= limit);
            listed.extend(page.iter().map(|resource| resource.id.to_string()));
            after = next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, ids, "by {limit}");
    }
}

/// A write of an earlier release drops the pools of a resource, and leaves what is written there: then
/// the resource is what counts, and the list goes on behind it.
#[tokio::test]
async fn what_has_left_is_in_no_list_and_hides_nothing() {
    let tables = Tables::start();
    for name in ["a", "b", "c"] {
        put(&tables, &table(name, 2)).await;
    }
    for name in ["a", "b"] {
        let update = tables.raw.client.update_item().table_name(tables.raw.name("bookings"));
        let key = store::keys::resource(&id(name)).attributes();
        update.set_key(Some(key)).update_expression("REMOVE pools").send().await.unwrap();
    }
    assert_eq!(ids_in(&tables, "main/tables").await, ["c"]);
    let pool = pool("main/tables");
    let first = tables.bookings.resources_in(&pool, 1, None).await.unwrap();
    assert_eq!(first, (Vec::new(), Some(id("a"))));
}

/// Every slot of every resource that is listed, on whatever pages.
#[tokio::test]
async fn the_slots_of_a_pool_with_every_limit() {
    let tables = Tables::start();
    let open = |hours: &[&str]| grid("UTC", 30, hours);
    let closed = Resource { calendar: open(&[]), ..table("b", 2) };
    let archived = Resource { state: State::Archived, ..table("c", 2) };
    let paused =
        Resource { state: State::Paused, calendar: open(&["10:00-11:30"]), ..table("d", 2) };
    let short = Resource { calendar: open(&["09:00-10:00"]), ..table("a", 2) };
    let elsewhere = Resource { pools: pools(&["rooms"]), ..table("e", 2) };
    for resource in [short, closed, archived, paused, elsewhere, table("f", 2)] {
        put(&tables, &resource).await;
    }
    let (window, pool) = ((at("09:30:00"), at("11:00:00")), pool("main/tables"));
    let request = NewBooking { resource: id("d"), ..book("alice", "1", "10:30:00") };
    let archived = tables.bookings.place(&request, 50, at(NOW)).await;
    assert!(archived.is_err(), "it is paused");
    let request = NewBooking { resource: id("f"), ..book("alice", "1", "10:00:00") };
    tables.bookings.place(&request, 50, at(NOW)).await.unwrap();
    for limit in 1..=8 {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = tables.bookings.slots_in(&pool, window, limit, after.as_ref(), at(NOW));
            let (page, next) = page.await.unwrap();
            assert!(page.len() <= limit);
            all.extend(page.into_iter().map(|(resource, slot)| {
                format!("{resource} {} {}", &slot.start.to_string()[11..16], slot.free)
            }));
            let Some(next) = next else { break };
            after = Some(PoolPlace::parse(&next.to_string()).unwrap());
        }
        let expected =
            ["a 09:30 2", "d 10:00 2", "d 10:30 2", "f 09:30 2", "f 10:00 1", "f 10:30 2"];
        assert_eq!(all, expected, "by {limit}");
    }
    let nobody = Pool::parse("main/nobody").unwrap();
    let nothing = tables.bookings.slots_in(&nobody, window, 9, None, at(NOW)).await.unwrap();
    assert_eq!(nothing, (vec![], None));
    for text in ["", "/", "A", "a/", "a/x"] {
        assert_eq!(PoolPlace::parse(text), None, "{text}");
    }
}
