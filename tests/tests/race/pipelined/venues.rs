//! An operator's venue that changes while other requests are under way.

use e2e::connections::ConnectionRows;
use e2e::{Client, Gateway, Room, Value, json, unique};
use fastrand::Rng;
use futures::future::join_all;

const PLAYERS: usize = 12;
const PLACES: u64 = 10_000;

/// An operator, with a token for either venue.
struct Player {
    name: String,
    client: Client,
    tokens: Vec<String>,
    looked_at: usize,
}

impl Player {
    async fn new(gateway: &Gateway, venues: &[String]) -> Self {
        let name = unique("player");
        let tokens = join_all(venues.iter().map(async |venue| {
            let parameters = [("sub", name.as_str()), ("role", "operator"), ("venue", venue)];
            gateway.token_with(&parameters).await
        }));
        let tokens = tokens.await;
        let client = Client::connect(gateway, &tokens[0]).await;
        Self { name, client, tokens, looked_at: 0 }
    }

    /// Sends all without waiting in between. Answers the codes, empty for a reply, in the same order.
    async fn pipeline(&mut self, requests: &[Value]) -> Vec<String> {
        let mut ids = Vec::new();
        for request in requests {
            ids.push(self.client.send(request.clone()).await);
        }
        let mut codes = vec![String::new(); ids.len()];
        for _ in requests {
            let frame = self.client.answer().await;
            let place = ids.iter().position(|id| *id == frame["id"]).unwrap();
            frame["error"]["code"].as_str().unwrap_or_default().clone_into(&mut codes[place]);
        }
        codes
    }

    /// The ids of all bookings that were pushed on operators' topics since the last look.
    fn newly_told(&mut self) -> Vec<Value> {
        let pushes = &self.client.pushes()[self.looked_at..];
        let updates = pushes.iter().flat_map(|push| push["updates"].as_array().unwrap());
        let bookings = updates.filter_map(|update| update["bookings"].as_array());
        let ids = bookings.flatten().map(|booking| booking["id"].clone()).collect();
        self.looked_at = self.client.pushes().len();
        ids
    }

    fn rows<'a>(&self, all: impl IntoIterator<Item = &'a ConnectionRows>) -> &'a ConnectionRows {
        let mut all = all.into_iter();
        let mine = all.find(|rows| {
            rows.entitlement.as_ref().is_some_and(|known| known.customer == self.name)
        });
        mine.unwrap_or_else(|| panic!("{} is gone", self.name))
    }
}

#[tokio::test]
async fn whose_venue_changes_sees_no_more_of_the_one_before() {
    let gateway = Gateway::shared();
    let venues = [unique("harbour"), unique("airport")];
    let rooms =
        join_all(venues.iter().map(async |venue| {
            Room::with(gateway, json!({"venue": venue, "capacity": PLACES})).await
        }));
    let rooms = rooms.await;
    let topics = |number: usize| {
        [rooms[number].bookings_topic(), format!("venue:{}/bookings", venues[number])]
    };
    let mut author = rooms[0].customer().await;
    let mut sold = [0, 0];
    let mut last = Vec::new();
    for room in &rooms {
        last.push(author.ok(room.one("book", 0)).await["id"].clone());
    }
    sold = sold.map(|sold| sold + 1);
    let mut players = join_all((0..PLAYERS).map(|_| Player::new(gateway, &venues))).await;
    for player in &mut players {
        for room in &rooms {
            let topic = room.topic();
            player.client.ok(json!({"action": "subscribe", "topic": topic})).await;
        }
    }
    let mut random = Rng::with_seed(7);
    let rounds = if e2e::gateway::is_deployed() { 2 } else { 8 };
    for round in 0..rounds {
        // From one venue to the other, while it asks for things of both.
        let (old, new) = (round % 2, (round + 1) % 2);
        let race = |player: &Player| {
            let subscribe = |topic: String| json!({"action": "subscribe", "topic": topic});
            let mut race: Vec<Value> =
                [old, new].into_iter().flat_map(topics).map(subscribe).collect();
            race.extend(last.iter().map(|id| json!({"action": "get", "booking": id})));
            race.push(json!({"action": "refresh", "token": player.tokens[new]}));
            race
        };
        let raced = players.iter_mut().map(|player| {
            let mut race = race(player);
            random.shuffle(&mut race);
            async move {
                let codes = player.pipeline(&race).await;
                for (request, code) in race.iter().zip(codes) {
                    let refusal = match request["action"].as_str().unwrap() {
                        "subscribe" => "forbidden",
                        "get" => "not_found",
                        _ => "",
                    };
                    assert!(code.is_empty() || code == refusal, "{request}: {code}");
                }
            }
        });
        join_all(raced.collect::<Vec<_>>()).await;
        let all = gateway.tables.connection_rows().await;
        for player in &players {
            let rows = player.rows(all.values());
            rows.assert_agree(&format!("for {} after round {round}", player.name));
            let bound = rows.entitlement.as_ref().unwrap().venue.as_ref();
            assert_eq!(bound, Some(&venues[new]));
            for topic in topics(old) {
                assert!(rows.topic_names().all(|name| name != topic), "round {round}: {rows:?}");
            }
        }
        // What is changed at the venue before is told to none of them; at the other one, to those who
        // got their subscription.
        let here = author.ok(rooms[old].one("book", 0)).await["id"].clone();
        let there = author.ok(rooms[new].one("book", 0)).await["id"].clone();
        sold = sold.map(|sold| sold + 1);
        for player in &mut players {
            let slot = rooms[new].slot(0);
            player.client.slot_pushed(&rooms[new].id, &slot, PLACES - sold[new]).await;
            let told = player.newly_told();
            assert!(!told.contains(&here), "round {round}: {} is told of {here}", player.name);
            let rows = player.rows(all.values());
            let watches = topics(new).iter().any(|topic| rows.topic_names().any(|it| it == topic));
            assert_eq!(told.contains(&there), watches, "round {round}: {}", player.name);
        }
        last[old] = here;
        last[new] = there;
    }
}
