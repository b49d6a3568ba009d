//! Who was told what of a batch that failed in part: it comes again, and most have had it.
//!
//! It is the memory of one process, so that it helps only where the same one gets the batch again, as
//! is usual; clients drop what they know already. It also is what lets a batch end that has more posts
//! than one invocation has time for.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{ConnectionId, TopicKey};

/// Pairs of an update and a connection that are remembered, 16 bytes each and some room.
const MOST: usize = 200_000;

/// An update of a topic, by what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct UpdateHash(u64);

/// What failed batches have come to so far.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    hasher: RandomState,
    told: Mutex<HashMap<UpdateHash, HashSet<u64>>>,
}

impl Memory {
    /// Names an update.
    pub fn hash(&self, topic: &TopicKey, update: &str) -> UpdateHash {
        UpdateHash(self.hasher.hash_one((topic.as_str(), update)))
    }

    /// Whether a connection has had an update.
    pub fn has(&self, update: UpdateHash, id: &ConnectionId) -> bool {
        let told = self.told();
        told.get(&update).is_some_and(|told| told.contains(&self.hasher.hash_one(id.as_str())))
    }

    /// A batch failed: these have had their part of it. Where there are too many, older ones go.
    pub fn remember(&self, had: impl IntoIterator<Item = (UpdateHash, ConnectionId)>) {
        let mut told = self.told();
        let mut size: usize = told.values().map(HashSet::len).sum();
        for (update, id) in had {
            if size >= MOST {
                told.clear();
                size = 0;
            }
            let is_new = told.entry(update).or_default().insert(self.hasher.hash_one(id.as_str()));
            size += usize::from(is_new);
        }
    }

    /// A batch is done with, and these updates with it.
    pub fn forget(&self, updates: impl IntoIterator<Item = UpdateHash>) {
        let mut told = self.told();
        for update in updates {
            told.remove(&update);
        }
    }

    fn told(&self) -> MutexGuard<'_, HashMap<UpdateHash, HashSet<u64>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_and_keeps_the_latest() {
        let memory = Memory::default();
        let update = memory.hash(&TopicKey::new("me:alice"), "{}");
        let ids: Vec<_> = (0..MOST + 10).map(|n| ConnectionId::new(n.to_string())).collect();
        memory.remember(ids.iter().map(|id| (update, id.clone())));
        assert_eq!(memory.told()[&update].len(), 10);
        assert!(memory.has(update, &ids[MOST + 9]) && !memory.has(update, &ids[0]));
        memory.forget([update]);
        assert!(!memory.has(update, &ids[MOST + 9]) && memory.told().is_empty());
    }

    #[test]
    fn the_same_words_in_another_topic_are_another_update() {
        let memory = Memory::default();
        let [mine, yours] = ["me:alice", "me:bob"].map(TopicKey::new);
        assert_ne!(memory.hash(&mine, "{}"), memory.hash(&yours, "{}"));
        assert_eq!(memory.hash(&mine, "{}"), memory.hash(&mine, "{}"));
    }
}
