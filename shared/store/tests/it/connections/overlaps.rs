//! Requests of one connection that overlap: each is decided on what the connection is when it is
//! changed, not on what it was when it was read.

use super::agreement::assert_agree;
use super::{alice, topic};
use domain::{Role, VenueId};
use fastrand::Rng;
use futures::future::join_all;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::{Connection, ConnectionId, Connections, Subscribed, TopicKey};
use support::Tables;
use support::fixtures::{NOW, at};

const TOPICS: [&str; 6] = [
    "me:alice",
    "resource:room-1",
    "resource:room-1/bookings",
    "resource:room-2/bookings",
    "resource:pier/bookings@harbour",
    "venue:harbour/bookings",
];

/// The venue of this name; of no name, none.
fn venue(name: &str) -> Option<VenueId> {
    VenueId::parse(name).ok()
}

/// One request about a connection.
#[derive(Debug, Clone)]
enum Request {
    Subscribe(TopicKey),
    Unsubscribe(TopicKey),
    Refresh(Role, Option<VenueId>, Timestamp),
    Forget,
}

/// What it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Done,
    Forbidden,
    Gone,
}

impl Request {
    fn random(random: &mut Rng) -> Self {
        let topic = |random: &mut Rng| topic(random.choice(TOPICS).unwrap());
        match random.u32(0..20) {
            0..8 => Self::Subscribe(topic(random)),
            8..14 => Self::Unsubscribe(topic(random)),
            14..19 => {
                let role = random.choice([Role::Customer, Role::Operator]).unwrap();
                let end = random.choice(["10:00:00", "11:00:00", "12:00:00"]).unwrap();
                let bound = match role {
                    Role::Operator => venue(random.choice(["", "main", "harbour"]).unwrap()),
                    Role::Customer => None,
                };
                Self::Refresh(role, bound, at(end))
            }
            _ => Self::Forget,
        }
    }

    /// Carries it out, decided first on the connection as it was read.
    async fn send(&self, connections: &Connections, read: &Connection) -> Answer {
        match self {
            Self::Subscribe(topic) => {
                match connections.subscribe(read, topic, at(NOW)).await.unwrap() {
                    Subscribed::Yes => Answer::Done,
                    Subscribed::Forbidden => Answer::Forbidden,
                    Subscribed::Gone => Answer::Gone,
                    other => panic!("{self:?} was answered {other:?}"),
                }
            }
            Self::Unsubscribe(topic) => {
                connections.unsubscribe(read, topic).await.unwrap();
                Answer::Done
            }
            Self::Refresh(role, venue, end) => {
                let refreshed = connections.refresh(read, *role, venue.as_ref(), at(NOW), *end);
                let refreshed = refreshed.await.unwrap();
                refreshed.map_or(Answer::Gone, |_| Answer::Done)
            }
            Self::Forget => {
                connections.forget(&read.id).await.unwrap();
                Answer::Done
            }
        }
    }

    /// What it makes of a connection, and answers.
    fn carry_out(&self, connection: &mut Option<Session>) -> Answer {
        let Some(session) = connection else {
            return match self {
                Self::Unsubscribe(_) | Self::Forget => Answer::Done,
                Self::Subscribe(_) | Self::Refresh(..) => Answer::Gone,
            };
        };
        match self {
            Self::Subscribe(topic) => {
                if !topic.is_open_to(session.role, session.venue.as_ref()) {
                    return Answer::Forbidden;
                }
                session.topics.insert(topic.clone());
            }
            Self::Unsubscribe(topic) => {
                session.topics.remove(topic);
            }
            Self::Refresh(role, venue, end) => {
                (session.role, session.venue) = (*role, venue.clone());
                session.expires = end.as_second();
                session.topics.retain(|topic| topic.is_open_to(*role, venue.as_ref()));
            }
            Self::Forget => *connection = None,
        }
        Answer::Done
    }
}

/// What requests change of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    role: Role,
    venue: Option<VenueId>,
    expires: i64,
    topics: BTreeSet<TopicKey>,
}

async fn session(connections: &Connections, id: &ConnectionId) -> Option<Session> {
    connections.get(id).await.unwrap().map(|connection| Session {
        role: connection.role,
        venue: connection.venue,
        expires: connection.expires,
        topics: connection.topics.into_keys().collect(),
    })
}

/// Whether these requests, in some order, were answered like this and lead to `after`.
fn explained(
    before: Option<&Session>,
    answered: &[(Request, Answer)],
    after: Option<&Session>,
) -> bool {
    if answered.is_empty() {
        return before == after;
    }
    (0..answered.len()).any(|first| {
        let mut others = answered.to_vec();
        let (request, answer) = others.swap_remove(first);
        let mut next = before.cloned();
        request.carry_out(&mut next) == answer && explained(next.as_ref(), &others, after)
    })
}

/// Every pair of requests that have read the same, carried out one after the other.
#[tokio::test]
async fn what_was_read_before_another_change_is_decided_anew() {
    let requests = || {
        let topics = ["resource:room-1", "resource:room-1/bookings", "venue:harbour/bookings"];
        let topics = topics.into_iter().map(topic);
        let both =
            |topic: TopicKey| [Request::Subscribe(topic.clone()), Request::Unsubscribe(topic)];
        let refresh = |(role, bound)| Request::Refresh(role, venue(bound), at("12:00:00"));
        let refreshes = [(Role::Customer, ""), (Role::Operator, ""), (Role::Operator, "harbour")];
        topics.flat_map(both).chain(refreshes.map(refresh)).chain([Request::Forget])
    };
    let tables = Tables::start();
    let connections = &tables.connections;
    for (first, second) in
        requests().flat_map(|first| requests().map(move |second| (first.clone(), second)))
    {
        for subscribed in [false, true] {
            let mut alice = Connection { role: Role::Operator, ..alice("A") };
            if subscribed {
                let topics = [topic("resource:room-1"), topic("resource:room-1/bookings")];
                alice.topics.extend(topics.map(|topic| (topic, 0)));
            }
            connections.remember(&alice).await.unwrap();
            let mut expected = session(connections, &alice.id).await;
            for request in [&first, &second] {
                // What is asked for again is there already, as it was read: that is an order, too.
                let known = matches!(request, Request::Subscribe(topic) if alice.topics.contains_key(topic));
                let nothing = matches!(request, Request::Unsubscribe(topic) if !alice.topics.contains_key(topic));
                let answer = request.send(connections, &alice).await;
                if known || nothing {
                    assert_eq!(answer, Answer::Done, "{first:?}, then {second:?}");
                } else {
                    assert_eq!(
                        answer,
                        request.carry_out(&mut expected),
                        "{first:?}, then {second:?}"
                    );
                }
                assert_agree(&tables.raw, &format!("after {first:?}, then {second:?}")).await;
            }
            let now = session(connections, &alice.id).await;
            assert_eq!(now, expected, "{first:?}, then {second:?}");
            connections.forget(&alice.id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn overlapping_requests_leave_one_truth() {
    const CONNECTIONS: u64 = 10;
    const ROUNDS: u64 = 250;
    let tables = Tables::start();
    let connections = &tables.connections;
    let all: Vec<_> = (0..CONNECTIONS).map(|number| alice(&format!("A{number}"))).collect();
    for round in 0..ROUNDS / CONNECTIONS {
        let rounds = all.iter().zip(0..).map(async |(alice, number)| {
            let mut random = Rng::with_seed(round * CONNECTIONS + number);
            connections.remember(alice).await.unwrap();
            let before = session(connections, &alice.id).await;
            let requests = (0..random.usize(2..6))
                .map(|_| (Request::random(&mut random), random.u32(0..4)))
                .collect::<Vec<_>>();
            let answered = join_all(requests.into_iter().map(async |(request, head_start)| {
                let read = connections.get(&alice.id).await.unwrap();
                for _ in 0..head_start {
                    connections.shards(&topic("resource:room-1")).await.unwrap();
                }
                let answer = match (&read, &request) {
                    (Some(read), request) => request.send(connections, read).await,
                    (None, request) => request.carry_out(&mut None),
                };
                (request, answer)
            }))
            .await;
            let after = session(connections, &alice.id).await;
            assert!(
                explained(before.as_ref(), &answered, after.as_ref()),
                "round {round} of {}: no order of {answered:?} leads from {before:?} to {after:?}",
                alice.id
            );
            after.map_or(0, |session| session.topics.len())
        });
        let topics = join_all(rounds).await.into_iter().sum::<usize>();
        let subscriptions = assert_agree(&tables.raw, &format!("after round {round}")).await;
        assert_eq!(subscriptions, topics);
    }
}
