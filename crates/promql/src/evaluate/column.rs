//! A series' values at all steps of a grid.

use std::sync::Arc;

use plimsoll_types::{Histogram, Value, is_stale, stale_nan};

/// One value or nothing per step.
///
/// Nothing is written as the staleness marker: selectors hide markers and no arithmetic produces the bits of a
/// signalling NaN, so they are free to mean "no sample at this step" and a column of floats costs 8 bytes per step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    floats: Vec<f64>,
    /// Empty when there is no histogram, otherwise one entry per step.
    histograms: Vec<Option<Arc<Histogram>>>,
}

impl Column {
    pub(crate) fn from_floats(floats: Vec<f64>) -> Self {
        let histograms = Vec::new();
        Self { floats, histograms }
    }

    /// Makes it a column of `count` steps without samples.
    pub(crate) fn reset(&mut self, count: usize) {
        self.floats.clear();
        self.floats.resize(count, stale_nan());
        self.histograms.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.floats.len()
    }

    pub(crate) fn has_histograms(&self) -> bool {
        !self.histograms.is_empty()
    }

    pub(crate) fn histogram(&self, step: usize) -> Option<&Arc<Histogram>> {
        self.histograms.get(step)?.as_ref()
    }

    /// Returns the float at a step.
    pub(crate) fn float(&self, step: usize) -> Option<f64> {
        let value = self.floats[step];
        (!is_stale(value)).then_some(value)
    }

    pub(crate) fn is_present(&self, step: usize) -> bool {
        self.float(step).is_some() || self.histogram(step).is_some()
    }

    pub(crate) fn present_count(&self) -> usize {
        (0..self.len())
            .filter(|step| self.is_present(*step))
            .count()
    }

    pub(crate) fn get(&self, step: usize) -> Option<Value> {
        match self.histogram(step) {
            Some(histogram) => Some(Value::Histogram(Arc::clone(histogram))),
            None => self.float(step).map(Value::Float),
        }
    }

    pub(crate) fn set_float(&mut self, step: usize, value: f64) {
        debug_assert!(!is_stale(value), "the marker means that there is no sample");
        self.floats[step] = value;
    }

    pub(crate) fn set(&mut self, step: usize, value: Value) {
        match value {
            Value::Float(value) => self.set_float(step, value),
            Value::Histogram(histogram) => {
                self.histograms.resize(self.floats.len(), None);
                self.histograms[step] = Some(histogram);
            }
        }
    }

    pub(crate) fn remove(&mut self, step: usize) {
        self.floats[step] = stale_nan();
        if let Some(histogram) = self.histograms.get_mut(step) {
            *histogram = None;
        }
    }

    /// Gives every one of `count` steps the value of the first.
    pub(crate) fn broadcast(&mut self, count: usize) {
        self.floats.resize(count, self.floats[0]);
        if let Some(first) = self.histograms.first().cloned() {
            self.histograms.resize(count, first);
        }
    }

    pub(crate) fn byte_count(&self) -> usize {
        let histograms: usize = self
            .histograms
            .iter()
            .flatten()
            .map(|h| h.byte_count())
            .sum();
        8 * (self.floats.capacity() + self.histograms.capacity()) + histograms
    }
}
