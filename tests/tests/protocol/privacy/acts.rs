//! Every action of the contract, one after the other.

use super::run::Who::{OfAnotherVenue, OfTheVenue, Operator, Other, Owner, Stranger};
use super::run::{PLACES, Run};
use e2e::http::{post, send};
use e2e::reqwest::Method;
use e2e::{Client, Room, Value, json, tokens};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

impl Run<'_> {
    /// All of it; fails where an action of the contract is not among it.
    pub async fn everything(&mut self) {
        self.watch().await;
        let begun = self.sell_minutes().await;
        let sold = self.sell_and_change().await;
        self.look(&sold).await;
        self.over_http().await;
        self.oddities().await;
        self.close(&begun).await;
        let nobody = json!({"action": "customer.revoke", "customer": self.guest("Ivo")});
        for from in [Owner, Stranger, OfAnotherVenue, Operator] {
            self.ask(from, nobody.clone()).await;
        }
        // What comes last is pushed last.
        let mine = self.rooms[0].one("book", 9);
        let mine = self.ok(Stranger, mine).await;
        let (resource, slot) = (self.rooms[0].id.clone(), self.rooms[0].slot(9));
        self.strangers[0].told_of(&mine).await;
        for stranger in &mut self.strangers {
            stranger.told_of_slot(&resource, &slot, PLACES - 1).await;
        }
        for action in contract() {
            // Erasing comes at the end.
            let there = self.sent.contains(&action) || action == "customer.erase";
            assert!(there, "{action} is missing in tests/tests/protocol/privacy/acts.rs: add it");
        }
    }

    /// What is written is in bodies, and tokens are in headers: good ones and others.
    async fn over_http(&mut self) {
        let (words, gateway) = (self.words, &self.host.gateway);
        let bearer = format!("Bearer {}", self.owners[0].token);
        let mut hold = self.rooms[0].one("hold", 7);
        hold["details"] = json!({&words.field: words.details});
        (hold["key"], hold["id"]) = (json!(words.key), json!(words.id));
        let ask = async |authorization: &str, body: String, status: u16| {
            let answer = post(gateway, &[("authorization", authorization)], body).await;
            assert_eq!(answer.status, status, "{}", answer.text);
            answer.frame()["result"]["id"].clone()
        };
        let held = ask(&bearer, hold.to_string(), 200).await;
        let cancel = json!({"action": "cancel", "booking": held, "reason": words.reason});
        ask(&bearer, cancel.to_string(), 200).await;
        ask(&bearer, json!({"action": words.action, "id": words.id}).to_string(), 400).await;
        ask(&bearer, words.details.clone(), 400).await;
        for bad in [format!("Bearer {}", words.key), format!("Basic {}", words.name)] {
            ask(&bad, hold.to_string(), 401).await;
        }
        let elsewhere = format!("/v1/{}?token={}", words.key, self.owners[0].token);
        assert_eq!(send(gateway, (Method::POST, &elsewhere), &[], "").await.status, 404);
    }

    async fn watch(&mut self) {
        let topics: Vec<String> = self.rooms.iter().map(Room::topic).collect();
        let bookings = self.rooms.iter().map(Room::bookings_topic);
        let bookings = bookings.chain([format!("venue:{}/bookings", self.venue)]);
        let subscribe = |topic: &String| json!({"action": "subscribe", "topic": topic});
        let (everybodys, operators): (Vec<_>, Vec<_>) =
            (topics.iter().map(subscribe).collect(), bookings.map(|it| subscribe(&it)).collect());
        for request in everybodys {
            for from in [Stranger, OfAnotherVenue] {
                self.ok(from, request.clone()).await;
            }
        }
        for request in operators {
            for from in [Stranger, OfAnotherVenue] {
                assert_eq!(self.ask(from, request.clone()).await["code"], "forbidden");
            }
            for from in [Operator, OfTheVenue] {
                self.ok(from, request.clone()).await;
            }
        }
    }

    /// Bookings that begin within the next two minutes, and a hold that nobody confirms.
    async fn sell_minutes(&mut self) -> [Value; 3] {
        let minute = (Timestamp::now().as_second() + 10).div_euclid(60) * 60 + 60;
        let start = Timestamp::from_second(minute).unwrap();
        let end = start + SignedDuration::from_mins(2);
        let request = json!({"action": "book", "resource": self.rooms[2].id, "start": start.to_string(),
                             "end": end.to_string()});
        [
            self.sell(Owner, request.clone(), None).await,
            self.sell(OfTheVenue, request.clone(), Some("Zoë")).await,
            self.sell(Other, request, None).await,
        ]
    }

    async fn sell_and_change(&mut self) -> Vec<Value> {
        let (room, hall) = (0, 1);
        let hold = self.rooms[room].one("hold", 0);
        let held = self.sell(Owner, hold, None).await;
        for action in ["extend", "confirm"] {
            assert_eq!(self.act(Owner, action, &held).await.get("code"), None);
        }
        let mut moved = json!({"action": "reschedule", "booking": held["id"]});
        moved["start"] = json!(self.rooms[room].slot(3));
        self.ok(Owner, moved).await;
        let details = json!({"wish": self.words.details, &self.words.field: true});
        let mut update = json!({"action": "update", "booking": held["id"], "details": details});
        self.ok(Owner, update.clone()).await;
        update["note"] = json!(self.words.note);
        self.ok(OfTheVenue, update).await;

        // One who waits for all the places, of which one is taken.
        let mut wait = self.rooms[room].one("waitlist", 3);
        wait["quantity"] = json!(PLACES);
        let waits = self.sell(OfTheVenue, wait, Some("Uta")).await;
        assert_eq!(waits["status"], "waitlisted");

        let mut all = vec![held, waits];
        let requests: [Value; 3] = [0, 1, 2].map(|slot| self.rooms[hall].one("book", slot));
        for (request, answer) in requests.into_iter().zip(["approve", "decline", "cancel"]) {
            let pending = self.sell(Other, request, None).await;
            assert_eq!(pending["status"], "pending");
            let answered = self.act(OfTheVenue, answer, &pending).await;
            assert_eq!(answered["reason"], json!(self.words.reason), "{answered}");
            all.push(pending);
        }
        for (from, guest) in [(Operator, None), (OfTheVenue, Some("Gül"))] {
            let request = self.rooms[room].one("book", 1);
            let sold = self.sell(from, request, guest).await;
            self.act(from, "cancel", &sold).await;
            all.push(sold);
        }
        all
    }

    /// Everybody looks at everything, and strangers try.
    async fn look(&mut self, sold: &[Value]) {
        let ids = || self.rooms.iter().map(|room| room.id.clone());
        let (from, to) = (self.rooms[0].slot(0), self.rooms[0].slot(12));
        let window = |mut request: Value| {
            request["from"] = json!(from);
            request["to"] = json!(to);
            request
        };
        let mut requests = vec![json!({"action": "ping"}), json!({"action": "list"})];
        requests.push(json!({"action": "resource.list"}));
        requests.push(json!({"action": "subscribe", "topic": "me"}));
        requests.push(json!({"action": "list", "customer": self.owners[0].name}));
        requests.push(window(json!({"action": "list", "venue": self.venue})));
        let any: Vec<String> = ids().collect();
        requests.push(window(json!({"action": "search", "anyOf": any})));
        for id in ids() {
            requests.push(json!({"action": "resource.get", "resource": id}));
            requests.push(window(json!({"action": "availability", "resource": id})));
            requests.push(window(json!({"action": "list", "resource": id})));
        }
        for booking in sold {
            requests.push(json!({"action": "get", "booking": booking["id"]}));
        }
        for request in requests {
            for from in [Owner, Other, Operator, OfTheVenue, Stranger, OfAnotherVenue] {
                self.ask(from, request.clone()).await;
            }
        }
        for booking in sold {
            for action in
                ["extend", "confirm", "update", "cancel", "approve", "decline", "complete"]
            {
                for from in [Stranger, OfAnotherVenue] {
                    let refused = self.act(from, action, booking).await;
                    let code = refused["code"].as_str().unwrap_or_default();
                    assert!(["not_found", "forbidden"].contains(&code), "{action}: {refused}");
                }
            }
            // An error has the booking as it is, in the view of who asks.
            let stale = json!({"action": "cancel", "booking": booking["id"], "ifVersion": 999});
            for from in [Owner, Other, OfTheVenue] {
                self.ask(from, stale.clone()).await;
            }
        }
        let pier = self.rooms[0].id.clone();
        let definition = json!({"capacity": PLACES, "venue": self.venue, "pools": ["loud"]});
        let put =
            json!({"action": "resource.put", "resource": Room::definition(&pier, &definition)});
        self.ok(OfTheVenue, put).await;
        let name = self.owners[0].name.clone();
        let token = self.host.gateway.token(&name).await;
        self.ok(Owner, json!({"action": "refresh", "token": token})).await;
        let topic = json!({"action": "unsubscribe", "topic": self.rooms[2].topic()});
        self.ok(OfAnotherVenue, topic).await;
    }

    /// What nobody should send, and what must not be logged for that.
    async fn oddities(&mut self) {
        let words = self.words;
        let owner = &mut self.owners[0];
        owner.ask_as(&words.id, json!({"action": "ping"})).await;
        owner.ask_as(&words.id, json!({"action": words.action})).await;
        owner.ask_as(&words.id, json!({"action": "ping", &words.field: words.details})).await;
        let request = json!({"action": "book", "resource": words.details, "start": words.reason});
        owner.ask_as(&words.id, request).await;
        let broken = json!({"action": "refresh", "token": words.details});
        owner.ask_as(&words.id, broken).await;
        let gateway = &self.host.gateway;
        let guest = gateway.token(&self.guest("Ida")).await;
        let tampered = tokens::cut(&self.owners[0].token);
        for token in [guest, tampered] {
            let authorization = format!("Bearer {token}");
            let refused = Client::open(gateway, &[("authorization", &authorization)]).await;
            assert!(refused.is_err());
        }
    }

    /// Once they have begun.
    async fn close(&mut self, begun: &[Value; 3]) {
        let start: Timestamp = begun[0]["start"].as_str().unwrap().parse().unwrap();
        let left = start.duration_since(Timestamp::now());
        tokio::time::sleep(left.unsigned_abs() + std::time::Duration::from_millis(1)).await;
        for (action, booking) in ["complete", "noShow", "cancel"].into_iter().zip(begun) {
            let closed = self.act(OfTheVenue, action, booking).await;
            assert_eq!(closed.get("code"), None, "{closed}");
        }
    }

    /// Gives back what is active, and erases everybody.
    pub async fn erase(&mut self) {
        let rooms: Vec<String> = self.rooms.iter().map(|room| room.id.clone()).collect();
        let mut customers: BTreeSet<String> =
            self.owners.iter().map(|it| it.name.clone()).collect();
        let (now, days) = (Timestamp::now(), SignedDuration::from_hours(24 * 7));
        let (from, to) = (now - days, now + days);
        for room in rooms {
            let list = json!({"action": "list", "resource": room, "limit": 100,
                              "from": from.to_string(), "to": to.to_string()});
            let listed = self.ok(Operator, list).await;
            assert_eq!(listed.get("cursor"), None);
            for booking in listed["bookings"].as_array().unwrap() {
                if ["held", "pending", "confirmed", "waitlisted"]
                    .contains(&booking["status"].as_str().unwrap())
                {
                    let cancelled = self.act(Operator, "cancel", booking).await;
                    assert_eq!(cancelled["status"], "cancelled");
                }
                customers.insert(booking["customer"].as_str().unwrap().to_owned());
            }
        }
        assert!(customers.iter().filter(|it| it.starts_with("guest:")).count() > 1);
        for customer in customers {
            self.ok(Operator, json!({"action": "customer.erase", "customer": customer})).await;
        }
    }
}

/// The names of all actions.
fn contract() -> Vec<String> {
    let contract = include_str!("../../../../shared/protocol/asyncapi.json");
    let contract: Value = contract.parse().unwrap();
    let messages = contract["components"]["messages"].as_object().unwrap().keys();
    messages.filter(|it| !["error", "reply", "update"].contains(&it.as_str())).cloned().collect()
}
