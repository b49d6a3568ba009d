//! Clients go away for a while and come back, again and again: in the end all know how it is.

use super::world::{Setting, World};
use super::{add, block_on, check, failed};
use crate::budget::Budget;
use crate::findings::{Figures, Violation};
use crate::history::Checked;
use e2e::Host;
use fastrand::Rng;
use futures::StreamExt;
use jiff::SignedDuration;

/// Histories under way at once, on the same host.
const AT_ONCE: usize = 6;
/// What a clock may be off by on one machine: those of the history and of the system are read one
/// after the other.
const SKEW: SignedDuration = SignedDuration::from_millis(5);

/// Runs histories, each with clients and resources of its own.
pub fn run(budget: &Budget) -> Result<Figures, Violation> {
    let (checked, histories) = block_on(explore(budget))?;
    let mut figures = Figures::default();
    figures.add("histories", histories);
    add(&mut figures, &checked);
    Ok(figures)
}

async fn explore(budget: &Budget) -> Result<(Checked, u64), Violation> {
    let host = Host::start(&[]);
    let host = &host;
    let (mut all, mut histories) = (Checked::default(), 0);
    let seeds = futures::stream::iter(budget.seeds());
    let mut runs = seeds.map(|seed| one(host, seed)).buffer_unordered(AT_ONCE);
    while let Some(checked) = runs.next().await {
        all.add(checked?);
        histories += 1;
        if histories % 20 == 0 {
            eprintln!("  {histories} histories");
        }
    }
    Ok((all, histories))
}

async fn one(host: &Host, seed: u64) -> Result<Checked, Violation> {
    let mut random = Rng::with_seed(seed);
    let setting = Setting {
        customers: random.usize(2..5),
        rooms: 1,
        watched: true,
        capacity: random.u64(1..4),
        slots: random.i64(2..5),
        hold: 900,
        steps: random.u32(8..16),
        offline: random.u32(20..50),
    };
    let mut world = World::new(&host.gateway, setting).await;
    world.live(seed).await;
    let end = async {
        world.come_back().await?;
        world.witness(&host.gateway).await
    };
    let witness = end.await;
    let witness =
        witness.map_err(|why| failed("offline", seed, &why, &world.recorder.history()))?;
    check("offline", seed, &world, SKEW, &witness)
}
