//! A crowd wants the places of one resource, all at the same time.

use super::actor::Actor;
use super::world::{SLOTS, Setting, World};
use super::{add, block_on, check, failed};
use crate::budget::Budget;
use crate::findings::{Figures, Violation};
use crate::history::{Outcome, operations};
use e2e::{Host, unique};
use fastrand::Rng;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Holds of the long run.
const HOLDS: u64 = 10_000;
/// Who wants them.
const CROWD: usize = 64;
/// Places in each of the day's slots: in all about as many as there are clients.
const CAPACITY: u64 = 5;
const SKEW: SignedDuration = SignedDuration::from_millis(5);

/// Runs the long race, by the first seed of the budget.
pub fn run(budget: &Budget) -> Result<Figures, Violation> {
    let left = budget.end.saturating_duration_since(std::time::Instant::now());
    race(HOLDS, budget.seeds.start, left)
}

/// Races for so many holds of places that are soon all taken, and now and then given back.
pub fn race(holds: u64, seed: u64, most: Duration) -> Result<Figures, Violation> {
    block_on(run_race(holds, seed, most))
}

async fn run_race(holds: u64, seed: u64, most: Duration) -> Result<Figures, Violation> {
    let host = Host::start(&[]);
    let setting = Setting {
        customers: CROWD,
        rooms: 1,
        watched: false,
        capacity: CAPACITY,
        slots: SLOTS,
        hold: 900,
        steps: 0,
        offline: 0,
    };
    let mut world = World::new(&host.gateway, setting).await;
    let end = Instant::now() + most;
    for actor in &mut world.actors {
        if !actor.connect(end).await {
            let why = "a client cannot connect";
            return Err(failed("race", seed, why, &world.recorder.history()));
        }
    }
    let tickets = AtomicU64::new(0);
    let (room, first) = (world.rooms[0].clone(), world.first);
    let started = std::time::Instant::now();
    let racing = world.actors.iter_mut().take(CROWD).zip(0..).map(|(actor, number)| {
        let mut random = Rng::with_seed(seed.wrapping_mul(1000) + number);
        let (tickets, room) = (&tickets, &room);
        async move {
            let mut mine = Vec::new();
            while tickets.fetch_add(1, Ordering::Relaxed) < holds && Instant::now() < end {
                let slot = SignedDuration::from_hours(random.i64(0..SLOTS));
                let start = (first + slot).to_string();
                run_one(actor, room, start, &mut mine, &mut random, end).await;
            }
        }
    });
    futures::future::join_all(racing).await;
    let took = started.elapsed();
    let came_to_end = async {
        world.come_back().await?;
        world.witness(&host.gateway).await
    };
    let witness = came_to_end.await;
    let witness = witness.map_err(|why| failed("race", seed, &why, &world.recorder.history()))?;
    let checked = check("race", seed, &world, SKEW, &witness)?;

    let all = operations(&world.recorder.history());
    let count = |action: &str, code: Option<&str>| {
        let is_it = |outcome: &Outcome| match (outcome, code) {
            (Outcome::Result(_), None) => true,
            (Outcome::Refused(refused), Some(code)) => refused == code,
            _ => false,
        };
        all.iter().filter(|it| it.action() == action && is_it(&it.outcome)).count()
    };
    let (sold, busy) = (count("hold", None), count("hold", Some("busy")));
    let mut figures = Figures::default();
    figures.add("holds asked for", all.iter().filter(|it| it.action() == "hold").count());
    figures.add("holds", sold);
    figures.add("holds refused, the slot being full", count("hold", Some("slot_full")));
    figures.add("holds told that it is busy", busy);
    figures.add("extended", count("extend", None));
    figures.add("confirmed", count("confirm", None));
    figures.add("cancelled", count("cancel", None));
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let rate = all.len() as f64 / took.as_secs_f64();
    figures.add("requests a second", format!("{rate:.0}"));
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let rate = sold as f64 / took.as_secs_f64();
    figures.add("holds a second", format!("{rate:.0}"));
    add(&mut figures, &checked);
    Ok(figures)
}

/// Holds a place, now and then for longer, and keeps it or gives it back; now and then gives back one
/// that it kept.
async fn run_one(
    actor: &mut Actor,
    room: &str,
    start: String,
    mine: &mut Vec<Value>,
    random: &mut Rng,
    end: Instant,
) {
    let key = unique("attempt");
    let hold = json!({"action": "hold", "resource": room, "start": start, "key": key});
    let change = |action: &str, id: &Value| json!({"action": action, "booking": id, "key": unique("attempt")});
    if let Some(held) = actor.insist(hold, 1000, end).await {
        if random.u32(0..4) == 0 {
            actor.insist(change("extend", &held["id"]), 1000, end).await;
        }
        let keeps = random.u32(0..5) > 0;
        let next = change(if keeps { "confirm" } else { "cancel" }, &held["id"]);
        if actor.insist(next, 1000, end).await.is_some() && keeps {
            mine.push(held["id"].clone());
        }
    }
    if !mine.is_empty() && random.bool() {
        let one = mine.swap_remove(random.usize(..mine.len()));
        actor.insist(change("cancel", &one), 1000, end).await;
    }
}
