//! A small bounded cache of decoded blocks, so that walking neighbours does not decode the same block again and again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Holds at most `capacity` entries and forgets all of them when one more comes: blocks are read in runs, so what is
/// used next is what was used last, and no bookkeeping pays for itself.
pub(super) struct Recent<K, V> {
    capacity: usize,
    entries: Mutex<HashMap<K, Arc<V>>>,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: Mutex::new(HashMap::new()),
        }
    }

    /// Returns the entry, or makes it outside the lock; two threads may make the same one.
    pub(super) fn get<E>(&self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        if let Some(found) = self.lock().get(&key) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(make()?);
        let mut entries = self.lock();
        if entries.len() >= self.capacity {
            entries.clear();
        }
        entries.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// A map is whole at every moment, so a panic elsewhere does not spoil it.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, Arc<V>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_capacity() {
        let recent = Recent::new(3);
        for key in 0..100 {
            let value = recent.get(key, || Ok::<_, ()>(key * 2));
            assert_eq!(value.as_deref(), Ok(&(key * 2)));
            assert!(recent.lock().len() <= 3);
        }
        assert_eq!(recent.get(99, || Err(())).as_deref(), Ok(&198));
        assert!(recent.get(5, || Err(())).is_err());
    }
}
