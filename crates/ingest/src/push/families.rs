//! Metadata that comes by name of the metric family, for storage that keeps it by series.
//!
//! Remote write 1.0 sends metadata once a minute in requests without a series. It is remembered here until a push
//! brings series of the family, and goes to storage with them. What waits is bounded in number and in bytes: when there
//! is too much, the oldest goes, since its sender may never push a series of it and repeats it when it does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_types::{ByteCount, Metadata};
use plimsoll_wire::push::{Decoded, Series};

use super::Metrics;

/// Families that are remembered; Prometheus servers with more than a few thousand are rare.
const FAMILIES_MAX: usize = 50_000;
/// What all of them may need in memory.
const BYTES_MAX: ByteCount = ByteCount::MIB.times(32);
/// What one needs beside its texts, its places in both tables among it.
const OVERHEAD_BYTES: usize = 256;

/// What a series' name has after the name of its family.
const SUFFIXES: [&str; 8] = [
    "_total", "_bucket", "_count", "_sum", "_info", "_created", "_gcount", "_gsum",
];

/// The metadata that waits for its series.
#[derive(Default)]
pub(super) struct Families(Mutex<Waiting>);

impl Families {
    /// Remembers the families of a request, and returns for each of its series (by index) what is waiting for it. The
    /// series of a family share it, so that a million of them cost a million pointers.
    pub(super) fn learn_and_match(
        &self,
        decoded: &Decoded,
        metrics: &Metrics,
    ) -> Vec<(usize, Arc<Metadata>)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, metadata) in &decoded.families {
            waiting.remember(name, metadata);
        }
        metrics.count_dropped_metadata(waiting.evict(FAMILIES_MAX, BYTES_MAX));
        waiting.take(&decoded.series)
    }
}

/// Families by name and by age.
#[derive(Default)]
struct Waiting {
    by_name: HashMap<Arc<str>, Told>,
    by_age: BTreeMap<u64, Arc<str>>,
    next_age: u64,
    bytes: usize,
}

/// What was told of a family.
struct Told {
    metadata: Arc<Metadata>,
    /// Its key in `by_age`; the oldest has the lowest.
    age: u64,
}

impl Waiting {
    fn remember(&mut self, name: &str, metadata: &Metadata) {
        if let Some(known) = self.by_name.get(name).map(|told| told.age) {
            self.forget(known);
        }
        let (name, age) = (Arc::<str>::from(name), self.next_age);
        self.next_age += 1;
        self.bytes += cost(&name, metadata);
        self.by_age.insert(age, Arc::clone(&name));
        let metadata = Arc::new(metadata.clone());
        self.by_name.insert(name, Told { metadata, age });
    }

    fn forget(&mut self, age: u64) {
        let name = self.by_age.remove(&age);
        let told = name.and_then(|name| self.by_name.remove_entry(&name));
        if let Some((name, told)) = told {
            self.bytes -= cost(&name, &told.metadata);
        }
    }

    /// Forgets the oldest until the rest is within bounds, and returns how many those were.
    fn evict(&mut self, families_max: usize, bytes_max: ByteCount) -> u64 {
        let mut evicted = 0;
        while self.by_age.len() > families_max || self.bytes as u64 > bytes_max.0 {
            let Some(oldest) = self.by_age.keys().next().copied() else {
                break;
            };
            self.forget(oldest);
            evicted += 1;
        }
        evicted
    }

    /// Hands out what waits for these series, which is then forgotten.
    fn take(&mut self, series: &[Series]) -> Vec<(usize, Arc<Metadata>)> {
        if self.by_name.is_empty() {
            return Vec::new();
        }
        let (mut found, mut ages) = (Vec::new(), BTreeSet::new());
        for (index, series) in series.iter().enumerate() {
            if let Some(told) = self.of(series) {
                found.push((index, Arc::clone(&told.metadata)));
                ages.insert(told.age);
            }
        }
        ages.into_iter().for_each(|age| self.forget(age));
        found
    }

    fn of(&self, series: &Series) -> Option<&Told> {
        let name = series.labels.metric_name()?;
        let stripped = SUFFIXES
            .iter()
            .filter_map(|suffix| name.strip_suffix(suffix));
        std::iter::once(name)
            .chain(stripped)
            .find_map(|family| self.by_name.get(family))
    }
}

fn cost(name: &str, metadata: &Metadata) -> usize {
    OVERHEAD_BYTES + name.len() + metadata.help.len() + metadata.unit.len()
}

#[cfg(test)]
mod tests {
    use plimsoll_types::Labels;

    use super::*;

    fn metadata(help: &str) -> Metadata {
        Metadata {
            help: help.into(),
            ..Metadata::default()
        }
    }

    fn series(names: &[&str]) -> Vec<Series> {
        let named = |name: &&str| Series {
            labels: Labels::from_pairs([("__name__", *name)]),
            ..Series::default()
        };
        names.iter().map(named).collect()
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut waiting = Waiting::default();
        for name in ["a", "b", "c", "a"] {
            waiting.remember(name, &metadata("x"));
        }
        assert_eq!(waiting.evict(2, BYTES_MAX), 1);
        let left = waiting.take(&series(&["a", "b", "c"]));
        assert_eq!(
            left.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
            [0, 2]
        );
        assert_eq!(
            (waiting.bytes, waiting.by_age.len(), waiting.by_name.len()),
            (0, 0, 0)
        );
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut waiting = Waiting::default();
        let help = "x".repeat(1000);
        for index in 0..100 {
            waiting.remember(&format!("m{index}"), &metadata(&help));
        }
        assert_eq!(waiting.evict(FAMILIES_MAX, ByteCount(13_000)), 90);
        assert!(waiting.bytes <= 13_000, "{}", waiting.bytes);
        assert_eq!(waiting.take(&series(&["m89", "m90"])).len(), 1);
        // A name that needs more than all may have does not stay.
        waiting.remember(&"n".repeat(20_000), &metadata(""));
        waiting.evict(FAMILIES_MAX, ByteCount(13_000));
        assert_eq!(waiting.bytes, 0);
    }

    #[test]
    fn series_of_a_family_share_its_metadata() {
        let mut waiting = Waiting::default();
        waiting.remember("a", &metadata("x"));
        let found = waiting.take(&series(&["a_bucket", "a_sum", "a"]));
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|(_, one)| Arc::ptr_eq(one, &found[0].1)));
        assert!(waiting.take(&series(&["a"])).is_empty(), "told once");
    }
}
