//! Averages of histograms.

use super::sum::{Combination, HistogramSum, IncompatibleHistograms};
use super::{Counts, Histogram};

/// An average of histograms.
///
/// Sums up and divides at the end, which is most exact, until the sum would overflow; from there on the running average
/// is kept instead.
#[derive(Clone, Debug)]
pub struct HistogramMean {
    total: HistogramSum,
    count: f64,
    is_running: bool,
    /// No value in the sum is further from zero than this.
    largest: f64,
}

impl HistogramMean {
    /// Starts with one histogram.
    pub fn new(first: &Histogram) -> Self {
        Self {
            total: HistogramSum::new(first),
            count: 1.0,
            is_running: false,
            largest: largest(first),
        }
    }

    /// Adds a histogram.
    ///
    /// # Errors
    /// The average is unchanged when one has exponential and the other custom buckets.
    pub fn add(&mut self, other: &Histogram) -> Result<Combination, IncompatibleHistograms> {
        if !self.is_running {
            let largest = self.largest + largest(other);
            if largest.is_finite() {
                let combination = self.total.add(other)?;
                (self.largest, self.count) = (largest, self.count + 1.0);
                return Ok(combination);
            }
            let mut total = self.total.clone();
            let combination = total.add(other)?;
            if !total.has_overflow() {
                (self.total, self.count) = (total, self.count + 1.0);
                return Ok(combination);
            }
            self.total.divide(self.count);
            self.is_running = true;
        }
        self.add_running(other)
    }

    fn add_running(&mut self, other: &Histogram) -> Result<Combination, IncompatibleHistograms> {
        if !self.total.is_compatible(other) {
            return Err(IncompatibleHistograms);
        }
        let count = self.count + 1.0;
        self.total.scale(self.count / count);
        self.count = count;
        self.total.add(&other.divided(count))
    }

    /// Returns the average: compacted, with float counts.
    pub fn value(&self) -> Histogram {
        let mut total = self.total.clone();
        if !self.is_running {
            total.divide(self.count);
        }
        total.value()
    }

    /// Returns an estimate of the bytes that the average holds.
    pub fn byte_count(&self) -> usize {
        size_of::<Self>() + self.total.byte_count()
    }
}

/// Returns a bound on how far any value of the histogram is from zero. Buckets may fall together, so they count as one.
fn largest(histogram: &Histogram) -> f64 {
    let buckets: f64 = match &histogram.counts {
        Counts::Integer(counts) => (counts.positive.iter().chain(&counts.negative))
            .map(|count| *count as f64)
            .sum(),
        Counts::Float(counts) => (counts.positive.iter().chain(&counts.negative))
            .map(|count| count.abs())
            .sum(),
    };
    let totals = histogram.count().abs().max(histogram.sum.abs());
    totals.max(buckets + histogram.zero_count().abs())
}

#[cfg(test)]
mod tests {
    use super::super::tests::valid;
    use super::*;
    use crate::BucketCounts;

    fn of(count: f64, sum: f64) -> Histogram {
        Histogram {
            sum,
            counts: Counts::Float(BucketCounts {
                count,
                ..BucketCounts::default()
            }),
            ..Histogram::default()
        }
    }

    #[test]
    fn one_histogram_is_its_own_average() {
        let mean = HistogramMean::new(&valid());
        assert!(mean.value().equal_values(&valid()));
    }

    #[test]
    fn sums_that_would_overflow_are_averaged_on_the_way() {
        let mut mean = HistogramMean::new(&of(f64::MAX, 5.3));
        for (count, sum) in [(1e308, 1e100), (1e-6, -1e100), (1e-6, 1.0)] {
            mean.add(&of(count, sum)).unwrap();
        }
        let value = mean.value();
        assert!((value.count() - (f64::MAX / 4.0 + 1e308 / 4.0)).abs() < 1e293);
        assert!((value.sum - 6.3 / 4.0).abs() < 1e-12, "{}", value.sum);
    }

    #[test]
    fn large_values_that_cancel_out_need_no_running_average() {
        let mut mean = HistogramMean::new(&of(2.0, f64::MAX));
        mean.add(&of(4.0, -f64::MAX)).unwrap();
        assert!(!mean.is_running);
        assert_eq!((mean.value().count(), mean.value().sum), (3.0, 0.0));
    }
}
