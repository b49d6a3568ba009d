//! Some clients, the resources that they want, and what they do.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::scene::{day, every_day};
use e2e::{Gateway, unique};
use fastrand::Rng;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::actor::Actor;
use crate::history::{Recorder, Row, Terms, Witness};

/// How long anything may take that has to come about.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long pushes are waited for before it is looked at again.
const LOOK: Duration = Duration::from_millis(50);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// The slots of the day.
pub(super) const SLOTS: i64 = 12;

/// What a world is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// Customers; an operator and somebody who only looks come with them.
    pub(super) customers: usize,
    /// Resources.
    pub(super) rooms: usize,
    /// Whether anybody watches them.
    pub(super) watched: bool,
    /// Places in each slot.
    pub(super) capacity: u64,
    /// The first slots of the day, in which all bookings begin; some are of two slots.
    pub(super) slots: i64,
    /// How long a hold lasts, in seconds.
    pub(super) hold: i64,
    /// What each client does.
    pub(super) steps: u32,
    /// How often one goes offline instead, of a hundred times.
    pub(super) offline: u32,
}

/// Clients and resources of one seed.
#[derive(Debug)]
pub(super) struct World {
    pub(super) recorder: Recorder,
    pub(super) actors: Vec<Actor>,
    pub(super) rooms: Vec<String>,
    setting: Setting,
    /// The first slot.
    pub(super) first: Timestamp,
}

impl World {
    /// Makes the resources, and clients that are not connected yet.
    pub(super) async fn new(gateway: &Gateway, setting: Setting) -> Self {
        let recorder = Recorder::start();
        let rooms: Vec<String> = (0..setting.rooms).map(|_| unique("room")).collect();
        let first = day().to_datetime(Time::constant(8, 0, 0, 0)).to_zoned(TimeZone::UTC);
        let first = first.expect("UTC has no gaps").timestamp();
        let watch = |room: &String| {
            let (from, to) = (first.to_string(), (first + hours(SLOTS)).to_string());
            json!({"action": "subscribe", "topic": format!("resource:{room}"), "from": from, "to": to})
        };
        let me = json!({"action": "subscribe", "topic": "me"});
        let mut actors = Vec::new();
        for number in 0..setting.customers {
            // Everybody watches something, and nobody everything.
            let room = watch(&rooms[number % rooms.len()]);
            let topics = if setting.watched { vec![me.clone(), room] } else { Vec::new() };
            let name = unique("customer");
            actors.push(Actor::new(gateway, &recorder, number, name, false, topics).await);
        }
        let all: Vec<Value> = rooms.iter().filter(|_| setting.watched).map(watch).collect();
        let number = setting.customers;
        let watcher = unique("watcher");
        let mut watcher = Actor::new(gateway, &recorder, number, watcher, false, all).await;
        watcher.looks = true;
        actors.push(watcher);
        let name = unique("operator");
        let operator = Actor::new(gateway, &recorder, number + 1, name, true, Vec::new()).await;
        actors.push(operator);
        let mut world = Self { recorder, actors, rooms, setting, first };
        world.open().await;
        world
    }

    /// The operator makes the resources, and watches their bookings from then on.
    async fn open(&mut self) {
        for room in self.rooms.clone() {
            let resource = json!({
                "id": room,
                "name": "A room",
                "timeZone": "Etc/UTC",
                "slotMinutes": 60,
                "opening": every_day("08:00-20:00"),
                "capacity": self.setting.capacity,
                "holdSeconds": self.setting.hold,
            });
            let put = json!({"action": "resource.put", "resource": resource});
            let end = Instant::now() + PATIENCE;
            let made = self.operator().insist(put, 1000, end).await;
            assert!(made.is_some(), "the resource cannot be made");
        }
        let watched = self.rooms.iter().filter(|_| self.setting.watched);
        let topics = watched.map(
            |room| json!({"action": "subscribe", "topic": format!("resource:{room}/bookings")}),
        );
        let topics = topics.collect();
        let operator = self.operator();
        operator.leave();
        operator.topics = topics;
    }

    pub(super) fn operator(&mut self) -> &mut Actor {
        self.actors.last_mut().expect("a world has an operator")
    }

    /// On what terms its resources sell.
    pub(super) fn terms(&self) -> BTreeMap<String, Terms> {
        let hold = SignedDuration::from_secs(self.setting.hold);
        let terms = Terms { capacity: self.setting.capacity, slot: HOUR, hold };
        self.rooms.iter().map(|room| (room.clone(), terms)).collect()
    }

    /// Everybody connects, as far as they can.
    pub(super) async fn connect(&mut self) {
        let end = Instant::now() + PATIENCE;
        let connecting = self.actors.iter_mut().map(|actor| actor.connect(end));
        futures::future::join_all(connecting).await;
    }

    /// Everybody does things at random, all at once, each with a seed of their own.
    pub(super) async fn live(&mut self, seed: u64) {
        let Self { actors, rooms, setting, first, .. } = self;
        let lives = actors.iter_mut().zip(0..).map(|(actor, number)| {
            let random = Rng::with_seed(seed.wrapping_mul(1000) + number);
            live(actor, rooms, *setting, *first, random)
        });
        futures::future::join_all(lives).await;
    }

    /// Everybody is there again, and knows what came of what they asked for.
    pub(super) async fn come_back(&mut self) -> Result<(), String> {
        let back = self.actors.iter_mut().map(async |actor| {
            let end = Instant::now() + PATIENCE;
            // Whoever has lost their connection without a word learns it now.
            for _ in 0..3 {
                if !actor.connect(end).await {
                    return Err(format!("{} cannot come back", actor.customer));
                }
                let _ = actor.ask(json!({"action": "ping"})).await;
            }
            for attempt in std::mem::take(&mut actor.doubtful) {
                actor.insist(attempt, 1000, end).await;
            }
            match &actor.doubtful[..] {
                [] => Ok(()),
                [open, ..] => Err(format!("{} never hears what came of {open}", actor.customer)),
            }
        });
        futures::future::join_all(back).await.into_iter().collect()
    }

    /// Waits until no hold can run out any more, and has every slot written once again: nobody is told
    /// of the mere passing of time.
    pub(super) async fn outlast_holds(&mut self, skew: SignedDuration) -> Result<(), String> {
        let held = self.actors.iter().flat_map(|actor| actor.known.bookings.values());
        let ends = held.filter_map(|it| crate::history::instant(&it["holdExpiresAt"])).max();
        let left = ends.map(|end| end.duration_since(Timestamp::now()) + skew + skew);
        let left = left.and_then(|left| Duration::try_from(left).ok()).unwrap_or_default();
        tokio::time::sleep(left + Duration::from_millis(20)).await;
        let (rooms, slots, first) = (self.rooms.clone(), self.setting.slots, self.first);
        let customers: Vec<usize> = (0..self.setting.customers).collect();
        // Their owners look at them: that they have run out is written then.
        for number in customers {
            let actor = &mut self.actors[number];
            actor
                .insist(json!({"action": "list", "limit": 100}), 100, Instant::now() + PATIENCE)
                .await;
        }
        let operator = self.operator();
        for room in rooms {
            for slot in 0..=slots {
                let start = (first + hours(slot)).to_string();
                let book = json!({"action": "book", "resource": room, "start": start, "key": unique("touch")});
                let Some(booked) = operator.insist(book, 100, Instant::now() + PATIENCE).await
                else {
                    continue;
                };
                let cancel =
                    json!({"action": "cancel", "booking": booked["id"], "key": unique("touch")});
                let cancelled = operator.insist(cancel, 100, Instant::now() + PATIENCE).await;
                cancelled.ok_or("what was booked last cannot be cancelled")?;
            }
        }
        Ok(())
    }

    /// How everything is: waits until all know it, for as long as that may take.
    pub(super) async fn witness(&mut self, gateway: &Gateway) -> Result<Witness, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let witness = self.look(gateway).await?;
            let until = Instant::now() + LOOK;
            let listening = self.actors.iter_mut().map(|actor| actor.listen(until));
            futures::future::join_all(listening).await;
            let knows = |actor: &Actor| {
                let topics = actor.topics();
                actor.is_connected()
                    && actor.known.difference(&actor.customer, topics, &witness).is_empty()
            };
            // The checker says what is missing.
            if self.actors.iter().all(knows) || Instant::now() > end {
                return Ok(witness);
            }
            for actor in &mut self.actors {
                actor.connect(end).await;
            }
        }
    }

    /// Asks the operator's way, and reads the tables.
    async fn look(&mut self, gateway: &Gateway) -> Result<Witness, String> {
        let (from, to) = (self.first.to_string(), (self.first + hours(SLOTS)).to_string());
        let (mut bookings, mut slots) = (Vec::new(), BTreeMap::new());
        let mut taken = BTreeMap::new();
        let end = Instant::now() + PATIENCE;
        for room in self.rooms.clone() {
            let window =
                |action: &str| json!({"action": action, "resource": room, "from": from, "to": to});
            let mut list = window("list");
            list["limit"] = json!(100);
            loop {
                let page = self.operator().insist(list.clone(), 100, end).await;
                let page = page.ok_or("the bookings cannot be listed")?;
                bookings.extend(page["bookings"].as_array().cloned().unwrap_or_default());
                if !page["cursor"].is_string() {
                    break;
                }
                list["cursor"] = page["cursor"].clone();
            }
            let page = self.operator().insist(window("availability"), 100, end).await;
            let page = page.ok_or("the slots cannot be read")?;
            slots.insert(room.clone(), page["slots"].as_array().cloned().unwrap_or_default());
        }
        let at = self.recorder.elapsed();
        let now = Timestamp::now();
        for room in &self.rooms {
            let rows = gateway.tables.slots(room).await;
            let rows = rows.into_iter().map(|(start, row)| (start, row.taken_at(now)));
            taken.insert(room.clone(), rows.collect());
        }
        let mut rows = Vec::new();
        for actor in &self.actors {
            let theirs = gateway.tables.bookings(&actor.customer).await;
            rows.extend(theirs.into_iter().map(|row| Row {
                hash: row.id,
                status: row.status,
                version: row.version,
                start: row.start,
                end: row.end,
                quantity: row.quantity,
            }));
        }
        Ok(Witness { at, bookings, slots, rows, taken })
    }
}

fn hours(many: i64) -> SignedDuration {
    SignedDuration::from_hours(many)
}

/// One client's life.
async fn live(
    actor: &mut Actor,
    rooms: &[String],
    setting: Setting,
    first: Timestamp,
    mut random: Rng,
) {
    let end = Instant::now() + PATIENCE;
    let time = |slot: i64| (first + hours(slot)).to_string();
    for _ in 0..setting.steps {
        if !actor.connect(end).await {
            return;
        }
        if random.u32(0..100) < setting.offline {
            actor.leave();
            tokio::time::sleep(Duration::from_millis(random.u64(0..200))).await;
            continue;
        }
        if actor.looks {
            actor.listen(Instant::now() + Duration::from_millis(random.u64(0..60))).await;
            continue;
        }
        let room = &rooms[random.usize(..rooms.len())];
        let start = random.i64(0..setting.slots);
        let length = if random.u32(0..4) == 0 { 2 } else { 1 };
        let quantity = if random.u32(0..4) == 0 { setting.capacity.min(2) } else { 1 };
        let ids: Vec<&String> = actor.known.bookings.keys().collect();
        let one = random.choice(&ids).map(ToString::to_string);
        let key = unique("attempt");
        let sell = |action: &str| {
            let mut sale = json!({
                "action": action, "resource": room, "start": time(start), "quantity": quantity, "key": key,
            });
            if length > 1 {
                sale["end"] = json!(time(start + length));
            }
            sale
        };
        let change = |action: &str, id: &str| json!({"action": action, "booking": id, "key": key});
        let request = match (random.u32(0..100), one) {
            // The operator gives back what others have, and takes little.
            (0..10, Some(id)) if actor.operator => change("cancel", &id),
            (0..60, _) if actor.operator => {
                json!({"action": "availability", "resource": room, "from": time(0), "to": time(SLOTS)})
            }
            (60..100, _) if actor.operator => {
                actor.listen(Instant::now() + Duration::from_millis(random.u64(0..40))).await;
                continue;
            }
            (0..30, _) => sell("hold"),
            (30..40, _) => sell("book"),
            (40..60, Some(id)) => change("confirm", &id),
            (60..72, Some(id)) => change("cancel", &id),
            (72..82, Some(id)) => {
                let mut reschedule = change("reschedule", &id);
                reschedule["start"] = json!(time(start));
                reschedule["end"] = json!(time(start + length));
                reschedule
            }
            (82..88, Some(id)) => json!({"action": "get", "booking": id}),
            (88..92, _) => json!({"action": "list", "limit": 100}),
            (92..96, _) => {
                json!({"action": "availability", "resource": room, "from": time(0), "to": time(SLOTS)})
            }
            _ => {
                actor.listen(Instant::now() + Duration::from_millis(random.u64(0..40))).await;
                continue;
            }
        };
        if random.u32(0..100) < setting.offline / 4 {
            actor.hurry(request).await;
            continue;
        }
        let tries = random.u32(1..4);
        actor.insist(request, tries, end).await;
    }
}
