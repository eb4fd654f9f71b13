//! Cells by their key, with a bound.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::cells::Cell;

/// Cells by their key. Cleared cells stay where they are, so that what happens again costs no memory.
#[derive(Debug)]
pub(super) struct Table<K, C> {
    places: HashMap<K, usize, BuildHasherDefault<KeyHasher>>,
    cells: Vec<(K, C)>,
}

impl<K, C> Default for Table<K, C> {
    fn default() -> Self {
        Self {
            places: HashMap::default(),
            cells: Vec::new(),
        }
    }
}

impl<K: Copy + Eq + Hash, C: Cell> Table<K, C> {
    /// Returns the cell of a key. A new key beyond `max` shares the cell of what `fold` makes of it.
    pub(super) fn cell(&mut self, key: K, max: usize, fold: impl FnOnce(K) -> K) -> &mut C {
        let at = match self.places.get(&key) {
            Some(at) => *at,
            None if self.cells.len() < max => self.place(key),
            None => {
                let key = fold(key);
                match self.places.get(&key) {
                    Some(at) => *at,
                    None => self.place(key),
                }
            }
        };
        &mut self.cells[at].1
    }

    fn place(&mut self, key: K) -> usize {
        let at = self.cells.len();
        self.cells.push((key, C::default()));
        self.places.insert(key, at);
        at
    }

    /// Walks cells with something in them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &C)> {
        let filled = self.cells.iter().filter(|(_, cell)| !cell.is_empty());
        filled.map(|(key, cell)| (key, cell))
    }

    /// Forgets what was counted.
    pub(super) fn clear(&mut self) {
        self.cells.iter_mut().for_each(|(_, cell)| cell.clear());
    }
}

/// Mixes keys that are a few small numbers each, none of them chosen by a stranger.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio's digits (Knuth, volume 3, 6.4); turned, so that the order of the numbers counts.
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}
