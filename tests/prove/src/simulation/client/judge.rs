//! What an answer shows: whether whoever asked may be obeyed, whether it is at the version that was named,
//! and, where nothing changed while it was under way, whether the tables say the same.

use super::{Asked, Client};
use crate::simulation::plan::RESOURCES;
use crate::simulation::powers::Powers;
use domain::{Period, Resource, Slot};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use tokio::time::Instant;

/// A resource and its slots, as they were all the time.
struct Quiet {
    resource: Resource,
    slots: BTreeMap<Timestamp, Slot>,
    at: Timestamp,
}

impl Client {
    /// When a request was sent, by the true time.
    fn sent(&self, asked: &Asked) -> Timestamp {
        let ago = SignedDuration::try_from(Instant::now() - asked.at);
        self.world.now() - ago.unwrap_or(SignedDuration::ZERO)
    }

    /// Only who may is obeyed, by what is known of their tokens; and only at the version that they name.
    pub(super) fn judge_obeyed(&self, asked: &Asked, result: &Value) {
        let Some(session) = &self.session else { return };
        let may = self.world.sockets().get(&session.id).is_none_or(|socket| {
            let rights = &socket.rights;
            let may = |powers: fn(Powers) -> bool| rights.may(asked.at, powers);
            !rights.are_revoked(asked.at)
                && (asked.action() != "customer.revoke" || may(|powers| powers == Powers::All))
                && (!self.is_for_operators(asked, result) || may(Powers::operates))
        });
        if !may {
            self.world.broken("nobody is obeyed who may not ask for it", || {
                format!("{}: {} was answered by {result}", session.id, asked.request)
            });
        }
        if let Some(named) = asked.request["ifVersion"].as_u64() {
            // One that ran out since it was changed is told as it is now.
            let is_next = result["version"] == named + 1 || result["status"] == "expired";
            if !is_next {
                self.world.broken("a change is made of the version that it names", || {
                    format!("{} was answered by {result}", asked.request)
                });
            }
        }
    }

    /// Whether only an operator of this venue can be answered so.
    fn is_for_operators(&self, asked: &Asked, result: &Value) -> bool {
        let others =
            || result["customer"].is_string() && result["customer"] != self.plan.customer.as_str();
        match asked.action() {
            "approve" | "decline" | "complete" | "noShow" | "resource.put" => true,
            "list" => asked.request["resource"].is_string(),
            "subscribe" => {
                asked.request["topic"].as_str().is_some_and(|topic| topic.ends_with("/bookings"))
            }
            _ => asked.request["for"].is_string() || others(),
        }
    }

    /// Who is told that it is at another version is told at which.
    pub(super) fn judge_conflict(&self, asked: &Asked, current: &Value) {
        let named = &asked.request["ifVersion"];
        if named.is_null() || current["version"] == *named {
            self.world.broken("a change is refused only at another version", || {
                format!("{}: {current}", asked.request)
            });
        }
    }

    /// A customer's tokens are revoked, as this client was just told.
    pub(super) fn has_revoked(&self, asked: &Asked) {
        let customer = &asked.request["customer"];
        let slow = SignedDuration::from_millis(self.world.plan.profile.skew);
        let up_to = (self.sent(asked) - slow).as_second();
        for socket in self.world.sockets().values_mut() {
            if socket.context.get("customer") == Some(customer) {
                socket.rights.revoke(up_to);
            }
        }
        self.revokes_no_more(asked);
    }

    /// A revocation is over, whatever came of it.
    pub(super) fn revokes_no_more(&self, asked: &Asked) {
        let customer = asked.request["customer"].as_str().unwrap_or_default();
        if let Some(under_way) = self.world.ledger().revocations.get_mut(customer) {
            *under_way -= 1;
        }
    }

    /// Who is told that it is full could not have had it anywhere.
    pub(super) fn judge_full(&self, asked: &Asked) {
        let request = &asked.request;
        let is_plain = matches!(asked.action(), "hold" | "book") && request["with"].is_null();
        if !is_plain {
            return;
        }
        let Some(quiet) = self.quiet(asked) else { return };
        let instant = |name: &str| request[name].as_str().and_then(|it| it.parse().ok());
        let Some(start): Option<Timestamp> = instant("start") else { return };
        let end: Option<Timestamp> = instant("end");
        let quantity = request["quantity"].as_u64().unwrap_or(1);
        let named = |id: &str| {
            request["anyOf"].is_object() || {
                let ids = request["anyOf"].as_array().into_iter().flatten();
                ids.chain([&request["resource"]]).any(|it| it == id)
            }
        };
        for quiet in quiet.iter().filter(|it| named(it.resource.id.as_str())) {
            let whole = |found: &&(Period, u32)| {
                found.0.start == start && end.is_none_or(|end| found.0.end == end)
            };
            // Without an end it is one slot; with one, as many as there are up to it.
            let counts = if end.is_some() { 1..=4 } else { 1..=1 };
            let fits = |count| {
                let found = quiet.stretches(count);
                found.iter().filter(whole).any(|(_, free)| u64::from(*free) >= quantity)
            };
            if counts.into_iter().any(fits) {
                self.world.broken("nobody is refused what is free", || {
                    format!("{request}: {} has room: {:#?}", quiet.resource.id, quiet.slots)
                });
            }
        }
    }

    /// What is found is what is free.
    pub(super) fn judge_found(&self, asked: &Asked, result: &Value) {
        let Some(quiet) = self.quiet(asked) else { return };
        let count = asked.request["slots"].as_u64().and_then(|it| usize::try_from(it).ok());
        let quantity = asked.request["quantity"].as_u64().unwrap_or(1);
        let mut free = Vec::new();
        for quiet in &quiet {
            let (id, capacity) = (quiet.resource.id.as_str(), quiet.resource.capacity.get());
            for (Period { start, end }, places) in quiet.stretches(count.unwrap_or(1)) {
                if u64::from(places) >= quantity {
                    let found = json!({"resource": id, "start": start, "end": end, "free": places});
                    free.push(((start, capacity, id), found));
                }
            }
        }
        free.sort_by_key(|(order, _)| *order);
        let mut free: Vec<Value> = free.into_iter().map(|(_, found)| found).collect();
        let found = result["found"].as_array().cloned().unwrap_or_default();
        if result["cursor"].is_string() {
            free.truncate(found.len());
        }
        if found != free {
            self.world.broken("what is found is what is free", || {
                format!("{}: found {found:#?}, free {free:#?}", asked.request)
            });
        }
    }

    /// All resources, where nothing changed since a request was sent, by whatever clock: nothing was
    /// written, nothing ran out or began, nobody waits.
    fn quiet(&self, asked: &Asked) -> Option<Vec<Quiet>> {
        let ledger = self.world.ledger();
        if ledger.changed.is_some_and(|changed| changed >= asked.at) {
            return None;
        }
        let off = SignedDuration::from_millis(self.world.plan.profile.skew + 1);
        let meanwhile = self.sent(asked) - off..=self.world.now() + off;
        let mut all = Vec::new();
        for id in RESOURCES {
            let (resource, _) =
                ledger.resources.iter().find(|(it, _)| it.as_str() == id)?.1.last()?;
            let quiet = Quiet {
                resource: resource.clone(),
                slots: ledger.slots_of(&resource.id),
                at: *meanwhile.end(),
            };
            if !quiet.is(&meanwhile) {
                return None;
            }
            all.push(quiet);
        }
        drop(ledger);
        self.world.compared();
        Some(all)
    }
}

impl Quiet {
    fn is(&self, meanwhile: &RangeInclusive<Timestamp>) -> bool {
        let mut slots = self.slots.values();
        let at_rest = slots.all(|slot| {
            slot.waiting == 0 && slot.expiring.keys().all(|end| !meanwhile.contains(end))
        });
        let mut day = self.day();
        at_rest && !self.resource.has_moved() && day.all(|slot| !meanwhile.contains(&slot.start))
    }

    /// The slots of the day.
    fn day(&self) -> impl Iterator<Item = Period> + '_ {
        let hours = SignedDuration::from_hours(24);
        self.resource.calendar.offered(self.at - hours, self.at + hours)
    }

    /// All stretches of so many adjacent slots that have not begun, and what is free in them.
    fn stretches(&self, count: usize) -> Vec<(Period, u32)> {
        let slots: Vec<Period> = self.day().filter(|slot| slot.start > self.at).collect();
        let adjacent = slots
            .windows(count)
            .filter(|some| some.windows(2).all(|two| two[0].end == two[1].start));
        let free = |slot: &Period| self.resource.availability(*slot, &self.slots, self.at).free;
        let stretch = |some: &[Period]| {
            let time = Period { start: some[0].start, end: some[some.len() - 1].end };
            (time, some.iter().map(free).min().unwrap_or(0))
        };
        adjacent.map(stretch).collect()
    }
}
