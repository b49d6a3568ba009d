//! Connections and their subscriptions, and that nothing of them is left behind.

use crate::support::fixtures::{NOW, at, customer};
use crate::support::{Item, Tables};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Role;
use futures::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use store::connections::{MAX_TOPICS, pick};
use store::{Connection, ConnectionId, Connections, Subscribed, TopicKey};

/// A connection of Alice's, subscribed to her own bookings.
fn alice(id: &str) -> Connection {
    Connection {
        id: ConnectionId::new(id),
        customer: customer("alice"),
        role: Role::Customer,
        expires: at("09:00:00").as_second(),
        connected: at(NOW).as_millisecond(),
        topics: BTreeMap::from([(topic("me:alice"), 0)]),
    }
}

fn topic(name: &str) -> TopicKey {
    TopicKey::new(name)
}

fn number(item: &Item, name: &str) -> i64 {
    item[name].as_n().unwrap().parse().unwrap()
}

/// Who is subscribed, by shard.
async fn subscribed(connections: &Connections, name: &str) -> Vec<(String, u32)> {
    let subscribers = connections.subscribers(&topic(name)).await.unwrap();
    subscribers.into_iter().map(|one| (one.connection.as_str().to_owned(), one.shard)).collect()
}

#[tokio::test]
async fn a_connection_comes_and_goes_without_a_trace() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.remember(&alice).await.unwrap();
    assert_eq!(connections.get(&alice.id).await.unwrap().unwrap(), alice);
    assert_eq!(subscribed(connections, "me:alice").await, [("A".to_owned(), 0)]);
    for name in ["resource:room-1", "resource:room-2/bookings"] {
        let done = connections.subscribe(&alice, &topic(name)).await.unwrap();
        assert_eq!(done, Subscribed::Yes);
    }
    // What subscribed since is known from the table, not from the caller.
    connections.forget(&alice.id).await.unwrap();
    assert_eq!(tables.raw.scan("connections").await, []);
    assert_eq!(connections.get(&alice.id).await.unwrap(), None);
    connections.forget(&alice.id).await.unwrap();
}

#[tokio::test]
async fn everything_is_collected_three_hours_after_connecting() {
    let tables = Tables::start();
    let alice = alice("A");
    tables.connections.remember(&alice).await.unwrap();
    tables.connections.subscribe(&alice, &topic("resource:room-1")).await.unwrap();
    let items = tables.raw.scan("connections").await;
    assert_eq!(items.len(), 3);
    let end = at(NOW) + SignedDuration::from_hours(3);
    for item in items {
        assert_eq!(number(&item, "ttl"), end.as_second(), "{item:?}");
        assert_eq!(number(&item, "expires"), alice.expires);
        assert_eq!(item["customer"].as_s().unwrap(), "alice");
    }
}

#[tokio::test]
async fn fifty_topics_are_enough() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.remember(&alice).await.unwrap();
    let name = |n: usize| topic(&format!("resource:room-{n}"));
    // All at once, and none of them knows of the others.
    let topics: Vec<TopicKey> = (0..60).map(name).collect();
    let done = join_all(topics.iter().map(|topic| connections.subscribe(&alice, topic))).await;
    let (yes, no): (Vec<_>, Vec<_>) = topics
        .iter()
        .zip(done.into_iter().map(Result::unwrap))
        .partition(|(_, done)| *done == Subscribed::Yes);
    assert_eq!(yes.len(), MAX_TOPICS - 1);
    assert!(no.iter().all(|(_, done)| *done == Subscribed::TooMany));

    let stored = connections.get(&alice.id).await.unwrap().unwrap();
    assert_eq!(stored.topics.len(), MAX_TOPICS);
    assert_eq!(tables.raw.scan("connections").await.len(), MAX_TOPICS + 1);
    for (topic, _) in &no {
        assert_eq!(connections.subscribers(topic).await.unwrap(), []);
    }

    // What it has already it may ask for again, and what it gives up makes room.
    let (kept, _) = yes[0];
    assert_eq!(connections.subscribe(&stored, kept).await.unwrap(), Subscribed::Yes);
    let (refused, _) = no[0];
    assert_eq!(connections.subscribe(&stored, refused).await.unwrap(), Subscribed::TooMany);
    connections.unsubscribe(&stored, kept).await.unwrap();
    assert_eq!(connections.subscribe(&stored, refused).await.unwrap(), Subscribed::Yes);
    connections.forget(&alice.id).await.unwrap();
    assert_eq!(tables.raw.scan("connections").await, []);
}

#[tokio::test]
async fn a_forgotten_connection_subscribes_to_nothing() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.remember(&alice).await.unwrap();
    connections.forget(&alice.id).await.unwrap();
    for name in ["resource:room-1", "me:alice"] {
        let done = connections.subscribe(&alice, &topic(name)).await.unwrap();
        assert_eq!(done, Subscribed::Gone);
    }
    connections.unsubscribe(&alice, &topic("me:alice")).await.unwrap();
    let refreshed = connections.refresh(&alice.id, Role::Customer, at("10:00:00")).await;
    assert_eq!(refreshed.unwrap(), None);
    assert_eq!(tables.raw.scan("connections").await, []);
}

/// A connection that is forgotten while it subscribes does not come back. A subscription may be left
/// of it, which the next post finds, or else time.
#[tokio::test]
async fn a_connection_forgotten_meanwhile_stays_forgotten() {
    for head_start in 0..6 {
        let tables = Tables::start();
        let (connections, alice) = (&tables.connections, alice("A"));
        connections.remember(&alice).await.unwrap();
        let topics: Vec<TopicKey> = (0..8).map(|n| topic(&format!("resource:room-{n}"))).collect();
        let subscribe = join_all(topics.iter().map(|topic| connections.subscribe(&alice, topic)));
        let forget = async {
            for _ in 0..head_start {
                connections.shards(&topics[0]).await.unwrap();
            }
            connections.forget(&alice.id).await
        };
        let (subscribed, forgotten) = join(subscribe, forget).await;
        forgotten.unwrap();
        for done in subscribed {
            assert!(matches!(done.unwrap(), Subscribed::Yes | Subscribed::Gone));
        }
        assert_eq!(connections.get(&alice.id).await.unwrap(), None);
        for item in tables.raw.scan("connections").await {
            assert_eq!(item["SK"].as_s().unwrap(), "A", "not a subscription: {item:?}");
            assert!(number(&item, "ttl") > 0);
        }
    }
}

#[tokio::test]
async fn unsubscribing_ends_one_topic() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.remember(&alice).await.unwrap();
    connections.subscribe(&alice, &topic("resource:room-1")).await.unwrap();
    let stored = connections.get(&alice.id).await.unwrap().unwrap();
    connections.unsubscribe(&stored, &topic("resource:room-1")).await.unwrap();
    connections.unsubscribe(&stored, &topic("resource:never-was")).await.unwrap();
    assert_eq!(connections.get(&alice.id).await.unwrap().unwrap(), alice);
    assert_eq!(subscribed(connections, "resource:room-1").await, []);
    assert_eq!(subscribed(connections, "me:alice").await.len(), 1);
    // Once more: there is nothing left to end.
    connections.unsubscribe(&stored, &topic("resource:room-1")).await.unwrap();
    assert_eq!(tables.raw.scan("connections").await.len(), 2);
}

#[tokio::test]
async fn refreshing_moves_the_end_of_everything() {
    let tables = Tables::start();
    let connections = &tables.connections;
    // In the third of four shards, wherever its name would lead it now.
    let mut alice = alice("A");
    alice.topics.insert(topic("resource:room-1"), 2);
    connections.remember(&alice).await.unwrap();
    let later = at("12:00:00");
    let refreshed = connections.refresh(&alice.id, Role::Operator, later).await.unwrap().unwrap();
    let expected = Connection { role: Role::Operator, expires: later.as_second(), ..alice.clone() };
    assert_eq!(refreshed, expected);
    assert_eq!(connections.get(&alice.id).await.unwrap().unwrap(), expected);

    let items = tables.raw.scan("connections").await;
    assert!(items.iter().all(|item| number(item, "expires") == later.as_second()), "{items:?}");
    let partitions: BTreeSet<&str> =
        items.iter().map(|item| item["PK"].as_s().unwrap().as_str()).collect();
    assert_eq!(partitions, BTreeSet::from(["C#A", "T#me:alice#0", "T#resource:room-1#2"]));
    assert!(refreshed.is_live(later - SignedDuration::from_secs(1)));
    assert!(!refreshed.is_live(later));
}

/// Copies of a subscription that the store wrote, under other names: much quicker than as many
/// connections.
async fn multiply(tables: &Tables, name: &str, connections: &[(String, u32)]) {
    let sample = tables.raw.scan("connections").await;
    let sample = sample.into_iter().find(|item| item["PK"].as_s().unwrap().starts_with("T#"));
    let sample = sample.unwrap();
    let put = |(id, shard): &(String, u32)| {
        let mut item = sample.clone();
        item.insert("PK".to_owned(), AttributeValue::S(format!("T#{name}#{shard}")));
        item.insert("SK".to_owned(), AttributeValue::S(id.clone()));
        let put = aws_sdk_dynamodb::types::PutRequest::builder().set_item(Some(item)).build();
        aws_sdk_dynamodb::types::WriteRequest::builder().put_request(put.unwrap()).build()
    };
    for batch in connections.chunks(25) {
        let write = tables.raw.client.batch_write_item();
        let requests = batch.iter().map(put).collect();
        write.request_items(tables.raw.name("connections"), requests).send().await.unwrap();
    }
}

#[tokio::test]
async fn a_topic_grows_and_everybody_is_found_once() {
    const TOPIC: &str = "resource:room-1";
    let tables = Tables::start();
    let connections = &tables.connections;
    let mut expected: Vec<(String, u32)> = Vec::new();
    // The first of all subscribes anew after each growth.
    let mut first = alice("first=");
    connections.remember(&first).await.unwrap();
    connections.subscribe(&first, &topic(TOPIC)).await.unwrap();
    expected.push(("first=".to_owned(), 0));

    for (shards, next, more) in [(1, 4, 1000), (4, 16, 3000), (16, 16, 50)] {
        assert_eq!(connections.shards(&topic(TOPIC)).await.unwrap(), shards);
        // Some subscribe as they always do; the crowd is where it would be if it had.
        for n in 0..10 {
            let one = alice(&format!("{shards}-one-{n}="));
            connections.remember(&one).await.unwrap();
            let done = connections.subscribe(&one, &topic(TOPIC)).await.unwrap();
            assert_eq!(done, Subscribed::Yes);
            expected.push((one.id.to_string(), pick(&one.id, shards)));
        }
        let crowd = (10..more).map(|n| {
            let id = format!("{shards}-{n}=");
            let shard = pick(&ConnectionId::new(&*id), shards);
            (id, shard)
        });
        let crowd: Vec<(String, u32)> = crowd.collect();
        multiply(&tables, TOPIC, &crowd).await;
        expected.extend(crowd);
        expected.sort();
        // Whoever reads finds everybody, and lets it grow; whoever reads after that, too.
        for _ in 0..2 {
            let mut found = subscribed(connections, TOPIC).await;
            found.sort();
            assert!(found == expected, "{} of {} at {shards}", found.len(), expected.len());
            assert_eq!(connections.shards(&topic(TOPIC)).await.unwrap(), next);
        }
        // With what it knows, and with what it knew when it connected.
        for known in [connections.get(&first.id).await.unwrap().unwrap(), first.clone()] {
            connections.subscribe(&known, &topic(TOPIC)).await.unwrap();
        }
    }
    first = connections.get(&first.id).await.unwrap().unwrap();
    assert_eq!(first.topics[&topic(TOPIC)], 0);
    let mut found = subscribed(connections, TOPIC).await;
    found.sort();
    assert!(found == expected);
    connections.forget(&first.id).await.unwrap();
    assert_eq!(subscribed(connections, TOPIC).await.len(), expected.len() - 1);
}

/// A thousand is not yet too many, and shards do not shrink.
#[tokio::test]
async fn a_topic_grows_only_when_it_is_full() {
    let tables = Tables::start();
    let connections = &tables.connections;
    connections.remember(&alice("A")).await.unwrap();
    let crowd: Vec<(String, u32)> = (0..1000).map(|n| (format!("{n}="), 0)).collect();
    multiply(&tables, "resource:room-1", &crowd).await;
    assert_eq!(subscribed(connections, "resource:room-1").await.len(), 1000);
    assert_eq!(connections.shards(&topic("resource:room-1")).await.unwrap(), 1);
    multiply(&tables, "resource:room-1", &[("1000=".to_owned(), 0)]).await;
    // Pushed to by many at once.
    let reads = (0..4).map(|_| subscribed(connections, "resource:room-1"));
    for found in join_all(reads).await {
        assert_eq!(found.len(), 1001);
    }
    let topic = topic("resource:room-1");
    for (id, shard) in &crowd[..900] {
        connections.drop(&topic, *shard, &ConnectionId::new(&**id)).await.unwrap();
    }
    assert_eq!(connections.subscribers(&topic).await.unwrap().len(), 101);
    assert_eq!(connections.shards(&topic).await.unwrap(), 4);
}

/// Names as API Gateway gives them spread evenly.
#[test]
fn shards_are_of_one_size() {
    use base64::Engine;
    let mut random = fastrand::Rng::with_seed(1);
    let mut names = || {
        let bytes: [u8; 11] = std::array::from_fn(|_| random.u8(..));
        ConnectionId::new(base64::prelude::BASE64_STANDARD.encode(bytes))
    };
    for shards in [4, 16, 64] {
        let mut sizes = vec![0; usize::try_from(shards).unwrap()];
        for _ in 0..sizes.len() * 1000 {
            sizes[usize::try_from(pick(&names(), shards)).unwrap()] += 1;
        }
        assert!(sizes.iter().all(|size| (800..1200).contains(size)), "{shards}: {sizes:?}");
    }
}

#[tokio::test]
async fn an_instant_of_any_length_is_kept_in_whole_seconds() {
    let tables = Tables::start();
    let alice = alice("A");
    tables.connections.remember(&alice).await.unwrap();
    let end: Timestamp = at("10:00:00.999");
    let refreshed = tables.connections.refresh(&alice.id, Role::Customer, end).await.unwrap();
    assert_eq!(refreshed.unwrap().expires, at("10:00:00").as_second());
}
