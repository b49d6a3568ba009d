//! Some clients, the resources that they want, and what they do.

use super::actor::Actor;
use super::life::live;
use crate::history::{Recorder, Terms};
use e2e::scene::{day, every_day};
use e2e::{Gateway, unique};
use fastrand::Rng;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long anything may take that has to come about.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
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

impl Setting {
    /// How long a hold lasts in all, however often it is extended, in seconds.
    fn most(self) -> i64 {
        3 * self.hold
    }
}

/// Clients and resources of one seed.
#[derive(Debug)]
pub(super) struct World {
    pub(super) recorder: Recorder,
    pub(super) actors: Vec<Actor>,
    pub(super) rooms: Vec<String>,
    pub(super) setting: Setting,
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
                "maxHoldSeconds": self.setting.most(),
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
        let [hold, most] = [self.setting.hold, self.setting.most()].map(SignedDuration::from_secs);
        let terms = Terms { capacity: self.setting.capacity, slot: HOUR, hold, most };
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
}

/// So many slots.
pub(super) fn hours(many: i64) -> SignedDuration {
    SignedDuration::from_hours(many)
}
