//! Steps of the plan -> requests.

use super::{Asked, Client};
use crate::simulation::plan::RESOURCES;
use crate::simulation::step::{Act, Move, Sale, Topic, Written};
use crate::simulation::world::BASE;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// When the slot of this number starts, on a grid of slots this long.
fn slot_start(morning: Timestamp, slot: usize, minutes: u32) -> Timestamp {
    let slot = i64::try_from(slot).unwrap_or(0);
    morning
        + match minutes {
            1 => SignedDuration::from_mins(1 + slot),
            minutes => SignedDuration::from_mins(60 + slot * i64::from(minutes)),
        }
}

/// A resource as an operator writes it.
pub fn resource(id: &str, written: Written) -> Value {
    let Written { capacity, sharing, slot_minutes, hold_seconds: hold, manual } = written;
    let day = ["08:00-12:00"];
    json!({
        "id": id, "name": id, "timeZone": "UTC", "slotMinutes": slot_minutes,
        "opening": {"mon": day}, "capacity": capacity, "sharing": sharing, "holdSeconds": hold, "maxHoldSeconds": 3 * hold,
        "approval": if manual { "manual" } else { "auto" },
    })
}

impl Client {
    /// Takes a step.
    pub(super) fn take(&mut self, act: Act) {
        match act {
            Act::Sell(sale) => self.sell(sale),
            Act::Extend { which, at_end } => self.turn_to_hold("extend", which, at_end),
            Act::Confirm { which, at_end } => self.turn_to_hold("confirm", which, at_end),
            Act::Cancel { which, checked } => self.change("cancel", which, checked),
            Act::Reschedule { which, to } => self.reschedule(which, to),
            Act::Update { which } => {
                let details = json!({"step": self.requests});
                self.change_with("update", which, false, &[("details", details)]);
            }
            Act::Approve { which } => self.change("approve", which, false),
            Act::Decline { which } => self.change("decline", which, false),
            Act::Complete { which } => self.change("complete", which, false),
            Act::NoShow { which } => self.change("noShow", which, false),
            Act::Again { which } => {
                let place = self.keyed.len().checked_sub(1 + which);
                if let Some((request, _)) = place.and_then(|place| self.keyed.get(place)) {
                    self.ask(request.clone());
                }
            }
            Act::Put { resource: number, written } => {
                let resource = resource(RESOURCES[number], written);
                self.ask(json!({"action": "resource.put", "resource": resource}));
            }
            Act::Look { resource } => {
                let from = self.world.morning();
                let to = from + SignedDuration::from_hours(4);
                self.ask(json!({
                    "action": "availability", "resource": RESOURCES[resource],
                    "from": from.to_string(), "to": to.to_string(),
                }));
            }
            Act::List { resource } => {
                let from = BASE - SignedDuration::from_hours(1);
                let to = self.world.morning() + SignedDuration::from_hours(5);
                self.ask(if self.operator {
                    let window = (from.to_string(), to.to_string());
                    json!({"action": "list", "resource": RESOURCES[resource], "from": window.0, "to": window.1})
                } else {
                    json!({"action": "list"})
                });
            }
            Act::Subscribe(topic) => {
                self.wanted.insert(topic);
            }
            Act::Unsubscribe(topic) => self.unsubscribe(topic),
            Act::Refresh { operator } => {
                if !self.asks("refresh", None) {
                    self.refresh(operator);
                }
            }
            Act::Away(time) => {
                if let Some(session) = &self.session {
                    self.gateway.cut(&session.id);
                }
                self.is_closed("its network breaks");
                self.back = Instant::now() + time;
            }
            Act::Leave(time) => {
                if let Some(session) = &self.session {
                    self.gateway.close(&session.id, false);
                }
                self.is_closed("it leaves");
                self.back = Instant::now() + time;
            }
        }
    }

    fn unsubscribe(&mut self, topic: Topic) {
        // What is under way would come after it or before: nobody could tell.
        if self.wanted.contains(&topic)
            && !self.asks("subscribe", Some(topic))
            && !self.asks("unsubscribe", Some(topic))
        {
            self.wanted.remove(&topic);
            self.views.remove(&topic);
            self.ask(json!({"action": "unsubscribe", "topic": topic.to_string()}));
        }
    }

    fn key(&self) -> String {
        format!("{}-{}-{}", self.name(), self.keyed.len(), self.requests)
    }

    /// When a slot of a resource starts, on the grid that it had first.
    fn start_of(&self, resource: usize, slot: usize) -> Timestamp {
        let minutes = self.world.plan.profile.resources[resource].slot_minutes;
        slot_start(self.world.morning(), slot, minutes)
    }

    fn sell(&mut self, sale: Sale) {
        let Sale { action, at_end, resource, slot, slots, quantity, with, guest } = sale;
        let start = self.start_of(resource, slot);
        let mut request = json!({
            "action": action,
            "resource": RESOURCES[resource],
            "start": start.to_string(),
            "quantity": quantity,
            "key": self.key(),
        });
        if slots > 1 {
            let slots = u32::try_from(slots).unwrap_or(1);
            let minutes = self.world.plan.profile.resources[resource].slot_minutes;
            let end = start + SignedDuration::from_mins(i64::from(minutes * slots));
            request["end"] = json!(end.to_string());
        }
        if with {
            let other = RESOURCES[(resource + 1) % RESOURCES.len()];
            request["with"] = json!([{"resource": other}]);
        }
        if guest && self.operator {
            request["for"] = json!("guest:walk-in");
        }
        self.keyed.push((request.clone(), None));
        let end = if at_end { self.next_end(RESOURCES[resource], start) } else { None };
        match end {
            Some(end) => self.ask_about(end, request),
            None => self.ask(request),
        }
    }

    fn reschedule(&mut self, which: usize, to: Move) {
        let mut fields = Vec::new();
        if let Some(slot) = to.slot {
            let start = self.start_of(to.resource.unwrap_or(0), slot);
            fields.push(("start", json!(start.to_string())));
        }
        if let Some(resource) = to.resource {
            fields.push(("resource", json!(RESOURCES[resource])));
        }
        if let Some(quantity) = to.quantity {
            fields.push(("quantity", json!(quantity)));
        }
        self.change_with("reschedule", which, false, &fields);
    }

    /// When the next hold of a slot runs out, as only the world knows.
    fn next_end(&self, resource: &str, start: Timestamp) -> Option<Timestamp> {
        let ledger = self.world.ledger();
        let here = ledger.bookings.values().filter(|booking| {
            booking.resource.as_str() == resource
                && booking.stretch.slots().any(|it| it.start == start)
        });
        let now = self.world.now();
        here.filter_map(|booking| booking.hold_expires_at).filter(|end| *end > now).min()
    }

    /// Asks close to an instant: some milliseconds before, or after.
    fn ask_about(&mut self, instant: Timestamp, request: Value) {
        let left = instant.duration_since(self.world.now());
        let left = Duration::try_from(left).unwrap_or_default();
        let spread = self.world.within(Duration::from_millis(120));
        let at = Instant::now() + left.min(Duration::from_secs(10)) + spread;
        let at = at - Duration::from_millis(80).min(left);
        self.later.push((at, Asked::new(request)));
    }

    /// The booking that this many later ones follow, of those that allow something; of all, where
    /// there is none.
    fn booking(&self, which: usize, of: &[&str]) -> Option<Value> {
        let known = |id: &String| self.known.get(id);
        let allows = |it: &&Value| it["status"].as_str().is_some_and(|it| of.contains(&it));
        let mut fitting = self.seen.iter().rev().filter_map(known).filter(allows);
        let any = || self.seen.iter().rev().filter_map(known).nth(which);
        fitting.nth(which).or_else(any).cloned()
    }

    fn turn_to_hold(&mut self, action: &str, which: usize, at_end: bool) {
        let Some(booking) = self.booking(which, &["held"]) else { return };
        let request = json!({"action": action, "booking": booking["id"], "key": self.key()});
        self.keyed.push((request.clone(), None));
        let end = booking["holdExpiresAt"].as_str().and_then(|end| end.parse().ok());
        match end {
            Some(end) if at_end => self.ask_about(end, request),
            _ => self.ask(request),
        }
    }

    fn change(&mut self, action: &str, which: usize, checked: bool) {
        self.change_with(action, which, checked, &[]);
    }

    fn change_with(&mut self, action: &str, which: usize, checked: bool, fields: &[(&str, Value)]) {
        let allow: &[&str] = match action {
            "approve" | "decline" => &["pending"],
            "cancel" => &["held", "pending", "confirmed", "waitlisted"],
            "reschedule" => &["held", "pending", "confirmed"],
            "update" => &["held", "pending", "confirmed", "waitlisted", "cancelled"],
            _ => &["confirmed"],
        };
        let Some(booking) = self.booking(which, allow) else { return };
        let mut request = json!({"action": action, "booking": booking["id"], "key": self.key()});
        if checked {
            request["ifVersion"] = booking["version"].clone();
        }
        for (name, value) in fields {
            request[*name] = value.clone();
        }
        self.keyed.push((request.clone(), None));
        self.ask(request);
    }
}
