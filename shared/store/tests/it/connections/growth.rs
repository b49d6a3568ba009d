//! Topics that grow: everybody is found, once.

use super::{alice, subscribed, topic};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use store::connections::shards::pick;
use store::{ConnectionId, Subscribed};
use support::Tables;
use support::fixtures::{NOW, at};

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
    connections.subscribe(&first, &topic(TOPIC), at(NOW)).await.unwrap();
    expected.push(("first=".to_owned(), 0));

    for (shards, next, more) in [(1, 4, 1000), (4, 16, 3000), (16, 64, 12_000), (64, 64, 50)] {
        assert_eq!(connections.shards(&topic(TOPIC)).await.unwrap(), shards);
        // Some subscribe as they always do; the crowd is where it would be if it had.
        for n in 0..10 {
            let one = alice(&format!("{shards}-one-{n}="));
            connections.remember(&one).await.unwrap();
            let done = connections.subscribe(&one, &topic(TOPIC), at(NOW)).await.unwrap();
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
            connections.subscribe(&known, &topic(TOPIC), at(NOW)).await.unwrap();
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
        let key = store::keys::subscription(topic.as_str(), *shard, id).attributes();
        let delete = tables.raw.client.delete_item().table_name(tables.raw.name("connections"));
        delete.set_key(Some(key)).send().await.unwrap();
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
