//! Rooms to watch, somebody who books them, and a room that everybody watches all the time: who was
//! pushed its newest change was pushed whatever there was to push before.

use super::model::{Request, Session, Token};
use e2e::connections::ConnectionRows;
use e2e::{Client, Gateway, Room, Value, json, unique};
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};

const PLACES: u64 = 10_000;

pub struct Stage {
    gateway: &'static Gateway,
    /// Rooms that are watched by some, and booked by the author.
    rooms: Vec<Room>,
    /// A room that nobody watches, for what players book themselves.
    own: Room,
    /// The room that everybody watches.
    marker: Room,
    author: Client,
    marked: u64,
}

/// A connection that pipelines requests.
pub struct Player {
    pub name: String,
    pub client: Client,
    looked_at: usize,
}

impl Stage {
    /// So many rooms to watch.
    pub async fn set(rooms: usize) -> Self {
        let gateway = Gateway::shared();
        let large = || Room::with(gateway, json!({"capacity": PLACES}));
        let rooms = join_all((0..rooms).map(|_| large())).await;
        let (own, marker) = (large().await, large().await);
        let author = marker.customer().await;
        Self { gateway, rooms, own, marker, author, marked: 0 }
    }

    /// The topics of all rooms.
    pub fn topics(&self) -> Vec<String> {
        self.rooms.iter().flat_map(|room| [room.topic(), room.bookings_topic()]).collect()
    }

    /// A player, who comes with a token of this kind and watches the marker.
    pub async fn player(&self, operator: bool, ttl: u32) -> Player {
        let name = unique("player");
        let token = Token::new(self.gateway, &name, operator, ttl).await;
        let mut client = Client::connect(self.gateway, &token.text).await;
        client.ok(json!({"action": "subscribe", "topic": self.marker.topic()})).await;
        Player { name, client, looked_at: 0 }
    }

    /// Another token of a player's.
    pub async fn token(&self, player: &Player, operator: bool, ttl: u32) -> Token {
        Token::new(self.gateway, &player.name, operator, ttl).await
    }

    /// Sends requests without waiting in between; answers which of them were allowed, and fails where
    /// one was refused for another reason.
    pub async fn pipeline(&self, player: &mut Player, requests: &[Request]) -> Vec<bool> {
        let codes = self.codes(player, requests).await;
        let allowed = |code: &String| {
            assert!(["", "forbidden"].contains(&code.as_str()), "{code}, from {requests:?}");
            code.is_empty()
        };
        codes.iter().map(allowed).collect()
    }

    /// Sends requests without waiting in between; answers the code of each answer, empty for a reply.
    pub async fn codes(&self, player: &mut Player, requests: &[Request]) -> Vec<String> {
        let window = [self.rooms[0].slot(5), self.rooms[0].slot(6)];
        let mut ids = vec![];
        for request in requests {
            ids.push(player.client.send(request.frame(&window)).await.to_string());
        }
        let mut answers = BTreeMap::new();
        while answers.len() < requests.len() {
            let frame = player.client.answer().await;
            let code = frame["error"]["code"].as_str().unwrap_or("").to_owned();
            assert!(frame["type"] == "reply" || !code.is_empty(), "{frame}");
            answers.insert(frame["id"].to_string(), code);
        }
        ids.iter().map(|id| answers[id].clone()).collect()
    }

    /// What the table has of each player, once item and subscriptions were seen to agree.
    pub async fn rows(&self, players: &[Player], when: &str) -> Vec<ConnectionRows> {
        let all = self.gateway.tables.connection_rows().await;
        let of = |player: &Player| {
            let mut rows = all.values().filter(|rows| {
                rows.entitlement.as_ref().is_some_and(|known| known.customer == player.name)
            });
            let rows = rows.next().unwrap_or_else(|| panic!("{} is gone {when}", player.name));
            rows.assert_agree(&format!("for {} {when}", player.name));
            rows.clone()
        };
        players.iter().map(of).collect()
    }

    /// Changes all rooms, and books something for every player; answers the topics that each of
    /// them was pushed on.
    pub async fn pushed(&mut self, players: &mut [Player]) -> Vec<BTreeSet<String>> {
        let own = self.own.one("book", 0);
        join_all(players.iter_mut().map(|player| player.client.ok(own.clone()))).await;
        for room in self.rooms.iter().chain([&self.marker]) {
            self.author.ok(room.one("book", 0)).await;
        }
        self.marked += 1;
        let (marker, slot) = (&self.marker, self.marker.slot(0));
        let free = PLACES - self.marked;
        join_all(players.iter_mut().map(async |player| {
            player.client.slot_pushed(&marker.id, &slot, free).await;
            player.newly_pushed(&marker.topic())
        }))
        .await
    }

    /// Fails unless each player is pushed exactly what the table says they watch.
    pub async fn assert_pushed(&mut self, players: &mut [Player], rows: &[ConnectionRows]) {
        let pushed = self.pushed(players).await;
        for ((player, rows), pushed) in players.iter().zip(rows).zip(pushed) {
            let session = Session::of(rows);
            let mut watched = session.topics.clone();
            watched.remove(&self.marker.topic());
            assert_eq!(pushed, watched, "{} is {session:?}", player.name);
        }
    }
}

impl Player {
    /// The topics of all pushes since the last look, but for this one.
    fn newly_pushed(&mut self, but: &str) -> BTreeSet<String> {
        let pushes = &self.client.pushes()[self.looked_at..];
        let updates = pushes.iter().flat_map(|push| push["updates"].as_array().unwrap());
        let topics = updates.map(|update: &Value| update["topic"].as_str().unwrap().to_owned());
        let topics = topics.filter(|topic| topic != but).collect();
        self.looked_at = self.client.pushes().len();
        topics
    }
}
