//! A histogram times or by a number.

use super::{BucketCounts, Counts, Histogram, ResetHint};

impl BucketCounts<f64> {
    /// Changes every count, the totals included.
    pub(super) fn change(&mut self, change: impl Fn(&mut f64)) {
        change(&mut self.count);
        change(&mut self.zero);
        self.positive.iter_mut().for_each(&change);
        self.negative.iter_mut().for_each(&change);
    }
}

impl Histogram {
    /// Returns the same histogram with all counts as floats.
    pub fn with_float_counts(&self) -> Self {
        Self {
            counts: Counts::Float(self.float_counts()),
            positive_spans: self.positive_spans.clone(),
            negative_spans: self.negative_spans.clone(),
            custom_bounds: self.custom_bounds.clone(),
            ..*self
        }
    }

    /// Returns all counts as floats, whichever way they are kept.
    pub(super) fn float_counts(&self) -> BucketCounts<f64> {
        let convert = |counts: &[u64]| counts.iter().map(|count| *count as f64).collect();
        match &self.counts {
            Counts::Float(counts) => counts.clone(),
            Counts::Integer(counts) => BucketCounts {
                count: counts.count as f64,
                zero: counts.zero as f64,
                positive: convert(&counts.positive),
                negative: convert(&counts.negative),
            },
        }
    }

    /// Returns the histogram with every count and the sum times `factor`. A negative factor makes it a gauge.
    pub fn scaled(&self, factor: f64) -> Self {
        let mut counts = self.float_counts();
        counts.change(|count| *count *= factor);
        self.with_counts(counts, self.sum * factor, factor)
    }

    /// Returns the histogram with every count and the sum divided by `divisor`. A negative divisor makes it a gauge;
    /// zero leaves no bucket, because nothing is known about where an endless number of observations lies.
    pub fn divided(&self, divisor: f64) -> Self {
        let mut counts = self.float_counts();
        counts.change(|count| *count /= divisor);
        let mut result = self.with_counts(counts, self.sum / divisor, divisor);
        if divisor == 0.0 {
            result.clear_buckets();
        }
        result
    }

    /// Returns the histogram with every sign changed, a gauge.
    pub fn negated(&self) -> Self {
        self.scaled(-1.0)
    }

    fn with_counts(&self, mut counts: BucketCounts<f64>, sum: f64, factor: f64) -> Self {
        if self.has_custom_bounds() {
            // There is no zero bucket, and not even 0 times NaN makes one.
            counts.zero = 0.0;
        }
        let reset_hint = match factor < 0.0 {
            true => ResetHint::Gauge,
            false => self.reset_hint,
        };
        Self {
            sum,
            reset_hint,
            counts: Counts::Float(counts),
            positive_spans: self.positive_spans.clone(),
            negative_spans: self.negative_spans.clone(),
            custom_bounds: self.custom_bounds.clone(),
            ..*self
        }
    }

    fn clear_buckets(&mut self) {
        self.positive_spans = Vec::new();
        self.negative_spans = Vec::new();
        match &mut self.counts {
            Counts::Integer(counts) => (counts.positive, counts.negative) = Default::default(),
            Counts::Float(counts) => (counts.positive, counts.negative) = Default::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::valid;
    use super::*;

    #[test]
    fn scales_counts_and_sum() {
        let half = valid().scaled(0.5);
        assert_eq!(
            (half.count(), half.sum, half.zero_count()),
            (3.5, 6.25, 0.5)
        );
        assert_eq!(half.reset_hint, ResetHint::Unknown);
        let negative = valid().divided(-2.0);
        assert_eq!((negative.count(), negative.sum), (-3.5, -6.25));
        assert_eq!(negative.reset_hint, ResetHint::Gauge);
        assert_eq!(valid().negated(), valid().scaled(-1.0));
    }

    #[test]
    fn custom_buckets_never_get_a_zero_bucket() {
        let custom = Histogram {
            schema: crate::CUSTOM_BUCKETS_SCHEMA,
            ..Histogram::default()
        };
        for scaled in [custom.scaled(f64::NAN), custom.divided(0.0)] {
            assert!(scaled.count().is_nan());
            assert_eq!(scaled.validate(), Ok(()));
        }
        let mut sum = crate::HistogramSum::new(&custom);
        sum.scale(f64::INFINITY);
        assert_eq!(sum.value().validate(), Ok(()));
    }

    #[test]
    fn division_by_zero_leaves_no_bucket() {
        let endless = valid().divided(0.0);
        assert_eq!(
            (endless.count(), endless.zero_count()),
            (f64::INFINITY, f64::INFINITY)
        );
        assert!(endless.positive_spans.is_empty() && endless.negative_spans.is_empty());
        assert_eq!(endless.validate(), Ok(()));
    }
}
