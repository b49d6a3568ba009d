//! What comes back to a client: replies, errors, updates.

use super::view::Freshness;
use super::{Asked, Client};
use crate::simulation::powers::Powers;
use crate::simulation::step::Topic;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

impl Client {
    /// A frame is there.
    pub(super) fn hear(&mut self, text: &str) {
        let mut frame: Value = serde_json::from_str(text).unwrap_or_default();
        forget_positions(&mut frame);
        let name = self.name();
        match frame["type"].as_str() {
            Some("update") => {
                for update in frame["updates"].as_array().into_iter().flatten() {
                    self.is_told(update);
                }
            }
            Some(kind @ ("reply" | "error")) => {
                let id = frame["id"].as_u64().unwrap_or_default();
                self.world.note(|| format!("{name} hears {id} {text}"));
                let Some(session) = &mut self.session else { return };
                if !session.answered.insert(id) {
                    let session = session.id.clone();
                    let promise = "every request is answered once";
                    return self.world.broken(promise, || format!("{session}: {id} again: {text}"));
                }
                let Some(asked) = session.pending.remove(&id) else { return };
                match kind {
                    "reply" => self.is_answered(&asked, &frame["result"]),
                    _ => self.is_refused(asked, &frame["error"]),
                }
            }
            // API Gateway says that a function failed, not for which request: patience will tell.
            _ => self.world.note(|| format!("{name} hears {text}")),
        }
    }

    fn is_told(&mut self, update: &Value) {
        let topic = update["topic"].as_str().unwrap_or_default();
        let Some(topic) = Topic::parse(topic) else { return };
        self.is_discreet(topic, update);
        let Some(view) = self.views.get_mut(&topic) else { return };
        if !update["resource"].is_null() {
            view.rewrites();
        }
        self.sees(topic, update);
    }

    /// Takes over what a push or a page of a snapshot shows.
    fn sees(&mut self, topic: Topic, of: &Value) {
        for (list, name) in [("bookings", "id"), ("slots", "start")] {
            for thing in of[list].as_array().into_iter().flatten() {
                if let Some(view) = self.views.get_mut(&topic) {
                    view.apply(&self.world, topic, name, thing);
                }
                if list == "bookings" {
                    self.learns(thing);
                }
            }
        }
    }

    fn is_discreet(&self, topic: Topic, update: &Value) {
        let list = |name: &str| update[name].as_array().into_iter().flatten();
        let is_mine = |booking: &Value| booking["customer"] == self.plan.customer.as_str();
        let good = match topic {
            Topic::Me => list("bookings").all(is_mine) && update["slots"].is_null(),
            Topic::Slots(_) => {
                let public = ["start", "end", "capacity", "free", "version"];
                let fields = list("slots").flat_map(|slot| slot.as_object().into_iter().flatten());
                update["bookings"].is_null()
                    && fields.into_iter().all(|(name, _)| public.contains(&name.as_str()))
            }
            Topic::Bookings(_) => update["slots"].is_null(),
        };
        if !good {
            self.world.broken("nobody is told what concerns others", || {
                format!("{}: {update}", self.name())
            });
        }
    }

    /// Remembers a booking by its newest version.
    fn learns(&mut self, booking: &Value) {
        let id = booking["id"].as_str().unwrap_or_default().to_owned();
        let version = |of: &Value| of["version"].as_u64().unwrap_or_default();
        match self.known.get(&id) {
            Some(known) if version(known) >= version(booking) => {}
            Some(_) => {
                self.known.insert(id, booking.clone());
            }
            None => {
                self.seen.push(id.clone());
                self.known.insert(id, booking.clone());
            }
        }
    }

    fn is_answered(&mut self, asked: &Asked, result: &Value) {
        self.judge_obeyed(asked, result);
        match asked.action() {
            "search" => self.judge_found(asked, result),
            "customer.revoke" => self.has_revoked(asked),
            "refresh" => self.is_refreshed(asked),
            "subscribe" => self.is_subscribed(asked, result),
            "unsubscribe" => {
                let topic = asked.request["topic"].as_str().unwrap_or_default();
                let kind = Topic::parse(topic);
                let wanted = kind.is_some_and(|topic| self.wanted.contains(&topic));
                if let Some(session) = &self.session
                    && !wanted
                    && !self.asks("subscribe", kind)
                    && let Some(socket) = self.world.sockets().get_mut(&session.id)
                {
                    socket.rights.ended.insert(topic.to_owned(), Instant::now());
                }
            }
            "list" => {
                for booking in result["bookings"].as_array().into_iter().flatten() {
                    self.learns(booking);
                }
            }
            _ if result["customer"].is_string() => self.has_booking(asked, result),
            _ => {}
        }
    }

    fn has_booking(&mut self, asked: &Asked, booking: &Value) {
        let id = booking["id"].as_str().unwrap_or_default();
        let version = booking["version"].as_u64().unwrap_or_default();
        let newest = self.acknowledged.entry(id.to_owned()).or_default();
        *newest = version.max(*newest);
        let is_mine = booking["customer"] == self.plan.customer.as_str();
        if !self.plan.operator && !is_mine {
            self.world.broken("nobody is told what concerns others", || format!("{booking}"));
        }
        if matches!(asked.action(), "hold" | "book" | "waitlist") {
            let key = &asked.request["key"];
            let known = self.keyed.iter_mut().find(|(request, _)| request["key"] == *key);
            if let Some((_, known)) = known {
                match known {
                    Some(before) if before != id => {
                        let promise = "the same key is answered with the same booking";
                        self.world.broken(promise, || format!("{before} and {id}: {key}"));
                    }
                    _ => *known = Some(id.to_owned()),
                }
            }
        }
        self.learns(booking);
    }

    fn is_refreshed(&mut self, asked: &Asked) {
        let before = self.expires;
        self.expires = asked.request["_expires"].as_i64().unwrap_or_default();
        self.powers = Powers::deserialize(&asked.request["_powers"]).expect("it was written so");
        let Some(session) = &self.session else { return };
        if let Some(socket) = self.world.sockets().get_mut(&session.id) {
            let grants = &mut socket.rights.grants;
            let place =
                grants.iter().position(|it| it.expires == self.expires && it.powers == self.powers);
            for grant in &mut grants[..place.unwrap_or(0)] {
                grant.replaced.get_or_insert_with(Instant::now);
            }
        }
        if !self.powers.operates() {
            let lost = |topic: &Topic| matches!(topic, Topic::Bookings(_));
            self.wanted.retain(|topic| !lost(topic));
            self.views.retain(|topic, _| !lost(topic));
        }
        // Between two tokens nothing was pushed.
        if std::mem::take(&mut self.unsure) || before <= self.world.now().as_second() + 1 {
            self.is_behind();
        }
    }

    /// Whatever it sees may be old.
    fn is_behind(&mut self) {
        for view in self.views.values_mut() {
            match view.freshness {
                Freshness::Asked => view.rewrites(),
                _ => view.freshness = Freshness::Stale,
            }
        }
    }

    fn is_subscribed(&mut self, asked: &Asked, result: &Value) {
        let topic = asked.request["topic"].as_str().and_then(Topic::parse);
        let Some(topic) = topic.filter(|topic| self.views.contains_key(topic)) else { return };
        self.sees(topic, result);
        match result["cursor"].as_str() {
            Some(cursor) => self.subscribe(topic, Some(cursor)),
            None => self.views.entry(topic).or_default().is_read(),
        }
    }

    fn is_refused(&mut self, asked: Asked, error: &Value) {
        let code = error["code"].as_str().unwrap_or_default();
        match code {
            "busy" | "unavailable" => {
                let pause = self.world.within(Duration::from_secs(1));
                self.ask_again(asked, pause);
            }
            "unauthenticated" => {
                let good = self.expires > self.world.now().as_second() + 1;
                if good || asked.action() == "refresh" {
                    // The connection is not known any more.
                    if let Some(session) = &self.session {
                        self.gateway.close(&session.id, false);
                    }
                    self.ask_again(asked, Duration::ZERO);
                    self.is_closed("it is not known any more");
                    return;
                }
                if !self.asks("refresh", None) {
                    self.refresh(self.powers);
                }
                self.ask_again(asked, Duration::from_millis(300));
            }
            "forbidden" if asked.action() == "subscribe" => {
                if let Some(topic) = asked.request["topic"].as_str().and_then(Topic::parse) {
                    self.wanted.remove(&topic);
                    self.views.remove(&topic);
                }
            }
            "hold_expired" => self.must_be_over(&asked),
            "slot_full" => self.judge_full(&asked),
            "version_conflict" => self.judge_conflict(&asked, &error["current"]),
            "forbidden" if asked.action() == "customer.revoke" => self.revokes_no_more(&asked),
            _ => {}
        }
    }

    /// A hold is not refused before its end, by whatever clock.
    fn must_be_over(&self, asked: &Asked) {
        let id = asked.request["booking"].as_str().unwrap_or_default();
        let instant = |name: &str| self.known.get(id)?[name].as_str()?.parse::<Timestamp>().ok();
        let Some(end) = instant("holdExpiresAt") else { return };
        // What an operator has to approve is over when it begins.
        let end = instant("start").map_or(end, |start| start.min(end));
        let now = self.world.now().as_millisecond() + self.world.plan.profile.skew + 1;
        if now < end.as_millisecond() {
            self.world.broken("a hold lasts until its end", || format!("{id} until {end}"));
        }
    }
}

/// A place in a line changes without a version: of two views of one version, each is as it was.
fn forget_positions(frame: &mut Value) {
    match frame {
        Value::Object(fields) => {
            fields.remove("position");
            fields.values_mut().for_each(forget_positions);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_positions),
        _ => {}
    }
}
