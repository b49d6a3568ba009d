//! Keeps the issuer's keys between tokens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::fetch::{Fetcher, KeySetError};
use crate::keys::KeySet;

/// Keys are fetched anew once they are this old, so that a key that the issuer withdrew is not
/// trusted for ever: 10 minutes. Until a fetch succeeds, the old keys stay in use.
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

#[derive(Clone, Debug, Default)]
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
        let newer = self.newer_than(&keys, now).await?;
        Ok(newer.find(id, algorithm).cloned())
    }

    /// The keys as they are, fetched if there are none or they are old.
    pub(crate) async fn current(&self, now: Timestamp) -> Result<Arc<KeySet>, KeySetError> {
        let state = self.state().clone();
        match state.keys {
            Some((keys, at)) if elapsed(at, now) < MAX_AGE => Ok(keys),
            Some((keys, _)) => Ok(self.newer_than(&keys, now).await.unwrap_or(keys)),
            None => self.fetch(None, now).await,
        }
    }

    async fn newer_than(
        &self,
        keys: &Arc<KeySet>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, KeySetError> {
        self.fetch(Some(keys), now).await
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
            (Some((at, Some(error))), _) if elapsed(at, now) < RETRY_AFTER => return Err(error),
            (Some((at, None)), Some((keys, _))) if elapsed(at, now) < REFETCH_AFTER => {
                return Ok(keys);
            }
            _ => {}
        }
        let outcome = self.fetcher.fetch().await.map(Arc::new);
        let mut state = self.state();
        match &outcome {
            Ok(keys) => {
                state.keys = Some((Arc::clone(keys), now));
                state.last_fetch = Some((now, None));
            }
            Err(error) => {
                tracing::warn!(error = error as &dyn std::error::Error, "no key set");
                state.last_fetch = Some((now, Some(error.clone())));
            }
        }
        outcome
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
