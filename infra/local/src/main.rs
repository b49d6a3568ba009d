//! Starts the host, or, when the host has started it again for one, a function.

use clap::Parser;
use host::host::Host;
use host::options::Options;
use std::io::Write as _;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

mod stack;

/// Runs the booking stack on this machine: database, functions and WebSocket endpoint.
#[derive(Debug, Parser)]
#[command(name = "booking-gateway", version)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let config = runtime::Config::from_env();
    let result = match config.function_handler() {
        Some(handler) => {
            runtime::skew_clock(config.clock_skew());
            be_function(handler)
        }
        None => be_host(&Cli::parse().options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one function, as its own binary would on Lambda.
fn be_function(handler: &str) -> Result<(), runtime::Error> {
    host::lambda::end_with_host();
    host::open_files::limit_as_on_lambda();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match handler {
            "authorizer" => authorizer::run().await,
            "connect" => connect::run().await,
            "disconnect" => disconnect::run().await,
            "expire" => expire::run().await,
            "fulfil" => fulfil::run().await,
            "http" => http_requests::run().await,
            "message" => message::run().await,
            "push" => push::run().await,
            other => Err(format!("this program has no function {other:?}").into()),
        }
    })
}

fn be_host(options: &Options) -> Result<(), runtime::Error> {
    let filter: Targets = options.log.parse().map_err(|error| format!("--log: {error}"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(filter).init();
    let runtime = Runtime::new()?;
    let result = runtime.block_on(run(options));
    // Nothing that still hangs on to something may keep the program from ending.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn run(options: &Options) -> Result<(), runtime::Error> {
    let program = std::env::current_exe()?;
    // One wait for all of the run: a signal that comes between two of them would be nobody's.
    let mut asked = pin!(asked_to_end());
    let host = tokio::select! {
        host = Host::start(options, stack::STACK, program) => host?,
        () = &mut asked => return Ok(()),
    };
    let (url, help) = (host.entrance.url(), &host.help);
    // Whoever reads this may have stopped reading.
    let _ = writeln!(std::io::stdout(), "ready: {url}\n\n{help}\nCtrl-C ends everything.");
    asked.await;
    host.stop().await;
    Ok(())
}

/// Ctrl-C, a closed terminal or a polite `kill`.
async fn asked_to_end() {
    let waits = [SignalKind::interrupt(), SignalKind::hangup(), SignalKind::terminate()]
        .into_iter()
        .filter_map(|kind| signal(kind).ok())
        .map(|mut signal| Box::pin(async move { signal.recv().await }));
    futures::future::select_all(waits).await;
}
