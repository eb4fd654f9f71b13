//! The buckets of a histogram with their bounds, in ascending order.

use super::{Counts, Histogram, Span};

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

impl Histogram {
    /// Returns the buckets in ascending order: negative ones, the zero bucket if it counted anything, positive ones.
    /// Buckets that the spans name but that are empty are included.
    pub fn buckets(&self) -> Vec<Bucket> {
        let (positive, negative) = match &self.counts {
            Counts::Integer(counts) => (to_floats(&counts.positive), to_floats(&counts.negative)),
            Counts::Float(counts) => (counts.positive.clone(), counts.negative.clone()),
        };
        let mut buckets: Vec<Bucket> = indices(&self.negative_spans)
            .zip(negative)
            .map(|(index, count)| self.negative_bucket(index, count))
            .collect();
        buckets.reverse();
        if self.zero_count() != 0.0 {
            buckets.push(self.zero_bucket());
        }
        buckets.extend(
            indices(&self.positive_spans)
                .zip(positive)
                .map(|(index, count)| self.positive_bucket(index, count)),
        );
        buckets
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
            lower_inclusive: lower < 0.0,
            upper_inclusive: upper > 0.0,
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

fn to_floats(counts: &[u64]) -> Vec<f64> {
    counts.iter().map(|count| *count as f64).collect()
}

/// Returns the bucket indices that spans name.
pub(super) fn indices(spans: &[Span]) -> impl Iterator<Item = i64> + '_ {
    spans
        .iter()
        .scan(0i64, |next, span| {
            let start = *next + i64::from(span.offset);
            *next = start + i64::from(span.length);
            Some(start..*next)
        })
        .flatten()
}

fn exponential_bound(schema: i8, index: i64) -> f64 {
    let Ok(shift) = u32::try_from(schema) else {
        let exponent = index.saturating_mul(1 << i64::from(schema.unsigned_abs()).min(62));
        // 2^1024 is no float; the bucket that ends there ends at the largest one.
        return if exponent == 1024 {
            f64::MAX
        } else {
            power_of_two(exponent)
        };
    };
    let per_octave = 1i64 << shift.min(62);
    let fraction = index.rem_euclid(per_octave) as f64 / per_octave as f64;
    let exponent = index.div_euclid(per_octave);
    if fraction == 0.0 && exponent == 1024 {
        return f64::MAX;
    }
    // Halved and doubled again so that the largest bucket does not overflow on the way.
    fraction.exp2()
        * 0.5
        * power_of_two(exponent.saturating_add(1).min(1023))
        * if exponent >= 1023 { 2.0 } else { 1.0 }
}

fn power_of_two(exponent: i64) -> f64 {
    let clamped = exponent.clamp(-1100, 1100);
    2f64.powi(i32::try_from(clamped).expect("clamped to a small range"))
}

#[cfg(test)]
mod tests {
    use crate::{BucketCounts, CUSTOM_BUCKETS_SCHEMA};

    use super::*;

    #[test]
    fn bounds_are_powers_of_the_schemas_base() {
        assert_eq!(exponential_bound(0, 0), 1.0);
        assert_eq!(exponential_bound(0, 3), 8.0);
        assert_eq!(exponential_bound(0, -3), 0.125);
        assert_eq!(exponential_bound(1, 1), 2f64.sqrt());
        assert_eq!(exponential_bound(8, 512), 4.0);
        assert_eq!(exponential_bound(-2, 1), 16.0);
        assert_eq!(exponential_bound(-4, 1), 65536.0);
        assert_eq!(exponential_bound(0, 1023), 2f64.powi(1023));
        assert_eq!(exponential_bound(0, 1024), f64::MAX);
        assert_eq!(exponential_bound(-4, 64), f64::MAX);
    }

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
            custom_bounds: vec![1.0],
            counts: Counts::Float(BucketCounts {
                positive: vec![1.0, 2.0],
                ..BucketCounts::default()
            }),
            positive_spans: vec![Span {
                offset: 0,
                length: 2,
            }],
            ..Histogram::default()
        };
        let shown: Vec<_> = histogram
            .buckets()
            .iter()
            .map(|b| (b.lower, b.upper, b.lower_inclusive))
            .collect();
        assert_eq!(
            shown,
            [(f64::NEG_INFINITY, 1.0, true), (1.0, f64::INFINITY, false)]
        );
    }
}
