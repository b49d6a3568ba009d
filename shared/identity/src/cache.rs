//! Keeps the issuer's keys between tokens.

use crate::fetch::{Fetcher, KeySetError};
use crate::keys::KeySet;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys are fetched anew once they are this old, so that a key that the issuer withdrew is not
/// trusted for ever: 10 minutes. Until a fetch succeeds, the old keys stay in use, and it is tried
/// again after [`REFETCH_AFTER`].
pub const MAX_AGE: SignedDuration = SignedDuration::from_mins(10);

/// A key id that is not in the set has it fetched anew, but at most this often: 10 seconds. A
/// flood of tokens with made-up key ids is thus no flood of requests to the issuer.
pub const REFETCH_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// After a fetch that failed, the next one is tried no sooner than this: 1 second.
pub const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// The key set as last fetched.
#[derive(Debug)]
pub(crate) struct KeyCache {
    fetcher: Fetcher,
    state: Mutex<State>,
    /// Held while fetching, so that all who need new keys wait for one fetch.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct State {
    /// The keys, and when they came.
    keys: Option<(Arc<KeySet>, Timestamp)>,
    /// When the last fetch ended, and how, where it failed.
    last_fetch: Option<(Timestamp, Option<KeySetError>)>,
}

impl KeyCache {
    pub(crate) fn new(fetcher: Fetcher) -> Self {
        Self { fetcher, state: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// The key of that id and algorithm; `None` where the issuer has no such key.
    pub(crate) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Option<DecodingKey>, KeySetError> {
        let keys = self.current(now).await?;
        if let Some(key) = keys.find(id, algorithm) {
            return Ok(Some(key.clone()));
        }
        // A key that is there under this id, but for another algorithm, is not one that is new.
        if id.is_some_and(|id| keys.knows(id)) {
            return Ok(None);
        }
        let newer = self.fetch(Some(&keys), now).await?;
        Ok(newer.find(id, algorithm).cloned())
    }

    /// Fetches the keys ahead of the first token. A failure is not held against that token: it is
    /// fetched for anew.
    pub(crate) async fn warm(&self, now: Timestamp) -> Result<(), KeySetError> {
        let _turn = self.fetching.lock().await;
        let keys = self.fetcher.fetch().await?;
        self.keep(Arc::new(keys), now);
        Ok(())
    }

    /// The keys as they are, fetched if there are none or they are old.
    async fn current(&self, now: Timestamp) -> Result<Arc<KeySet>, KeySetError> {
        let state = self.state().clone();
        match state.keys {
            Some((keys, at)) if elapsed(at, now) < MAX_AGE => Ok(keys),
            Some((keys, _)) => match state.last_fetch {
                Some((at, Some(_))) if elapsed(at, now) < REFETCH_AFTER => Ok(keys),
                _ => Ok(self.renewed(keys, now).await),
            },
            None => self.fetch(None, now).await,
        }
    }

    /// Fetches, unless somebody else is doing so: old keys are good enough not to wait for it.
    async fn renewed(&self, keys: Arc<KeySet>, now: Timestamp) -> Arc<KeySet> {
        match self.fetching.try_lock() {
            Ok(_turn) => self.fetch_now(now).await.unwrap_or(keys),
            Err(_) => keys,
        }
    }

    /// Fetches, unless keys other than `known` came while waiting for the turn, or the last fetch
    /// is too recent; then its outcome stands.
    async fn fetch(
        &self,
        known: Option<&Arc<KeySet>>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, KeySetError> {
        let _turn = self.fetching.lock().await;
        let state = self.state().clone();
        if let Some((keys, _)) = &state.keys
            && known.is_none_or(|known| !Arc::ptr_eq(known, keys))
        {
            return Ok(Arc::clone(keys));
        }
        match (state.last_fetch, state.keys) {
            (Some((at, Some(error))), _) if elapsed(at, now) < RETRY_AFTER => Err(error),
            (Some((at, None)), Some((keys, _))) if elapsed(at, now) < REFETCH_AFTER => Ok(keys),
            _ => self.fetch_now(now).await,
        }
    }

    async fn fetch_now(&self, now: Timestamp) -> Result<Arc<KeySet>, KeySetError> {
        let outcome = self.fetcher.fetch().await.map(Arc::new);
        match &outcome {
            Ok(keys) => self.keep(Arc::clone(keys), now),
            Err(error) => {
                tracing::warn!(error = error as &dyn std::error::Error, "no key set");
                self.state().last_fetch = Some((now, Some(error.clone())));
            }
        }
        outcome
    }

    fn keep(&self, keys: Arc<KeySet>, now: Timestamp) {
        *self.state() = State { keys: Some((keys, now)), last_fetch: Some((now, None)) };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far apart two instants are, in either direction: a clock that was set back does not stop
/// fetching until it has caught up.
fn elapsed(at: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(at).abs()
}
