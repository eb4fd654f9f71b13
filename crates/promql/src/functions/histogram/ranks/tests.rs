use plimsoll_types::{BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Span};
use proptest::prelude::*;

use super::super::native;
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
        let variance = native::stdvar(&histogram);
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
            let _ = native::stdvar(histogram);
        }
    });
}
