//! A series' values at all steps of a grid.

use std::sync::Arc;

use plimsoll_types::{Histogram, Value, is_stale, stale_nan};

/// One value or nothing per step.
///
/// Nothing is written as the staleness marker: selectors hide markers, so they are free to mean "no sample at this
/// step" and a column of floats costs 8 bytes per step. A value that became the marker's bits on its way, as a change
/// of sign can do to another NaN, is kept as the usual NaN.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    floats: Vec<f64>,
    /// Empty as long as there was no histogram, otherwise one entry per step.
    histograms: Vec<Option<Arc<Histogram>>>,
}

impl Column {
    /// Makes a column that has a float at every step.
    pub(crate) fn from_floats(mut floats: Vec<f64>) -> Self {
        for value in &mut floats {
            *value = unmarked(*value);
        }
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
        self.histograms.iter().any(Option::is_some)
    }

    pub(crate) fn has_floats(&self) -> bool {
        (0..self.len()).any(|step| self.float(step).is_some())
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

    /// Returns the first step that has a sample; the largest number when there is none.
    pub(crate) fn first_present(&self) -> usize {
        let first = (0..self.len()).find(|step| self.is_present(*step));
        first.unwrap_or(usize::MAX)
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
        self.floats[step] = unmarked(value);
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

fn unmarked(value: f64) -> f64 {
    match is_stale(value) {
        true => f64::NAN,
        false => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_forgets_histograms_that_are_removed() {
        let mut column = Column::default();
        column.reset(3);
        column.set(1, Value::Histogram(Arc::default()));
        assert!(column.has_histograms());
        column.remove(1);
        assert!(!column.has_histograms());
        assert_eq!(column.present_count(), 0);
    }

    #[test]
    fn no_value_turns_into_the_marker() {
        let mirrored = -stale_nan();
        assert!(!is_stale(mirrored));
        let mut column = Column::default();
        column.reset(1);
        column.set_float(0, -mirrored);
        assert!(column.float(0).is_some_and(f64::is_nan));
        assert!(column.is_present(0));
        let column = Column::from_floats(vec![mirrored.abs()]);
        assert_eq!(column.present_count(), 1);
    }
}
