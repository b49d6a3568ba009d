//! Runs functions as Lambda does: in processes of their own, through the Lambda Runtime API.
//!
//! A process serves one invocation at a time. It is started when an invocation finds no idle one,
//! with nothing but the function's environment and what Lambda itself sets. An invocation that
//! outlasts the function's timeout fails and its process is killed; one whose process ends fails.

mod api;
mod error;
mod failures;
mod invocation;
mod launch;
mod pool;
mod process;
mod state;
mod status;

pub use error::{InvokeError, WarmError};
pub use failures::reported_failures;
pub use invocation::PAYLOAD_LIMIT;
pub use launch::Launch;
pub use process::end_with_host;
pub use status::{Counters, FunctionStatus, ProcessStatus, Status};

use crate::guard::Guard;
use crate::lambda::pool::Pool;
use crate::template::Function;
use futures::future;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// The functions of the template. Clones share the same processes.
#[derive(Debug, Clone)]
pub struct Functions {
    pools: Arc<BTreeMap<String, Arc<Pool>>>,
    api: AbortHandle,
}

impl Functions {
    /// Serves the Lambda Runtime API on a free loopback port; no process is started yet.
    pub async fn start(functions: &BTreeMap<String, Function>, launch: Launch) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let launch = Arc::new(launch);
        let pools: BTreeMap<_, _> = functions
            .iter()
            .map(|(id, function)| {
                let handler = &function.handler;
                let shared = functions.values().filter(|it| it.handler == *handler).count() > 1;
                let name = if shared { id.clone() } else { handler.clone() };
                let base = format!("http://{address}/{id}");
                let keys = launch.keys.get(id).cloned().unwrap_or_default();
                let pool = Pool::new(name, base, function.clone(), keys, Arc::clone(&launch));
                (id.clone(), Arc::new(pool))
            })
            .collect();
        let pools = Arc::new(pools);
        let guard = Guard::new(address, Vec::new());
        let api = tokio::spawn(api::serve(listener, guard, Arc::clone(&pools))).abort_handle();
        Ok(Self { pools, api })
    }

    /// Starts one process of every function, and returns once each has asked for an invocation.
    pub async fn warm(&self) -> Result<(), WarmError> {
        future::try_join_all(self.pools.values().map(|pool| async {
            pool.warm().await.map_err(|error| WarmError { function: pool.name().to_owned(), error })
        }))
        .await?;
        Ok(())
    }

    /// Invokes a function, by its logical id in the template, and waits for its result.
    pub async fn invoke(&self, function: &str, event: Vec<u8>) -> Result<Vec<u8>, InvokeError> {
        let pool = self.pools.get(function).ok_or_else(|| {
            InvokeError::failed(
                "ResourceNotFoundException",
                format!("Function not found: {function}"),
            )
        })?;
        if event.len() > PAYLOAD_LIMIT {
            return Err(InvokeError::failed(
                "RequestTooLargeException",
                format!("Request must be smaller than {PAYLOAD_LIMIT} bytes"),
            ));
        }
        pool.invoke(event).await
    }

    /// What the processes are doing.
    pub fn status(&self) -> Status {
        let mut status = Status::default();
        for (id, pool) in self.pools.iter() {
            pool.report(id, &mut status);
        }
        status
    }

    /// Ends every process. Invocations that are under way or waiting fail.
    pub async fn stop(&self) {
        future::join_all(self.pools.values().map(|pool| pool.stop())).await;
        self.api.abort();
    }
}
