//! A store in memory: the naive model that real stores are compared with, and what tests of their users write into.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_types::{
    Appended, Appender, Durability, Exemplar, Labels, Matcher, Metadata, Queryable, Rejected,
    RejectedReason, Sample, SampleColumns, SampleSource, Selection, SeriesRef, StorageError,
    StorageErrorKind, TimeRange, Timestamp, Value, WriteBatch, Written,
};

/// A store in memory that keeps everything; clones share it. Of two samples at the same time the later one counts.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    refs: BTreeMap<Labels, SeriesRef>,
    series: BTreeMap<SeriesRef, Series>,
    next: u64,
    failure: Option<StorageErrorKind>,
    series_limit: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct Series {
    labels: Labels,
    samples: BTreeMap<Timestamp, Sample>,
    exemplars: Vec<Exemplar>,
    metadata: Option<Metadata>,
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every write fail, or succeed again.
    pub fn set_failure(&self, failure: Option<StorageErrorKind>) {
        self.lock().failure = failure;
    }

    /// Refuses to hold more than `limit` series.
    pub fn set_series_limit(&self, limit: usize) {
        self.lock().series_limit = Some(limit);
    }

    /// Forgets the refs of all series, as a store does with series that had no sample for long; samples stay.
    pub fn forget_refs(&self) {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.refs.clear();
        for (_, series) in std::mem::take(&mut state.series) {
            let renamed = SeriesRef(state.next);
            state.next += 1;
            state.refs.insert(series.labels.clone(), renamed);
            state.series.insert(renamed, series);
        }
    }

    /// Returns how many series there are, those without samples included.
    pub fn series_count(&self) -> usize {
        self.lock().refs.len()
    }

    /// Returns the samples of every series as text, `labels` to `[(time, value), ...]`, staleness markers as `stale`.
    pub fn dump(&self) -> BTreeMap<String, Vec<(i64, String)>> {
        let state = self.lock();
        let shown = |sample: &Sample| match &sample.value {
            value if value.is_stale() => "stale".into(),
            Value::Float(value) => value.to_string(),
            Value::Histogram(histogram) => {
                format!("count {} sum {}", histogram.count(), histogram.sum)
            }
        };
        let series = state
            .series
            .values()
            .filter(|series| !series.samples.is_empty());
        series
            .map(|series| {
                let samples = series
                    .samples
                    .iter()
                    .map(|(t, sample)| (t.millis(), shown(sample)));
                (series.labels.to_string(), samples.collect())
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the series that fulfil any of the selectors and have a sample in the range, sorted.
    fn matching(&self, selectors: &[Vec<Matcher>], range: TimeRange) -> Vec<Series> {
        let fulfils = |labels: &Labels, matchers: &Vec<Matcher>| {
            matchers
                .iter()
                .all(|matcher| matcher.matches(labels.get(matcher.name()).unwrap_or("")))
        };
        let state = self.lock();
        let mut found: Vec<Series> = state
            .series
            .values()
            .filter(|series| {
                selectors.is_empty() || selectors.iter().any(|m| fulfils(&series.labels, m))
            })
            .filter(|series| series.samples.keys().any(|t| range.contains(*t)))
            .cloned()
            .collect();
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        found
    }
}

impl Appender for MemoryStore {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        let mut state = self.lock();
        if let Some(series) = state.refs.get(labels) {
            return Ok(*series);
        }
        if state
            .series_limit
            .is_some_and(|limit| state.refs.len() >= limit)
        {
            return Err(StorageError::new(
                StorageErrorKind::SeriesLimit,
                "the series limit is reached",
            ));
        }
        let series = SeriesRef(state.next);
        state.next += 1;
        state.refs.insert(labels.clone(), series);
        let empty = Series {
            labels: labels.clone(),
            ..Series::default()
        };
        state.series.insert(series, empty);
        Ok(series)
    }

    fn append(
        &self,
        batch: &WriteBatch,
        _durability: Durability,
    ) -> Result<Appended, StorageError> {
        let mut state = self.lock();
        if let Some(kind) = state.failure {
            return Err(StorageError::new(kind, "the test wants this write to fail"));
        }
        let (mut written, mut rejected) = (Written::default(), Vec::new());
        for (index, (series, sample)) in batch.samples.iter().enumerate() {
            let Some(series) = state.series.get_mut(series) else {
                rejected.push(Rejected {
                    index,
                    reason: RejectedReason::UnknownSeries,
                });
                continue;
            };
            match sample.value {
                Value::Float(_) => written.floats += 1,
                Value::Histogram(_) => written.histograms += 1,
            }
            series.samples.insert(sample.timestamp, sample.clone());
        }
        for (series, exemplar) in &batch.exemplars {
            if let Some(series) = state.series.get_mut(series) {
                series.exemplars.push(exemplar.clone());
                written.exemplars += 1;
            }
        }
        for (series, metadata) in &batch.metadata {
            if let Some(series) = state.series.get_mut(series) {
                series.metadata = Some(metadata.clone());
            }
        }
        let commit = Box::pin(std::future::ready(Ok(())));
        Ok(Appended {
            written,
            rejected,
            commit,
        })
    }
}

impl Queryable for MemoryStore {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        let found = self.matching(&[matchers.to_vec()], range);
        Ok(Selection {
            labels: found.iter().map(|series| series.labels.clone()).collect(),
            source: Box::new(Source {
                series: found.into(),
                range,
            }),
            warnings: Vec::new(),
        })
    }

    fn series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        let found = self.matching(selectors, range);
        Ok(found
            .into_iter()
            .map(|series| series.labels)
            .take(limit)
            .collect())
    }

    fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        let found = self.matching(selectors, range);
        let names: BTreeSet<&str> = found
            .iter()
            .flat_map(|s| s.labels.iter())
            .map(|(name, _)| name)
            .collect();
        Ok(names.into_iter().take(limit).map(String::from).collect())
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        let found = self.matching(selectors, range);
        let values: BTreeSet<&str> = found
            .iter()
            .filter_map(|series| series.labels.get(name))
            .collect();
        Ok(values.into_iter().take(limit).map(String::from).collect())
    }

    fn exemplars(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        let found = self.matching(selectors, TimeRange::ALL);
        let inside = |series: Series| {
            let exemplars = series
                .exemplars
                .into_iter()
                .filter(|e| range.contains(e.timestamp));
            (series.labels, exemplars.collect::<Vec<_>>())
        };
        Ok(found
            .into_iter()
            .map(inside)
            .filter(|(_, exemplars)| !exemplars.is_empty())
            .collect())
    }

    fn metadata(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        let mut found: BTreeMap<String, BTreeSet<Metadata>> = BTreeMap::new();
        for series in self.lock().series.values() {
            if let (Some(name), Some(metadata)) = (series.labels.metric_name(), &series.metadata)
                && metric.is_none_or(|metric| metric == name)
            {
                found
                    .entry(name.into())
                    .or_default()
                    .insert(metadata.clone());
            }
        }
        Ok(found
            .into_iter()
            .map(|(name, set)| (name, set.into_iter().collect()))
            .take(limit)
            .collect())
    }
}

#[derive(Clone)]
struct Source {
    series: Arc<[Series]>,
    range: TimeRange,
}

impl SampleSource for Source {
    fn read(&mut self, index: usize, into: &mut SampleColumns) -> Result<(), StorageError> {
        into.clear();
        let inside = self.series[index]
            .samples
            .values()
            .filter(|s| self.range.contains(s.timestamp));
        inside.for_each(|sample| into.push(sample));
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn SampleSource>> {
        Some(Box::new(self.clone()))
    }
}
