//! Which connections are open.

use super::connection::Connection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The open connections by id, and how many are still being wound up.
#[derive(Debug)]
pub(super) struct Registry {
    open: Mutex<Option<HashMap<String, Arc<Connection>>>>,
    alive: Arc<watch::Sender<usize>>,
}

/// Counts a connection as alive until its `$disconnect` is through.
#[derive(Debug)]
pub(super) struct Alive(Arc<watch::Sender<usize>>);

impl Registry {
    pub(super) fn new() -> Self {
        Self { open: Mutex::new(Some(HashMap::new())), alive: Arc::new(watch::Sender::new(0)) }
    }

    /// Adds a connection; false once the registry is closed.
    pub(super) fn add(&self, connection: &Arc<Connection>) -> bool {
        match self.lock().as_mut() {
            Some(open) => {
                open.insert(connection.id().to_owned(), Arc::clone(connection));
                true
            }
            None => false,
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Connection>> {
        self.lock().as_ref()?.get(id).cloned()
    }

    pub(super) fn remove(&self, id: &str) -> Option<Arc<Connection>> {
        self.lock().as_mut()?.remove(id)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    /// Takes no more connections, and hands over those that are open.
    pub(super) fn close(&self) -> Vec<Arc<Connection>> {
        self.lock().take().unwrap_or_default().into_values().collect()
    }

    pub(super) fn count(&self) -> Alive {
        self.alive.send_modify(|alive| *alive += 1);
        Alive(Arc::clone(&self.alive))
    }

    /// Waits until no connection is alive.
    pub(super) async fn all_gone(&self) {
        // The sender is this very registry, so that waiting cannot fail.
        let _ = self.alive.subscribe().wait_for(|alive| *alive == 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<String, Arc<Connection>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.send_modify(|alive| *alive -= 1);
    }
}
