//! The buckets of a histogram with their bounds, in ascending order.

use super::Histogram;
use super::exponential::exponential_bound;

/// A bucket with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// Whether an observation of exactly `lower` lies inside.
    pub lower_inclusive: bool,
    /// Whether an observation of exactly `upper` lies inside.
    pub upper_inclusive: bool,
    /// Observations inside.
    pub count: f64,
}

/// Which bucket of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BucketNumber {
    /// The bucket with this index below zero.
    Negative(i64),
    /// The bucket around zero.
    Zero,
    /// The bucket with this index above zero, or any custom bucket.
    Positive(i64),
}

impl Histogram {
    /// Returns the buckets in ascending order: negative ones, the zero bucket if it counted anything, positive ones.
    /// Buckets that the spans name but that are empty are included.
    pub fn buckets(&self) -> Vec<Bucket> {
        let counts = self.bucket_counts().into_iter();
        counts
            .map(|(number, count)| self.bucket(number, count))
            .collect()
    }

    /// Returns number and count of the buckets of [`Histogram::buckets`]; far cheaper than their bounds.
    pub fn bucket_counts(&self) -> Vec<(BucketNumber, f64)> {
        let negative = self.side(false);
        let mut buckets: Vec<_> = negative
            .map(|(index, count)| (BucketNumber::Negative(index), count))
            .collect();
        buckets.reverse();
        // As in Prometheus, a difference of histograms that is negative here shows no bucket.
        if self.zero_count() > 0.0 {
            buckets.push((BucketNumber::Zero, self.zero_count()));
        }
        buckets.extend(
            self.side(true)
                .map(|(index, count)| (BucketNumber::Positive(index), count)),
        );
        buckets
    }

    /// Returns a bucket with its bounds. One that reaches into the zero bucket begins where that ends.
    pub fn bucket(&self, number: BucketNumber, count: f64) -> Bucket {
        let mut bucket = match number {
            BucketNumber::Negative(index) => self.negative_bucket(index, count),
            BucketNumber::Zero => return self.zero_bucket(),
            BucketNumber::Positive(index) => self.positive_bucket(index, count),
        };
        if bucket.upper < 0.0 && bucket.upper > -self.zero_threshold {
            bucket.upper = -self.zero_threshold;
        } else if bucket.lower > 0.0 && bucket.lower < self.zero_threshold {
            bucket.lower = self.zero_threshold;
        }
        bucket
    }

    /// Returns the upper bound of bucket `index` on the positive side: 2^(index * 2^-schema) for exponential schemas,
    /// the custom bound (or +Inf after the last) otherwise.
    pub fn upper_bound(&self, index: i64) -> f64 {
        if !self.has_custom_bounds() {
            return exponential_bound(self.schema, index);
        }
        match usize::try_from(index) {
            Err(_) => f64::NEG_INFINITY,
            Ok(index) => self
                .custom_bounds
                .get(index)
                .copied()
                .unwrap_or(f64::INFINITY),
        }
    }

    fn positive_bucket(&self, index: i64, count: f64) -> Bucket {
        let (lower, upper) = (self.upper_bound(index - 1), self.upper_bound(index));
        Bucket {
            lower,
            upper,
            // Only the first custom bucket has nothing before it.
            lower_inclusive: lower == f64::NEG_INFINITY,
            upper_inclusive: true,
            count,
        }
    }

    fn negative_bucket(&self, index: i64, count: f64) -> Bucket {
        Bucket {
            lower: -self.upper_bound(index),
            upper: -self.upper_bound(index - 1),
            lower_inclusive: true,
            upper_inclusive: false,
            count,
        }
    }

    fn zero_bucket(&self) -> Bucket {
        Bucket {
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            lower_inclusive: true,
            upper_inclusive: true,
            count: self.zero_count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Span};

    use super::*;

    #[test]
    fn lists_buckets_in_ascending_order() {
        let histogram = Histogram {
            zero_threshold: 0.001,
            counts: Counts::Integer(BucketCounts {
                count: 10,
                zero: 1,
                positive: vec![2, 3],
                negative: vec![4, 5],
            }),
            positive_spans: vec![
                Span {
                    offset: 0,
                    length: 1,
                },
                Span {
                    offset: 1,
                    length: 1,
                },
            ],
            negative_spans: vec![Span {
                offset: 1,
                length: 2,
            }],
            ..Histogram::default()
        };
        let shown: Vec<_> = histogram
            .buckets()
            .iter()
            .map(|b| (b.lower, b.upper, b.count))
            .collect();
        let expected = [
            (-4.0, -2.0, 5.0),
            (-2.0, -1.0, 4.0),
            (-0.001, 0.001, 1.0),
            (0.5, 1.0, 2.0),
            (2.0, 4.0, 3.0),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn custom_buckets_reach_from_minus_to_plus_infinity() {
        let histogram = Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            custom_bounds: vec![-1.0, 1.0],
            counts: Counts::Float(BucketCounts {
                positive: vec![1.0, 2.0, 3.0],
                ..BucketCounts::default()
            }),
            positive_spans: vec![Span {
                offset: 0,
                length: 3,
            }],
            ..Histogram::default()
        };
        let shown: Vec<_> = histogram
            .buckets()
            .iter()
            .map(|b| (b.lower, b.lower_inclusive, b.upper, b.upper_inclusive))
            .collect();
        let expected = [
            (f64::NEG_INFINITY, true, -1.0, true),
            (-1.0, false, 1.0, true),
            (1.0, false, f64::INFINITY, true),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn buckets_begin_where_the_zero_bucket_ends() {
        let histogram = Histogram {
            zero_threshold: 0.75,
            counts: Counts::Float(BucketCounts {
                zero: 1.0,
                positive: vec![2.0],
                negative: vec![3.0],
                ..BucketCounts::default()
            }),
            positive_spans: vec![Span {
                offset: 0,
                length: 1,
            }],
            negative_spans: vec![Span {
                offset: 0,
                length: 1,
            }],
            ..Histogram::default()
        };
        let bounds = |histogram: &Histogram| -> Vec<_> {
            let buckets = histogram.buckets();
            buckets.iter().map(|b| (b.lower, b.upper)).collect()
        };
        assert_eq!(
            bounds(&histogram),
            [(-1.0, -0.75), (-0.75, 0.75), (0.75, 1.0)]
        );
        // The zero bucket of a negative histogram is no place for anything.
        assert_eq!(bounds(&histogram.negated()), [(-1.0, -0.75), (0.75, 1.0)]);
    }
}
