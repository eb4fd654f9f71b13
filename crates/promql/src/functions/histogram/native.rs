//! Statistics of one native histogram.

use plimsoll_types::{BucketNumber, Histogram};

use crate::evaluate::Sum;

pub(crate) fn count(histogram: &Histogram) -> f64 {
    histogram.count()
}

pub(crate) fn sum(histogram: &Histogram) -> f64 {
    histogram.sum
}

pub(crate) fn avg(histogram: &Histogram) -> f64 {
    histogram.sum / histogram.count()
}

pub(crate) fn stddev(histogram: &Histogram) -> f64 {
    stdvar(histogram).sqrt()
}

/// Returns the variance with every observation in the middle of its bucket: the arithmetic one for custom buckets, the
/// geometric one for exponential ones, 0 around zero.
pub(crate) fn stdvar(histogram: &Histogram) -> f64 {
    let mean = avg(histogram);
    let mut squares = Sum::default();
    for (number, count) in histogram.bucket_counts() {
        if count == 0.0 {
            continue;
        }
        let bucket = histogram.bucket(number, count);
        let middle = match number {
            _ if histogram.has_custom_bounds() => (bucket.lower + bucket.upper) / 2.0,
            _ if bucket.lower <= 0.0 && bucket.upper >= 0.0 => 0.0,
            BucketNumber::Negative(_) => -(bucket.lower * bucket.upper).sqrt(),
            _ => (bucket.lower * bucket.upper).sqrt(),
        };
        squares.add(count * (middle - mean) * (middle - mean));
    }
    squares.value() / histogram.count()
}

/// What observations of NaN do to a result. They are counted, but lie in no bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nan {
    /// There are none.
    Absent,
    /// The quantile lies among them, so it is NaN itself.
    Hit,
    /// The result is that of the other observations as a share of all.
    Counted,
}

/// Where a quantile or a bound lies.
#[derive(Clone, Copy, Debug)]
struct Range {
    lower: f64,
    upper: f64,
    /// Around zero and in custom buckets observations are taken to lie evenly, else on a logarithmic scale.
    is_linear: bool,
}

impl Range {
    fn new(histogram: &Histogram, number: BucketNumber, clips: bool) -> Self {
        let bucket = histogram.bucket(number, 0.0);
        let (mut lower, mut upper) = (bucket.lower, bucket.upper);
        let around_zero = lower <= 0.0 && upper >= 0.0;
        if around_zero && clips {
            // With buckets on one side only, what was counted around zero is taken to lie on that side.
            let positive = !histogram.positive_spans.is_empty();
            let negative = !histogram.negative_spans.is_empty();
            lower = if positive && !negative { 0.0 } else { lower };
            upper = if negative && !positive { 0.0 } else { upper };
        }
        Self {
            lower,
            upper,
            is_linear: around_zero || histogram.has_custom_bounds(),
        }
    }

    /// Returns the value below which `share` of the bucket lies.
    fn value(self, share: f64) -> f64 {
        let Self { lower, upper, .. } = self;
        if self.is_linear {
            return lower + (upper - lower) * share;
        }
        let (low, high) = (lower.abs().log2(), upper.abs().log2());
        match lower > 0.0 {
            true => (low + (high - low) * share).exp2(),
            false => -(high + (low - high) * (1.0 - share)).exp2(),
        }
    }

    /// Returns the share of the bucket that lies below a finite value inside of it.
    fn share(self, value: f64) -> f64 {
        let Self { lower, upper, .. } = self;
        if lower.is_infinite() {
            return 1.0;
        }
        if self.is_linear {
            return (value - lower) / (upper - lower);
        }
        let (low, high) = (lower.abs().log2(), upper.abs().log2());
        let at = value.abs().log2();
        match value > 0.0 {
            true => (at - low) / (high - low),
            false => 1.0 - (at - high) / (low - high),
        }
    }
}

/// Returns the quantile (0 to 1).
pub(super) fn quantile(quantile: f64, histogram: &Histogram) -> (f64, Nan) {
    let total = histogram.count();
    if total == 0.0 {
        return (f64::NAN, Nan::Absent);
    }
    let has_nan = histogram.sum.is_nan();
    // From the nearer end, so that rounding does not add up. Observations of NaN count as the highest, so from below.
    let from_above = !has_nan && quantile >= 0.5;
    let mut buckets = histogram.bucket_counts();
    if from_above {
        buckets.reverse();
    }
    let rank = total * if from_above { 1.0 - quantile } else { quantile };
    let mut seen = 0.0;
    let mut found = None;
    for (number, count) in buckets.into_iter().filter(|(_, count)| *count != 0.0) {
        seen += count;
        found = Some((number, count));
        if seen >= rank {
            break;
        }
    }
    let seen = f64::min(seen, total);
    let nan = match has_nan {
        false => Nan::Absent,
        true if found.is_none() || seen < rank => Nan::Hit,
        true => counted_nan(histogram),
    };
    let Some((number, count)) = found else {
        // Without buckets there is one place left, zero.
        let value = if nan == Nan::Hit || rank <= 0.0 {
            f64::NAN
        } else {
            0.0
        };
        return (value, nan);
    };
    let mut range = Range::new(histogram, number, !histogram.has_custom_bounds());
    if histogram.has_custom_bounds() {
        if range.lower == f64::NEG_INFINITY {
            if range.upper <= 0.0 {
                return (range.upper, nan);
            }
            range.lower = 0.0;
        } else if range.upper == f64::INFINITY {
            return (range.lower, nan);
        }
    }
    if seen < rank {
        let value = if has_nan { f64::NAN } else { range.upper };
        return (value, nan);
    }
    let rank = match from_above {
        true => seen - rank,
        false => rank - (seen - count),
    };
    (range.value(rank / count), nan)
}

/// Returns the share of observations above `low` and at most `high`.
pub(super) fn fraction(low: f64, high: f64, histogram: &Histogram) -> (f64, Nan) {
    let total = histogram.count();
    if total == 0.0 || low.is_nan() || high.is_nan() {
        return (f64::NAN, Nan::Absent);
    }
    if low >= high {
        return (0.0, Nan::Absent);
    }
    let buckets = histogram.bucket_counts();
    let observed = match histogram.sum.is_nan() {
        true => observed(histogram),
        false => total,
    };
    let (mut ranks, mut seen) = ([None; 2], 0.0);
    for (number, count) in buckets {
        let range = Range::new(histogram, number, true);
        for (rank, value) in ranks.iter_mut().zip([low, high]) {
            if rank.is_none() && range.lower >= value {
                *rank = Some(seen);
            } else if rank.is_none() && range.upper > value {
                *rank = Some(seen + count * range.share(value));
            }
        }
        if ranks.iter().all(Option::is_some) {
            break;
        }
        seen += count;
    }
    let [low, high] = ranks.map(|rank| match rank {
        Some(rank) if rank > observed => observed,
        Some(rank) => rank,
        None => observed,
    });
    ((high - low) / total, counted_nan(histogram))
}

/// Returns how many observations lie in buckets.
fn observed(histogram: &Histogram) -> f64 {
    let buckets = histogram.bucket_counts();
    buckets.iter().map(|(_, count)| count).sum()
}

/// A sum of NaN may as well come from infinities of both signs; only more observations than buckets hold tell of NaN.
fn counted_nan(histogram: &Histogram) -> Nan {
    match histogram.sum.is_nan() && observed(histogram) < histogram.count() {
        true => Nan::Counted,
        false => Nan::Absent,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::{BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Span};
    use proptest::prelude::*;

    use super::*;

    fn custom(sum: f64, count: f64) -> Histogram {
        Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            custom_bounds: vec![-3.0, 0.0, 5.0],
            sum,
            counts: Counts::Float(BucketCounts {
                count,
                positive: vec![1.0, 2.0, 3.0, 4.0],
                ..BucketCounts::default()
            }),
            positive_spans: vec![Span {
                offset: 0,
                length: 4,
            }],
            ..Histogram::default()
        }
    }

    #[test]
    fn observations_of_nan_are_the_highest() {
        let skewed = custom(f64::NAN, 20.0);
        assert_eq!(quantile(0.1, &skewed), (-1.5, Nan::Counted));
        assert_eq!(quantile(0.9, &skewed).1, Nan::Hit);
        assert_eq!(
            fraction(f64::NEG_INFINITY, 5.0, &skewed),
            (0.3, Nan::Counted)
        );
        let whole = custom(1.0, 10.0);
        assert_eq!(quantile(0.2, &whole), (-1.5, Nan::Absent));
        assert_eq!(fraction(f64::NEG_INFINITY, 5.0, &whole), (0.6, Nan::Absent));
    }

    #[test]
    fn endless_custom_buckets_give_their_finite_bound() {
        let custom = custom(1.0, 10.0);
        assert_eq!(quantile(0.05, &custom).0, -3.0);
        assert_eq!(quantile(0.95, &custom).0, 5.0);
        assert_eq!(fraction(7.0, f64::INFINITY, &custom).0, 0.4);
    }

    #[test]
    fn a_count_without_buckets_has_no_place_but_zero() {
        let mut empty = custom(1.0, 10.0);
        (empty.positive_spans, empty.custom_bounds) = (Vec::new(), Vec::new());
        empty.schema = 0;
        assert_eq!(quantile(0.5, &empty).0, 0.0);
        assert!(quantile(0.0, &empty).0.is_nan());
        assert_eq!(fraction(0.0, 1.0, &empty).0, 0.0);
    }

    /// Schemas from the coarsest to the finest, and custom buckets; counts and bounds as they come.
    fn any_histogram() -> impl Strategy<Value = Histogram> {
        let floats = || prop::collection::vec(0.0..100.0f64, 0..6);
        let bounds = prop::collection::btree_set(-5..5i32, 5..6);
        let starts = (-9..9i32, -9..9i32);
        (-5..=8i8, starts, floats(), floats(), 0.0..9.0f64, bounds).prop_map(
            |(schema, (low, high), mut positive, mut negative, mut zero, bounds)| {
                let is_custom = schema < plimsoll_types::SCHEMA_MIN;
                if is_custom {
                    positive.truncate(6);
                    (negative, zero) = (Vec::new(), 0.0);
                }
                let spans = |offset, counts: &[f64]| {
                    let length = counts.len() as u32;
                    let span = Span { offset, length };
                    (length > 0).then_some(span).into_iter().collect::<Vec<_>>()
                };
                Histogram {
                    schema: if is_custom {
                        CUSTOM_BUCKETS_SCHEMA
                    } else {
                        schema
                    },
                    positive_spans: spans(if is_custom { 0 } else { high }, &positive),
                    negative_spans: spans(low, &negative),
                    counts: Counts::Float(BucketCounts {
                        count: zero + positive.iter().chain(&negative).sum::<f64>(),
                        zero,
                        positive,
                        negative,
                    }),
                    custom_bounds: match is_custom {
                        true => bounds.into_iter().map(f64::from).collect(),
                        false => Vec::new(),
                    },
                    ..Histogram::default()
                }
            },
        )
    }

    proptest! {
        #[test]
        fn quantiles_rise(histogram in any_histogram(), a in 0.0..=1.0f64, b in 0.0..=1.0f64) {
            let (low, high) = (quantile(a.min(b), &histogram).0, quantile(a.max(b), &histogram).0);
            let rounding = 1e-9 * low.abs().max(high.abs());
            prop_assert!(low <= high + rounding || histogram.count() == 0.0, "{low} {high}");
        }

        #[test]
        fn fractions_are_shares(histogram in any_histogram(), a in -9.0..9.0f64, b in -9.0..9.0f64) {
            let (low, high) = (a.min(b), a.max(b));
            let between = |low, high| fraction(low, high, &histogram).0;
            let parts = [(f64::NEG_INFINITY, low), (low, high), (high, f64::INFINITY)];
            let parts = parts.map(|(low, high)| between(low, high));
            if histogram.count() > 0.0 {
                prop_assert!((parts.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{parts:?}");
                prop_assert!(parts.iter().all(|part| (-1e-9..=1.0 + 1e-9).contains(part)));
            }
        }

        /// Observations of at most the quantile are the quantile's share, where nothing jumps.
        #[test]
        fn quantiles_and_fractions_are_inverse(histogram in any_histogram(), q in 0.01..0.99f64) {
            let (value, _) = quantile(q, &histogram);
            let (share, _) = fraction(f64::NEG_INFINITY, value, &histogram);
            let jumps = histogram.has_custom_bounds() || histogram.count() == 0.0;
            // All of the zero bucket lies at 0 here.
            let jumps = jumps || value == 0.0;
            prop_assert!(jumps || (share - q).abs() < 1e-6, "{value} {share}");
        }

        #[test]
        fn the_variance_is_no_less_than_zero(histogram in any_histogram()) {
            let variance = stdvar(&histogram);
            prop_assert!(variance >= 0.0 || histogram.count() == 0.0, "{variance}");
        }
    }

    #[test]
    fn hostile_histograms_have_answers() {
        let spans = |pairs: &[(i32, u32)]| -> Vec<Span> {
            let span = |(offset, length): &(i32, u32)| Span {
                offset: *offset,
                length: *length,
            };
            pairs.iter().map(span).collect()
        };
        type Raw = (i8, [f64; 4], Vec<(i32, u32)>, Vec<f64>, Vec<f64>, f64);
        bolero::check!().with_type().for_each(|raw: &Raw| {
            let (schema, [count, zero, sum, zero_threshold], named, counts, bounds, at) = raw;
            let histogram = Histogram {
                schema: *schema,
                sum: *sum,
                zero_threshold: *zero_threshold,
                counts: Counts::Float(BucketCounts {
                    count: *count,
                    zero: *zero,
                    positive: counts.clone(),
                    negative: counts.clone(),
                }),
                positive_spans: spans(named),
                negative_spans: spans(named),
                custom_bounds: bounds.clone(),
                ..Histogram::default()
            };
            for histogram in [
                &histogram,
                &Histogram {
                    schema: CUSTOM_BUCKETS_SCHEMA,
                    ..histogram.clone()
                },
            ] {
                let _ = (
                    quantile(at.fract().abs(), histogram),
                    fraction(*at, sum * at, histogram),
                );
                let _ = stdvar(histogram);
            }
        });
    }
}
