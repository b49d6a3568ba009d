//! Transactions on a connection that DynamoDB cancels, or answers into the void.

use super::agreement::assert_agree;
use super::{alice, topic};
use domain::Role;
use futures::future::join3;
use store::{Connection, Connections, Error, Subscribed};
use support::fixtures::{NOW, at};
use support::proxy::Fault::{AnswerLost, Cancelled};
use support::proxy::Proxy;
use support::{Tables, client};

struct Scene {
    tables: Tables,
    proxy: Proxy,
    /// Reaches the table through the proxy.
    connections: Connections,
}

impl Scene {
    async fn new() -> Self {
        let tables = Tables::start();
        let proxy = Proxy::before(&tables.raw.url).await;
        let connections = Connections::new(client(&proxy.url), tables.raw.name("connections"));
        Self { tables, proxy, connections }
    }

    /// The connection as it is, and that its subscriptions say so too.
    async fn stored(&self, when: &str) -> Option<Connection> {
        assert_agree(&self.tables.raw, when).await;
        self.tables.connections.get(&alice("A").id).await.unwrap()
    }
}

#[tokio::test]
async fn conflicts_pass() {
    let scene = Scene::new().await;
    let conflicts =
        || scene.proxy.next([Cancelled(&["TransactionConflict"]), Cancelled(&["ThrottlingError"])]);
    let alice = alice("A");
    conflicts();
    scene.connections.remember(&alice).await.unwrap();
    conflicts();
    let room = topic("resource:room-1");
    let done = scene.connections.subscribe(&alice, &room, at(NOW)).await.unwrap();
    assert_eq!(done, Subscribed::Yes);
    conflicts();
    // What was read is older: decided anew.
    scene
        .connections
        .refresh(&alice, Role::Operator, None, at(NOW), at("12:00:00"))
        .await
        .unwrap()
        .unwrap();
    conflicts();
    let stored = scene.stored("after a refresh").await.unwrap();
    assert_eq!((stored.role, stored.topics.len(), stored.version), (Role::Operator, 2, 3));
    scene.connections.unsubscribe(&stored, &room).await.unwrap();
    conflicts();
    scene.connections.forget(&alice.id).await.unwrap();
    assert_eq!(scene.stored("after the end").await, None);
}

#[tokio::test]
async fn endless_contention_is_busy_and_changes_nothing() {
    let scene = Scene::new().await;
    let alice = alice("A");
    scene.connections.remember(&alice).await.unwrap();
    for fault in [Cancelled(&["TransactionConflict"]), Cancelled(&["ConditionalCheckFailed"])] {
        scene.proxy.always(fault);
        let room = topic("resource:room-1");
        let (subscribed, refreshed, forgotten) = join3(
            scene.connections.subscribe(&alice, &room, at(NOW)),
            scene.connections.refresh(&alice, Role::Operator, None, at(NOW), at("12:00:00")),
            scene.connections.forget(&alice.id),
        )
        .await;
        assert!(matches!(subscribed, Err(Error::Busy)), "{subscribed:?}");
        assert!(matches!(refreshed, Err(Error::Busy)), "{refreshed:?}");
        assert!(matches!(forgotten, Err(Error::Busy)), "{forgotten:?}");
        assert_eq!(scene.stored("all the same").await.as_ref(), Some(&alice));
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again() {
    let scene = Scene::new().await;
    let alice = alice("A");
    scene.proxy.next([AnswerLost]);
    scene.connections.remember(&alice).await.unwrap();
    assert_eq!(scene.stored("after remembering").await.as_ref(), Some(&alice));
    scene.proxy.next([AnswerLost]);
    let room = topic("resource:room-1");
    let subscribed = scene.connections.subscribe(&alice, &room, at(NOW)).await.unwrap();
    assert_eq!(subscribed, Subscribed::Yes);
    assert_eq!(scene.stored("after subscribing").await.unwrap().version, alice.version + 1);

    // Lost for good: it was done all the same, as a whole.
    scene.proxy.next([AnswerLost, AnswerLost, AnswerLost]);
    let refreshed =
        scene.connections.refresh(&alice, Role::Operator, None, at(NOW), at("12:00:00")).await;
    // The first of them was refused, since it was decided on an older read.
    refreshed.unwrap_err();
    scene.stored("after a refresh whose answer was lost").await.unwrap();
}

/// `$connect` that was carried out and not answered: asked for again, it is done.
#[tokio::test]
async fn a_connection_remembered_without_an_answer_is_remembered() {
    let scene = Scene::new().await;
    let alice = alice("A");
    scene.proxy.next([AnswerLost, AnswerLost, AnswerLost]);
    let answer = scene.connections.remember(&alice).await;
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
    scene.connections.remember(&alice).await.unwrap();
    assert_eq!(scene.stored("after remembering again").await.as_ref(), Some(&alice));
}
