//! People who use every action with words of their own, while others watch.

use super::people::{Person, Words};
use e2e::scene::every_day;
use e2e::{Host, Room, Value, json, unique};
use std::collections::BTreeSet;

/// Places in each slot of all rooms.
pub const PLACES: u64 = 1_000;

/// The people, and the rooms of one venue.
pub struct Run<'a> {
    pub host: &'a Host,
    pub words: &'a Words,
    /// Approves at once, by an operator, and in slots of a minute.
    pub rooms: [Room; 3],
    pub venue: String,
    /// An operator of all venues, and one of this venue.
    pub operators: [Person; 2],
    /// Customers.
    pub owners: [Person; 2],
    /// A customer who watches, and an operator of another venue.
    pub strangers: [Person; 2],
    pub sent: BTreeSet<String>,
}

/// Who a request is from.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    Owner,
    Other,
    Operator,
    OfTheVenue,
    Stranger,
    OfAnotherVenue,
}
use Who::{OfAnotherVenue, OfTheVenue, Operator, Other, Owner, Stranger};

impl<'a> Run<'a> {
    pub async fn begin(host: &'a Host, words: &'a Words) -> Self {
        let (gateway, venue, elsewhere) = (&host.gateway, unique("harbour"), unique("airport"));
        let room = |mut fields: Value| {
            fields["capacity"] = json!(PLACES);
            fields["venue"] = json!(venue);
            fields["pools"] = json!(["quiet"]);
            Room::with(gateway, fields)
        };
        let minutes = json!({"slotMinutes": 1, "opening": every_day("00:00-24:00")});
        let rooms =
            [room(json!({})).await, room(json!({"approval": "manual"})).await, room(minutes).await];
        let connect = async |name: &str, venue: Option<&str>| {
            let role = [("role", "operator"), ("venue", venue.unwrap_or_default())];
            let role = &role[..if venue.is_some_and(|it| !it.is_empty()) { 2 } else { 1 }];
            let parameters = if venue.is_some() { role } else { &[] };
            Person::connect(gateway, name, parameters).await
        };
        let named = |who: &str| format!("{who} {}", words.name);
        let operators = [
            connect(&named("Olivia"), Some("")).await,
            connect(&named("Oscar"), Some(&venue)).await,
        ];
        let owners = [connect(&named("Alice"), None).await, connect(&named("Ben"), None).await];
        let strangers = [connect("Sam", None).await, connect("Otto", Some(&elsewhere)).await];
        let sent = BTreeSet::new();
        Self { host, words, rooms, venue, operators, owners, strangers, sent }
    }

    /// A request with a key; answers its result, or the error.
    pub async fn ask(&mut self, from: Who, mut request: Value) -> Value {
        let action = request["action"].as_str().unwrap().to_owned();
        let has_key = ["hold", "book", "extend", "confirm", "update", "cancel", "reschedule"];
        let has_key = has_key.into_iter().chain(["approve", "decline", "complete", "noShow"]);
        if has_key.into_iter().any(|it| it == action) && !matches!(from, Stranger | OfAnotherVenue)
        {
            request["key"] = json!(unique(&self.words.key));
        }
        self.sent.insert(action);
        let person = match from {
            Operator => &mut self.operators[0],
            OfTheVenue => &mut self.operators[1],
            Owner => &mut self.owners[0],
            Other => &mut self.owners[1],
            Stranger => &mut self.strangers[0],
            OfAnotherVenue => &mut self.strangers[1],
        };
        let mut frame = person.ask(&request).await;
        if frame["type"] == "reply" { frame["result"].take() } else { frame["error"].take() }
    }

    /// A request that must succeed.
    pub async fn ok(&mut self, from: Who, request: Value) -> Value {
        let result = self.ask(from, request.clone()).await;
        assert_eq!(result.get("code"), None, "{request} was answered by {result}");
        result
    }

    /// A sale with details, and a note if an operator makes it; for a guest, where one is named.
    pub async fn sell(&mut self, from: Who, mut request: Value, guest: Option<&str>) -> Value {
        request["details"] = json!({"allergy": self.words.details, &self.words.field: 7});
        if matches!(from, Operator | OfTheVenue) {
            request["note"] = json!(self.words.note);
            let name = guest.map_or_else(|| self.owners[0].name.clone(), |it| self.guest(it));
            request["for"] = json!(name);
        }
        self.ok(from, request).await
    }

    pub fn guest(&self, who: &str) -> String {
        format!("guest:{who} {}", self.words.name)
    }

    /// A command to a booking, with a reason where it may have one.
    pub async fn act(&mut self, from: Who, action: &str, booking: &Value) -> Value {
        let mut request = json!({"action": action, "booking": booking["id"]});
        if ["cancel", "approve", "decline"].contains(&action) {
            request["reason"] = json!(self.words.reason);
        }
        self.ask(from, request).await
    }

    /// Everybody goes; answers the tokens with which they came.
    pub async fn leave(self) -> Vec<String> {
        let mut tokens = Vec::new();
        for person in self.owners.into_iter().chain(self.operators).chain(self.strangers) {
            tokens.push(person.token.clone());
            person.leave().await;
        }
        tokens
    }

    pub fn strangers(&self) -> Vec<String> {
        self.strangers.iter().flat_map(Person::heard).collect()
    }

    pub fn owners(&self) -> Vec<String> {
        self.owners.iter().flat_map(Person::heard).collect()
    }

    pub fn operators(&self) -> Vec<String> {
        self.operators.iter().flat_map(Person::heard).collect()
    }
}
