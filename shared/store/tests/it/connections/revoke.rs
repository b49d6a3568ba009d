//! A customer's tokens are revoked while they connect and refresh: in whatever order it happens, no
//! connection is left that such a token has made.

use super::agreement::assert_agree;
use super::{alice, topic};
use domain::Role;
use futures::future::{BoxFuture, join_all};
use jiff::{SignedDuration, Timestamp};
use store::{Connection, Connections, Error, Revoked};
use support::Tables;
use support::fixtures::{NOW, at, customer};
use support::proxy::Fault::AnswerLost;
use support::proxy::Proxy;

fn issued(when: Timestamp, id: &str) -> Connection {
    Connection { issued: Some(when.as_second()), ..alice(id) }
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// The connections that the list of alice names.
async fn listed(connections: &Connections, limit: usize) -> (Vec<String>, bool) {
    let own = topic("me:alice");
    let (found, more) = connections.of_customer(&customer("alice"), &own, limit).await.unwrap();
    (found.into_iter().map(|id| id.to_string()).collect(), more)
}

/// The second in which it is made is included, and what is revoked stays so.
#[tokio::test]
async fn what_is_revoked_only_rises() {
    let tables = Tables::start();
    let (bookings, alice) = (&tables.bookings, customer("alice"));
    let is_revoked = async |when: Timestamp| bookings.is_revoked(&alice, when).await.unwrap();
    assert!(!is_revoked(Timestamp::UNIX_EPOCH).await);
    let now = at("08:00:00.4");
    assert_eq!(bookings.revoke(&alice, now).await.unwrap(), now.as_second());
    for (when, revoked) in [("07:59:59", true), ("08:00:00.9", true), ("08:00:01", false)] {
        assert_eq!(is_revoked(at(when)).await, revoked, "{when}");
    }
    assert!(is_revoked(Timestamp::UNIX_EPOCH).await);
    // By a clock that is late, and once more.
    for when in [now - seconds(60), now] {
        assert_eq!(bookings.revoke(&alice, when).await.unwrap(), now.as_second());
        assert!(is_revoked(now).await && !is_revoked(now + seconds(1)).await);
    }
    let later = now + seconds(60);
    assert_eq!(bookings.revoke(&alice, later).await.unwrap(), later.as_second());
    assert!(!bookings.is_revoked(&customer("bob"), now).await.unwrap());
    // Many at once: the latest stays.
    let all = (0..20).map(|n| bookings.revoke(&alice, later + seconds(n)));
    join_all(all).await.into_iter().for_each(|done| assert!(done.unwrap() >= later.as_second()));
    assert!(is_revoked(later + seconds(19)).await && !is_revoked(later + seconds(20)).await);
}

#[tokio::test]
async fn an_answer_that_is_lost_revokes_all_the_same() {
    let tables = Tables::start();
    let proxy = Proxy::before(&tables.raw.url).await;
    let bookings = tables.raw.bookings(&support::client(&proxy.url));
    proxy.next([AnswerLost]);
    let now = at(NOW);
    assert_eq!(bookings.revoke(&customer("alice"), now).await.unwrap(), now.as_second());
    assert!(tables.bookings.is_revoked(&customer("alice"), now).await.unwrap());
}

#[tokio::test]
async fn a_connection_of_a_revoked_token_goes_and_is_named_until_it_is_closed() {
    let tables = Tables::start();
    let connections = &tables.connections;
    let old = issued(at(NOW), "old");
    let new = issued(at(NOW) + seconds(1), "new");
    for one in [&old, &new] {
        connections.remember(one).await.unwrap();
        connections.subscribe(one, &topic("resource:room-1"), at(NOW)).await.unwrap();
    }
    let up_to = at(NOW).as_second();
    assert_eq!(listed(connections, 10).await, (vec!["new".to_owned(), "old".to_owned()], false));
    for expected in [Revoked::Forgotten(old.connected), Revoked::Gone] {
        assert_eq!(connections.revoke(&old.id, up_to).await.unwrap(), expected);
        assert_eq!(connections.get(&old.id).await.unwrap(), None);
        for name in ["me:alice", "resource:room-1"] {
            let subscribers = connections.subscribers(&topic(name)).await.unwrap();
            let ids: Vec<_> = subscribers.iter().map(|one| one.connection.as_str()).collect();
            assert_eq!(ids, ["new"], "{name}");
        }
        // Whoever died before it was closed finds it again.
        assert_eq!(listed(connections, 10).await.0, ["new", "old"]);
    }
    assert_eq!(connections.revoke(&new.id, up_to).await.unwrap(), Revoked::Newer);
    for _ in 0..2 {
        connections.unlist(&old.customer, &old.id).await.unwrap();
        assert_eq!(listed(connections, 10).await.0, ["new"]);
        assert_agree(&tables.raw, "after it was closed").await;
    }
    // A refresh makes it older: it is the token that it has now which counts.
    let refreshed = connections.refresh(&new, Role::Customer, None, at(NOW), at("10:00:00")).await;
    refreshed.unwrap().unwrap();
    let revoked = connections.revoke(&new.id, up_to).await.unwrap();
    assert_eq!(revoked, Revoked::Forgotten(new.connected));
}

/// As many as are asked for, and that there are more.
#[tokio::test]
async fn a_customer_with_many_connections_is_read_in_parts() {
    let tables = Tables::start();
    let connections = &tables.connections;
    for n in 0..7 {
        connections.remember(&issued(at(NOW), &format!("A{n}"))).await.unwrap();
    }
    let up_to = at(NOW).as_second();
    let mut ended = 0;
    loop {
        let (found, more) = listed(connections, 3).await;
        assert!(found.len() <= 6, "{found:?}");
        for id in &found {
            let id = store::ConnectionId::new(id);
            connections.revoke(&id, up_to).await.unwrap();
            connections.unlist(&customer("alice"), &id).await.unwrap();
            ended += 1;
        }
        if !more {
            break;
        }
    }
    assert_eq!(ended, 7);
    assert_eq!(tables.raw.scan("connections").await, []);
}

type Step<'a> = Box<dyn Fn() -> BoxFuture<'a, bool> + 'a>;

/// Every order of the steps of two, each of them in its own order: which of them goes next.
fn orders(first: usize, second: usize) -> Vec<Vec<bool>> {
    if first + second == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for (is_first, left) in [(true, first), (false, second)] {
        if left > 0 {
            let rest = orders(first - usize::from(is_first), second - usize::from(!is_first));
            all.extend(rest.into_iter().map(|rest| [vec![is_first], rest].concat()));
        }
    }
    all
}

/// Carries out the steps in an order; who answers `false` is done.
async fn carry_out(order: &[bool], first: &[Step<'_>], second: &[Step<'_>]) {
    let (mut firsts, mut seconds) = (first.iter(), second.iter());
    let (mut first_goes_on, mut second_goes_on) = (true, true);
    for is_first in order {
        if *is_first {
            let step = firsts.next().unwrap();
            first_goes_on = first_goes_on && step().await;
        } else {
            let step = seconds.next().unwrap();
            second_goes_on = second_goes_on && step().await;
        }
    }
}

/// What `customer.revoke` does, but for closing.
fn revoking(tables: &Tables) -> [Step<'_>; 2] {
    let written = || -> BoxFuture<'_, bool> {
        Box::pin(async { tables.bookings.revoke(&customer("alice"), at(NOW)).await.is_ok() })
    };
    let ended = || -> BoxFuture<'_, bool> {
        Box::pin(async {
            for id in listed(&tables.connections, 10).await.0 {
                let id = store::ConnectionId::new(id);
                let revoked = tables.connections.revoke(&id, at(NOW).as_second()).await.unwrap();
                if revoked != Revoked::Newer {
                    tables.connections.unlist(&customer("alice"), &id).await.unwrap();
                }
            }
            true
        })
    };
    [Box::new(written), Box::new(ended)]
}

/// `$connect` remembers, and looks then; `customer.revoke` writes, and looks then.
#[tokio::test]
async fn connecting_meets_revoking() {
    for (age, stays) in [(0, false), (1, true)] {
        for order in orders(2, 2) {
            let tables = Tables::start();
            let (bookings, connections) = (&tables.bookings, &tables.connections);
            let when = at(NOW) + seconds(age);
            let connection = issued(when, "A");
            let remember = || -> BoxFuture<'_, bool> {
                Box::pin(async { connections.remember(&connection).await.is_ok() })
            };
            let look = || -> BoxFuture<'_, bool> {
                Box::pin(async {
                    if bookings.is_revoked(&connection.customer, when).await.unwrap() {
                        connections.take_back(&connection).await.unwrap();
                    }
                    true
                })
            };
            let connecting: [Step<'_>; 2] = [Box::new(remember), Box::new(look)];
            carry_out(&order, &connecting, &revoking(&tables)).await;
            let there = connections.get(&connection.id).await.unwrap();
            assert_eq!(there.is_some(), stays, "{order:?}");
            let items = tables.raw.scan("connections").await.len();
            assert_eq!(items, if stays { 3 } else { 0 }, "{order:?}");
        }
    }
}

/// `refresh` looks, writes, and looks again, since a newer token may become an older one by it.
#[tokio::test]
async fn refreshing_meets_revoking() {
    for (before, after) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for order in orders(3, 2) {
            let tables = Tables::start();
            let (bookings, connections) = (&tables.bookings, &tables.connections);
            let connection = issued(at(NOW) + seconds(before), "A");
            connections.remember(&connection).await.unwrap();
            let token = at(NOW) + seconds(after);
            let look = || -> BoxFuture<'_, bool> {
                let revoked = bookings.is_revoked(&connection.customer, token);
                Box::pin(async { !revoked.await.unwrap() })
            };
            let write = || -> BoxFuture<'_, bool> {
                let end = at("12:00:00");
                let done = connections.refresh(&connection, Role::Customer, None, token, end);
                Box::pin(async { done.await.unwrap().is_some() })
            };
            let again = || -> BoxFuture<'_, bool> {
                Box::pin(async {
                    if bookings.is_revoked(&connection.customer, token).await.unwrap() {
                        connections.revoke(&connection.id, token.as_second()).await.unwrap();
                    }
                    true
                })
            };
            let refreshing: [Step<'_>; 3] = [Box::new(look), Box::new(write), Box::new(again)];
            carry_out(&order, &refreshing, &revoking(&tables)).await;
            let there = connections.get(&connection.id).await.unwrap();
            let when = format!("from {before} to {after} by {order:?}");
            let issued = there.and_then(|there| there.issued);
            assert!(issued.is_none_or(|issued| issued > at(NOW).as_second()), "{when}: {issued:?}");
            // What nobody revoked, and nobody lowered, is there.
            if before == 1 && after == 1 {
                assert!(issued.is_some(), "{when}");
            }
        }
    }
}

/// What cannot be forgotten for now is found again.
#[tokio::test]
async fn endless_contention_is_busy_and_ends_nothing() {
    let tables = Tables::start();
    let proxy = Proxy::before(&tables.raw.url).await;
    let connections = Connections::new(support::client(&proxy.url), tables.raw.name("connections"));
    let one = issued(at(NOW), "A");
    connections.remember(&one).await.unwrap();
    proxy.always(support::proxy::Fault::Cancelled(&["TransactionConflict"]));
    let revoked = connections.revoke(&one.id, at(NOW).as_second()).await;
    assert!(matches!(revoked, Err(Error::Busy)), "{revoked:?}");
    assert_eq!(tables.connections.get(&one.id).await.unwrap(), Some(one));
    assert_agree(&tables.raw, "all the same").await;
}
