//! A deterministic simulation of the whole: the real handlers of the functions over the real `store` and
//! `delivery`, through the unchanged AWS SDK, on one thread and in virtual time. A seed says who does
//! what and what goes wrong; the same seed gives the same history.
//!
//! | module | what it simulates |
//! |---|---|
//! | `plan`, `step`, `powers` | what a seed is about |
//! | `world` | time, chance, faults; what was found wrong |
//! | `setup` | what all seeds share: the template, an issuer of tokens |
//! | `database`, `stale` | DynamoDB: the embedded database, called in process, with its faults |
//! | `ledger`, `line` | what was committed, judged at each commit |
//! | `gateway`, `sockets` | API Gateway, as clients find it |
//! | `management` | API Gateway, as `push` finds it |
//! | `life`, `functions` | processes that live on, and die at any await |
//! | `stream` | the mapping from the stream to `push` |
//! | `expiry` | the way from the stream to `expire`, in every other seed |
//! | `collection` | time to live, which collects what is over |
//! | `client` | customers and operators |
//! | `checks` | what must be so whenever everything is quiet |
//! | `shrink` | a failing seed -> the least of it that still fails |
//!
//! Time is tokio's, paused: it jumps to the next timer whenever nothing else can run. All our waits are
//! tokio's, and functions take `now` as an argument, so that nothing else has to be replaced. `madsim`
//! would replace tokio itself by patching it in the whole workspace, and `turmoil` simulates hosts that
//! talk over TCP: here the network is the HTTP client of the SDK, which can be given one of our own.
//! The simulators of `FoundationDB` and `TigerBeetle` are the models.
//!
//! Jitter of `store`, `delivery` and the SDK comes from `fastrand`'s generator of the thread, which each
//! seed begins anew. Confirmation codes are truly random; nothing depends on them.

mod checks;
mod client;
mod clock;
mod collection;
mod database;
mod expiry;
mod functions;
mod gateway;
mod ledger;
mod life;
mod line;
mod management;
mod plan;
mod powers;
mod setup;
mod shrink;
mod sockets;
mod stale;
mod step;
mod stream;
mod world;

use crate::{Budget, Figures, Violation};
use client::Client;
use client::board::{Board, Phase};
use domain::{Period, ResourceId};
use expiry::Expiry;
use functions::Functions;
use gateway::Gateway;
use jiff::{SignedDuration, Timestamp};
use life::Life;
use plan::{Plan, RESOURCES, ROUNDS};
use protocol::input::ResourceInput;
use setup::SETUP;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::Bookings;
use stream::Mapping;
use tokio::time::{Instant, sleep};
use world::{Broken, World};

/// Whatever it takes, everything comes to rest in this time.
const REST: Duration = Duration::from_hours(3);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(200);
/// How late `expire` may hear of something, beside how far clocks are off.
const SLACK: SignedDuration = SignedDuration::from_secs(3);
/// More seeds than this are worth an optimized build.
const MANY: u64 = 1000;
/// How often progress is shown.
const PROGRESS: Duration = Duration::from_secs(10);

/// What came of a seed.
struct Outcome {
    broken: Option<Broken>,
    history: String,
    faults: u32,
    comparisons: u32,
}

/// Runs a plan.
fn play(plan: &Plan, recorded: bool) -> Outcome {
    fastrand::seed(plan.seed);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("there are threads");
    let mut seen = None;
    let played = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let world = World::new(plan.clone(), recorded);
            seen = Some(Arc::clone(&world));
            Box::pin(act(&world)).await;
        });
    }));
    drop(runtime);
    let world = seen.expect("it was made");
    let mut broken = world.verdict();
    if let Err(panic) = played {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        broken = Some(Broken { promise: "nothing panics", detail: text.unwrap_or_default() });
    }
    let (faults, comparisons) = (world.faults(), world.comparisons());
    Outcome { broken, history: world.history(), faults, comparisons }
}

/// Round by round: everybody acts while things go wrong, then everything comes to rest and is looked
/// at.
async fn act(world: &Arc<World>) {
    let functions = Functions::new(world);
    let gateway = Gateway::new(world, &functions);
    let board = Arc::new(Board::new(world.plan.clients.len()));
    open_resources(world).await;
    tokio::spawn(Mapping::new(&gateway).run());
    if world.plan.profile.expires {
        tokio::spawn(Expiry::new(world).run());
    }
    for number in 0..world.plan.clients.len() {
        tokio::spawn(Client::new(number, &gateway, &board).run());
    }
    let outages = world.plan.outages.iter().map(|(_, time)| time.end);
    let outages = Instant::now() + outages.max().unwrap_or_default();
    for round in 0..ROUNDS {
        if let Some(time) = world.plan.leap.filter(|_| round > 0) {
            collection::leap(world, &gateway, time).await;
        }
        world.set_faulty(true);
        board.set(Phase { round, rests: false });
        let patience = Instant::now() + Duration::from_mins(2);
        loop {
            sleep(LOOK).await;
            let all_done = board.standings().iter().all(|it| it.done);
            let enough = Instant::now() > patience.max(outages);
            if world.verdict().is_some() || enough || all_done && Instant::now() > outages {
                break;
            }
        }
        world.set_faulty(false);
        board.set(Phase { round, rests: true });
        come_to_rest(world, &board).await;
        if round + 1 == ROUNDS {
            run_out(world).await;
        }
        let looked = if world.plan.profile.expires {
            // Nobody has to look. A queue keeps messages back for whole seconds.
            world.now() - SLACK - SignedDuration::from_millis(2 * world.plan.profile.skew)
        } else {
            look_for_places(world).await
        };
        come_to_rest(world, &board).await;
        if world.verdict().is_some() {
            return;
        }
        checks::look(world, &board.standings(), looked);
    }
}

/// Everything runs out that will.
async fn run_out(world: &Arc<World>) {
    let now = world.now();
    let ends = world.ledger().bookings.values().filter_map(|it| it.hold_expires_at).max();
    let left = ends.map(|end| end.duration_since(now) + SignedDuration::from_secs(1) + SLACK);
    sleep(Duration::try_from(left.unwrap_or_default()).unwrap_or_default()).await;
}

/// Somebody looks at all slots. At which instant.
async fn look_for_places(world: &Arc<World>) -> Timestamp {
    let life = Arc::new(Life::new("visitor".to_owned()));
    let bookings = Bookings::new(functions::database(world, &life), &SETUP.bookings);
    let (now, from) = (world.now(), world.morning());
    for id in RESOURCES {
        let id = ResourceId::parse(id).expect("it is an id");
        let resource = bookings.resource(&id).await.expect("nothing goes wrong any more");
        let offered = resource.calendar.offered(from, from + SignedDuration::from_hours(4));
        let offered: Vec<Period> = offered.collect();
        let seen = bookings.availability_after_offers(&resource, &offered, now).await;
        seen.expect("nothing goes wrong any more");
    }
    now
}

async fn come_to_rest(world: &Arc<World>, board: &Board) {
    let end = Instant::now() + REST;
    let mut quiet = 0;
    // Twice in a row: what has just ended may begin something.
    while quiet < 2 {
        sleep(LOOK).await;
        if world.verdict().is_some() {
            return;
        }
        let restless: Vec<_> = board.standings().iter().map(|standing| standing.restless).collect();
        let read = {
            let ledger = world.ledger();
            let published = !world.plan.profile.expires || ledger.published == ledger.records.len();
            published && ledger.delivered == ledger.records.len()
        };
        let rests = restless.iter().all(Option::is_none) && read && !world.is_busy();
        quiet = if rests { quiet + 1 } else { 0 };
        if Instant::now() > end {
            let promise = "everything comes to rest";
            return world.broken(promise, || format!("{restless:?}, stream read: {read}"));
        }
    }
}

/// The resources are there before anybody comes.
async fn open_resources(world: &Arc<World>) {
    let life = Arc::new(Life::new("operator".to_owned()));
    let bookings = Bookings::new(functions::database(world, &life), &SETUP.bookings);
    for (id, written) in RESOURCES.into_iter().zip(world.plan.profile.resources) {
        let written = client::resource(id, written);
        let input: ResourceInput = serde_json::from_value(written).expect("it is one");
        let resource = input.resource().expect("it is one");
        bookings.put_resource(resource, world.now()).await.expect("nothing goes wrong yet");
    }
}

/// Tries seeds on all cores, and shows how many a second.
pub fn run(budget: &Budget) -> Result<Figures, Violation> {
    let next = Mutex::new(budget.seeds.clone());
    let [seeds, faults, steps, compared] = [(); 4].map(|()| AtomicU64::new(0));
    let found: Mutex<Option<u64>> = Mutex::new(None);
    if cfg!(debug_assertions) && budget.seeds.end - budget.seeds.start > MANY {
        eprintln!("  a build with --profile prove tries several times as many in the same time");
    }
    let begun = std::time::Instant::now();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let alone = budget.seeds.end - budget.seeds.start == 1;
    let working = AtomicU64::new(cores as u64);
    let work = || {
        while std::time::Instant::now() < budget.end && lock(&found).is_none() {
            let Some(seed) = lock(&next).next() else { break };
            let plan = Plan::new(seed);
            let outcome = play(&plan, false);
            seeds.fetch_add(1, Ordering::Relaxed);
            faults.fetch_add(u64::from(outcome.faults), Ordering::Relaxed);
            compared.fetch_add(u64::from(outcome.comparisons), Ordering::Relaxed);
            steps.fetch_add(plan.steps() as u64, Ordering::Relaxed);
            if let Some(broken) = outcome.broken {
                eprintln!("  seed {seed} breaks a promise: {}", broken.promise);
                lock(&found).get_or_insert(seed);
            }
        }
        working.fetch_sub(1, Ordering::Relaxed);
    };
    let rate = || {
        let seeds = u32::try_from(seeds.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        f64::from(seeds) / begun.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
        let mut shown = std::time::Instant::now();
        while working.load(Ordering::Relaxed) > 0 {
            std::thread::sleep(Duration::from_millis(20));
            if shown.elapsed() > PROGRESS {
                shown = std::time::Instant::now();
                eprintln!("  {} seeds, {:.1} a second", seeds.load(Ordering::Relaxed), rate());
            }
        }
    });
    if let Some(seed) = *lock(&found) {
        return Err(shrink::shrink(seed));
    }
    if alone {
        eprintln!("{}", play(&Plan::new(budget.seeds.start), true).history);
    }
    let mut figures = Figures::default();
    figures.add("seeds", seeds.load(Ordering::Relaxed));
    figures.add("steps of clients", steps.load(Ordering::Relaxed));
    figures.add("faults", faults.load(Ordering::Relaxed));
    figures.add("answers compared with the tables", compared.load(Ordering::Relaxed));
    figures.add("seeds a second", format!("{:.1}", rate()));
    Ok(figures)
}

/// The history of a seed, for whoever compares two runs of it: without confirmation codes, which are
/// truly random.
pub fn history(seed: u64) -> String {
    const CODE: &str = r#""confirmationCode":""#;
    let history = play(&Plan::new(seed), true).history;
    let mut parts = history.split(CODE);
    let first = parts.next().unwrap_or_default().to_owned();
    let behind = |part: &str| part.split_once('"').map_or_else(String::new, |it| it.1.to_owned());
    parts.fold(first, |history, part| history + CODE + "\"" + &behind(part))
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
