//! A store in memory that the engine can ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use plimsoll_types::{
    Exemplar, Labels, Matcher, Metadata, Queryable, Sample, SampleColumns, SampleSource, Selection,
    StorageError, StorageErrorKind, TimeRange,
};

/// Series by labels; samples ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    series: BTreeMap<Labels, Vec<Sample>>,
    reads: Arc<Mutex<Vec<usize>>>,
}

impl Memory {
    /// Adds samples, which must come in ascending order of time.
    pub(crate) fn add(&mut self, labels: Labels, samples: impl IntoIterator<Item = Sample>) {
        self.series.entry(labels).or_default().extend(samples);
    }

    /// Returns how many series were read since the store was made.
    pub(crate) fn reads(&self) -> usize {
        self.reads.lock().unwrap().len()
    }
}

struct Source {
    samples: Vec<Vec<Sample>>,
    reads: Arc<Mutex<Vec<usize>>>,
}

impl SampleSource for Source {
    fn read(&mut self, index: usize, into: &mut SampleColumns) -> Result<(), StorageError> {
        self.reads.lock().unwrap().push(index);
        into.clear();
        self.samples[index]
            .iter()
            .for_each(|sample| into.push(sample));
        Ok(())
    }
}

fn unused<T>() -> Result<T, StorageError> {
    let message = "the engine only selects";
    Err(StorageError::new(StorageErrorKind::Closed, message))
}

impl Queryable for Memory {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        let fits = |labels: &Labels| {
            matchers
                .iter()
                .all(|m| m.matches(labels.get(m.name()).unwrap_or("")))
        };
        let (mut labels, mut samples) = (Vec::new(), Vec::new());
        for (series, all) in self.series.iter().filter(|(series, _)| fits(series)) {
            let inside = all.iter().filter(|sample| range.contains(sample.timestamp));
            let inside: Vec<Sample> = inside.cloned().collect();
            if !inside.is_empty() {
                labels.push(series.clone());
                samples.push(inside);
            }
        }
        let reads = Arc::clone(&self.reads);
        Ok(Selection {
            labels,
            source: Box::new(Source { samples, reads }),
            warnings: Vec::new(),
        })
    }

    fn series(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        unused()
    }

    fn label_names(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<String>, StorageError> {
        unused()
    }

    fn label_values(
        &self,
        _: &str,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<String>, StorageError> {
        unused()
    }

    fn exemplars(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        unused()
    }

    fn metadata(
        &self,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        unused()
    }
}
