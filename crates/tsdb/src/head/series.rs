//! The table of active series.
//!
//! A ref is a slot (low 32 bits) and the slot's generation (high 32 bits). Slots are used again when their series goes,
//! which keeps every structure dense; the generation keeps refs unique while the store is open.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use plimsoll_types::{Labels, Matcher, Metadata, SeriesRef};
use roaring::RoaringBitmap;

use super::index::Index;
use crate::wal::SeriesLabels;

/// Different answers to "what does this metric mean?" that are kept per metric; the oldest goes.
const MEANINGS_MAX: usize = 16;
/// Metric names whose meaning is kept.
const FAMILIES_MAX: usize = 1_000_000;
/// A sweep looks at this many slots at once, so that nobody waits for all of them.
const SLOTS_PER_LOOK: u32 = 1 << 16;

/// Every active series.
#[derive(Debug)]
pub(crate) struct SeriesTable {
    inner: RwLock<Inner>,
    limit: u64,
}

#[derive(Debug, Default)]
struct Inner {
    by_labels: HashMap<Labels, u32>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    index: Index,
    meanings: HashSet<Arc<Metadata>>,
    families: BTreeMap<Box<str>, Vec<Arc<Metadata>>>,
}

#[derive(Debug)]
struct Slot {
    /// `None` when the slot is free.
    labels: Option<Labels>,
    generation: u32,
    /// Used since the last sweep, so that a series is not taken away between its resolution and its first sample.
    is_fresh: AtomicBool,
    metadata: Option<Arc<Metadata>>,
}

/// The limit of active series is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitReached {
    pub(crate) limit: u64,
}

impl SeriesTable {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            inner: RwLock::default(),
            limit,
        }
    }

    /// Returns the ref of a series and whether it is new.
    pub(crate) fn resolve(&self, labels: &Labels) -> Result<(SeriesRef, bool), LimitReached> {
        if let Some(known) = self.read().find(labels) {
            return Ok((known, false));
        }
        self.add(labels, self.limit)
    }

    /// Returns the ref of a series that was acknowledged in an earlier life: the limit is for new ones.
    pub(crate) fn restore(&self, labels: &Labels) -> SeriesRef {
        let known = self.read().find(labels);
        let restored = || self.add(labels, u64::MAX).map(|(id, _)| id);
        known.unwrap_or_else(|| restored().expect("there is no such limit"))
    }

    fn add(&self, labels: &Labels, limit: u64) -> Result<(SeriesRef, bool), LimitReached> {
        let mut inner = self.write();
        // Another thread may have been faster.
        if let Some(known) = inner.find(labels) {
            return Ok((known, false));
        }
        if inner.by_labels.len() as u64 >= limit {
            return Err(LimitReached { limit });
        }
        Ok((inner.add(labels), true))
    }

    /// Returns a view for many lookups; appends hold it no longer than one batch.
    pub(crate) fn is_live(&self) -> impl Fn(SeriesRef) -> bool {
        let inner = self.read();
        move |id| inner.live(id).is_some()
    }

    /// Returns the series that fulfil all matchers.
    pub(crate) fn select(&self, matchers: &[Matcher]) -> Vec<(u32, Labels)> {
        let inner = self.read();
        inner.labelled(&inner.index.select(matchers))
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

    /// Calls `visit` with each value of a label and how many active series have it, in any order.
    pub(super) fn visit_pairs(&self, name: &str, visit: &mut dyn FnMut(&str, u64)) {
        let inner = self.read();
        inner
            .index
            .counts(name)
            .for_each(|(value, count)| visit(value, count));
    }

    /// Returns the labels of slots that a window holds.
    pub(crate) fn labelled(&self, slots: &RoaringBitmap) -> Vec<(u32, Labels)> {
        self.read().labelled(slots)
    }

    /// Returns the metadata of a slot.
    pub(crate) fn metadata_of(&self, slot: u32) -> Option<Arc<Metadata>> {
        self.read().slots[slot as usize].metadata.clone()
    }

    /// Notes what a series means.
    pub(crate) fn set_metadata(&self, id: SeriesRef, metadata: &Metadata) {
        let is_known = |inner: &Inner| {
            let slot = inner.live(id).map(|slot| &inner.slots[slot as usize]);
            slot.is_none_or(|slot| slot.metadata.as_deref() == Some(metadata))
        };
        if is_known(&self.read()) {
            return;
        }
        let mut inner = self.write();
        let Some(slot) = inner.live(id) else {
            return;
        };
        let shared = inner.share(metadata);
        let slot = &mut inner.slots[slot as usize];
        slot.metadata = Some(shared.clone());
        if let Some(name) = slot.labels.as_ref().and_then(Labels::metric_name) {
            let name: Box<str> = name.into();
            inner.note_meaning(&name, shared);
        }
    }

    /// Notes what a metric meant when an older part was sealed.
    pub(crate) fn seed_metadata(&self, metric: &str, metadata: &Metadata) {
        let mut inner = self.write();
        let shared = inner.share(metadata);
        inner.note_meaning(metric, shared);
    }

    /// Returns metric names and meanings, sorted.
    pub(crate) fn meanings(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Vec<(String, Vec<Metadata>)> {
        let inner = self.read();
        let plain = |name: &str, meanings: &[Arc<Metadata>]| {
            let mut meanings: Vec<Metadata> = meanings.iter().map(|m| (**m).clone()).collect();
            meanings.sort();
            (name.to_owned(), meanings)
        };
        if let Some(name) = metric {
            let known = inner.families.get(name).filter(|_| limit > 0);
            return known
                .map(|meanings| plain(name, meanings))
                .into_iter()
                .collect();
        }
        let families = inner.families.iter().take(limit);
        families
            .map(|(name, meanings)| plain(name, meanings))
            .collect()
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
            let end = (inner.slots.len() as u32).min(begin + SLOTS_PER_LOOK);
            for slot in begin..end {
                let entry = &inner.slots[slot as usize];
                let is_fresh = entry.is_fresh.swap(false, Ordering::Relaxed);
                if entry.labels.is_some() && !is_fresh && !used.contains(slot) {
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
            let is_fresh = inner.slots[slot as usize].is_fresh.load(Ordering::Relaxed);
            if !is_fresh && !is_used(slot) {
                inner.free(slot);
                freed += 1;
            }
        }
        freed
    }

    /// Forgets the meanings that no series and no metric has any more.
    pub(crate) fn forget_meanings(&self) {
        let in_use = |meaning: &Arc<Metadata>| Arc::strong_count(meaning) > 1;
        self.write().meanings.retain(in_use);
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
        inner.slots[inner.live(id)? as usize].labels.clone()
    }
}

/// Returns the slot of a ref.
pub(crate) fn slot_of(id: SeriesRef) -> u32 {
    id.0 as u32
}

impl Inner {
    fn labelled(&self, slots: &RoaringBitmap) -> Vec<(u32, Labels)> {
        let labels = |slot: u32| self.slots[slot as usize].labels.clone();
        slots
            .iter()
            .filter_map(|slot| Some((slot, labels(slot)?)))
            .collect()
    }

    fn find(&self, labels: &Labels) -> Option<SeriesRef> {
        let slot = *self.by_labels.get(labels)?;
        self.slots[slot as usize]
            .is_fresh
            .store(true, Ordering::Relaxed);
        Some(self.make_ref(slot))
    }

    fn make_ref(&self, slot: u32) -> SeriesRef {
        let generation = self.slots[slot as usize].generation;
        SeriesRef(u64::from(generation) << 32 | u64::from(slot))
    }

    /// Returns the slot of a ref that still names its series.
    fn live(&self, id: SeriesRef) -> Option<u32> {
        let slot = self.slots.get(slot_of(id) as usize)?;
        let is_live = slot.labels.is_some() && u64::from(slot.generation) == id.0 >> 32;
        is_live.then_some(slot_of(id))
    }

    fn add(&mut self, labels: &Labels) -> SeriesRef {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                labels: None,
                generation: 0,
                is_fresh: AtomicBool::new(true),
                metadata: None,
            });
            (self.slots.len() - 1) as u32
        });
        self.by_labels.insert(labels.clone(), slot);
        self.index.insert(slot, labels);
        // After a restart the sources say once more what they mean only when it changes.
        let meaning = labels
            .metric_name()
            .and_then(|name| self.families.get(name))
            .filter(|meanings| meanings.len() == 1)
            .map(|meanings| meanings[0].clone());
        let entry = &mut self.slots[slot as usize];
        entry.labels = Some(labels.clone());
        *entry.is_fresh.get_mut() = true;
        entry.metadata = meaning;
        self.make_ref(slot)
    }

    fn free(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        entry.metadata = None;
        let Some(labels) = entry.labels.take() else {
            return;
        };
        // A slot whose generations are used up is not used again.
        if let Some(next) = entry.generation.checked_add(1) {
            entry.generation = next;
            self.free.push(slot);
        }
        self.by_labels.remove(&labels);
        self.index.remove(slot, &labels);
    }

    fn share(&mut self, metadata: &Metadata) -> Arc<Metadata> {
        if let Some(known) = self.meanings.get(metadata) {
            return known.clone();
        }
        let shared = Arc::new(metadata.clone());
        self.meanings.insert(shared.clone());
        shared
    }

    fn note_meaning(&mut self, metric: &str, meaning: Arc<Metadata>) {
        if let Some(known) = self.families.get_mut(metric) {
            if !known.contains(&meaning) {
                known.push(meaning);
                if known.len() > MEANINGS_MAX {
                    known.remove(0);
                }
            }
        } else if self.families.len() < FAMILIES_MAX {
            self.families.insert(metric.into(), vec![meaning]);
        }
    }
}

#[cfg(test)]
mod tests {
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
