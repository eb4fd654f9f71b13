//! A cache that weighs what it holds: one budget of bytes, whoever fills it.
//!
//! Each shard keeps two generations. What is asked for moves into the young one; when the young one weighs half the
//! budget it becomes the old one, and what the old one still held is forgotten. That costs nothing per use and keeps
//! what is used at least once per generation, so one long walk over everything does not push out what is hot for good.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

/// Threads that look up different keys rarely meet.
const SHARDS: usize = 8;
/// Below this budget a shard would be too small for what it has to hold.
const SHARD_BYTES_MIN: usize = 1 << 20;
/// What an entry takes besides what the caller weighs: its place in a table that is partly empty.
const ENTRY_BYTES: usize = 96;

/// What a cache says about itself. Clones share the same numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct CacheMetrics {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) bytes: Gauge,
}

/// A map that forgets what was not used for long, so that it never weighs more than its budget.
pub(crate) struct Bounded<K, V> {
    shards: Box<[Mutex<Generations<K, V>>]>,
    hasher: RandomState,
    generation_bytes_max: usize,
    metrics: CacheMetrics,
}

struct Generations<K, V> {
    young: Generation<K, V>,
    old: Generation<K, V>,
}

struct Generation<K, V> {
    entries: HashMap<K, (V, usize)>,
    bytes: usize,
}

impl<K: Eq + Hash, V: Clone> Bounded<K, V> {
    /// Makes a cache that weighs at most `bytes_max`; an entry may weigh a sixteenth of a large one.
    pub(crate) fn new(bytes_max: usize, metrics: CacheMetrics) -> Self {
        let shards = (bytes_max / SHARD_BYTES_MIN).clamp(1, SHARDS);
        Self {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            generation_bytes_max: bytes_max / shards / 2,
            metrics,
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let found = self.shard(key).get(key, self.generation_bytes_max);
        match found {
            Some((value, forgotten)) => {
                self.metrics.hits.inc();
                self.metrics.bytes.dec_by(forgotten as i64);
                Some(value)
            }
            None => {
                self.metrics.misses.inc();
                None
            }
        }
    }

    /// Keeps a value of so many bytes, unless it alone is too much.
    pub(crate) fn insert(&self, key: K, value: V, bytes: usize) {
        let bytes = bytes.saturating_add(ENTRY_BYTES);
        if bytes > self.generation_bytes_max {
            return;
        }
        let mut shard = self.shard(&key);
        let before = shard.bytes();
        shard.remove(&key);
        shard.insert(key, value, bytes, self.generation_bytes_max);
        let after = shard.bytes();
        self.metrics.bytes.inc_by(after as i64 - before as i64);
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| shard.lock().unwrap().bytes()).sum()
    }

    /// A map is whole at every moment, so a panic elsewhere does not spoil it.
    fn shard(&self, key: &K) -> MutexGuard<'_, Generations<K, V>> {
        let index = match self.shards.len() {
            1 => 0,
            count => self.hasher.hash_one(key) as usize % count,
        };
        let shard = self.shards[index].lock();
        shard.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Drop for Bounded<K, V> {
    /// The metrics may outlive the cache.
    fn drop(&mut self) {
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            self.metrics.bytes.dec_by(shard.bytes() as i64);
        }
    }
}

impl<K, V> Generations<K, V> {
    fn bytes(&self) -> usize {
        self.young.bytes + self.old.bytes
    }
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// Returns a value and how many bytes were forgotten to keep it.
    fn get(&mut self, key: &K, bytes_max: usize) -> Option<(V, usize)> {
        if let Some((value, _)) = self.young.entries.get(key) {
            return Some((value.clone(), 0));
        }
        let before = self.bytes();
        let (key, (value, bytes)) = self.old.entries.remove_entry(key)?;
        self.old.bytes -= bytes;
        self.insert(key, value.clone(), bytes, bytes_max);
        Some((value, before - self.bytes()))
    }

    fn insert(&mut self, key: K, value: V, bytes: usize, bytes_max: usize) {
        if self.young.bytes + bytes > bytes_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.entries.insert(key, (value, bytes));
        self.young.bytes += bytes;
    }

    fn remove(&mut self, key: &K) {
        for generation in [&mut self.young, &mut self.old] {
            if let Some((_, bytes)) = generation.entries.remove(key) {
                generation.bytes -= bytes;
            }
        }
    }
}

impl<K, V> Default for Generations<K, V> {
    fn default() -> Self {
        Self {
            young: Generation::default(),
            old: Generation::default(),
        }
    }
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stays_within_its_budget_and_never_lies(
            steps in prop::collection::vec((0u32..50, 0usize..400, any::<bool>()), 0..300),
            budget in 0usize..4000,
        ) {
            let metrics = CacheMetrics::default();
            let cache = Bounded::new(budget, metrics.clone());
            let mut latest = HashMap::new();
            for (step, (key, bytes, writes)) in steps.into_iter().enumerate() {
                if writes {
                    cache.insert(key, step, bytes);
                    // What is too heavy is not kept, and what was there before is as good as ever.
                    if bytes + ENTRY_BYTES <= budget / 2 {
                        latest.insert(key, step);
                    }
                } else if let Some(found) = cache.get(&key) {
                    prop_assert_eq!(Some(&found), latest.get(&key));
                }
                prop_assert!(cache.bytes() <= budget);
                prop_assert_eq!(metrics.bytes.get(), cache.bytes() as i64);
            }
            drop(cache);
            prop_assert_eq!(metrics.bytes.get(), 0);
        }
    }

    #[test]
    fn keeps_what_is_used_while_others_pass_by() {
        let cache = Bounded::new(20 * ENTRY_BYTES, CacheMetrics::default());
        cache.insert(0, 0, 0);
        for other in 1..1000 {
            cache.insert(other, other, 0);
            assert_eq!(cache.get(&0), Some(0), "after {other}");
        }
        assert_eq!(cache.get(&1), None);
        assert_eq!(cache.metrics.misses.get(), 1);
        assert_eq!(cache.metrics.hits.get(), 999);
    }
}
