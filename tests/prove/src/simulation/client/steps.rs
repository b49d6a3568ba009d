//! Steps of the plan -> requests.

use super::{Asked, Client};
use crate::simulation::plan::{POOL, RESOURCES};
use crate::simulation::powers::Powers;
use crate::simulation::step::{Act, Any, Move, Sale, Topic, Written};
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

fn any_of(any: Any) -> Value {
    match any {
        Any::Pool => json!({"pool": POOL}),
        Any::Ids => json!(RESOURCES),
    }
}

/// A resource as an operator writes it.
pub fn resource(id: &str, written: Written) -> Value {
    let Written { capacity, sharing, slot_minutes, hold_seconds: hold, manual } = written;
    let day = ["08:00-12:00"];
    json!({
        "id": id, "name": id, "timeZone": "UTC", "slotMinutes": slot_minutes,
        "opening": {"mon": day}, "capacity": capacity, "sharing": sharing, "holdSeconds": hold, "maxHoldSeconds": 3 * hold,
        "pools": [POOL], "approval": if manual { "manual" } else { "auto" },
    })
}

impl Client {
    /// Takes a step.
    pub(super) fn take(&mut self, act: Act) {
        match act {
            Act::Sell(sale) => self.sell(sale),
            Act::Extend { which, at_end } => self.turn_to_hold("extend", which, at_end),
            Act::Confirm { which, at_end } => self.turn_to_hold("confirm", which, at_end),
            Act::Cancel { which } => self.change("cancel", which),
            Act::Reschedule { which, to } => self.reschedule(which, to),
            Act::Update { which } => {
                let details = json!({"step": self.requests});
                self.change_with("update", which, &[("details", details)]);
            }
            Act::Approve { which } => self.change("approve", which),
            Act::Decline { which } => self.change("decline", which),
            Act::Complete { which } => self.change("complete", which),
            Act::NoShow { which } => self.change("noShow", which),
            Act::Again { which } => {
                let place = self.keyed.len().checked_sub(1 + which);
                if let Some((request, _)) = place.and_then(|place| self.keyed.get(place)) {
                    self.ask(request.clone());
                }
            }
            Act::Put { resource: number, written } => {
                let resource = resource(RESOURCES[number], written);
                let mut put = json!({"action": "resource.put", "resource": resource});
                if self.checks {
                    // As whoever has just read it.
                    let ledger = self.world.ledger();
                    let mut known = ledger.resources.iter();
                    let known = known.find(|(id, _)| id.as_str() == RESOURCES[number]);
                    let known = known.and_then(|(_, versions)| versions.last());
                    put["ifVersion"] = json!(known.map(|(resource, _)| resource.version.get()));
                }
                self.ask(put);
            }
            Act::Look { resource } => {
                let from = self.world.morning();
                let to = from + SignedDuration::from_hours(4);
                self.ask(json!({
                    "action": "availability", "resource": RESOURCES[resource],
                    "from": from.to_string(), "to": to.to_string(),
                }));
            }
            Act::Search { any, slots, quantity } => {
                let from = self.world.morning();
                let to = from + SignedDuration::from_hours(4);
                self.ask(json!({
                    "action": "search", "anyOf": any_of(any), "from": from.to_string(),
                    "to": to.to_string(), "slots": slots, "quantity": quantity,
                }));
            }
            Act::Revoke { whose } => self.revoke(whose),
            Act::List { resource } => {
                let from = BASE - SignedDuration::from_hours(1);
                let to = self.world.morning() + SignedDuration::from_hours(5);
                self.ask(if self.powers == Powers::Customer {
                    json!({"action": "list"})
                } else {
                    let window = (from.to_string(), to.to_string());
                    json!({"action": "list", "resource": RESOURCES[resource], "from": window.0, "to": window.1})
                });
            }
            Act::Subscribe(topic) => {
                self.wanted.insert(topic);
            }
            Act::Unsubscribe(topic) => self.unsubscribe(topic),
            Act::Refresh(powers) => {
                if !self.asks("refresh", None) {
                    self.refresh(powers);
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

    /// Revokes the tokens of somebody who is no operator.
    fn revoke(&mut self, whose: usize) {
        let customers: Vec<&str> = {
            let clients = self.world.plan.clients.iter().filter(|it| !it.operator);
            clients.map(|client| client.customer.as_str()).collect()
        };
        let customer = customers[whose % customers.len()].to_owned();
        *self.world.ledger().revocations.entry(customer.clone()).or_default() += 1;
        self.ask(json!({"action": "customer.revoke", "customer": customer}));
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
        let Sale { action, at_end, resource, any, slot, slots, quantity, with, guest } = sale;
        let start = self.start_of(resource, slot);
        let mut request = json!({
            "action": action,
            "start": start.to_string(),
            "quantity": quantity,
            "key": self.key(),
        });
        match any {
            Some(any) => request["anyOf"] = any_of(any),
            None => request["resource"] = json!(RESOURCES[resource]),
        }
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
        if guest && self.powers != Powers::Customer {
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
        self.change_with("reschedule", which, &fields);
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
        let request = self.about(&booking, action);
        self.keyed.push((request.clone(), None));
        let end = booking["holdExpiresAt"].as_str().and_then(|end| end.parse().ok());
        match end {
            Some(end) if at_end => self.ask_about(end, request),
            _ => self.ask(request),
        }
    }

    /// A change of a booking, perhaps only at the version that it knows.
    fn about(&self, booking: &Value, action: &str) -> Value {
        let mut request = json!({"action": action, "booking": booking["id"], "key": self.key()});
        if self.checks {
            request["ifVersion"] = booking["version"].clone();
        }
        request
    }

    fn change(&mut self, action: &str, which: usize) {
        self.change_with(action, which, &[]);
    }

    fn change_with(&mut self, action: &str, which: usize, fields: &[(&str, Value)]) {
        let allow: &[&str] = match action {
            "approve" | "decline" => &["pending"],
            "cancel" => &["held", "pending", "confirmed", "waitlisted"],
            "reschedule" => &["held", "pending", "confirmed"],
            "update" => &["held", "pending", "confirmed", "waitlisted", "cancelled"],
            _ => &["confirmed"],
        };
        let Some(booking) = self.booking(which, allow) else { return };
        let mut request = self.about(&booking, action);
        for (name, value) in fields {
            request[*name] = value.clone();
        }
        self.keyed.push((request.clone(), None));
        self.ask(request);
    }
}
