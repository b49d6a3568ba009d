//! Everything fails by chance: database, @connections, processes, stream, clocks. Then nothing fails any
//! more, all come back, and know how it is.

use super::world::{Setting, World};
use super::{add, block_on, check, failed, start};
use crate::budget::Budget;
use crate::findings::{Figures, Violation};
use crate::history::Checked;
use e2e::Host;
use e2e::wait::eventually;
use fastrand::Rng;
use futures::StreamExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Seeds that share a host: starting one takes about as long as a seed.
const SEEDS_A_HOST: usize = 10;
/// Hosts at once: a seed mostly waits.
const HOSTS: usize = 2;
/// How far clocks are off at most, in milliseconds.
const SKEW: u64 = 150;

/// What goes wrong with this seed: more or less of each, and some of it not at all.
fn plan(random: &mut Rng) -> Value {
    let mut rate = |most: f64| match random.u32(0..4) {
        0 => 0.0,
        1 => most,
        _ => random.f64() * most,
    };
    json!({
        "seed": 0,
        "database": {
            "conflict": rate(0.2), "throttle": rate(0.03), "fail": rate(0.03), "failAfter": rate(0.05),
            "loseAnswer": rate(0.03), "slow": rate(0.1), "slowMs": 150, "burst": 3,
        },
        "posts": {
            "drop": rate(0.03), "gone": rate(0.03), "tooMany": rate(0.1), "fail": rate(0.05),
            "failAfter": rate(0.05), "slow": rate(0.1), "slowMs": 100, "burst": 4,
        },
        "functions": {
            "crashBefore": rate(0.02), "crashDuring": rate(0.06), "crashMs": 30, "crashAfter": rate(0.03),
        },
        "stream": {"duplicate": rate(0.5), "split": rate(0.5), "lag": rate(0.3), "lagMs": 200},
        "clock": {"skewMs": if rate(1.0) > 0.5 { SKEW } else { 0 }},
    })
}

/// What the clients of a seed are like: with some, holds run out while all this goes on.
fn setting(random: &mut Rng) -> Setting {
    Setting {
        customers: random.usize(3..6),
        rooms: random.usize(1..3),
        watched: true,
        capacity: random.u64(1..4),
        slots: random.i64(3..6),
        hold: if random.u32(0..4) == 0 { 1 } else { 900 },
        steps: random.u32(8..20),
        offline: random.u32(0..15),
    }
}

/// How often each fault was met.
type Met = BTreeMap<String, u64>;

/// Runs seeds, each with clients and resources of its own.
pub fn run(budget: &Budget) -> Result<Figures, Violation> {
    let (checked, met, seeds) = block_on(explore(budget))?;
    let mut figures = Figures::default();
    figures.add("seeds", seeds);
    add(&mut figures, &checked);
    for (fault, times) in met {
        figures.add(&format!("met {fault}"), times);
    }
    Ok(figures)
}

async fn explore(budget: &Budget) -> Result<(Checked, Met, u64), Violation> {
    let (mut all, mut met, mut seeds) = (Checked::default(), Met::new(), 0);
    let some = budget.seeds().step_by(SEEDS_A_HOST);
    let some = some.map(|first| on_one_host(budget, first));
    let mut hosts = futures::stream::iter(some).buffer_unordered(HOSTS);
    while let Some(done) = hosts.next().await {
        let (checked, theirs, many) = done?;
        all.add(checked);
        for (fault, times) in theirs {
            *met.entry(fault).or_default() += times;
        }
        seeds += many;
    }
    Ok((all, met, seeds))
}

/// Runs some seeds, from the first on, one after the other.
async fn on_one_host(budget: &Budget, first: u64) -> Result<(Checked, Met, u64), Violation> {
    let (mut all, mut met, mut many) = (Checked::default(), Met::new(), 0);
    let seeds = Budget { seeds: first..budget.seeds.end, ..budget.clone() };
    let mut seeds = seeds.seeds().take(SEEDS_A_HOST).peekable();
    if seeds.peek().is_none() {
        return Ok((all, met, many));
    }
    let host = start(|| Host::start_faulty(&[])).await;
    for seed in seeds {
        eprintln!("  seed {seed}");
        all.add(one(&host, seed, &mut met).await?);
        many += 1;
    }
    Ok((all, met, many))
}

async fn one(host: &Host, seed: u64, met: &mut Met) -> Result<Checked, Violation> {
    let mut random = Rng::with_seed(seed);
    let setting = setting(&mut random);
    let mut plan = plan(&mut random);
    plan["seed"] = json!(seed);
    let mut world = World::new(&host.gateway, setting).await;
    host.inject(plan).await;
    world.live(seed).await;
    for (fault, times) in host.met().await {
        *met.entry(fault).or_default() += times;
    }
    host.inject(json!({})).await;
    // What was under way comes to its end, whoever still waits for it.
    for function in ["message", "push"] {
        eventually("the functions to be idle", async || {
            let processes = host.processes(function).await;
            processes.iter().all(|process| process.state == "idle").then_some(())
        })
        .await;
    }
    let skew = SignedDuration::from_millis(i64::try_from(SKEW).unwrap_or(0) + 20);
    let end = async {
        world.come_back().await?;
        if setting.hold < 60 {
            world.outlast_holds(skew).await?;
        }
        world.witness(&host.gateway).await
    };
    let witness = end.await;
    let witness = witness.map_err(|why| failed("faults", seed, &why, &world.recorder.history()))?;
    check("faults", seed, &world, skew, &witness)
}
