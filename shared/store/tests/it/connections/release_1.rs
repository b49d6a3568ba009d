//! Items as the first release wrote them: without a version, and subscriptions without a role.

use super::agreement::assert_agree;
use super::{alice, number, topic};
use aws_sdk_dynamodb::types::AttributeValue::{M, N, S};
use domain::Role;
use store::{Connection, Revoked, Subscribed};
use support::fixtures::{NOW, at};
use support::{Item, Tables};

const ALL: &str = "resource:room-1/bookings";

/// An operator's connection, subscribed to `me` and to a resource's bookings. Of a third subscription
/// a crash has left only the connection's entry.
async fn left_by_release_1(tables: &Tables) -> Connection {
    let operator = Connection { role: Role::Operator, issued: None, version: 0, ..alice("A") };
    let text = |value: &str| S(value.to_owned());
    let common = |pk: &str, sk: &str| -> Item {
        [
            ("PK".to_owned(), text(pk)),
            ("SK".to_owned(), text(sk)),
            ("customer".to_owned(), text("alice")),
            ("expires".to_owned(), N(operator.expires.to_string())),
            ("connected".to_owned(), N(operator.connected.to_string())),
            ("ttl".to_owned(), N((operator.connected / 1000 + 3 * 3600).to_string())),
        ]
        .into()
    };
    let mut connection = common("C#A", "META");
    let topics = [("me:alice", "0"), (ALL, "0"), ("resource:room-2", "0")];
    let topics = topics.map(|(topic, shard)| (topic.to_owned(), N(shard.to_owned())));
    connection.insert("topics".to_owned(), M(topics.into()));
    connection.insert("id".to_owned(), text("A"));
    connection.insert("role".to_owned(), text("operator"));
    let all = common(&format!("T#{ALL}#0"), "A");
    for item in [connection, common("T#me:alice#0", "A"), all] {
        let put = tables.raw.client.put_item().table_name(tables.raw.name("connections"));
        put.set_item(Some(item)).send().await.unwrap();
    }
    tables.connections.get(&operator.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn it_is_read_and_told_no_more_than_is_sure() {
    let tables = Tables::start();
    let operator = left_by_release_1(&tables).await;
    assert_eq!((operator.role, operator.version, operator.topics.len()), (Role::Operator, 0, 3));
    for (name, told) in [("me:alice", true), (ALL, false)] {
        let [subscriber] = &tables.connections.subscribers(&topic(name)).await.unwrap()[..] else {
            panic!("one subscriber of {name}");
        };
        assert_eq!(subscriber.may_be_told(&topic(name), at(NOW)), told, "{name}");
    }
}

/// Also what a crash of the first release has torn.
#[tokio::test]
async fn the_first_change_puts_it_right() {
    for name in [ALL, "resource:room-3"] {
        let tables = Tables::start();
        let operator = left_by_release_1(&tables).await;
        let done = tables.connections.subscribe(&operator, &topic(name), at(NOW)).await.unwrap();
        assert_eq!(done, Subscribed::Yes);
        assert_agree(&tables.raw, &format!("after {name} was subscribed")).await;
        let [subscriber] = &tables.connections.subscribers(&topic(ALL)).await.unwrap()[..] else {
            panic!("one subscriber");
        };
        assert!(subscriber.may_be_told(&topic(ALL), at(NOW)));
    }
    let tables = Tables::start();
    let operator = left_by_release_1(&tables).await;
    let end = at("12:00:00");
    tables
        .connections
        .refresh(&operator, Role::Customer, None, at(NOW), end)
        .await
        .unwrap()
        .unwrap();
    assert_agree(&tables.raw, "after a refresh").await;
    assert_eq!(tables.connections.subscribers(&topic(ALL)).await.unwrap(), []);
    let mut items = tables.raw.scan("connections").await;
    items.retain(|item| item["PK"].as_s().unwrap() != "U#alice");
    assert!(items.iter().all(|item| number(item, "expires") == end.as_second()), "{items:?}");
}

/// It is in no list, but subscribed to its own topic; and listed from its first change on.
#[tokio::test]
async fn it_is_found_where_its_customers_tokens_are_revoked() {
    let tables = Tables::start();
    let connections = &tables.connections;
    let operator = left_by_release_1(&tables).await;
    let own = topic("me:alice");
    let found = async || {
        let (found, more) = connections.of_customer(&operator.customer, &own, 10).await.unwrap();
        assert!(!more);
        found.into_iter().map(|id| id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found().await, ["A"]);
    connections.unsubscribe(&operator, &own).await.unwrap();
    assert_eq!(found().await, ["A"]);
    assert_agree(&tables.raw, "after it was listed").await;

    // Its token counts as the oldest there is. The list names it until it is closed, as it does others.
    let tables = Tables::start();
    let connections = &tables.connections;
    let operator = left_by_release_1(&tables).await;
    let revoked = connections.revoke(&operator.id, 1).await.unwrap();
    assert_eq!(revoked, Revoked::Forgotten(operator.connected));
    let items = tables.raw.scan("connections").await;
    let keys: Vec<_> = items.iter().map(|it| it["PK"].as_s().unwrap().as_str()).collect();
    assert_eq!(keys, ["U#alice"]);
    connections.unlist(&operator.customer, &operator.id).await.unwrap();
    assert_eq!(tables.raw.scan("connections").await, []);
}

#[tokio::test]
async fn it_is_forgotten() {
    let tables = Tables::start();
    let operator = left_by_release_1(&tables).await;
    tables.connections.forget(&operator.id).await.unwrap();
    assert_eq!(tables.raw.scan("connections").await, []);
}
