//! The functions' real handlers, in simulated processes: several of each, with clients and clocks of
//! their own, and mortal.

use super::clock::Clock;
use super::database;
use super::gateway::Gateway;
use super::life::Life;
use super::management;
use super::setup::{self, SETUP};
use super::world::World;
use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::retries::RetryPartition;
use delivery::{Callback, Fanout};
use futures::future::BoxFuture;
use identity::Verifier;
use jiff::{SignedDuration, Timestamp};
use requests::App;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{Bookings, Connections};
use tokio::time::{Instant, sleep};

/// A call is answered in this time, or tried again, as `runtime` has it.
const ATTEMPT: Duration = Duration::from_secs(3);
/// Each call is tried so often.
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt.
const BACKOFF: Duration = Duration::from_millis(50);
/// Time that `push` leaves Lambda to take its answer.
const ANSWER: Duration = Duration::from_millis(500);

/// As the functions have it.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build()
}

/// A process, and what its handler works with.
struct Process<T> {
    life: Arc<Life>,
    skew: SignedDuration,
    app: T,
}

/// The processes of one function that are free.
type Free<T> = Mutex<Vec<Process<T>>>;

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All functions but `push`. Clones are the same ones.
#[derive(Clone)]
pub struct Functions(Arc<Inner>);

struct Inner {
    world: Arc<World>,
    started: Mutex<usize>,
    authorizer: Free<Verifier>,
    connect: Free<connect::App>,
    disconnect: Free<Connections>,
    message: Free<App>,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Functions")
    }
}

impl Functions {
    /// None of them runs yet.
    pub fn new(world: &Arc<World>) -> Self {
        Self(Arc::new(Inner {
            world: Arc::clone(world),
            started: Mutex::default(),
            authorizer: Mutex::default(),
            connect: Mutex::default(),
            disconnect: Mutex::default(),
            message: Mutex::default(),
        }))
    }

    /// Runs an invocation in a free process or a new one; `None` if the process died over it.
    async fn invoke<T, R>(
        &self,
        function: &'static str,
        free: &Free<T>,
        start: impl FnOnce(&Arc<World>, &Arc<Life>) -> T,
        work: impl for<'a> FnOnce(&'a T, Timestamp, Instant) -> BoxFuture<'a, R>,
    ) -> Option<R> {
        let world = &self.0.world;
        let process = lock(free).pop();
        let process = match process {
            Some(process) => process,
            None => self.start(function, start),
        };
        process.life.begin(world);
        sleep(world.latency()).await;
        let end = Instant::now() + SETUP.timeout(function);
        let work = work(&process.app, world.now_of(process.skew), end);
        let done = process.life.of(work, end).await;
        if done.is_some() {
            lock(free).push(process);
        } else {
            world.note(|| format!("  {} is gone", process.life.name()));
        }
        done
    }

    fn start<T>(
        &self,
        function: &str,
        start: impl FnOnce(&Arc<World>, &Arc<Life>) -> T,
    ) -> Process<T> {
        let world = &self.0.world;
        let number = {
            let mut started = lock(&self.0.started);
            *started += 1;
            *started
        };
        process(world, &format!("{function}-{number}"), start)
    }

    /// Asks the authorizer. `Err` is the message with which the invocation fails.
    pub async fn authorize(&self, event: &Value) -> Option<Result<Value, String>> {
        let event = read(event.clone());
        let start = |world: &Arc<World>, _: &Arc<Life>| verifier(world);
        self.invoke("authorizer", &self.0.authorizer, start, |verifier, now, _| {
            Box::pin(async move {
                let answer = authorizer::handle(verifier, &event, now).await;
                let answer = answer.map_err(|error| error.to_string())?;
                Ok(serde_json::to_value(answer).expect("it is JSON"))
            })
        })
        .await
    }

    /// Tells `connect`. Its status; `None` if it failed.
    pub async fn connect(&self, event: Value) -> Option<i64> {
        let event = read(event);
        let start = |world: &Arc<World>, life: &Arc<Life>| {
            let client = database(world, life);
            connect::App {
                bookings: Bookings::new(client.clone(), &SETUP.bookings),
                connections: Connections::new(client, &SETUP.connections),
            }
        };
        let answer = self.invoke("connect", &self.0.connect, start, |app, now, _| {
            Box::pin(async move { connect::handle(app, &event, now).await.ok() })
        });
        Some(answer.await??.status_code)
    }

    /// Tells `disconnect`.
    pub async fn disconnect(&self, event: Value) {
        let event = read(event);
        self.invoke("disconnect", &self.0.disconnect, connections, |connections, _, _| {
            Box::pin(async move { disconnect::handle(connections, &event).await.ok() })
        })
        .await;
    }

    /// Asks `message`. What it answers; `None` if it failed.
    pub async fn message(&self, event: Value) -> Option<String> {
        let event = read(event);
        let start = |world: &Arc<World>, life: &Arc<Life>| {
            let client = database(world, life);
            let gateway = Gateway::new(world, self);
            App {
                bookings: Bookings::new(client.clone(), &SETUP.bookings),
                connections: Connections::new(client, &SETUP.connections),
                callback: Callback::new(management::client(&gateway, life)),
                verifier: verifier(world),
                max_open_holds: world.plan.profile.max_open,
            }
        };
        let answer = self.invoke("message", &self.0.message, start, |app, now, end| {
            Box::pin(async move { message::handle(app, &event, now, end).await.ok() })
        });
        let answer: Option<ApiGatewayProxyResponse> = answer.await?;
        match answer?.body? {
            aws_lambda_events::encodings::Body::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// `expire`, in as many processes as there are messages at once.
pub struct Expire {
    world: Arc<World>,
    free: Free<Bookings>,
    started: AtomicUsize,
}

impl Expire {
    /// It does not run yet.
    pub fn new(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), free: Mutex::default(), started: AtomicUsize::new(0) }
    }

    /// Hands it a message: when there will be something to do, if that is later. `None` if the process died over it.
    pub async fn invoke(&self, event: &str) -> Option<Result<Option<Timestamp>, store::Error>> {
        let world = &self.world;
        let free = lock(&self.free).pop();
        let process = free.unwrap_or_else(|| {
            let number = self.started.fetch_add(1, Ordering::Relaxed) + 1;
            process(world, &format!("expire-{number}"), |world, life| {
                Bookings::new(database(world, life), &SETUP.bookings)
            })
        });
        process.life.begin(world);
        let end = Instant::now() + SETUP.timeout("expire");
        let work = expire::see_to(&process.app, event, world.now_of(process.skew));
        let done = process.life.of(work, end).await;
        match &done {
            Some(done) => {
                world.note(|| format!("{} sees to {event}: {done:?}", process.life.name()));
                lock(&self.free).push(process);
            }
            None => world.note(|| format!("  {} is gone", process.life.name())),
        }
        done
    }
}

fn process<T>(
    world: &Arc<World>,
    name: &str,
    start: impl FnOnce(&Arc<World>, &Arc<Life>) -> T,
) -> Process<T> {
    let skew = world.plan.profile.skew;
    let range = usize::try_from(2 * skew + 1).unwrap_or(1);
    let off = i64::try_from(world.below(range)).unwrap_or(0) - skew;
    world.note(|| format!("  {name} starts, {off} ms ahead"));
    let life = Arc::new(Life::new(name.to_owned()));
    let app = start(world, &life);
    Process { life, skew: SignedDuration::from_millis(off), app }
}

fn verifier(world: &Arc<World>) -> Verifier {
    Verifier::new(setup::settings(), setup::key_set(world))
}

fn connections(world: &Arc<World>, life: &Arc<Life>) -> Connections {
    Connections::new(database(world, life), &SETUP.connections)
}

/// The unchanged SDK, configured as `runtime` does it: a process of its own has a budget of retries
/// of its own.
pub fn database(world: &Arc<World>, life: &Arc<Life>) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "simulation"))
        .endpoint_url("https://database.test")
        .timeout_config(timeouts())
        .retry_config(retries)
        .retry_partition(RetryPartition::custom("process").build())
        .sleep_impl(TokioSleep::new())
        .time_source(Clock::of(world))
        .http_client(database::client(world, life));
    Client::from_conf(config.build())
}

fn read<T: DeserializeOwned>(event: Value) -> T {
    serde_json::from_value(event).expect("events are as API Gateway sends them")
}

/// `push`, in a process that lives until it dies; in two where a batch comes twice at the same time.
pub struct Push {
    gateway: Gateway,
    free: Free<Fanout>,
    started: AtomicUsize,
}

impl Push {
    /// It does not run yet.
    pub fn new(gateway: &Gateway) -> Self {
        Self { gateway: gateway.clone(), free: Mutex::default(), started: AtomicUsize::new(0) }
    }

    /// Hands it a batch. What it answers; `None` if it failed.
    pub async fn invoke(&self, batch: Vec<u8>) -> Option<Vec<u8>> {
        let world = Arc::clone(self.gateway.world());
        let process = lock(&self.free).pop();
        let process = match process {
            Some(process) => process,
            None => self.start(&world),
        };
        process.life.begin(&world);
        let event = serde_json::from_slice(&batch).expect("it is as Lambda sends it");
        let end = Instant::now() + SETUP.timeout("push");
        let now = world.now_of(process.skew);
        let work = push::handle(&process.app, event, now, end - ANSWER);
        let done = process.life.of(work, end).await;
        if done.is_some() {
            lock(&self.free).push(process);
        }
        Some(serde_json::to_vec(&done?).expect("it is JSON"))
    }

    fn start(&self, world: &Arc<World>) -> Process<Fanout> {
        let number = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        let gateway = &self.gateway;
        let age = SETUP.mapping.reader.record_age.expect("the template has one");
        process(world, &format!("push-{number}"), |world, life| {
            let client = database(world, life);
            Fanout::new(
                Bookings::new(client.clone(), &SETUP.bookings),
                Connections::new(client, &SETUP.connections),
                Callback::new(management::client(gateway, life)),
                age,
            )
        })
    }
}
