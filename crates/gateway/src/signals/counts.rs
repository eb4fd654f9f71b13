//! Counts by something of which few values occur: a row that is searched is faster than a table, and empty costs nothing.

/// Counts by `K`, in the order in which they first occurred.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counts<K>(Vec<(K, u64)>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Clone + PartialEq> Counts<K> {
    pub(super) fn add(&mut self, of: &K, count: u64) {
        match self.0.iter_mut().find(|(known, _)| known == of) {
            Some((_, known)) => *known += count,
            None => self.0.push((of.clone(), count)),
        }
    }

    /// Adds what another one counted.
    pub(super) fn add_all(&mut self, other: &Self) {
        for (of, count) in other.iter() {
            self.add(of, count);
        }
    }

    /// Sets all to zero and keeps the places.
    pub(super) fn clear(&mut self) {
        self.0.iter_mut().for_each(|(_, count)| *count = 0);
    }

    /// Walks those that are not zero.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        let counted = self.0.iter().filter(|(_, count)| *count > 0);
        counted.map(|(of, count)| (of, *count))
    }
}
