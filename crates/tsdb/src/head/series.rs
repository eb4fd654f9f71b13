//! The table of active series.
//!
//! A ref is a slot (low 32 bits) and the slot's generation (high 32 bits). Slots are used again when their series goes,
//! which keeps every structure dense; the generation keeps refs unique while the store is open.
//!
//! Labels are kept as numbers of pairs and made anew for whoever asks: a million label sets as text would take ten times
//! the memory, and nobody asks for them all at once.

mod meanings;
mod order;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hashbrown::HashTable;
use plimsoll_types::{Labels, Matcher, Metadata, SeriesRef};
use roaring::RoaringBitmap;

use self::meanings::{Meaning, Meanings};
use super::index::{Index, spread};
use super::label_sets::{Handle, LabelSets};
use super::pages::Pages;
use crate::selector_cache::SelectorCache;
use crate::wal::SeriesLabels;

/// A sweep looks at this many slots at once, so that nobody waits for all of them.
const SLOTS_PER_LOOK: u32 = 1 << 16;
/// Pairs that are counted while new series wait.
const PAIRS_PER_LOOK: usize = 1 << 14;

/// Every active series.
#[derive(Debug)]
pub(crate) struct SeriesTable {
    inner: RwLock<Inner>,
    /// Peers choose labels, so the seed of their hashes must not be known to them.
    seed: u64,
    limit: u64,
}

#[derive(Debug)]
struct Inner {
    by_labels: HashTable<u32>,
    slots: Pages<Slot>,
    free: Vec<u32>,
    sets: LabelSets,
    index: Index,
    meanings: Meanings,
    /// Numbers of pairs, in use for the length of one call.
    scratch: Vec<u32>,
}

#[derive(Debug)]
struct Slot {
    /// [`Handle::NONE`] when the slot is free.
    labels: Handle,
    /// Of the labels.
    hash: u32,
    generation: u32,
    meaning: Meaning,
    /// Used since the last sweep, so that a series is not taken away between its resolution and its first sample.
    is_fresh: AtomicBool,
}

/// The limit of active series is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitReached {
    pub(crate) limit: u64,
}

impl SeriesTable {
    pub(crate) fn new(limit: u64) -> Self {
        let seed = RandomState::new().build_hasher().finish();
        let inner = Inner {
            by_labels: HashTable::new(),
            slots: Pages::default(),
            free: Vec::new(),
            sets: LabelSets::default(),
            index: Index::new(seed),
            meanings: Meanings::default(),
            scratch: Vec::new(),
        };
        Self {
            inner: RwLock::new(inner),
            seed,
            limit,
        }
    }

    /// Returns the ref of a series and whether it is new.
    pub(crate) fn resolve(&self, labels: &Labels) -> Result<(SeriesRef, bool), LimitReached> {
        let hash = labels.seeded_hash(self.seed) as u32;
        if let Some(known) = self.read().find(labels, hash) {
            return Ok((known, false));
        }
        self.add(labels, hash, self.limit)
    }

    /// Returns the ref of a series that was acknowledged in an earlier life: the limit is for new ones.
    pub(crate) fn restore(&self, labels: &Labels) -> SeriesRef {
        let hash = labels.seeded_hash(self.seed) as u32;
        let known = self.read().find(labels, hash);
        let restored = || self.add(labels, hash, u64::MAX).map(|(id, _)| id);
        known.unwrap_or_else(|| restored().expect("there is no such limit"))
    }

    fn add(
        &self,
        labels: &Labels,
        hash: u32,
        limit: u64,
    ) -> Result<(SeriesRef, bool), LimitReached> {
        let mut inner = self.write();
        // Another thread may have been faster.
        if let Some(known) = inner.find(labels, hash) {
            return Ok((known, false));
        }
        if inner.by_labels.len() as u64 >= limit {
            return Err(LimitReached { limit });
        }
        Ok((inner.add(labels, hash), true))
    }

    /// Returns a view for many lookups; appends hold it no longer than one batch.
    pub(crate) fn is_live(&self) -> impl Fn(SeriesRef) -> bool {
        let inner = self.read();
        move |id| inner.live(id).is_some()
    }

    /// Returns the ref of a series when it is active.
    pub(crate) fn find(&self, labels: &Labels) -> Option<SeriesRef> {
        let hash = labels.seeded_hash(self.seed) as u32;
        self.read().find(labels, hash)
    }

    /// Returns the number of active series with this label pair.
    pub(crate) fn count_with(&self, name: &str, value: &str) -> u64 {
        self.read().index.count(name, value)
    }

    /// Returns the slots of the series that fulfil all matchers.
    pub(crate) fn select(&self, matchers: &[Matcher]) -> RoaringBitmap {
        self.read().index.select(matchers)
    }

    /// From now on remembers which values expressions match.
    pub(crate) fn use_cache(&self, cache: Arc<SelectorCache>) {
        self.write().index.use_cache(cache);
    }

    /// Returns the slots of the series that fulfil all matchers of any one of the selectors.
    pub(crate) fn slots_of_any(&self, selectors: &[Vec<Matcher>]) -> RoaringBitmap {
        let inner = self.read();
        let mut found = RoaringBitmap::new();
        selectors
            .iter()
            .for_each(|matchers| found |= inner.index.select(matchers));
        found
    }

    /// Returns the names of all labels of active series.
    pub(crate) fn label_names(&self) -> Vec<String> {
        self.read().index.names().map(str::to_owned).collect()
    }

    /// Returns the values that a label has in active series, in any order.
    pub(crate) fn label_values(&self, name: &str) -> Vec<String> {
        let inner = self.read();
        inner.index.values(name).map(str::to_owned).collect()
    }

    /// Calls `visit` with each value of a label and how many active series have it, in any order. What comes or goes in
    /// the meantime is counted or not.
    pub(crate) fn visit_pairs(&self, name: &str, visit: &mut dyn FnMut(&str, u64)) {
        let mut from = Some(0);
        while let Some(begin) = from.take() {
            let inner = self.read();
            let mut counts = inner.index.counts(name, begin);
            for (_, value, count) in counts.by_ref().take(PAIRS_PER_LOOK) {
                visit(value, count);
            }
            from = counts.next().map(|(number, _, _)| number);
        }
    }

    /// Returns the labels of slots, those of free ones left out. What they take together is the caller's to bound.
    pub(crate) fn labelled(&self, slots: impl IntoIterator<Item = u32>) -> Vec<(u32, Labels)> {
        let inner = self.read();
        let labelled = |slot| Some((slot, inner.labels(slot)?));
        slots.into_iter().filter_map(labelled).collect()
    }

    /// Returns the metadata of a slot.
    pub(crate) fn metadata_of(&self, slot: u32) -> Option<Arc<Metadata>> {
        let inner = self.read();
        inner.meanings.get(inner.slots[slot].meaning).cloned()
    }

    /// Notes what a series means.
    pub(crate) fn set_metadata(&self, id: SeriesRef, metadata: &Metadata) {
        let is_known = |inner: &Inner| {
            let slot = inner.live(id).map(|slot| inner.slots[slot].meaning);
            slot.is_none_or(|known| inner.meanings.get(known).is_some_and(|m| **m == *metadata))
        };
        if is_known(&self.read()) {
            return;
        }
        self.write().set_metadata(id, metadata);
    }

    /// Notes what a metric meant when an older part was sealed.
    pub(crate) fn seed_metadata(&self, metric: &str, metadata: &Metadata) {
        self.write().meanings.note(metric, metadata);
    }

    /// Returns metric names and meanings, sorted.
    pub(crate) fn meanings(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Vec<(String, Vec<Metadata>)> {
        self.read().meanings.of_metrics(metric, limit)
    }

    /// Returns the number of active series.
    pub(crate) fn count(&self) -> usize {
        self.read().by_labels.len()
    }

    /// Returns the series that are not among `used` and that nobody asked for since the last call. They may be used
    /// again at any moment, so [`free`](Self::free) asks once more.
    pub(crate) fn idle(&self, used: &RoaringBitmap) -> Vec<u32> {
        let mut idle = Vec::new();
        let mut begin = 0;
        loop {
            let inner = self.read();
            let end = inner.slots.len().min(begin + SLOTS_PER_LOOK);
            for slot in begin..end {
                let entry = &inner.slots[slot];
                let is_fresh = entry.is_fresh.swap(false, Ordering::Relaxed);
                if entry.labels != Handle::NONE && !is_fresh && !used.contains(slot) {
                    idle.push(slot);
                }
            }
            if begin == end {
                return idle;
            }
            begin = end;
        }
    }

    /// Frees those of `idle` that are still unused, and returns how many. The caller keeps appends and selections out.
    pub(crate) fn free(&self, idle: &[u32], is_used: impl Fn(u32) -> bool) -> usize {
        let mut inner = self.write();
        let mut freed = 0;
        for slot in idle.iter().copied() {
            let is_fresh = inner.slots[slot].is_fresh.load(Ordering::Relaxed);
            if !is_fresh && !is_used(slot) {
                inner.free(slot);
                freed += 1;
            }
        }
        freed
    }

    /// Forgets the meanings that no series and no metric has any more.
    pub(crate) fn forget_meanings(&self) {
        self.write().meanings.forget_unused();
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SeriesLabels for SeriesTable {
    fn labels(&self, id: SeriesRef) -> Option<Labels> {
        let inner = self.read();
        inner.labels(inner.live(id)?)
    }
}

/// Returns the slot of a ref.
pub(crate) fn slot_of(id: SeriesRef) -> u32 {
    id.0 as u32
}

impl Inner {
    fn labels(&self, slot: u32) -> Option<Labels> {
        let handle = self.slots.get(slot)?.labels;
        if handle == Handle::NONE {
            return None;
        }
        let texts = self.sets.get(handle).map(|pair| self.index.text(pair));
        Some(Labels::from_encoded_pairs(texts))
    }

    fn find(&self, labels: &Labels, hash: u32) -> Option<SeriesRef> {
        let is_it = |slot: &u32| {
            let slot = &self.slots[*slot];
            slot.hash == hash && {
                let texts = self.sets.get(slot.labels).map(|pair| self.index.text(pair));
                labels.is_encoded_as(texts)
            }
        };
        let slot = *self.by_labels.find(spread(hash), is_it)?;
        self.slots[slot].is_fresh.store(true, Ordering::Relaxed);
        Some(self.make_ref(slot))
    }

    fn make_ref(&self, slot: u32) -> SeriesRef {
        let generation = self.slots[slot].generation;
        SeriesRef(u64::from(generation) << 32 | u64::from(slot))
    }

    /// Returns the slot of a ref that still names its series.
    fn live(&self, id: SeriesRef) -> Option<u32> {
        let slot = self.slots.get(slot_of(id))?;
        let is_live = slot.labels != Handle::NONE && u64::from(slot.generation) == id.0 >> 32;
        is_live.then_some(slot_of(id))
    }

    fn add(&mut self, labels: &Labels, hash: u32) -> SeriesRef {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                labels: Handle::NONE,
                hash: 0,
                generation: 0,
                meaning: Meaning::NONE,
                is_fresh: AtomicBool::new(true),
            })
        });
        self.index.insert(slot, labels, &mut self.scratch);
        let entry = &mut self.slots[slot];
        entry.labels = self.sets.insert(&self.scratch);
        entry.hash = hash;
        *entry.is_fresh.get_mut() = true;
        // After a restart the sources say once more what they mean only when it changes.
        let metric = labels.metric_name();
        entry.meaning = metric.map_or(Meaning::NONE, |name| self.meanings.take_only_one(name));
        let slots = &self.slots;
        self.by_labels
            .insert_unique(spread(hash), slot, |other| spread(slots[*other].hash));
        self.make_ref(slot)
    }

    fn free(&mut self, slot: u32) {
        let entry = &mut self.slots[slot];
        self.meanings
            .give_back(std::mem::replace(&mut entry.meaning, Meaning::NONE));
        let handle = std::mem::replace(&mut entry.labels, Handle::NONE);
        if handle == Handle::NONE {
            return;
        }
        // A slot whose generations are used up is not used again.
        if let Some(next) = entry.generation.checked_add(1) {
            entry.generation = next;
            self.free.push(slot);
        }
        let hash = spread(entry.hash);
        if let Ok(entry) = self.by_labels.find_entry(hash, |other| *other == slot) {
            entry.remove();
        }
        self.scratch.clear();
        self.scratch.extend(self.sets.get(handle));
        self.index.remove(slot, &self.scratch);
        self.sets.remove(handle);
    }

    fn set_metadata(&mut self, id: SeriesRef, metadata: &Metadata) {
        let Some(slot) = self.live(id) else {
            return;
        };
        let old = std::mem::replace(&mut self.slots[slot].meaning, Meaning::NONE);
        self.slots[slot].meaning = self.meanings.take(metadata);
        self.meanings.give_back(old);
        let labels = self.labels(slot);
        if let Some(name) = labels.as_ref().and_then(Labels::metric_name) {
            self.meanings.note(name, metadata);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn labels(name: &str) -> Labels {
        Labels::from_pairs([("__name__", name)])
    }

    #[test]
    fn refs_are_never_used_again() {
        let table = SeriesTable::new(2);
        let (first, is_new) = table.resolve(&labels("a")).unwrap();
        assert!(is_new);
        assert_eq!(table.resolve(&labels("a")).unwrap(), (first, false));
        let sweep = |used: &[u32]| {
            let used: RoaringBitmap = used.iter().copied().collect();
            let idle = table.idle(&used);
            table.free(&idle, |slot| used.contains(slot))
        };
        // The first sweep only notes that the series was asked for, whether it was new or not.
        assert_eq!(sweep(&[]), 0);
        table.resolve(&labels("a")).unwrap();
        assert_eq!(sweep(&[]), 0);
        assert_eq!(sweep(&[slot_of(first)]), 0);
        // It is asked for between the look and the deed.
        let idle = table.idle(&RoaringBitmap::new());
        assert_eq!(idle, [slot_of(first)]);
        table.resolve(&labels("a")).unwrap();
        assert_eq!(table.free(&idle, |_| false), 0);
        assert_eq!((sweep(&[]), sweep(&[])), (0, 1));
        let (second, _) = table.resolve(&labels("b")).unwrap();
        assert_eq!(slot_of(first), slot_of(second));
        assert_ne!(first, second);
        assert!(!table.is_live()(first));
        assert!(table.is_live()(second));
        assert_eq!(table.labels(first), None);
    }

    proptest! {
        #[test]
        fn every_ref_keeps_its_labels(steps in prop::collection::vec((prop::collection::btree_map("[ab]", "[xyz]{0,2}", 0..3).prop_map(Labels::from_pairs), 0..4u8), 0..60)) {
            let table = SeriesTable::new(99);
            let mut model = HashMap::<Labels, SeriesRef>::new();
            for (labels, step) in steps {
                if step == 0 {
                    // Two sweeps, since the first only notes that the series was asked for.
                    let gone = model.remove(&labels);
                    let used: RoaringBitmap = model.values().map(|id| slot_of(*id)).collect();
                    table.idle(&used);
                    let freed = table.free(&table.idle(&used), |slot| used.contains(slot));
                    prop_assert_eq!(freed, usize::from(gone.is_some()));
                    if let Some(gone) = gone {
                        prop_assert_eq!(SeriesLabels::labels(&table, gone), None);
                    }
                    continue;
                }
                let (id, is_new) = table.resolve(&labels).unwrap();
                prop_assert_eq!(model.insert(labels, id), (!is_new).then_some(id));
            }
            prop_assert_eq!(table.count(), model.len());
            for (labels, id) in &model {
                prop_assert_eq!(table.find(labels), Some(*id));
                let found = SeriesLabels::labels(&table, *id);
                prop_assert_eq!(found.as_ref(), Some(labels));
            }
        }
    }

    #[test]
    fn the_limit_holds() {
        let table = SeriesTable::new(1);
        table.resolve(&labels("a")).unwrap();
        assert_eq!(table.resolve(&labels("b")), Err(LimitReached { limit: 1 }));
        assert!(table.resolve(&labels("a")).is_ok());
        assert_eq!(table.count(), 1);
    }

    #[test]
    fn a_new_series_inherits_the_one_meaning_of_its_metric() {
        let table = SeriesTable::new(9);
        let metadata = Metadata {
            unit: "bytes".into(),
            ..Metadata::default()
        };
        table.seed_metadata("a", &metadata);
        let (id, _) = table.resolve(&labels("a")).unwrap();
        assert_eq!(table.metadata_of(slot_of(id)).as_deref(), Some(&metadata));
        let other = Metadata::default();
        table.set_metadata(id, &other);
        assert_eq!(
            table.meanings(None, 9),
            [("a".into(), vec![other, metadata])]
        );
        assert_eq!(table.meanings(Some("b"), 9), []);
    }
}
