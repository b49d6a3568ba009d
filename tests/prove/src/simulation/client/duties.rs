//! What every client does by itself: connect, bring a new token in time, subscribe, ask again.

use super::view::Freshness;
use super::{Asked, Client, PATIENCE, Session};
use crate::simulation::powers::Powers;
use crate::simulation::setup::SETUP;
use crate::simulation::sockets::Grant;
use crate::simulation::step::Topic;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// A token is renewed so long before its end that no clock takes it for ended.
const IN_TIME: i64 = 2;
/// A token that is good for so long outlasts every rest.
const LONG: i64 = 40_000;
/// Attempts at a request that is worth repeating.
const TRIES: u32 = 6;

impl Client {
    /// The seconds since 1970 of the true time.
    fn second(&self) -> i64 {
        self.world.now().as_second()
    }

    /// How long the next token is good.
    fn ttl(&self) -> i64 {
        if self.board.phase().rests { LONG } else { self.plan.ttl }
    }

    pub(super) async fn connect(&mut self) {
        let (issued, expires) = (self.second(), self.second() + self.ttl());
        let powers = self.powers;
        let token = SETUP.token(&self.plan.customer, powers, (issued, expires));
        let grant = Grant { powers, issued, expires, replaced: None };
        let connected = self.gateway.connect(&token, grant).await;
        let name = self.name();
        match connected {
            Ok((id, frames)) => {
                self.world.note(|| format!("{name} is connected as {id}"));
                let (pending, answered) = Default::default();
                self.session = Some(Session { id, frames, pending, answered, unanswered: 0 });
                self.expires = expires;
                self.unsure = false;
                for view in self.views.values_mut() {
                    view.freshness = Freshness::Stale;
                }
            }
            Err(status) => {
                self.world.note(|| format!("{name} is refused with {status}"));
                self.come_back_after(Duration::from_millis(300));
            }
        }
    }

    /// The connection is over; it comes back soon.
    pub(super) fn is_closed(&mut self, why: &str) {
        let Some(session) = self.session.take() else { return };
        let name = self.name();
        self.world.note(|| format!("{name} is closed: {why}"));
        for (_, asked) in session.pending {
            self.ask_again(asked, Duration::ZERO);
        }
        self.come_back_after(Duration::from_millis(200));
    }

    pub(super) fn come_back_after(&mut self, most: Duration) {
        self.back = Instant::now() + self.world.within(most);
    }

    /// When the token is to be renewed: in time, late, or now that everything is to come to rest.
    pub(super) fn refreshes_at(&self) -> Option<Instant> {
        if self.asks("refresh", None) {
            return None;
        }
        let left = self.expires - self.second();
        if self.board.phase().rests {
            return (self.unsure || left < LONG / 4).then(Instant::now);
        }
        // Every second client never thinks of it, and is told.
        let left = u64::try_from(left - IN_TIME).unwrap_or(0);
        (self.number.is_multiple_of(2) && left < 100)
            .then(|| Instant::now() + Duration::from_secs(left))
    }

    /// Brings a new token, with these powers.
    pub(super) fn refresh(&mut self, powers: Powers) {
        let Some(session) = &self.session else { return };
        let (issued, expires) = (self.second(), self.second() + self.ttl());
        let token = SETUP.token(&self.plan.customer, powers, (issued, expires));
        let grant = Grant { powers, issued, expires, replaced: None };
        if let Some(socket) = self.world.sockets().get_mut(&session.id) {
            socket.rights.grants.push(grant);
        }
        self.ask(json!({
            "action": "refresh", "token": token, "_expires": expires, "_powers": powers,
        }));
    }

    /// Subscribes to whatever is wanted and not fresh.
    pub(super) fn do_duties(&mut self) {
        if self.session.is_none() {
            return;
        }
        for topic in self.wanted.clone() {
            let view = self.views.entry(topic).or_default();
            if view.freshness == Freshness::Stale
                && !self.asks("unsubscribe", Some(topic))
                && !self.asks("refresh", None)
                && !self.asks("subscribe", Some(topic))
            {
                self.subscribe(topic, None);
            }
        }
    }

    /// Asks for a page of a topic's snapshot.
    pub(super) fn subscribe(&mut self, topic: Topic, cursor: Option<&str>) {
        let view = self.views.entry(topic).or_default();
        if cursor.is_none() {
            view.asks();
        }
        let mut request = json!({"action": "subscribe", "topic": topic.to_string()});
        if topic != Topic::Me {
            let midnight = self.world.morning() - SignedDuration::from_hours(8);
            let tomorrow = midnight + SignedDuration::from_hours(24);
            (request["from"], request["to"]) = (json!(midnight), json!(tomorrow));
        }
        if let Some(cursor) = cursor {
            request["cursor"] = json!(cursor);
        }
        self.ask(request);
    }

    /// Whether a request of this kind is under way, or will be sent.
    pub(super) fn asks(&self, action: &str, topic: Option<Topic>) -> bool {
        let topic = topic.map(|topic| topic.to_string());
        let is = |asked: &Asked| {
            asked.action() == action
                && topic.as_deref().is_none_or(|topic| asked.request["topic"] == topic)
        };
        let pending = self.session.iter().flat_map(|session| session.pending.values());
        pending.chain(self.later.iter().map(|(_, asked)| asked)).any(is)
    }

    /// Sends a request.
    pub(super) fn ask(&mut self, request: Value) {
        self.send(Asked::new(request));
    }

    pub(super) fn send(&mut self, mut asked: Asked) {
        let name = self.name();
        let Some(session) = &mut self.session else {
            self.later.push((Instant::now(), asked));
            return;
        };
        self.requests += 1;
        let id = self.requests;
        asked.at = Instant::now();
        let mut frame = asked.request.clone();
        if let Some(fields) = frame.as_object_mut() {
            fields.retain(|field, _| !field.starts_with('_'));
        }
        frame["id"] = json!(id);
        self.world.note(|| {
            let shown =
                if asked.action() == "refresh" { &asked.request["_expires"] } else { &frame };
            format!("{name} asks {id} {} {shown}", asked.action())
        });
        if asked.action() == "subscribe"
            && let Some(socket) = self.world.sockets().get_mut(&session.id)
        {
            socket.rights.ended.remove(asked.request["topic"].as_str().unwrap_or_default());
        }
        self.gateway.receive(&session.id, frame.to_string());
        session.pending.insert(id, asked);
    }

    /// Asks again what was not answered, or answered that it is worth it. What only concerns this
    /// connection is seen to by its duties.
    pub(super) fn ask_again(&mut self, mut asked: Asked, after: Duration) {
        asked.tries += 1;
        match asked.action() {
            "subscribe" => {
                let topic = asked.request["topic"].as_str().and_then(Topic::parse);
                if let Some(view) = topic.and_then(|topic| self.views.get_mut(&topic)) {
                    view.freshness = Freshness::Stale;
                }
            }
            "refresh" => self.unsure = true,
            "unsubscribe" if self.session.is_none() => {}
            _ if asked.tries < TRIES => self.later.push((Instant::now() + after, asked)),
            _ => {}
        }
    }

    /// Gives up requests that are not answered any more.
    pub(super) fn lose_patience(&mut self, now: Instant) {
        let Some(session) = &mut self.session else { return };
        let over = |asked: &Asked| asked.at + PATIENCE <= now;
        let ids: Vec<u64> =
            session.pending.iter().filter(|it| over(it.1)).map(|(id, _)| *id).collect();
        let lost: Vec<Asked> = ids.iter().filter_map(|id| session.pending.remove(id)).collect();
        session.unanswered += lost.len();
        let faults = self.world.sockets().get(&session.id).map_or(0, |socket| socket.faults);
        if session.unanswered > faults {
            self.world.broken("every request is answered", || {
                let asked: Vec<_> = lost.iter().map(|it| it.request.to_string()).collect();
                format!("{}: {} failed, unanswered {asked:?}", session.id, faults)
            });
        }
        for asked in lost {
            self.ask_again(asked, Duration::ZERO);
        }
    }

    /// Why this client is not at rest.
    pub(super) fn restless(&self) -> Option<&'static str> {
        let Some(session) = &self.session else { return Some("it is not connected") };
        if !self.steps.is_empty() {
            return Some("it has steps to take");
        }
        if !session.pending.is_empty() || !self.later.is_empty() {
            return Some("it waits for an answer");
        }
        if self.refreshes_at().is_some_and(|at| at <= Instant::now()) {
            return Some("its token ends");
        }
        let fresh =
            |topic| self.views.get(topic).is_some_and(|it| it.freshness == Freshness::Fresh);
        (!self.wanted.iter().all(fresh)).then_some("it has not read a snapshot")
    }
}
