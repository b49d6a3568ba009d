//! Serves the tables as DynamoDB on a loopback port.

use super::front::Front;
use crate::guard::{Guard, HostName};
use axum::serve::ListenerExt as _;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long requests that are under way may take at the end.
const FAREWELL: Duration = Duration::from_millis(300);

/// A thread and runtime of its own: an operation works on the thread that its request came in on,
/// and must not hold up the sockets of clients.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl Server {
    pub(super) fn start(front: Front, also: Vec<HostName>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let guard = Guard::new(address, also);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopping) = oneshot::channel::<()>();
        let (done, stopped) = oneshot::channel();
        thread::Builder::new().name("database".to_owned()).spawn(move || {
            let result = runtime.block_on(async {
                let listener = TcpListener::from_std(listener)?.tap_io(|connection| {
                    // An answer is small, and must not wait for the one before to be acknowledged.
                    let _ = connection.set_nodelay(true);
                });
                axum::serve(listener, guard.own(front.router()))
                    .with_graceful_shutdown(async { drop(stopping.await) })
                    .await
            });
            if let Err(error) = result {
                tracing::error!(%error, "the database is no longer served");
            }
            drop(runtime);
            drop(done);
        })?;
        Ok(Self { address, stop, stopped })
    }

    pub(super) async fn stop(self) {
        drop(self.stop);
        // Whoever still waits for an answer is a function that is gone.
        let _ = tokio::time::timeout(FAREWELL, self.stopped).await;
    }
}
