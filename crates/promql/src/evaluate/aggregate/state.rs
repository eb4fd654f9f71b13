//! What an aggregation remembers per group and step.

use plimsoll_types::{Combination, Histogram, HistogramMean, HistogramSum, IncompatibleHistograms};

use super::super::sum::{Mean, Sum, Variance};

/// The state of one group at one step; made when the first value arrives.
pub(super) trait State: Default + Clone + Send {
    /// Histograms count as any value; otherwise they are looked past.
    const COUNTS_HISTOGRAMS: bool = false;

    fn add(&mut self, value: f64);

    /// Adds what another state knows of values that come after these.
    fn merge(&mut self, later: Self);

    fn result(self) -> f64;
}

/// `sum`
#[derive(Clone, Default)]
pub(super) struct Summed(Sum);

impl State for Summed {
    fn add(&mut self, value: f64) {
        self.0.add(value);
    }

    fn merge(&mut self, later: Self) {
        self.0.merge(later.0);
    }

    fn result(self) -> f64 {
        self.0.value()
    }
}

/// `avg`
impl State for Mean {
    fn add(&mut self, value: f64) {
        Mean::add(self, value);
    }

    fn merge(&mut self, later: Self) {
        Mean::merge(self, later);
    }

    fn result(self) -> f64 {
        self.value()
    }
}

/// `count`
#[derive(Clone, Default)]
pub(super) struct Counted(f64);

impl State for Counted {
    const COUNTS_HISTOGRAMS: bool = true;

    fn add(&mut self, _: f64) {
        self.0 += 1.0;
    }

    fn merge(&mut self, later: Self) {
        self.0 += later.0;
    }

    fn result(self) -> f64 {
        self.0
    }
}

/// `group`
#[derive(Clone, Default)]
pub(super) struct Grouped;

impl State for Grouped {
    const COUNTS_HISTOGRAMS: bool = true;

    fn add(&mut self, _: f64) {}

    fn merge(&mut self, _: Self) {}

    fn result(self) -> f64 {
        1.0
    }
}

/// `max` and `min`; NaN gives way to any number.
#[derive(Clone)]
pub(super) struct Extreme<const MAX: bool>(f64);

impl<const MAX: bool> Default for Extreme<MAX> {
    fn default() -> Self {
        Self(f64::NAN)
    }
}

impl<const MAX: bool> State for Extreme<MAX> {
    fn add(&mut self, value: f64) {
        let is_beyond = if MAX { value > self.0 } else { value < self.0 };
        if is_beyond || self.0.is_nan() {
            self.0 = value;
        }
    }

    fn merge(&mut self, later: Self) {
        self.add(later.0);
    }

    fn result(self) -> f64 {
        self.0
    }
}

/// `stddev` and `stdvar`
#[derive(Clone, Default)]
pub(super) struct Spread<const ROOT: bool>(Variance);

impl<const ROOT: bool> State for Spread<ROOT> {
    fn add(&mut self, value: f64) {
        self.0.add(value);
    }

    fn merge(&mut self, later: Self) {
        self.0.merge(later.0);
    }

    fn result(self) -> f64 {
        match ROOT {
            true => self.0.value().sqrt(),
            false => self.0.value(),
        }
    }
}

/// What `sum` and `avg` make of histograms.
pub(super) trait Total: Clone + Send {
    fn new(first: &Histogram) -> Self;

    fn add(&mut self, other: &Histogram) -> Result<Combination, IncompatibleHistograms>;

    fn value(&self) -> Histogram;

    fn byte_count(&self) -> usize;
}

impl Total for HistogramSum {
    fn new(first: &Histogram) -> Self {
        HistogramSum::new(first)
    }

    fn add(&mut self, other: &Histogram) -> Result<Combination, IncompatibleHistograms> {
        HistogramSum::add(self, other)
    }

    fn value(&self) -> Histogram {
        HistogramSum::value(self)
    }

    fn byte_count(&self) -> usize {
        HistogramSum::byte_count(self)
    }
}

impl Total for HistogramMean {
    fn new(first: &Histogram) -> Self {
        HistogramMean::new(first)
    }

    fn add(&mut self, other: &Histogram) -> Result<Combination, IncompatibleHistograms> {
        HistogramMean::add(self, other)
    }

    fn value(&self) -> Histogram {
        HistogramMean::value(self)
    }

    fn byte_count(&self) -> usize {
        HistogramMean::byte_count(self)
    }
}
