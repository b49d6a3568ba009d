//! What a connection is, and what requests make of it, one after the other.

use e2e::connections::{ConnectionRows, Entitlement};
use e2e::{Gateway, Value, json, tokens};
use std::collections::BTreeSet;

/// A token, and what it says.
#[derive(Debug, Clone)]
pub struct Token {
    pub text: String,
    operator: bool,
    pub expires: u64,
}

impl Token {
    pub async fn new(gateway: &Gateway, customer: &str, operator: bool, ttl: u32) -> Self {
        let role = if operator { "operator" } else { "customer" };
        let ttl = ttl.to_string();
        let text = gateway.token_with(&[("sub", customer), ("role", role), ("ttl", &ttl)]).await;
        let expires = tokens::claims(&text)["exp"].as_u64().unwrap();
        Self { text, operator, expires }
    }
}

/// A connection's role, its token's end and its topics, by the names that clients use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    operator: bool,
    expires: u64,
    pub topics: BTreeSet<String>,
}

impl Session {
    /// As the table has it.
    pub fn of(rows: &ConnectionRows) -> Self {
        let Some(Entitlement { role, expires, .. }) = &rows.entitlement else {
            panic!("the connection is gone");
        };
        let topics = rows.topic_names().map(str::to_owned).collect();
        Self { operator: role == "operator", expires: *expires, topics }
    }

    /// Carries out a request; whether it was allowed.
    fn carry_out(&mut self, request: &Request) -> bool {
        match request {
            Request::Subscribe(topic) => {
                if is_for_operators(topic) && !self.operator {
                    return false;
                }
                self.topics.insert(topic.clone());
            }
            Request::Unsubscribe(topic) => {
                self.topics.remove(topic);
            }
            Request::Refresh(token) => {
                (self.operator, self.expires) = (token.operator, token.expires);
                if !self.operator {
                    self.topics.retain(|topic| !is_for_operators(topic));
                }
            }
        }
        true
    }

    /// Whether these requests, in some order, were answered like this and lead to `after`.
    pub fn explains(&self, answered: &[(Request, bool)], after: &Self) -> bool {
        if answered.is_empty() {
            return self == after;
        }
        (0..answered.len()).any(|first| {
            let mut others = answered.to_vec();
            let (request, allowed) = others.swap_remove(first);
            let mut next = self.clone();
            next.carry_out(&request) == allowed && next.explains(&others, after)
        })
    }
}

fn is_for_operators(topic: &str) -> bool {
    topic.ends_with("/bookings")
}

/// One request about a connection.
#[derive(Debug, Clone)]
pub enum Request {
    Subscribe(String),
    Unsubscribe(String),
    Refresh(Token),
}

impl Request {
    /// As it is sent. The window of a snapshot, where a topic has one, is an hour in which nothing
    /// is booked.
    pub fn frame(&self, window: &[String; 2]) -> Value {
        match self {
            Self::Subscribe(topic) if topic == "me" => {
                json!({"action": "subscribe", "topic": topic})
            }
            Self::Subscribe(topic) => {
                let [from, to] = window;
                json!({"action": "subscribe", "topic": topic, "from": from, "to": to})
            }
            Self::Unsubscribe(topic) => json!({"action": "unsubscribe", "topic": topic}),
            Self::Refresh(token) => json!({"action": "refresh", "token": token.text}),
        }
    }
}
