//! A store in memory that counts its series, for limits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use plimsoll_types::{
    ActiveSeries, Appended, Appender, Durability, Labels, Rejected, RejectedReason, Sample,
    SeriesRef, StorageError, StorageErrorKind, Value, WriteBatch, Written,
};

#[derive(Default)]
pub(super) struct Store {
    state: Mutex<State>,
    removals: AtomicU64,
    visits: AtomicU64,
    /// Takes no batch.
    pub(super) is_full: AtomicBool,
}

#[derive(Default)]
struct State {
    refs: BTreeMap<Labels, SeriesRef>,
    live: BTreeMap<SeriesRef, Labels>,
    samples: BTreeMap<Labels, Vec<Sample>>,
    next: u64,
}

impl Store {
    /// Lets a series cease to be active.
    pub(super) fn remove(&self, labels: &Labels) {
        let mut state = self.lock();
        if let Some(series) = state.refs.remove(labels) {
            state.live.remove(&series);
            self.removals.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn active(&self) -> BTreeSet<Labels> {
        self.lock().refs.keys().cloned().collect()
    }

    /// How often all series of a metric were looked at.
    pub(super) fn visits(&self) -> u64 {
        self.visits.load(Ordering::Relaxed)
    }

    /// Returns what was stored of each series, by labels, in the order of time.
    pub(super) fn samples(&self) -> BTreeMap<Labels, Vec<Sample>> {
        let mut samples = self.lock().samples.clone();
        for of_series in samples.values_mut() {
            of_series.sort_by_key(|sample| sample.timestamp);
        }
        samples
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Appender for Store {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if let Some(known) = state.refs.get(labels) {
            return Ok(*known);
        }
        let series = SeriesRef(state.next);
        state.next += 1;
        state.refs.insert(labels.clone(), series);
        state.live.insert(series, labels.clone());
        Ok(series)
    }

    fn labels(&self, series: SeriesRef) -> Option<Labels> {
        self.lock().live.get(&series).cloned()
    }

    fn append(&self, batch: &WriteBatch, _: Durability) -> Result<Appended, StorageError> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(StorageError::new(StorageErrorKind::ReadOnly, "it is full"));
        }
        let mut guard = self.lock();
        let state = &mut *guard;
        let (mut written, mut rejected) = (Written::default(), Vec::new());
        for (index, (series, sample)) in batch.samples.iter().enumerate() {
            let Some(labels) = state.live.get(series) else {
                let reason = RejectedReason::UnknownSeries;
                rejected.push(Rejected { index, reason });
                continue;
            };
            match sample.value {
                Value::Float(_) => written.floats += 1,
                Value::Histogram(_) => written.histograms += 1,
            }
            let samples = state.samples.entry(labels.clone()).or_default();
            samples.push(sample.clone());
        }
        Ok(Appended {
            written,
            rejected,
            commit: Box::pin(std::future::ready(Ok(()))),
        })
    }
}

impl ActiveSeries for Store {
    fn find(&self, labels: &Labels) -> Option<SeriesRef> {
        self.lock().refs.get(labels).copied()
    }

    fn count(&self) -> u64 {
        self.lock().refs.len() as u64
    }

    fn count_with(&self, name: &str, value: &str) -> u64 {
        let state = self.lock();
        let fits = |labels: &&Labels| labels.get(name) == Some(value);
        state.refs.keys().filter(fits).count() as u64
    }

    fn visit_with(&self, name: &str, value: &str, visit: &mut dyn FnMut(&Labels)) {
        self.visits.fetch_add(1, Ordering::Relaxed);
        let all = self.active();
        let fitting = all.iter().filter(|labels| labels.get(name) == Some(value));
        fitting.for_each(visit);
    }

    fn removals(&self) -> u64 {
        self.removals.load(Ordering::Relaxed)
    }
}
