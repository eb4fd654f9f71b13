//! A store in memory that the engine can ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use plimsoll_types::{
    Exemplar, Labels, Matcher, Metadata, Queryable, Sample, SampleColumns, SampleSource, Selection,
    StorageError, StorageErrorKind, Summary, TimeRange, Timestamp, Value,
};

/// Series by labels; samples ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    series: BTreeMap<Labels, Vec<Sample>>,
    reads: Arc<Mutex<Vec<usize>>>,
    /// Knows the summary of a window without reading it.
    pub(crate) is_telling: bool,
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

#[derive(Clone)]
struct Source {
    samples: Arc<Vec<Vec<Sample>>>,
    reads: Arc<Mutex<Vec<usize>>>,
    is_telling: bool,
}

/// Sums up whole numbers, which no order of adding rounds.
fn summary(samples: &[(Timestamp, f64)]) -> Option<Summary> {
    let is_exact = samples
        .iter()
        .all(|(_, value)| value.fract() == 0.0 && value.abs() < 1e9);
    let (first, last) = (*samples.first()?, *samples.last()?);
    let values = || samples.iter().map(|(_, value)| *value);
    let falls = samples.windows(2).filter(|two| two[1].1 < two[0].1);
    is_exact.then(|| Summary {
        count: samples.len() as u64,
        first,
        last,
        min: values().fold(f64::INFINITY, f64::min),
        max: values().fold(f64::NEG_INFINITY, f64::max),
        // Beginning with 0, so that the sum is never -0.
        sum: Some(values().fold(0.0, |sum, value| sum + value)),
        resets: Some(falls.fold(0.0, |sum, two| sum + two[0].1)),
    })
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

    fn fork(&self) -> Option<Box<dyn SampleSource>> {
        Some(Box::new(self.clone()))
    }

    fn summary(&mut self, index: usize, range: TimeRange) -> Result<Option<Summary>, StorageError> {
        let inside = self.samples[index]
            .iter()
            .filter(|s| range.contains(s.timestamp));
        let floats = inside.map(|sample| match sample.value {
            Value::Float(value) => Some((sample.timestamp, value)),
            Value::Histogram(_) => None,
        });
        let floats: Option<Vec<_>> = floats.collect();
        Ok(floats
            .filter(|_| self.is_telling)
            .and_then(|floats| summary(&floats)))
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
            source: Box::new(Source {
                samples: Arc::new(samples),
                reads,
                is_telling: self.is_telling,
            }),
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
