//! Looks at what is written, and hands on the samples of watched series.
//!
//! ```text
//! scrapes, pushes, rules -> Tap (an Appender) -> store
//!                            |  resolve: is the series watched?  then its ref is remembered
//!                            |  append: after the store took it, samples of remembered refs --> queue
//! ```
//!
//! A series is asked about once, when its ref is resolved; those that were resolved before the wishes changed are looked
//! up in the store ([`Tap::set_wishes`]). No series falls between the two: a ref is in the store before its wish is read, and
//! the store is searched after the wishes were changed. A sample of a series that nobody watches costs one look into a
//! table of numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arc_swap::ArcSwapOption;
use plimsoll_types::{
    ActiveSeries, Appended, Appender, Durability, Labels, Rejected, SeriesRef, StorageError,
    WriteBatch,
};

use super::queue::{CAPACITY, Lost, Observed, Queue};

/// Which series are wanted.
pub(crate) trait Wishes: Send + Sync {
    /// Says whether the samples of the series with these labels are wanted.
    fn wants(&self, labels: &Labels) -> bool;

    /// Returns label pairs of which each wanted series has one.
    fn pairs(&self) -> Vec<(String, String)>;
}

/// An appender in front of the store; clones share it.
#[derive(Clone)]
pub struct Tap(Arc<Inner>);

struct Inner {
    store: Arc<dyn Appender>,
    active: Arc<dyn ActiveSeries>,
    wishes: ArcSwapOption<Box<dyn Wishes>>,
    watched: RwLock<Watched>,
    /// Whether `watched` has anything; without objectives not even the lock is taken.
    is_on: AtomicBool,
    queue: Queue,
    /// The store's count of removals up to which `watched` was tidied up.
    removals: AtomicU64,
}

type Watched = HashMap<SeriesRef, Labels, BuildHasherDefault<RefHasher>>;

/// Spreads refs over a table; they are numbers that the store gave out one after the other.
#[derive(Default)]
struct RefHasher(u64);

impl Hasher for RefHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio's digits: the usual factor of multiplicative hashing (Knuth, volume 3, 6.4). The upper half,
        // which is the well mixed one, also goes where the table looks for its place.
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

impl Tap {
    /// Puts a tap in front of `store`; nothing is wanted yet.
    pub fn new(store: Arc<dyn Appender>, active: Arc<dyn ActiveSeries>) -> Self {
        Self::with_capacity(store, active, CAPACITY)
    }

    pub(crate) fn with_capacity(
        store: Arc<dyn Appender>,
        active: Arc<dyn ActiveSeries>,
        capacity: usize,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            active,
            wishes: ArcSwapOption::empty(),
            watched: RwLock::default(),
            is_on: AtomicBool::new(false),
            queue: Queue::new(capacity),
            removals: AtomicU64::new(0),
        }))
    }

    /// Changes what is wanted, and looks for it among the series that are there. Takes time that grows with the series of
    /// the metrics that are wanted.
    pub(crate) fn set_wishes(&self, wishes: Box<dyn Wishes>) {
        self.0.wishes.store(Some(Arc::new(wishes)));
        self.rescan();
    }

    /// Looks at series that are there and that no label pair leads to.
    pub(crate) fn look_at(&self, series: &[Labels]) {
        for labels in series {
            if let Some(series) = self.0.active.find(labels) {
                self.0.look_at(series, labels);
            }
        }
    }

    fn rescan(&self) {
        let Some(wishes) = self.0.wishes.load_full() else {
            return;
        };
        let mut found = Watched::default();
        for (name, value) in wishes.pairs() {
            let mut visit = |labels: &Labels| {
                let series = wishes.wants(labels).then(|| self.0.active.find(labels));
                if let Some(series) = series.flatten() {
                    found.insert(series, labels.clone());
                }
            };
            self.0.active.visit_with(&name, &value, &mut visit);
        }
        let mut watched = self.0.watched_mut();
        // What was resolved while it was searched is kept, if it is still wanted.
        watched.retain(|_, labels| wishes.wants(labels));
        watched.extend(found);
        self.0.is_on.store(!watched.is_empty(), Ordering::Release);
    }

    /// Forgets refs that the store has forgotten. Does nothing as long as it forgot none.
    pub(crate) fn tidy_up(&self) {
        let inner = &self.0;
        let removals = inner.active.removals();
        if inner.removals.swap(removals, Ordering::AcqRel) == removals {
            return;
        }
        let known: Vec<SeriesRef> = inner.watched().keys().copied().collect();
        let is_gone = |series: &SeriesRef| inner.store.labels(*series).is_none();
        let gone: Vec<SeriesRef> = known.into_iter().filter(is_gone).collect();
        let mut watched = inner.watched_mut();
        for series in gone {
            watched.remove(&series);
        }
    }

    /// Takes the watched samples that were written since the last time.
    pub(crate) fn take(&self, into: &mut Vec<Observed>) -> Lost {
        self.0.queue.take(into)
    }

    /// Shows the labels of watched series to `look`.
    pub(crate) fn with_labels<T>(
        &self,
        look: impl FnOnce(&dyn Fn(SeriesRef) -> Option<Labels>) -> T,
    ) -> T {
        let watched = self.0.watched();
        look(&|series| watched.get(&series).cloned())
    }

    /// Returns how many series are watched.
    pub(crate) fn watched_count(&self) -> usize {
        self.0.watched().len()
    }
}

impl Inner {
    fn watched(&self) -> RwLockReadGuard<'_, Watched> {
        self.watched.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn watched_mut(&self) -> RwLockWriteGuard<'_, Watched> {
        self.watched.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a ref whose series is wanted.
    fn look_at(&self, series: SeriesRef, labels: &Labels) {
        let wishes = self.wishes.load();
        let is_wanted = wishes.as_ref().is_some_and(|wishes| wishes.wants(labels));
        if is_wanted && !self.watched().contains_key(&series) {
            self.watched_mut().insert(series, labels.clone());
            self.is_on.store(true, Ordering::Release);
        }
    }

    /// Queues what was written of watched series.
    fn observe(&self, batch: &WriteBatch, rejected: &[Rejected]) {
        let watched = self.watched();
        let samples = batch.samples.iter().enumerate();
        let mut wanted = samples
            .filter(|(_, (series, _))| watched.contains_key(series))
            .peekable();
        if wanted.peek().is_none() {
            return;
        }
        let mut rejected = rejected.iter().map(|rejected| rejected.index).peekable();
        let written = wanted.filter(|(index, _)| {
            while rejected.next_if(|refused| refused < index).is_some() {}
            rejected.peek() != Some(index)
        });
        self.queue.push(written.map(|(_, sample)| sample.clone()));
    }
}

impl Appender for Tap {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        let series = self.0.store.resolve(labels)?;
        self.0.look_at(series, labels);
        Ok(series)
    }

    fn labels(&self, series: SeriesRef) -> Option<Labels> {
        self.0.store.labels(series)
    }

    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError> {
        let appended = self.0.store.append(batch, durability)?;
        if self.0.is_on.load(Ordering::Acquire) {
            self.0.observe(batch, &appended.rejected);
        }
        Ok(appended)
    }
}

#[cfg(test)]
mod tests;
