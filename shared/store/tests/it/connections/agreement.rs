//! What the table says twice, it says alike.

use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::{BTreeMap, BTreeSet};
use support::{Item, Raw};

/// What subscriptions repeat of their connection.
const REPEATED: [&str; 6] = ["customer", "role", "venue", "expires", "connected", "ttl"];

/// Every connection's topics and shards, by its id, each with what is repeated.
type Topics = BTreeMap<String, BTreeSet<(String, String)>>;

/// Fails unless there is exactly one subscription for each topic of each connection, in the shard
/// that the connection names, and says what the connection says, and unless each customer's list names
/// exactly their connections. Answers how many subscriptions there are.
pub async fn assert_agree(raw: &Raw, when: &str) -> usize {
    let (mut named, mut made) = (Topics::new(), Topics::new());
    let (mut there, mut listed) = (BTreeSet::new(), BTreeSet::new());
    for item in raw.scan("connections").await {
        let (partition, sort) = (text(&item, "PK"), text(&item, "SK"));
        if let Some(id) = partition.strip_prefix("C#") {
            let topics = item["topics"].as_m().unwrap().iter();
            let topics = topics.map(|(topic, shard)| {
                (format!("T#{topic}#{}", shard.as_n().unwrap()), repeated(&item))
            });
            named.entry(id.to_owned()).or_default().extend(topics);
            // Earlier releases kept no list.
            if item.contains_key("issued") {
                there.insert((text(&item, "customer"), id.to_owned()));
            }
        } else if let Some(customer) = partition.strip_prefix("U#") {
            listed.insert((customer.to_owned(), sort));
        } else if sort != "!" {
            made.entry(sort).or_default().insert((partition, repeated(&item)));
        }
    }
    named.retain(|_, topics| !topics.is_empty());
    assert_eq!(there, listed, "connections and lists differ {when}");
    assert_eq!(named, made, "item and subscriptions differ {when}");
    made.values().map(BTreeSet::len).sum()
}

fn repeated(item: &Item) -> String {
    let value = |name: &&str| format!("{name} {:?}", item.get(*name));
    REPEATED.iter().map(value).collect::<Vec<_>>().join(", ")
}

fn text(item: &Item, name: &str) -> String {
    let AttributeValue::S(text) = &item[name] else { panic!("no {name} in {item:?}") };
    text.clone()
}
