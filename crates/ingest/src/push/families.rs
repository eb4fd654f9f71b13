//! Metadata that comes by name of the metric family, for storage that keeps it by series.
//!
//! Remote write 1.0 sends metadata once a minute in requests without a series. It is remembered here, and goes to storage
//! with the series of the family that are decoded: new ones, and after news all of them once (the *epoch* tells those that
//! recognise series that there was news). What is remembered is bounded in number and in bytes: when there is too much,
//! what was told longest ago goes, since its sender may be gone and repeats it when it is not.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
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

/// The metadata of families.
#[derive(Default)]
pub(super) struct Families {
    told: Mutex<Remembered>,
    epoch: AtomicU32,
}

impl Families {
    /// Returns a number that changes when something new was told.
    pub(super) fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Remembers the families of a request, and returns for each of its decoded series (by index) what is known of it. The
    /// series of a family share it, so that a million of them cost a million pointers.
    pub(super) fn learn_and_match(
        &self,
        decoded: &Decoded,
        metrics: &Metrics,
    ) -> Vec<(usize, Arc<Metadata>)> {
        if decoded.families.is_empty() && decoded.series.is_empty() {
            return Vec::new();
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_news = false;
        for (name, metadata) in &decoded.families {
            is_news |= told.remember(name, metadata);
        }
        metrics.count_dropped_metadata(told.evict(FAMILIES_MAX, BYTES_MAX));
        if is_news {
            self.epoch.fetch_add(1, Ordering::Release);
        }
        told.of_all(&decoded.series)
    }
}

/// Families by name and by age.
#[derive(Default)]
struct Remembered {
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

impl Remembered {
    /// Says whether it is news.
    fn remember(&mut self, name: &str, metadata: &Metadata) -> bool {
        let age = self.next_age;
        self.next_age += 1;
        if let Some(known) = self.by_name.get_mut(name) {
            if *known.metadata == *metadata {
                let name = self.by_age.remove(&known.age);
                known.age = age;
                self.by_age.extend(name.map(|name| (age, name)));
                return false;
            }
            let known = known.age;
            self.forget(known);
        }
        let name = Arc::<str>::from(name);
        self.bytes += cost(&name, metadata);
        self.by_age.insert(age, Arc::clone(&name));
        let metadata = Arc::new(metadata.clone());
        self.by_name.insert(name, Told { metadata, age });
        true
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

    fn of_all(&self, series: &[Series]) -> Vec<(usize, Arc<Metadata>)> {
        if self.by_name.is_empty() {
            return Vec::new();
        }
        let each = series.iter().enumerate();
        each.filter_map(|(index, series)| Some((index, Arc::clone(&self.of(series)?.metadata))))
            .collect()
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
        let mut told = Remembered::default();
        for name in ["a", "b", "c", "a"] {
            told.remember(name, &metadata("x"));
        }
        assert_eq!(told.evict(2, BYTES_MAX), 1);
        let left = told.of_all(&series(&["a", "b", "c"]));
        assert_eq!(
            left.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
            [0, 2]
        );
        told.evict(0, BYTES_MAX);
        assert_eq!(
            (told.bytes, told.by_age.len(), told.by_name.len()),
            (0, 0, 0)
        );
    }

    #[test]
    fn only_news_changes_the_epoch() {
        let families = Families::default();
        let mut epochs = Vec::new();
        for help in ["x", "x", "y", "x"] {
            let decoded = Decoded {
                families: vec![("a".into(), metadata(help))],
                ..Decoded::default()
            };
            families.learn_and_match(&decoded, &Metrics::default());
            epochs.push(families.epoch());
        }
        assert_eq!(epochs, [1, 1, 2, 3]);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut told = Remembered::default();
        let help = "x".repeat(1000);
        for index in 0..100 {
            told.remember(&format!("m{index}"), &metadata(&help));
        }
        assert_eq!(told.evict(FAMILIES_MAX, ByteCount(13_000)), 90);
        assert!(told.bytes <= 13_000, "{}", told.bytes);
        assert_eq!(told.of_all(&series(&["m89", "m90"])).len(), 1);
        // A name that needs more than all may have does not stay.
        told.remember(&"n".repeat(20_000), &metadata(""));
        told.evict(FAMILIES_MAX, ByteCount(13_000));
        assert_eq!(told.bytes, 0);
    }

    #[test]
    fn series_of_a_family_share_its_metadata() {
        let mut told = Remembered::default();
        told.remember("a", &metadata("x"));
        let found = told.of_all(&series(&["a_bucket", "a_sum", "a"]));
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|(_, one)| Arc::ptr_eq(one, &found[0].1)));
        assert!(told.of_all(&series(&["b"])).is_empty());
    }
}
