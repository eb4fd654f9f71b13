//! The part of a histogram below or above a value.
//!
//! A bucket that the value lies in is divided by interpolation: linear for custom buckets and the zero bucket,
//! exponential otherwise. The sum of what is left is estimated from the middle of each bucket's remaining interval.

use super::compensated::Compensated;
use super::{Counts, Histogram};

/// Which side of a value to keep.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Keep {
    /// Observations of at most this.
    Below(f64),
    /// Observations above this.
    Above(f64),
}

/// How observations are assumed to lie in a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spread {
    /// Evenly.
    Linear,
    /// Evenly on a logarithmic scale, above zero.
    Positive,
    /// Evenly on a logarithmic scale, below zero.
    Negative,
}

/// A range of values and what was counted there.
#[derive(Clone, Copy, Debug)]
struct Interval {
    lower: f64,
    upper: f64,
    count: f64,
}

/// What is left of a bucket: how many observations, and the value to reckon each of them with.
#[derive(Clone, Copy, Debug)]
struct Rest {
    count: f64,
    middle: f64,
}

impl Histogram {
    /// Returns the observations of at most `limit`, with float counts. The histogram itself, bucket for bucket, when
    /// nothing lies above.
    pub fn trimmed_upper(&self, limit: f64) -> Self {
        self.trimmed(Keep::Below(limit))
    }

    /// Returns the observations above `limit`, with float counts. The histogram itself, bucket for bucket, when nothing
    /// lies below.
    pub fn trimmed_lower(&self, limit: f64) -> Self {
        self.trimmed(Keep::Above(limit))
    }

    fn trimmed(&self, keep: Keep) -> Self {
        let mut trimmed = self.with_float_counts();
        let Counts::Float(counts) = &mut trimmed.counts else {
            unreachable!("counts were just made floats")
        };
        let mut total = Total::default();
        let spread = match self.has_custom_bounds() {
            true => Spread::Linear,
            false => Spread::Positive,
        };
        for ((index, count), kept) in self.side(true).zip(&mut counts.positive) {
            let (lower, upper) = (self.upper_bound(index - 1), self.upper_bound(index));
            let interval = Interval {
                lower,
                upper,
                count,
            };
            *kept = total.add(count, keep.bucket(interval, spread));
        }
        for ((index, count), kept) in self.side(false).zip(&mut counts.negative) {
            let (lower, upper) = (-self.upper_bound(index), -self.upper_bound(index - 1));
            let interval = Interval {
                lower,
                upper,
                count,
            };
            *kept = total.add(count, keep.bucket(interval, Spread::Negative));
        }
        if counts.zero > 0.0 {
            let rest = keep.zero_bucket(self.zero_interval());
            counts.zero = total.add(counts.zero, rest);
        }
        if total.has_changed {
            counts.count = total.count.value();
            trimmed.sum = total.sum.value();
            trimmed.compact();
        }
        trimmed
    }

    /// Returns the range of the zero bucket. Next to populated buckets on one side only, its observations are taken to
    /// lie on that side as well.
    fn zero_interval(&self) -> Interval {
        let has = |positive| self.side(positive).any(|(_, count)| count != 0.0);
        let (positive, negative) = (has(true), has(false));
        Interval {
            lower: if positive && !negative {
                0.0
            } else {
                -self.zero_threshold
            },
            upper: if negative && !positive {
                0.0
            } else {
                self.zero_threshold
            },
            count: self.zero_count(),
        }
    }
}

/// Count and sum of everything that is left.
#[derive(Default)]
struct Total {
    count: Compensated,
    sum: Compensated,
    has_changed: bool,
}

impl Total {
    /// Returns what is left of a bucket that counted `before`.
    fn add(&mut self, before: f64, rest: Rest) -> f64 {
        if before == 0.0 {
            return before;
        }
        self.has_changed |= before != rest.count;
        if rest.count != 0.0 {
            self.count.add(rest.count);
            self.sum.add(rest.count * rest.middle);
        }
        rest.count
    }
}

const NOTHING: Rest = Rest {
    count: 0.0,
    middle: 0.0,
};

impl Keep {
    fn bucket(self, bucket: Interval, spread: Spread) -> Rest {
        let Interval {
            lower,
            upper,
            count,
        } = bucket;
        let (is_whole, is_cut) = match self {
            Self::Below(limit) => (upper <= limit, lower < limit),
            Self::Above(limit) => (lower >= limit, upper > limit),
        };
        if is_whole {
            let middle = middle(lower, upper, spread);
            return Rest { count, middle };
        }
        if !is_cut {
            return NOTHING;
        }
        if lower.is_infinite() || upper.is_infinite() {
            return self.endless(bucket);
        }
        match self {
            Self::Below(limit) => Rest {
                count: bucket.below(limit, spread),
                middle: middle(lower, limit, spread),
            },
            Self::Above(limit) => Rest {
                count: count - bucket.below(limit, spread),
                middle: middle(limit, upper, spread),
            },
        }
    }

    /// Divides a custom bucket without a lower or an upper end. Nothing is known about where its observations lie, so
    /// it goes as a whole, apart from two cases: below a positive bound observations are taken to be above zero, and
    /// those on the far side of the limit's own end are taken to be at the limit.
    fn endless(self, bucket: Interval) -> Rest {
        let Interval {
            lower,
            upper,
            count,
        } = bucket;
        let from_zero = upper > 0.0 && upper.is_finite();
        match self {
            Self::Below(limit) if lower.is_infinite() && upper <= 0.0 => Rest {
                count,
                middle: limit,
            },
            Self::Below(limit) if lower.is_infinite() && from_zero && limit > 0.0 => Rest {
                count: count * limit / upper,
                middle: limit / 2.0,
            },
            Self::Above(limit) if lower.is_infinite() && from_zero && limit >= 0.0 => Rest {
                count: count * (1.0 - limit / upper),
                middle: f64::midpoint(limit, upper),
            },
            Self::Above(limit) if lower.is_finite() => Rest {
                count,
                middle: limit,
            },
            _ => NOTHING,
        }
    }

    fn zero_bucket(self, zero: Interval) -> Rest {
        let Interval {
            lower,
            upper,
            count,
        } = zero;
        let (from, to) = match self {
            Self::Below(limit) if limit <= lower => return NOTHING,
            Self::Above(limit) if limit <= lower => (lower, upper),
            Self::Below(limit) if limit >= upper => (lower, upper),
            Self::Above(limit) if limit >= upper => return NOTHING,
            Self::Below(limit) => (lower, limit),
            Self::Above(limit) => (limit, upper),
        };
        let is_whole = from == lower && to == upper;
        Rest {
            count: match is_whole {
                true => count,
                false => count * ((to - from) / (upper - lower)),
            },
            middle: f64::midpoint(from, to),
        }
    }
}

impl Interval {
    /// Returns how many observations are at most `limit`, which lies inside.
    fn below(self, limit: f64, spread: Spread) -> f64 {
        let Self {
            lower,
            upper,
            count,
        } = self;
        let share = match spread {
            Spread::Linear => (limit - lower) / (upper - lower),
            Spread::Positive => share_of_logarithms(lower, limit, upper),
            Spread::Negative => 1.0 - share_of_logarithms(-upper, -limit, -lower),
        };
        count * share
    }
}

fn share_of_logarithms(lower: f64, limit: f64, upper: f64) -> f64 {
    (limit.log2() - lower.log2()) / (upper.log2() - lower.log2())
}

/// Returns the value that stands for all observations between two bounds.
fn middle(lower: f64, upper: f64, spread: Spread) -> f64 {
    match (lower.is_infinite(), upper.is_infinite()) {
        (true, true) => 0.0,
        (true, false) if upper > 0.0 => upper / 2.0,
        (true, false) => upper,
        (false, true) => lower,
        (false, false) => match spread {
            Spread::Linear => f64::midpoint(lower, upper),
            Spread::Positive => lower.abs().sqrt() * upper.abs().sqrt(),
            Spread::Negative => -(lower.abs().sqrt() * upper.abs().sqrt()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BucketCounts, CUSTOM_BUCKETS_SCHEMA, Span};

    fn spans(length: usize) -> Vec<Span> {
        let length = u32::try_from(length).unwrap();
        vec![Span { offset: 0, length }]
    }

    fn histogram(schema: i8, bounds: &[f64], positive: &[f64], negative: &[f64]) -> Histogram {
        Histogram {
            schema,
            custom_bounds: bounds.to_vec(),
            sum: 1000.0,
            counts: Counts::Float(BucketCounts {
                count: positive.iter().chain(negative).sum(),
                zero: 0.0,
                positive: positive.to_vec(),
                negative: negative.to_vec(),
            }),
            positive_spans: spans(positive.len()),
            negative_spans: spans(negative.len()),
            ..Histogram::default()
        }
    }

    #[test]
    fn a_limit_beyond_everything_changes_nothing() {
        let all = histogram(0, &[], &[1.0, 2.0], &[4.0]);
        assert!(all.trimmed_upper(2.0).equal_values(&all));
        assert!(all.trimmed_lower(-1.0).equal_values(&all));
        assert_eq!(all.trimmed_upper(-1.0).count(), 0.0);
        assert_eq!(all.trimmed_lower(2.0).sum, 0.0);
    }

    #[test]
    fn exponential_buckets_are_cut_on_a_logarithmic_scale() {
        // Buckets (0.5, 1], (1, 2] and [-1, -0.5).
        let all = histogram(0, &[], &[8.0, 8.0], &[8.0]);
        let middle = 2f64.sqrt();
        let (below, above) = (all.trimmed_upper(middle), all.trimmed_lower(middle));
        assert!((below.count() - 20.0).abs() < 1e-9 && (above.count() - 4.0).abs() < 1e-9);
        assert!((above.sum - 4.0 * 2f64.powf(0.75)).abs() < 1e-9);
        let below = all.trimmed_upper(-0.5f64.sqrt());
        assert!((below.count() - 4.0).abs() < 1e-9);
        assert!((below.sum + 4.0 * 2f64.powf(-0.25)).abs() < 1e-9);
    }

    #[test]
    fn custom_buckets_are_cut_evenly() {
        let all = histogram(CUSTOM_BUCKETS_SCHEMA, &[0.0, 10.0], &[1.0, 10.0, 5.0], &[]);
        let below = all.trimmed_upper(4.0);
        assert_eq!((below.count(), below.sum), (5.0, 8.0));
        let above = all.trimmed_lower(4.0);
        assert_eq!((above.count(), above.sum), (11.0, 6.0 * 7.0 + 5.0 * 10.0));
        // Nothing is known of where the last five lie.
        assert_eq!(all.trimmed_upper(1e9).count(), 11.0);
        assert_eq!(all.trimmed_lower(1e9).sum, 5.0 * 1e9);
    }

    #[test]
    fn the_zero_bucket_leans_to_the_side_that_has_buckets() {
        let mut all = histogram(0, &[], &[1.0], &[]);
        all.zero_threshold = 0.5;
        let Counts::Float(counts) = &mut all.counts else {
            unreachable!()
        };
        counts.zero = 4.0;
        assert_eq!(all.trimmed_upper(0.25).count(), 2.0);
        assert_eq!(all.trimmed_upper(0.0).count(), 0.0);
        assert_eq!(all.trimmed_lower(0.25).count(), 3.0);
    }

    #[test]
    fn huge_bounds_have_a_middle() {
        let mut all = histogram(0, &[], &[1.0, 1.0], &[]);
        all.positive_spans[0].offset = 1022;
        assert!(all.trimmed_upper(1e308).sum.is_finite());
    }
}
