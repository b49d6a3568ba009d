//! Who was told of what: each of exactly what concerns them.

use super::broken::Broken;
use super::record::{Event, History, What};
use super::view::{Booking, lists};
use super::witness::Witness;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a client knows: of everything the newest version that it saw.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Bookings, by id.
    pub bookings: BTreeMap<String, Value>,
    /// Slots, by resource and start.
    pub slots: BTreeMap<(String, String), Value>,
}

impl Known {
    /// Learns from a frame; `resource` is the one whose slots were asked for, if they were.
    pub fn learn(&mut self, frame: &Value, resource: Option<&str>) {
        for booking in super::view::bookings(frame) {
            let id = booking["id"].as_str().unwrap_or_default().to_owned();
            newest(self.bookings.entry(id).or_default(), booking);
        }
        for (key, slot) in slots(frame, resource) {
            newest(self.slots.entry(key).or_default(), slot);
        }
    }

    /// What is missing or other than it is, of a customer's bookings and of what these topics tell.
    pub fn difference<'a>(
        &self,
        customer: &str,
        topics: impl Iterator<Item = &'a str>,
        witness: &Witness,
    ) -> Vec<String> {
        let (mut of_slots, mut of_bookings) = (BTreeSet::new(), BTreeSet::new());
        for topic in topics.filter_map(|topic| topic.strip_prefix("resource:")) {
            match topic.strip_suffix("/bookings") {
                Some(resource) => of_bookings.insert(resource),
                None => of_slots.insert(topic),
            };
        }
        let mut lines = Vec::new();
        let concerns = |booking: &&Value| {
            let with = booking["with"].as_array().into_iter().flatten();
            let mut resources = with.chain([*booking]).filter_map(|it| it["resource"].as_str());
            booking["customer"] == customer || resources.any(|it| of_bookings.contains(it))
        };
        for booking in witness.bookings.iter().filter(concerns) {
            let known = self.bookings.get(booking["id"].as_str().unwrap_or_default());
            if known != Some(booking) {
                let known = known.cloned().unwrap_or_default();
                lines.push(format!("known {known}, and it is {booking}"));
            }
        }
        for resource in of_slots {
            for slot in witness.slots.get(resource).into_iter().flatten() {
                let start = slot["start"].as_str().unwrap_or_default().to_owned();
                let known = self.slots.get(&(resource.to_owned(), start));
                if known != Some(slot) {
                    let known = known.cloned().unwrap_or_default();
                    lines.push(format!("known of {resource} {known}, and it is {slot}"));
                }
            }
        }
        lines
    }
}

/// The slots that a frame shows, each with its resource and start.
fn slots<'a>(
    frame: &'a Value,
    resource: Option<&str>,
) -> impl Iterator<Item = ((String, String), &'a Value)> {
    lists(frame, "slots").into_iter().flat_map(move |(topic, slots)| {
        let of = topic.and_then(|it| it.strip_prefix("resource:")).or(resource);
        let of = of.unwrap_or_default().to_owned();
        slots.iter().map(move |slot| {
            let start = slot["start"].as_str().unwrap_or_default();
            ((of.clone(), start.to_owned()), slot)
        })
    })
}

fn newest(known: &mut Value, seen: &Value) {
    if known.is_null() || known["version"].as_u64() < seen["version"].as_u64() {
        seen.clone_into(known);
    }
}

/// A client, as its events so far tell.
#[derive(Debug, Default)]
struct Listener {
    customer: String,
    operator: bool,
    connected: bool,
    topics: BTreeSet<String>,
    known: Known,
    requests: BTreeMap<String, Value>,
}

impl Listener {
    /// The resource that the request names which this answers.
    fn asked_about(&self, event: &Event) -> Option<&str> {
        let What::Heard(frame) = &event.what else { return None };
        self.requests.get(&frame["id"].to_string())?["resource"].as_str()
    }

    fn see(&mut self, event: &Event) -> Result<(), Broken> {
        match &event.what {
            What::Connected { customer, operator } => {
                let topics = BTreeSet::from(["me".to_owned()]);
                let known = std::mem::take(&mut self.known);
                let (customer, operator, connected) = (customer.clone(), *operator, true);
                *self = Self { customer, operator, connected, topics, known, ..Self::default() };
            }
            What::Ended => self.connected = false,
            What::Sent(request) => {
                // From the request on, not only from the reply on: a push may overtake it.
                if let ("subscribe", Some(topic)) =
                    (request["action"].as_str().unwrap_or_default(), request["topic"].as_str())
                {
                    self.topics.insert(topic.to_owned());
                }
                self.requests.insert(request["id"].to_string(), request.clone());
            }
            What::Heard(frame) => {
                if frame["type"] == "update" {
                    self.may_hear(frame).map_err(|why| {
                        Broken::new(format!("everybody is told only what concerns them: {why}"), {
                            vec![event.to_string()]
                        })
                    })?;
                }
                let request = self.requests.remove(&frame["id"].to_string());
                let resource = request.as_ref().and_then(|it| it["resource"].as_str());
                self.known.learn(frame, resource);
            }
        }
        Ok(())
    }

    fn may_hear(&self, frame: &Value) -> Result<(), String> {
        if !self.connected {
            return Err("this connection has ended".to_owned());
        }
        for update in frame["updates"].as_array().into_iter().flatten() {
            let topic = update["topic"].as_str().unwrap_or_default();
            if !self.topics.contains(topic) {
                return Err(format!("{} has no subscription to {topic}", self.customer));
            }
            let of_bookings = topic == "me" || topic.ends_with("/bookings");
            for booking in update["bookings"].as_array().into_iter().flatten() {
                let theirs = booking["customer"] == self.customer.as_str();
                if !of_bookings || (topic == "me" && !theirs) || (topic != "me" && !self.operator) {
                    return Err(format!("it is not for {}", self.customer));
                }
            }
            let allowed = ["start", "end", "capacity", "free", "version"];
            for slot in update["slots"].as_array().into_iter().flatten() {
                let members = slot.as_object().into_iter().flatten();
                if let Some((name, _)) = members.into_iter().find(|it| !allowed.contains(&&**it.0))
                {
                    return Err(format!("a slot tells {name}"));
                }
            }
        }
        Ok(())
    }
}

/// What was first told under each version of a booking or a slot, and when. Nobody writes a resource
/// again while its slots are told of: so a version of a slot is one thing too.
#[derive(Debug, Default)]
struct Told(BTreeMap<(String, String, u64), (Value, String)>);

impl Told {
    fn see(&mut self, event: &Event, resource: Option<&str>) -> Result<(), Broken> {
        let What::Heard(frame) = &event.what else { return Ok(()) };
        for value in super::view::bookings(frame) {
            if let Some(booking) = Booking::read(value) {
                self.is_one("a booking", (booking.id, String::new()), value, event)?;
            }
        }
        for (key, slot) in slots(frame, resource) {
            self.is_one("a slot", key, slot, event)?;
        }
        Ok(())
    }

    fn is_one(
        &mut self,
        what: &str,
        (of, part): (String, String),
        value: &Value,
        event: &Event,
    ) -> Result<(), Broken> {
        let version = value["version"].as_u64().unwrap_or_default();
        let first = self.0.entry((of, part, version));
        let first = first.or_insert_with(|| (value.clone(), event.to_string()));
        if first.0 == *value {
            return Ok(());
        }
        let lines = vec![first.1.clone(), event.to_string()];
        Err(Broken::new(format!("a version of {what} is one thing"), lines))
    }
}

/// Whether everybody was told only what concerns them, no version of a booking or a slot was ever told
/// in two ways, and, where there is a witness, all who are connected in the end know how everything is.
pub fn check(history: &History, witness: Option<&Witness>) -> Result<(), Broken> {
    let mut listeners: BTreeMap<usize, Listener> = BTreeMap::new();
    let mut told = Told::default();
    for event in &history.events {
        let listener = listeners.entry(event.client).or_default();
        told.see(event, listener.asked_about(event))?;
        listener.see(event)?;
    }
    let Some(witness) = witness else { return Ok(()) };
    for (client, listener) in listeners.iter().filter(|(_, it)| it.connected) {
        let topics = listener.topics.iter().map(String::as_str);
        let mut lines = listener.known.difference(&listener.customer, topics, witness);
        if !lines.is_empty() {
            let about = history.events.iter().filter(|event| event.client == *client);
            lines.extend(about.map(ToString::to_string));
            let promise = format!("nobody misses a change, but client {client} has");
            return Err(Broken::new(promise, lines));
        }
    }
    Ok(())
}
