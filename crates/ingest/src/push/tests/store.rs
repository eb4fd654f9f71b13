//! A store in memory that can be told to fail in every way that the trait knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use plimsoll_types::{
    Appended, Appender, Commit, Durability, Exemplar, Labels, Metadata, Rejected, RejectedReason,
    Sample, SeriesRef, StorageError, StorageErrorKind, Timestamp, Value, WriteBatch, Written,
};
use tokio::sync::Semaphore;

/// What the store holds and how it misbehaves.
pub(super) struct State {
    pub(super) names: BTreeMap<SeriesRef, Labels>,
    pub(super) samples: Vec<(SeriesRef, Sample)>,
    pub(super) exemplars: Vec<(SeriesRef, Exemplar)>,
    pub(super) metadata: Vec<(SeriesRef, Metadata)>,
    pub(super) appends: usize,
    /// Accepted timestamps.
    pub(super) oldest: Timestamp,
    pub(super) latest: Timestamp,
    /// The most series there may be.
    pub(super) series_limit: usize,
    /// References that are forgotten: the next append forgets those of the front.
    pub(super) forget: Vec<BTreeSet<SeriesRef>>,
    pub(super) append_error: Option<StorageErrorKind>,
    pub(super) commit_error: Option<StorageErrorKind>,
    next: u64,
}

pub(super) struct Store {
    state: Mutex<State>,
    /// A commit takes one permit before it is ready.
    pub(super) synced: Arc<Semaphore>,
    pub(super) commits_awaited: Arc<AtomicUsize>,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                names: BTreeMap::new(),
                samples: Vec::new(),
                exemplars: Vec::new(),
                metadata: Vec::new(),
                appends: 0,
                oldest: Timestamp::MIN,
                latest: Timestamp::MAX,
                series_limit: usize::MAX,
                forget: Vec::new(),
                append_error: None,
                commit_error: None,
                next: 1,
            }),
            synced: Arc::new(Semaphore::new(1000)),
            commits_awaited: Arc::default(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Shows all float samples as `series value @ milliseconds`, sorted.
    pub(super) fn shown(&self) -> Vec<String> {
        let state = self.lock();
        let show = |(reference, sample): &(SeriesRef, Sample)| {
            let value = match &sample.value {
                Value::Float(value) => value.to_string(),
                Value::Histogram(histogram) => format!("histogram of {}", histogram.count()),
            };
            format!("{} {value} @ {}", state.names[reference], sample.timestamp)
        };
        let mut shown: Vec<String> = state.samples.iter().map(show).collect();
        shown.sort();
        shown
    }
}

fn error(kind: StorageErrorKind) -> StorageError {
    StorageError::new(kind, format!("the store says {kind:?}"))
}

impl Appender for Store {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        let mut state = self.lock();
        if let Some((known, _)) = state.names.iter().find(|(_, known)| *known == labels) {
            return Ok(*known);
        }
        if state.names.len() >= state.series_limit {
            return Err(error(StorageErrorKind::SeriesLimit));
        }
        let reference = SeriesRef(state.next);
        state.next += 1;
        state.names.insert(reference, labels.clone());
        Ok(reference)
    }

    fn labels(&self, series: SeriesRef) -> Option<Labels> {
        self.lock().names.get(&series).cloned()
    }

    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError> {
        assert_eq!(durability, Durability::Synced, "a push is acknowledged");
        let mut state = self.lock();
        state.appends += 1;
        if let Some(kind) = state.append_error {
            return Err(error(kind));
        }
        if !state.forget.is_empty() {
            for reference in state.forget.remove(0) {
                state.names.remove(&reference);
            }
        }
        let (mut written, mut rejected) = (Written::default(), Vec::new());
        for (index, (reference, sample)) in batch.samples.iter().enumerate() {
            let (oldest, latest) = (state.oldest, state.latest);
            let reason = if !state.names.contains_key(reference) {
                RejectedReason::UnknownSeries
            } else if sample.timestamp < oldest {
                RejectedReason::TooOld { limit: oldest }
            } else if sample.timestamp > latest {
                RejectedReason::TooFarInFuture { limit: latest }
            } else {
                match &sample.value {
                    Value::Float(_) => written.floats += 1,
                    Value::Histogram(_) => written.histograms += 1,
                }
                state.samples.push((*reference, sample.clone()));
                continue;
            };
            rejected.push(Rejected { index, reason });
        }
        for (reference, exemplar) in &batch.exemplars {
            if state.names.contains_key(reference) {
                written.exemplars += 1;
                state.exemplars.push((*reference, exemplar.clone()));
            }
        }
        state.metadata.extend(batch.metadata.iter().cloned());
        let failure = state.commit_error;
        let synced = Arc::clone(&self.synced);
        let awaited = Arc::clone(&self.commits_awaited);
        let commit: Commit = Box::pin(async move {
            awaited.fetch_add(1, Ordering::SeqCst);
            synced.acquire().await.unwrap().forget();
            failure.map_or(Ok(()), |kind| Err(error(kind)))
        });
        Ok(Appended {
            written,
            rejected,
            commit,
        })
    }
}
