//! The connections table: what each connection's item says, and the subscriptions beside it.

use crate::tables::{Item, Tables, number, string};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::BTreeMap;

/// What is written twice: in a connection's item and in each of its subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// Whose it is.
    pub customer: String,
    /// `customer` or `operator`.
    pub role: String,
    /// The one venue that an operator is bound to, if one is.
    pub venue: Option<String>,
    /// When the token ends, in seconds since 1970.
    pub expires: u64,
}

/// All that the table has of one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionRows {
    /// What its own item says, if there is one.
    pub entitlement: Option<Entitlement>,
    /// Its topics and their shards, as its own item names them.
    pub topics: BTreeMap<(String, u64), Option<Entitlement>>,
    /// Its topics and their shards, as there are subscriptions.
    pub subscriptions: BTreeMap<(String, u64), Option<Entitlement>>,
    /// Whose list names it.
    pub listed: Option<String>,
}

impl ConnectionRows {
    /// Fails unless the item, the subscriptions and the customer's list say the same.
    pub fn assert_agree(&self, when: &str) {
        assert_eq!(self.topics, self.subscriptions, "item and subscriptions differ {when}");
        let customer = self.entitlement.as_ref().map(|its| &its.customer);
        assert_eq!(customer, self.listed.as_ref(), "item and list differ {when}");
    }

    /// The names of the topics, as clients know them.
    pub fn topic_names(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(|(name, _)| match name.split_once('@') {
            _ if name.starts_with("me:") => "me",
            // The venue of a resource's bookings is kept with their topic.
            Some((name, _)) => name,
            None => name,
        })
    }
}

impl Tables {
    /// All connections, by id.
    pub async fn connection_rows(&self) -> BTreeMap<String, ConnectionRows> {
        let mut all: BTreeMap<String, ConnectionRows> = BTreeMap::new();
        for item in self.scan(&self.connections).await {
            let (partition, sort) = (string(&item, "PK"), string(&item, "SK"));
            if let Some(id) = partition.strip_prefix("C#") {
                let rows = all.entry(id.to_owned()).or_default();
                rows.entitlement = entitlement(&item);
                let Some(AttributeValue::M(topics)) = item.get("topics") else { continue };
                let shards = topics.iter().map(|(name, shard)| {
                    ((name.clone(), number(Some(shard))), rows.entitlement.clone())
                });
                rows.topics = shards.collect();
            } else if let Some(customer) = partition.strip_prefix("U#") {
                all.entry(sort.to_owned()).or_default().listed = Some(customer.to_owned());
            } else if sort != "!" {
                let topic = partition.strip_prefix("T#").and_then(|rest| rest.rsplit_once('#'));
                let (name, shard) = topic.unwrap_or_else(|| panic!("what is {item:?}?"));
                let place = (name.to_owned(), shard.parse().unwrap());
                let rows = all.entry(sort.to_owned()).or_default();
                rows.subscriptions.insert(place, entitlement(&item));
            }
        }
        all
    }

    /// The one connection of a customer, and its id.
    pub async fn only_connection_of(&self, customer: &str) -> (String, ConnectionRows) {
        let all = self.connection_rows().await;
        let mut its = all.into_iter().filter(|(_, rows)| {
            rows.entitlement.as_ref().is_some_and(|known| known.customer == customer)
        });
        let found = its.next().unwrap_or_else(|| panic!("{customer} has no connection"));
        assert!(its.next().is_none(), "{customer} has several connections");
        found
    }
}

fn entitlement(item: &Item) -> Option<Entitlement> {
    Some(Entitlement {
        customer: string(item, "customer").to_owned(),
        role: string(item, "role").to_owned(),
        venue: item.get("venue").and_then(|venue| venue.as_s().ok()).cloned(),
        expires: number(Some(item.get("expires")?)),
    })
}
