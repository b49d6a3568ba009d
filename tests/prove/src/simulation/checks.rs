//! What must be so whenever everything is quiet: read from the tables themselves.

use super::client::board::Standing;
use super::client::view::View;
use super::collection::is_over;
use super::ledger::shortly;
use super::line;
use super::plan::RESOURCES;
use super::setup::SETUP;
use super::sockets::State;
use super::step::Topic;
use super::world::World;
use domain::{Booking, Period, Resource, ResourceId, Slot, VenueId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::{Change, Connection, Item};

/// No invocation lasts longer.
const INVOCATION: SignedDuration = SignedDuration::from_secs(60);

/// The tables, as they are.
struct Tables {
    bookings: BTreeMap<String, Booking>,
    slots: BTreeMap<ResourceId, BTreeMap<Timestamp, Slot>>,
    resources: BTreeMap<ResourceId, Resource>,
    /// By resource, the places in lines: of which slot, and of which booking.
    lines: BTreeMap<ResourceId, BTreeSet<(Timestamp, String)>>,
    connections: BTreeMap<String, Connection>,
    /// A customer's partition, and a connection in it.
    listed: BTreeSet<(String, String)>,
    /// Topic and shard, connection, role, end.
    subscriptions: BTreeSet<(String, String, String, i64)>,
}

/// Looks at everything, after somebody looked for places at an instant.
pub fn look(world: &World, standings: &[Standing], looked: Timestamp) {
    let tables = Tables::read(world);
    tables.are_as_committed(world);
    tables.balance(world);
    tables.wait(world, looked);
    if world.plan.profile.expires {
        tables.have_ended(world, looked);
    }
    tables.agree_on_connections(world);
    for standing in standings {
        tables.keep_what_was_acknowledged(world, standing);
        if tables.may_be_forgotten(world, standing) {
            continue;
        }
        tables.know(world, standing);
        for (topic, view) in &standing.views {
            match topic {
                Topic::Me => {
                    let socket =
                        standing.connection.as_ref().and_then(|id| tables.connections.get(id));
                    let customer = socket.map(|it| it.customer.as_str()).unwrap_or_default();
                    let mine = |booking: &&Booking| booking.customer.as_str() == customer;
                    tables.show_bookings(world, standing, view, topic, mine);
                }
                Topic::Bookings(number) => {
                    let there = |booking: &&Booking| {
                        let mut here = booking.resources();
                        here.any(|it| it.as_str() == RESOURCES[*number])
                            && booking.stretch.end() > midnight(world)
                    };
                    tables.show_bookings(world, standing, view, topic, there);
                }
                Topic::Slots(number) => tables.show_slots(world, standing, view, *number),
            }
        }
    }
}

impl Tables {
    fn read(world: &World) -> Self {
        let (mut bookings, mut slots, mut resources) =
            (BTreeMap::new(), BTreeMap::<_, BTreeMap<_, _>>::new(), BTreeMap::new());
        let mut lines = BTreeMap::<_, BTreeSet<_>>::new();
        for item in world.scan(&SETUP.bookings) {
            let sort = item["SK"]["S"].as_str().unwrap_or_default();
            if let Some(resource) = item["PK"]["S"].as_str().and_then(|pk| pk.strip_prefix("W#")) {
                let resource = ResourceId::parse(resource).expect("it is an id");
                let parts: Vec<&str> = sort.split('#').collect();
                let start = parts[0].parse().expect("it is a start");
                lines.entry(resource).or_default().insert((start, parts[2].to_owned()));
                continue;
            }
            if item["PK"]["S"] == "RESOURCES" || !(sort == "META" || sort.starts_with(['S', 'B'])) {
                continue;
            }
            match Change::of(self::item(&item)) {
                Ok(Some(Change::Booking(booking))) => {
                    bookings.insert(booking.id.to_string(), booking);
                }
                Ok(Some(Change::Slot(resource, slot))) => {
                    slots.entry(resource).or_default().insert(slot.start, slot);
                }
                Ok(Some(Change::Resource(resource))) => {
                    resources.insert(resource.id.clone(), resource);
                }
                other => world.broken("what is written can be read", || format!("{other:?}")),
            }
        }
        let (mut connections, mut subscriptions) = (BTreeMap::new(), BTreeSet::new());
        let mut listed = BTreeSet::new();
        // What is over may be collected in any part.
        let items = world.scan(&SETUP.connections).into_iter();
        for item in items.filter(|item| !is_over(world, item)) {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            if text("SK") == "META" {
                let connection: Connection =
                    serde_dynamo::from_item(self::item(&item)).expect("it is one");
                connections.insert(connection.id.to_string(), connection);
            } else if text("PK").starts_with("U#") {
                listed.insert((text("PK"), text("SK")));
            } else {
                let expires = item["expires"]["N"].as_str().and_then(|it| it.parse().ok());
                let subscription = (text("PK"), text("SK"), text("role"), expires.unwrap_or(0));
                subscriptions.insert(subscription);
            }
        }
        Self { bookings, slots, resources, lines, connections, listed, subscriptions }
    }

    fn are_as_committed(&self, world: &World) {
        let ledger = world.ledger();
        let committed: BTreeMap<String, &Booking> =
            ledger.bookings.iter().map(|(id, booking)| (id.to_string(), booking)).collect();
        let here: BTreeMap<String, &Booking> =
            self.bookings.iter().map(|(id, booking)| (id.clone(), booking)).collect();
        if committed != here {
            drop(ledger);
            world.broken("the stream tells of every change", || format!("{here:#?}"));
        }
    }

    /// In every slot, what bookings take is what is taken.
    fn balance(&self, world: &World) {
        // Late enough that all clocks agree on what has run out.
        let now = world.now() + SignedDuration::from_secs(1);
        let mut starts: BTreeSet<(ResourceId, Timestamp)> = BTreeSet::new();
        for booking in self.bookings.values() {
            for claim in booking.claims() {
                let slots = claim.stretch.slots();
                starts.extend(slots.map(|slot| (claim.resource.clone(), slot.start)));
            }
        }
        for (resource, slots) in &self.slots {
            starts.extend(slots.keys().map(|start| (resource.clone(), *start)));
        }
        // Slots of weeks ago may be collected, whatever was sold in them.
        starts.retain(|(_, start)| *start >= world.morning());
        for (resource, start) in starts {
            let all = self.bookings.values();
            let booked: u32 = all.map(|it| it.at(now).places_in(&resource, start)).sum();
            let slot = self.slots.get(&resource).and_then(|slots| slots.get(&start));
            let taken = slot.map_or(0, |slot| slot.at(now).taken);
            if booked != taken {
                world.broken("in every slot, what bookings take is what is taken", || {
                    let all: Vec<_> = self.bookings.values().map(shortly).collect();
                    format!("{resource} {start}: booked {booked}, taken {taken}: {slot:?} {all:#?}")
                });
            }
        }
    }

    /// Nobody waits beside places that fit, and all who wait are in line.
    fn wait(&self, world: &World, looked: Timestamp) {
        let (no_slots, nobody) = (BTreeMap::new(), BTreeSet::new());
        for (id, resource) in &self.resources {
            let slots = self.slots.get(id).unwrap_or(&no_slots);
            let lines = self.lines.get(id).unwrap_or(&nobody);
            line::no_place_is_idle(world, &self.bookings, (resource, slots), looked);
            line::lines_are_counted(world, &self.bookings, (id, slots), lines);
        }
    }

    /// Where there is `expire`, what was over at an instant is written down as such, and dropped from its slots, so
    /// that everybody was told.
    fn have_ended(&self, world: &World, then: Timestamp) {
        for booking in self.bookings.values().filter(|booking| booking.at(then) != **booking) {
            world.broken("what is over is written down", || shortly(booking));
        }
        let all = self.slots.values().flat_map(BTreeMap::values);
        // Those of weeks ago may have outlived their bookings.
        for slot in all.filter(|slot| slot.start >= world.morning()) {
            if slot.run_out(then).any(|(_, places)| places > 0) {
                world.broken("what has run out is dropped from its slots", || format!("{slot:?}"));
            }
        }
    }

    /// A connection's subscriptions, and its customer's list, say what its item says.
    fn agree_on_connections(&self, world: &World) {
        let mut expected = BTreeSet::new();
        for (id, connection) in &self.connections {
            let role = json!(connection.role).as_str().unwrap_or_default().to_owned();
            for (topic, shard) in &connection.topics {
                let partition = format!("T#{}#{shard}", topic.as_str());
                expected.insert((partition, id.clone(), role.clone(), connection.expires));
            }
        }
        let listed = self.connections.values();
        let listed = listed.map(|it| (format!("U#{}", it.customer), it.id.to_string()));
        let listed: BTreeSet<_> = listed.collect();
        // One that was revoked stays there until it is closed for certain.
        let ledger = world.ledger();
        let was_revoked =
            |partition: &str| ledger.revocations.keys().any(|it| partition[2..] == *it);
        let too_much = self.listed.difference(&listed).any(|(at, _)| !was_revoked(at));
        if too_much || !listed.is_subset(&self.listed) {
            world.broken("customers' lists name all connections", || format!("{:#?}", self.listed));
        }
        if expected != self.subscriptions {
            world.broken("subscriptions say what their connection says", || {
                let wrong: Vec<_> = expected.symmetric_difference(&self.subscriptions).collect();
                format!("{wrong:#?}")
            });
        }
    }

    fn keep_what_was_acknowledged(&self, world: &World, standing: &Standing) {
        let collected = world.ledger().collected.clone();
        for (id, version) in standing.acknowledged.iter().filter(|(id, _)| !collected.contains(*id))
        {
            let there = self.bookings.get(id).map(|booking| booking.version.get());
            if there.is_none_or(|there| there < *version) {
                world.broken("what was acknowledged is there", || {
                    format!("{id} at {version}, found {there:?}")
                });
            }
        }
    }

    /// Whether somebody began to revoke this client's tokens, and never came to an end: then the connection
    /// may be forgotten, and not yet closed.
    fn may_be_forgotten(&self, world: &World, standing: &Standing) -> bool {
        let Some(id) = &standing.connection else { return false };
        let customer = {
            let sockets = world.sockets();
            let customer = sockets.get(id).and_then(|socket| socket.context["customer"].as_str());
            customer.unwrap_or_default().to_owned()
        };
        let under_way = world.ledger().revocations.get(&customer).is_some_and(|it| *it > 0);
        under_way && !self.connections.contains_key(id)
    }

    /// The connection of a client that is at rest is known as the client knows it.
    fn know(&self, world: &World, standing: &Standing) {
        let Some(id) = &standing.connection else { return };
        if world.sockets().get(id).is_none_or(|socket| socket.state != State::Open) {
            return;
        }
        let Some(connection) = self.connections.get(id) else {
            return world.broken("an open connection is known", || id.clone());
        };
        let role = json!(connection.role);
        let venue = connection.venue.as_ref().map(VenueId::as_str);
        let holds = standing.token.is_none_or(|(powers, expires)| {
            (role == powers.role(), venue, connection.expires) == (true, powers.venue(), expires)
        });
        if !holds {
            world.broken("a refresh that was answered holds", || {
                format!("{:?}, and not {connection:?}", standing.token)
            });
        }
        for topic in standing.views.keys() {
            let name = match topic {
                Topic::Me => format!("me:{}", connection.customer),
                other => other.to_string(),
            };
            if !connection.topics.keys().any(|it| it.as_str() == name) {
                world.broken("a subscription that was answered holds", || {
                    format!("{id} lacks {topic}: {connection:?}")
                });
            }
        }
    }

    fn show_bookings(
        &self,
        world: &World,
        standing: &Standing,
        view: &View,
        topic: &Topic,
        shown: impl Fn(&&Booking) -> bool,
    ) {
        let there = self.bookings.values().filter(|it| shown(it));
        let there =
            there.map(|it| (it.id.to_string(), json!(protocol::view::BookingView::for_owner(it))));
        let there: BTreeMap<String, Value> = there.collect();
        let mut seen = view.things.clone();
        // Nobody is told that something was collected.
        let collected = world.ledger().collected.clone();
        seen.retain(|id, _| !collected.contains(id));
        if let Topic::Bookings(number) = topic {
            // What has left is told of, and is no part of it.
            seen.retain(|_, it| is_of(it, RESOURCES[*number]));
            // Its snapshot has the day; what is older is told of where it changes.
            let end = |it: &Value| it["end"].as_str().and_then(|end| end.parse().ok());
            seen.retain(|_, it| end(it).is_some_and(|end: Timestamp| end > midnight(world)));
        }
        if there != seen {
            world.broken("a client at rest sees what is there", || {
                differences(standing, topic, &there, &seen)
            });
        }
    }

    /// What was told of a slot last is what it offers at some time since it was written last: that
    /// holds run out is not told.
    fn show_slots(&self, world: &World, standing: &Standing, view: &View, number: usize) {
        let Some(resource) = self.resources.values().find(|it| it.id.as_str() == RESOURCES[number])
        else {
            return;
        };
        let none = BTreeMap::new();
        let slots = self.slots.get(&resource.id).unwrap_or(&none);
        let (now, ledger) = (world.now(), world.ledger());
        let skew = SignedDuration::from_millis(world.plan.profile.skew + 1);
        let life = domain::resource::REQUEST_LIFE;
        let midnight = midnight(world);
        let written = ledger.resource(&resource.id).map_or(midnight, |(_, at)| *at);
        let day = SignedDuration::from_hours(24);
        for period in resource.calendar.offered(midnight, midnight + day) {
            let Period { start, end } = period;
            let counted = slots.range(resource.reads_from(start)..end);
            let mut since = written;
            let mut ends = BTreeSet::from([now + skew]);
            for (_, slot) in counted {
                let key = (resource.id.clone(), slot.start);
                // Watchers are told of slots that overlap the one that was written.
                if slot.end() > start {
                    since = since.max(ledger.slots.get(&key).map_or(written, |(_, at)| *at));
                }
                let runs_out = slot.expiring.keys().flat_map(|end| [*end, *end + life]);
                ends.extend(runs_out.filter(|end| *end <= now + skew));
            }
            // An invocation sees everything as it is when it begins, and tells of it much later.
            let since = since - skew - INVOCATION;
            ends.insert(since);
            let possible = ends.into_iter().filter(|at| *at >= since);
            let offered = possible.map(|at| {
                json!(protocol::view::SlotView::from(resource.availability(period, slots, at)))
            });
            let offered: Vec<Value> = offered.collect();
            let seen = view.things.get(&start.to_string());
            let is_shown = |seen: &Value| offered.iter().any(|it| shows(resource, it, seen));
            if !seen.is_some_and(is_shown) {
                world.broken("a client at rest sees what is there", || {
                    let who = standing.connection.as_deref().unwrap_or_default();
                    format!("{who} {}: {start}: sees {seen:?}, offered {offered:?}", resource.id)
                });
            }
        }
    }
}

/// Whether a client sees what is offered. After a change of the grid the number of a slot rises also
/// with slots before it that do not concern it, of which its watchers need not be told.
fn shows(resource: &Resource, offered: &Value, seen: &Value) -> bool {
    let same = |name: &str| offered[name] == seen[name];
    let newer = offered["version"].as_u64() > seen["version"].as_u64();
    let number = same("version") || resource.has_moved() && newer;
    number && ["start", "end", "capacity", "free"].into_iter().all(same)
}

/// When the day begins that it is all about.
fn midnight(world: &World) -> Timestamp {
    world.morning() - SignedDuration::from_hours(8)
}

/// Whether a booking, as a client sees it, is of this resource.
fn is_of(booking: &Value, resource: &str) -> bool {
    let with = booking["with"].as_array().into_iter().flatten();
    with.chain([booking]).any(|of| of["resource"] == resource)
}

fn differences(
    standing: &Standing,
    topic: &Topic,
    there: &BTreeMap<String, Value>,
    seen: &BTreeMap<String, Value>,
) -> String {
    let names: BTreeSet<&String> = there.keys().chain(seen.keys()).collect();
    let differ = names.into_iter().filter(|name| there.get(*name) != seen.get(*name));
    let lines =
        differ.map(|it| format!("{:?} is there, {:?} is seen", there.get(it), seen.get(it)));
    let who = standing.connection.as_deref().unwrap_or_default();
    format!("{who} {topic}: {}", lines.collect::<Vec<_>>().join("\n"))
}

fn item(json: &Value) -> Item {
    serde_json::from_value(json.clone()).expect("it is an item")
}
