//! Connections and their subscriptions, and that nothing of them is left behind.

mod agreement;
mod faults;
mod growth;
mod overlaps;
mod release_1;
mod revoke;
mod units;

use domain::{ResourceId, Role, VenueId};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use store::connections::{FIRST_VERSION, MAX_TOPICS};
use store::{Connection, ConnectionId, Connections, Subscribed, Subscriber, TopicKey};
use support::fixtures::{NOW, at, customer};
use support::{Item, Tables};

/// A connection of Alice's, subscribed to her own bookings.
fn alice(id: &str) -> Connection {
    Connection {
        id: ConnectionId::new(id),
        customer: customer("alice"),
        role: Role::Customer,
        venue: None,
        issued: Some(at(NOW).as_second()),
        expires: at("09:00:00").as_second(),
        connected: at(NOW).as_millisecond(),
        topics: BTreeMap::from([(topic("me:alice"), 0)]),
        version: FIRST_VERSION,
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
    for name in ["resource:room-1", "resource:room-2"] {
        let done = connections.subscribe(&alice, &topic(name), at(NOW)).await.unwrap();
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
    tables.connections.subscribe(&alice, &topic("resource:room-1"), at(NOW)).await.unwrap();
    let items = tables.raw.scan("connections").await;
    assert_eq!(items.len(), 4);
    let end = at(NOW) + SignedDuration::from_hours(3);
    for item in items {
        assert_eq!(number(&item, "ttl"), end.as_second(), "{item:?}");
        if item["PK"].as_s().unwrap() == "U#alice" {
            continue;
        }
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
    let done =
        join_all(topics.iter().map(|topic| connections.subscribe(&alice, topic, at(NOW)))).await;
    let (yes, no): (Vec<_>, Vec<_>) = topics
        .iter()
        .zip(done.into_iter().map(Result::unwrap))
        .partition(|(_, done)| *done == Subscribed::Yes);
    assert_eq!(yes.len(), MAX_TOPICS - 1);
    assert!(no.iter().all(|(_, done)| *done == Subscribed::TooMany));

    let stored = connections.get(&alice.id).await.unwrap().unwrap();
    assert_eq!(stored.topics.len(), MAX_TOPICS);
    assert_eq!(tables.raw.scan("connections").await.len(), MAX_TOPICS + 2);
    for (topic, _) in &no {
        assert_eq!(connections.subscribers(topic).await.unwrap(), []);
    }

    // What it has already it may ask for again, and what it gives up makes room.
    let (kept, _) = yes[0];
    assert_eq!(connections.subscribe(&stored, kept, at(NOW)).await.unwrap(), Subscribed::Yes);
    let (refused, _) = no[0];
    assert_eq!(
        connections.subscribe(&stored, refused, at(NOW)).await.unwrap(),
        Subscribed::TooMany
    );
    connections.unsubscribe(&stored, kept).await.unwrap();
    let stored = connections.get(&alice.id).await.unwrap().unwrap();
    assert_eq!(connections.subscribe(&stored, refused, at(NOW)).await.unwrap(), Subscribed::Yes);
    connections.forget(&alice.id).await.unwrap();
    assert_eq!(tables.raw.scan("connections").await, []);
}

#[tokio::test]
async fn a_forgotten_connection_subscribes_to_nothing() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.remember(&alice).await.unwrap();
    connections.forget(&alice.id).await.unwrap();
    for name in ["resource:room-1", "resource:room-2"] {
        let done = connections.subscribe(&alice, &topic(name), at(NOW)).await.unwrap();
        assert_eq!(done, Subscribed::Gone);
    }
    connections.unsubscribe(&alice, &topic("me:alice")).await.unwrap();
    let refreshed =
        connections.refresh(&alice, Role::Customer, None, at(NOW), at("10:00:00")).await;
    assert_eq!(refreshed.unwrap(), None);
    assert_eq!(tables.raw.scan("connections").await, []);
}

#[tokio::test]
async fn unsubscribing_ends_one_topic() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.remember(&alice).await.unwrap();
    connections.subscribe(&alice, &topic("resource:room-1"), at(NOW)).await.unwrap();
    let stored = connections.get(&alice.id).await.unwrap().unwrap();
    connections.unsubscribe(&stored, &topic("resource:room-1")).await.unwrap();
    connections.unsubscribe(&stored, &topic("resource:never-was")).await.unwrap();
    let left = connections.get(&alice.id).await.unwrap().unwrap();
    assert_eq!(left, Connection { version: FIRST_VERSION + 2, ..alice.clone() });
    assert_eq!(subscribed(connections, "resource:room-1").await, []);
    assert_eq!(subscribed(connections, "me:alice").await.len(), 1);
    // Once more: there is nothing left to end.
    connections.unsubscribe(&stored, &topic("resource:room-1")).await.unwrap();
    assert_eq!(tables.raw.scan("connections").await.len(), 3);
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
    let refreshed =
        connections.refresh(&alice, Role::Operator, None, at(NOW), later).await.unwrap().unwrap();
    let expected = Connection {
        role: Role::Operator,
        expires: later.as_second(),
        version: FIRST_VERSION + 1,
        ..alice.clone()
    };
    assert_eq!(refreshed, expected);
    assert_eq!(connections.get(&alice.id).await.unwrap().unwrap(), expected);

    let items = tables.raw.scan("connections").await;
    let listed = |item: &&Item| item["PK"].as_s().unwrap() == "U#alice";
    let mut others = items.iter().filter(|item| !listed(item));
    assert!(others.all(|item| number(item, "expires") == later.as_second()), "{items:?}");
    let partitions: BTreeSet<&str> =
        items.iter().map(|item| item["PK"].as_s().unwrap().as_str()).collect();
    assert_eq!(
        partitions,
        BTreeSet::from(["C#A", "T#me:alice#0", "T#resource:room-1#2", "U#alice"])
    );
    assert!(refreshed.is_live(later - SignedDuration::from_secs(1)));
    assert!(!refreshed.is_live(later));
}

#[tokio::test]
async fn an_instant_of_any_length_is_kept_in_whole_seconds() {
    let tables = Tables::start();
    let alice = alice("A");
    tables.connections.remember(&alice).await.unwrap();
    let end: Timestamp = at("10:00:00.999");
    let refreshed =
        tables.connections.refresh(&alice, Role::Customer, None, at(NOW), end).await.unwrap();
    assert_eq!(refreshed.unwrap().expires, at("10:00:00").as_second());
}

/// A repeated invocation finds what the first one left, whatever has become of it.
#[tokio::test]
async fn remembering_twice_changes_nothing() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.remember(&alice).await.unwrap();
    connections.remember(&alice).await.unwrap();
    assert_eq!(connections.get(&alice.id).await.unwrap().unwrap(), alice);
    connections.subscribe(&alice, &topic("resource:room-1"), at(NOW)).await.unwrap();
    let stored = connections.get(&alice.id).await.unwrap().unwrap();
    connections.unsubscribe(&stored, &topic("me:alice")).await.unwrap();
    let before = connections.get(&alice.id).await.unwrap();
    let later = at(NOW) + SignedDuration::from_secs(1);
    let again = Connection { connected: later.as_millisecond(), ..alice.clone() };
    connections.remember(&again).await.unwrap();
    assert_eq!(connections.get(&alice.id).await.unwrap(), before);
    assert_eq!(subscribed(connections, "me:alice").await, []);
    agreement::assert_agree(&tables.raw, "after remembering again").await;
}

/// `$disconnect` may come before `$connect` has done its work: what is then remembered is found by
/// the next push, or collected in time.
#[tokio::test]
async fn forgetting_too_early_leaves_a_whole_connection() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.forget(&alice.id).await.unwrap();
    connections.remember(&alice).await.unwrap();
    agreement::assert_agree(&tables.raw, "after it was forgotten first").await;
    assert_eq!(subscribed(connections, "me:alice").await.len(), 1);
    connections.forget(&alice.id).await.unwrap();
    assert_eq!(tables.raw.scan("connections").await, []);
}

#[tokio::test]
async fn operators_topics_are_for_operators_with_a_good_token() {
    let tables = Tables::start();
    let (connections, alice) = (&tables.connections, alice("A"));
    connections.remember(&alice).await.unwrap();
    let all = topic("resource:room-1/bookings");
    let asked = connections.subscribe(&alice, &all, at(NOW)).await.unwrap();
    assert_eq!(asked, Subscribed::Forbidden);
    let asked = connections.subscribe(&alice, &topic("resource:room-1"), at("09:00:00")).await;
    assert_eq!(asked.unwrap(), Subscribed::Expired);
    let end = at("10:00:00");
    let operator =
        connections.refresh(&alice, Role::Operator, None, at(NOW), end).await.unwrap().unwrap();
    let asked = connections.subscribe(&operator, &all, at("09:00:00")).await.unwrap();
    assert_eq!(asked, Subscribed::Yes);
    let operator = connections.get(&alice.id).await.unwrap().unwrap();
    let customer =
        connections.refresh(&operator, Role::Customer, None, at(NOW), end).await.unwrap().unwrap();
    assert_eq!(customer.topics, alice.topics);
    assert_eq!(subscribed(connections, all.as_str()).await, []);
    agreement::assert_agree(&tables.raw, "after losing the role").await;
}

/// What a new token binds to another venue is told no more of the one before, and of the other one
/// nothing that was not asked for; what both may have stays.
#[tokio::test]
async fn a_refresh_ends_what_another_venue_may_not_have() {
    let tables = Tables::start();
    let [main, harbour] = ["main", "harbour"].map(|name| VenueId::parse(name).unwrap());
    let room = ResourceId::parse("room-1").unwrap();
    let connections = &tables.connections;
    let mut olga = Connection { role: Role::Operator, ..alice("A") };
    connections.remember(&olga).await.unwrap();
    let of = |venue: &VenueId| {
        [TopicKey::resource_bookings(&room, venue), TopicKey::venue_bookings(venue)]
    };
    let all = [of(&main), of(&harbour)].concat();
    let end = at("10:00:00");
    let plain = [topic("me:alice"), topic("resource:room-1")];
    // From whatever an operator was bound to, to whatever they are bound to next.
    for (before, after) in [
        (None, Some(&main)),
        (Some(&main), Some(&harbour)),
        (Some(&harbour), None),
        (None, None),
        (None, Some(&harbour)),
        (Some(&harbour), Some(&harbour)),
    ] {
        olga = connections
            .refresh(&olga, Role::Operator, before, at(NOW), end)
            .await
            .unwrap()
            .unwrap();
        for topic in all.iter().chain(&plain) {
            let done = connections.subscribe(&olga, topic, at(NOW)).await.unwrap();
            let may = topic.is_open_to(Role::Operator, before);
            assert_eq!(done, if may { Subscribed::Yes } else { Subscribed::Forbidden });
        }
        olga = connections.get(&olga.id).await.unwrap().unwrap();
        olga =
            connections.refresh(&olga, Role::Operator, after, at(NOW), end).await.unwrap().unwrap();
        for topic in &all {
            let kept = [before, after].iter().all(|it| topic.is_open_to(Role::Operator, *it));
            assert_eq!(olga.topics.contains_key(topic), kept, "{before:?}, {after:?}, {topic:?}");
            let subscribers = connections.subscribers(topic).await.unwrap();
            assert_eq!(subscribers.len(), usize::from(kept), "{before:?}, {after:?}, {topic:?}");
            assert!(subscribers.iter().all(|one| one.venue.as_ref() == after));
        }
        assert!(plain.iter().all(|topic| olga.topics.contains_key(topic)));
        agreement::assert_agree(&tables.raw, &format!("{before:?}, then {after:?}")).await;
    }
}

#[test]
fn who_may_be_told() {
    let (everybodys, all) = (topic("resource:room-1"), topic("resource:room-1/bookings"));
    let told = |role, expires: &str, now: &str| {
        let subscriber = Subscriber {
            connection: ConnectionId::new("A"),
            role,
            venue: None,
            expires: at(expires).as_second(),
            connected: at(NOW).as_millisecond(),
            shard: 0,
        };
        [&everybodys, &all].map(|topic| subscriber.may_be_told(topic, at(now)))
    };
    assert_eq!(told(Role::Operator, "09:00:00", "08:59:59.999"), [true, true]);
    assert_eq!(told(Role::Customer, "09:00:00", "08:59:59.999"), [true, false]);
    assert_eq!(told(Role::Operator, "09:00:00", "09:00:00"), [false, false]);
    // No connection is as old as that: time to live has yet to collect it.
    assert_eq!(told(Role::Operator, "20:00:00", "10:59:59"), [true, true]);
    assert_eq!(told(Role::Operator, "20:00:00", "11:00:00"), [false, false]);
    // A customer's own topic is theirs, whatever they are called.
    for own in ["me:resource:room-1/bookings", "me:venue:main/bookings", "me:x/bookings@main"] {
        assert!(!topic(own).is_for_operators(), "{own}");
    }
}

#[test]
fn an_operator_is_told_of_the_venues_that_they_operate() {
    let [main, harbour] = ["main", "harbour"].map(|name| VenueId::parse(name).unwrap());
    let room = ResourceId::parse("room-1").unwrap();
    let told = |topic: &TopicKey, role, bound: Option<&VenueId>| {
        let subscriber = Subscriber {
            connection: ConnectionId::new("A"),
            role,
            venue: bound.cloned(),
            expires: at("09:00:00").as_second(),
            connected: at(NOW).as_millisecond(),
            shard: 0,
        };
        subscriber.may_be_told(topic, at(NOW))
    };
    for (of, other) in [(&main, &harbour), (&harbour, &main)] {
        for topic in [TopicKey::resource_bookings(&room, of), TopicKey::venue_bookings(of)] {
            assert!(topic.is_for_operators());
            assert!(told(&topic, Role::Operator, None), "{topic:?}");
            assert!(told(&topic, Role::Operator, Some(of)), "{topic:?}");
            assert!(!told(&topic, Role::Operator, Some(other)), "{topic:?}");
            assert!(!told(&topic, Role::Customer, Some(of)), "{topic:?}");
        }
    }
    // As it was named before there were venues.
    let old = topic("resource:room-1/bookings");
    assert_eq!(old, TopicKey::resource_bookings(&room, &main));
    let new = TopicKey::resource_bookings(&room, &harbour);
    assert_eq!([&old, &new].map(TopicKey::name), ["resource:room-1/bookings"; 2]);
    assert_eq!(TopicKey::venue_bookings(&harbour).name(), "venue:harbour/bookings");
}
