//! Serves the tables as DynamoDB on a loopback port.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long requests that are under way may take at the end.
const FAREWELL: Duration = Duration::from_millis(300);

/// A thread and runtime of its own: the library works on the thread that a request came in on, and
/// must not hold up the sockets of clients.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl Server {
    pub(super) fn start(database: dynoxide::Database) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopping) = oneshot::channel::<()>();
        let (done, stopped) = oneshot::channel();
        thread::Builder::new().name("database".to_owned()).spawn(move || {
            let result = runtime.block_on(async {
                let listener =
                    TcpListener::from_std(listener).map_err(|error| error.to_string())?;
                let shutdown = async { drop(stopping.await) };
                dynoxide::server::serve_with_shutdown(listener, database, shutdown).await
            });
            if let Err(error) = result {
                tracing::error!(error, "the database is no longer served");
            }
            drop(runtime);
            drop(done);
        })?;
        Ok(Self { address, stop, stopped })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) async fn stop(self) {
        drop(self.stop);
        // Whoever still waits for an answer is a function that is gone.
        let _ = tokio::time::timeout(FAREWELL, self.stopped).await;
    }
}
