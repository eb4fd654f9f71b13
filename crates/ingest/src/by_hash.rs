//! Maps whose keys are hashes already, so that they need not be hashed again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys are hashes already: a `u64` or a [`WideHash`].
pub(crate) type ByHash<T, K = u64> = HashMap<K, T, BuildHasherDefault<Identity>>;

/// A hash of 128 bits as two halves, because so it needs no padding in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WideHash([u64; 2]);

impl From<u128> for WideHash {
    fn from(hash: u128) -> Self {
        Self([hash as u64, (hash >> 64) as u64])
    }
}

/// Returns what it was given; of a [`WideHash`] the first half, which is enough to find its place.
#[derive(Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, halves: &[u8]) {
        if let Some(half) = halves.first_chunk() {
            self.0 = u64::from_ne_bytes(*half);
        }
    }

    /// An array says its length first, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
