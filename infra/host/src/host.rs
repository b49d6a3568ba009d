//! Puts the parts together, and takes them apart again.

use crate::data_dir::{self, DataDir, DataDirError};
use crate::database::{Database, DatabaseError, Service};
use crate::faults::{Faults, FaultsError};
use crate::gateway::{Gateway, Limits, SelectionError};
use crate::guard::{Guard, HostName, loopback, reachable};
use crate::home::{Entrance, Home};
use crate::http_api::{ClashError, HttpApis};
use crate::iam::{Iam, IamError};
use crate::issuer::{Issuer, IssuerError};
use crate::journal::{Journal, JournalError, OpenConnections};
use crate::lambda::{Functions, Launch, WarmError};
use crate::off_the_bus::{Deliveries, Endpoints, OffTheBus};
use crate::open_files::{self, Room};
use crate::options::Options;
use crate::streams::{Mappings, Surroundings};
use crate::template::{Plan, TemplateError};
use axum::Router;
use axum::serve::ListenerExt as _;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long each of the last steps may take; together they stay below two seconds.
const LAST_STEP: Duration = Duration::from_millis(500);
/// How many connections of the run before are seen to at once.
const FAREWELLS_AT_ONCE: usize = 8;

/// Why the host does not start. Each message is one line that says what to change.
#[derive(Debug, Error)]
pub enum HostError {
    /// The template cannot run here.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The host's own file failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key for development tokens cannot be had.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// What is to go wrong cannot be read.
    #[error(transparent)]
    Faults(#[from] FaultsError),
    /// The API routes by something that this host cannot evaluate.
    #[error(transparent)]
    Gateway(#[from] SelectionError),
    /// An HTTP API has a path that this host cannot give it.
    #[error(transparent)]
    HttpApi(#[from] ClashError),
    /// A function does not start.
    #[error(transparent)]
    Warm(#[from] WarmError),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {reason}; name another --port (0 takes any free one) or --bind"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        reason: io::Error,
    },
    /// No keys can be made, or a role lacks what its function's mapping needs.
    #[error(transparent)]
    Iam(#[from] IamError),
    /// The system refuses something else.
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
}

/// What only the program knows that runs a stack.
#[derive(Debug, Clone, Copy)]
pub struct Stack {
    /// The template, unless the command line names another.
    pub template: &'static str,
    /// What a development issuer's tokens mean to the template's parameters.
    pub parameters: fn(&Issuer) -> BTreeMap<String, String>,
    /// How to connect, and what to type first.
    pub help: fn(&Entrance) -> String,
}

/// What runs, until [`Host::stop`].
pub struct Host {
    /// Where clients connect.
    pub entrance: Entrance,
    /// How to connect, and what to type first.
    pub help: String,
    gateway: Gateway,
    connections: OpenConnections,
    deliveries: (Mappings, Deliveries),
    served: Endpoints,
    functions: Functions,
    service: Service,
    _servers: JoinSet<()>,
    /// Removed, or unlocked, last.
    _folder: DataDir,
}

impl Host {
    /// Starts everything, and returns once every function has a process that waits for work.
    ///
    /// The functions are run by `program`, which is this program itself.
    pub async fn start(
        options: &Options,
        stack: Stack,
        program: PathBuf,
    ) -> Result<Self, HostError> {
        let faults = Faults::of(options.faults.as_deref())?;
        let folder = match &options.data {
            Some(path) => DataDir::open(path)?,
            None => DataDir::temporary()?,
        };
        data_dir::sweep(&std::env::temp_dir());
        let (listener, address) = listen(SocketAddr::new(options.bind, options.port)).await?;

        let url = format!("http://{address}/dev");
        let issuer = address.ip().is_loopback();
        let issuer =
            issuer.then(|| Issuer::new(&url, folder.issuer_key().as_deref())).transpose()?;
        let (plan, gives_tokens) = read_plan(options, stack, issuer.as_ref())?;

        let journal = Journal::open(&folder.journal(), folder.is_kept())?;
        let iam = Iam::new(&plan.functions, &plan.roles, options.iam_report.as_deref())?;
        iam.check_mappings(&plan)?;
        Iam::check_rules(&plan)?;
        let also = options.allow_hosts.clone();
        let (database, service) =
            Database::open(&folder, &plan.tables, &journal, iam.clone(), faults.clone(), also)?;
        let off_the_bus = OffTheBus::open(&plan, &journal, &faults, &folder.buckets())?;
        let served = off_the_bus.serve(&iam, &faults, &options.allow_hosts).await?;
        let connections = OpenConnections::new(journal.clone());
        let left_over = connections.left_over()?;

        let (inner, callback) = callback(address).await?;
        let stage = &plan.api.stage;
        let entrance = Entrance { address: reachable(address), stage: stage.clone(), gives_tokens };
        let help = (stack.help)(&entrance);
        let room = room_for(&plan, options);
        let launch = Launch {
            program,
            arguments: Vec::new(),
            environment: endpoints(service.address(), &served, callback, stage),
            keys: iam.environments(),
            max_processes: room.processes,
            faults: faults.clone(),
        };
        let functions = Functions::start(&plan.functions, launch).await?;
        let gateway =
            gateway(&plan, options, room.clients, &functions, &connections, &iam, &faults)?;
        let http_apis = HttpApis::new(plan.http_apis.clone(), functions.clone(), &plan.api.stage)?;
        let home = Home {
            entrance,
            help: help.clone(),
            ready: Arc::default(),
            functions: functions.clone(),
            off_the_bus: off_the_bus.clone(),
            iam,
            faults: faults.clone(),
            database: service.address(),
            sqs: served.sqs,
            eventbridge: served.eventbridge,
            events: plan.events.clone(),
            buckets: folder.buckets(),
            tables: plan.tables.iter().map(|(id, it)| (id.clone(), it.name.clone())).collect(),
        };
        let surroundings = Surroundings {
            database,
            functions: functions.clone(),
            journal,
            queues: off_the_bus.queues.clone(),
            buses: off_the_bus.buses.clone(),
            faults,
        };
        // Positions are taken before anybody can write.
        let mut mappings = Mappings::prepare(&plan, &surroundings)?;

        let mut pages = home.router().merge(gateway.management_router());
        if let Some(issuer) = issuer {
            pages = pages.merge(home.dev_router()).merge(issuer.router());
        }
        let clients = gateway.clients_router().merge(http_apis.router());
        let clients = clients.fallback_service(home.fallback());
        let listeners = inner.into_iter().chain([listener]);
        let servers = serve_all(listeners, &options.allow_hosts, &pages, &clients)?;

        functions.warm().await?;
        say_farewell(&plan, &functions, &connections, left_over).await;
        mappings.start();
        let retry_after = Duration::from_secs(options.async_retry_seconds);
        let deliveries = off_the_bus.start(&plan, &functions, retry_after);
        home.ready.store(true, Ordering::Release);
        let entrance = home.entrance;
        Ok(Self {
            entrance,
            help,
            gateway,
            connections,
            deliveries: (mappings, deliveries),
            served,
            functions,
            service,
            _servers: servers,
            _folder: folder,
        })
    }

    /// Closes the connections, ends the processes and stops serving, within two seconds.
    pub async fn stop(self) {
        // What is not finished comes again at the next start.
        drop(self.deliveries);
        self.gateway.close().await;
        self.connections.seal();
        let _ = timeout(LAST_STEP, self.functions.stop()).await;
        drop(self.served);
        let _ = timeout(LAST_STEP, self.service.stop()).await;
    }
}

/// The WebSocket endpoint, with room for so many clients.
fn gateway(
    plan: &Plan,
    options: &Options,
    clients: usize,
    functions: &Functions,
    connections: &OpenConnections,
    iam: &Iam,
    faults: &Faults,
) -> Result<Gateway, SelectionError> {
    let limits =
        Limits { connections: clients, calls_per_second: options.posts_per_second, ..Limits::AWS };
    let (functions, connections) = (functions.clone(), connections.clone());
    let (iam, faults) = (iam.clone(), faults.clone());
    Gateway::with_limits(plan.api.clone(), functions, connections, iam, faults, limits)
}

/// What the template says, and whether the development issuer's tokens are those that it asks for.
fn read_plan(
    options: &Options,
    stack: Stack,
    issuer: Option<&Issuer>,
) -> Result<(Plan, bool), TemplateError> {
    let mut parameters = issuer.map(stack.parameters).unwrap_or_default();
    parameters.extend(options.parameters());
    // Another issuer's tokens may have been asked for.
    let gives_tokens = issuer
        .is_some_and(|it| parameters.get("TokenIssuer").is_some_and(|name| name == it.issuer()));
    let plan = match &options.template {
        Some(file) => Plan::read_file(file, &parameters)?,
        None => Plan::read(stack.template, &parameters)?,
    };
    Ok((plan, gives_tokens))
}

/// How many clients and processes there may be; says so where they are few.
fn room_for(plan: &Plan, options: &Options) -> Room {
    let processes = usize::from(options.max_processes);
    let room = Room::divide(open_files::raise(), plan.functions.len(), processes);
    room.warn();
    room
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), HostError> {
    let listener =
        TcpListener::bind(address).await.map_err(|reason| HostError::Listen { address, reason })?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Where functions reach the gateway: on loopback, whatever address clients use. If the gateway
/// does not listen there anyway, it needs another listener.
async fn callback(address: SocketAddr) -> Result<(Option<TcpListener>, SocketAddr), HostError> {
    let reachable = reachable(address);
    if reachable.ip().is_loopback() {
        return Ok((None, reachable));
    }
    let (listener, inner) = listen(SocketAddr::new(loopback(address.ip()), 0)).await?;
    Ok((Some(listener), inner))
}

/// Serves `pages` to this machine's own, and `clients` to everybody whom the guard lets in.
fn serve_all(
    listeners: impl Iterator<Item = TcpListener>,
    also: &[HostName],
    pages: &Router,
    clients: &Router,
) -> io::Result<JoinSet<()>> {
    let mut servers = JoinSet::new();
    for listener in listeners {
        let guard = Guard::new(listener.local_addr()?, also.to_vec());
        let router = guard.own(pages.clone()).merge(clients.clone());
        servers.spawn(serve(listener, guard.host(router)));
    }
    Ok(servers)
}

async fn serve(listener: TcpListener, router: Router) {
    let listener = listener.tap_io(|connection| {
        // A pushed frame is small, and must not wait for the one before to be acknowledged.
        let _ = connection.set_nodelay(true);
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service).await {
        tracing::error!(%error, "the gateway is no longer served");
    }
}

/// What the machine adds to a function's environment: the variables by which every AWS SDK is told
/// of endpoints elsewhere than AWS.
fn endpoints(
    database: SocketAddr,
    served: &Endpoints,
    callback: SocketAddr,
    stage: &str,
) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), format!("http://{database}")),
        ("AWS_ENDPOINT_URL_SQS".to_owned(), format!("http://{}", served.sqs)),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE".to_owned(), format!("http://{}", served.eventbridge)),
        (
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI".to_owned(),
            format!("http://{callback}/{stage}"),
        ),
    ])
}

/// Tells the function of `$disconnect` of connections that the run before left open.
async fn say_farewell(
    plan: &Plan,
    functions: &Functions,
    connections: &OpenConnections,
    left_over: Vec<(String, Vec<u8>)>,
) {
    let function = plan.api.routes.get("$disconnect").map(|route| route.function.as_str());
    futures::stream::iter(left_over)
        .for_each_concurrent(FAREWELLS_AT_ONCE, |(id, event)| async move {
            let told = match function {
                Some(function) => functions.invoke(function, event).await.map(drop),
                None => Ok(()),
            };
            match told {
                Ok(()) => connections.closed(&id),
                // It is tried again at the next start.
                Err(error) => tracing::warn!(connection = id, %error, "cannot say farewell"),
            }
        })
        .await;
}
