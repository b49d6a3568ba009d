//! The host is killed under load, and started again on what it had written: every booking that was
//! acknowledged is there, and none is half done.

use super::world::{Setting, World};
use super::{add, block_on, check, failed, start};
use crate::budget::Budget;
use crate::findings::{Figures, Violation};
use crate::history::Checked;
use e2e::Host;
use fastrand::Rng;
use futures::StreamExt;
use jiff::SignedDuration;
use std::time::Duration;

/// How often the host of one seed is killed in the long run.
const KILLS: u64 = 5;
/// Seeds under way at once.
const AT_ONCE: usize = 2;
/// Seeds of the long run.
const SEEDS: usize = 20;
const SKEW: SignedDuration = SignedDuration::from_millis(5);

/// Runs seeds, each on a data folder of its own: a hundred kills at most.
pub fn run(budget: &Budget) -> Result<Figures, Violation> {
    kills(budget, KILLS)
}

/// Runs seeds with so many kills each.
pub fn kills(budget: &Budget, kills: u64) -> Result<Figures, Violation> {
    let (checked, kills) = block_on(explore(budget, kills))?;
    let mut figures = Figures::default();
    figures.add("kills", kills);
    add(&mut figures, &checked);
    Ok(figures)
}

async fn explore(budget: &Budget, each: u64) -> Result<(Checked, u64), Violation> {
    let (mut all, mut kills) = (Checked::default(), 0);
    let seeds = futures::stream::iter(budget.seeds().take(SEEDS));
    let mut runs = seeds.map(|seed| one(seed, each)).buffer_unordered(AT_ONCE);
    while let Some(checked) = runs.next().await {
        all.add(checked?);
        kills += each;
        eprintln!("  {kills} kills");
    }
    Ok((all, kills))
}

async fn one(seed: u64, kills: u64) -> Result<Checked, Violation> {
    let mut random = Rng::with_seed(seed);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let data = folder.path().display().to_string();
    let run = || {
        let data = data.clone();
        start(move || Host::start(&["--data", &data]))
    };
    let mut host = run().await;
    let setting = Setting {
        customers: random.usize(8..13),
        rooms: 2,
        watched: true,
        capacity: random.u64(1..4),
        slots: 6,
        hold: 900,
        // It does not get as far: the host is killed before.
        steps: 1000,
        offline: 2,
    };
    let mut world = World::new(&host.gateway, setting).await;
    for kill in 0..kills {
        world.connect().await;
        let after = Duration::from_millis(random.u64(200..1500));
        // Whoever is in the middle of a request when the time is over has not heard what came of it.
        let _ = tokio::time::timeout(after, world.live(seed.wrapping_mul(kills) + kill)).await;
        host.kill();
        host = run().await;
        for actor in &mut world.actors {
            actor.follow(&host.gateway).await;
        }
    }
    let end = async {
        world.come_back().await?;
        world.witness(&host.gateway).await
    };
    let witness = end.await;
    let witness = witness.map_err(|why| failed("kill", seed, &why, &world.recorder.history()))?;
    check("kill", seed, &world, SKEW, &witness)
}
