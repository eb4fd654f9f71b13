use super::super::Span;
use super::*;

/// Makes a histogram with buckets from index 1 up and from index 1 down.
fn exponential(schema: i8, zero: (f64, f64), positive: &[f64], negative: &[f64]) -> Histogram {
    let spans = |counts: &[f64]| match u32::try_from(counts.len()) {
        Ok(0) | Err(_) => Vec::new(),
        Ok(length) => vec![Span { offset: 1, length }],
    };
    let buckets = positive.iter().chain(negative);
    Histogram {
        schema,
        zero_threshold: zero.0,
        sum: 1.0,
        counts: Counts::Float(BucketCounts {
            count: zero.1 + buckets.sum::<f64>(),
            zero: zero.1,
            positive: positive.to_vec(),
            negative: negative.to_vec(),
        }),
        positive_spans: spans(positive),
        negative_spans: spans(negative),
        ..Histogram::default()
    }
}

fn custom(bounds: &[f64], counts: &[f64]) -> Histogram {
    Histogram {
        schema: super::super::CUSTOM_BUCKETS_SCHEMA,
        custom_bounds: bounds.to_vec(),
        sum: 1.0,
        counts: Counts::Float(BucketCounts {
            count: counts.iter().sum(),
            positive: counts.to_vec(),
            ..BucketCounts::default()
        }),
        positive_spans: vec![Span {
            offset: 0,
            length: u32::try_from(counts.len()).unwrap(),
        }],
        ..Histogram::default()
    }
}

fn sum(a: &Histogram, b: &Histogram) -> Histogram {
    let mut sum = HistogramSum::new(a);
    sum.add(b).unwrap();
    sum.value()
}

fn shown(histogram: &Histogram) -> Vec<(f64, f64, f64)> {
    let buckets = histogram.buckets();
    buckets
        .iter()
        .map(|bucket| (bucket.lower, bucket.upper, bucket.count))
        .collect()
}

#[test]
fn finer_buckets_fall_into_coarser_ones() {
    let fine = exponential(1, (0.0, 0.0), &[1.0, 2.0, 4.0], &[1.0]);
    let coarse = exponential(0, (0.0, 0.0), &[10.0], &[]);
    let expected = [(-2.0, -1.0, 1.0), (1.0, 2.0, 13.0), (2.0, 4.0, 4.0)];
    assert_eq!(shown(&sum(&fine, &coarse)), expected);
    assert_eq!(shown(&sum(&coarse, &fine)), expected);
}

#[test]
fn the_zero_bucket_grows_past_the_bucket_that_it_would_cut() {
    let wide = exponential(0, (3.0, 5.0), &[], &[]);
    let narrow = exponential(0, (0.5, 1.0), &[10.0, 20.0, 40.0], &[0.0, 0.0, 7.0]);
    // 3 lies inside of (2, 4]; everything up to 4 is near zero then.
    let expected = [(-8.0, -4.0, 7.0), (-4.0, 4.0, 36.0), (4.0, 8.0, 40.0)];
    for total in [sum(&wide, &narrow), sum(&narrow, &wide)] {
        assert_eq!(shown(&total), expected);
        assert_eq!(total.count(), 83.0);
    }
}

#[test]
fn an_empty_bucket_does_not_widen_the_zero_bucket() {
    let wide = exponential(0, (3.0, 5.0), &[], &[]);
    let narrow = exponential(0, (0.5, 1.0), &[10.0, 0.0, 40.0], &[]);
    let expected = [(-3.0, 3.0, 16.0), (4.0, 8.0, 40.0)];
    assert_eq!(shown(&sum(&wide, &narrow)), expected);
    assert_eq!(shown(&sum(&narrow, &wide)), expected);
}

#[test]
fn only_common_bounds_are_left() {
    let a = custom(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]);
    let b = custom(&[0.5, 2.0], &[10.0, 20.0, 40.0]);
    let mut total = HistogramSum::new(&a);
    assert!(total.add(&b).unwrap().bounds_reconciled);
    let expected = custom(&[2.0], &[33.0, 47.0]);
    assert_eq!(shown(&total.value()), shown(&expected));
    assert_eq!(total.value().validate(), Ok(()));
    assert!(!total.add(&expected).unwrap().bounds_reconciled);
    total.subtract(&expected).unwrap();
    assert_eq!(shown(&total.value()), shown(&expected));
}

#[test]
fn exponential_and_custom_buckets_are_refused_and_leave_no_trace() {
    let exponential = exponential(0, (0.0, 1.0), &[1.0], &[]);
    let mut total = HistogramSum::new(&exponential);
    assert_eq!(
        total.add(&custom(&[1.0], &[1.0])),
        Err(IncompatibleHistograms)
    );
    assert!(total.value().equal_values(&exponential));
}

#[test]
fn hints_combine_to_what_can_be_said_of_the_sum() {
    use ResetHint::{Gauge, NotReset, Reset, Unknown};
    let check = |a, b, expected, collides| {
        let hinted = |reset_hint| Histogram {
            reset_hint,
            ..Histogram::default()
        };
        for (a, b) in [(a, b), (b, a)] {
            let mut total = HistogramSum::new(&hinted(a));
            let combination = total.add(&hinted(b)).unwrap();
            assert_eq!(total.value().reset_hint, expected, "{a:?} + {b:?}");
            assert_eq!(combination.counter_reset_collision, collides);
        }
    };
    check(Gauge, NotReset, Gauge, false);
    check(Gauge, Gauge, Gauge, false);
    check(NotReset, NotReset, NotReset, false);
    check(NotReset, Unknown, Unknown, false);
    check(Reset, Unknown, Unknown, false);
    check(Reset, NotReset, Unknown, true);
}

#[test]
fn a_collision_is_seen_past_a_gauge() {
    let hinted = |reset_hint| Histogram {
        reset_hint,
        ..Histogram::default()
    };
    let mut total = HistogramSum::new(&hinted(ResetHint::Reset));
    let first = total.add(&hinted(ResetHint::Gauge)).unwrap();
    let second = total.add(&hinted(ResetHint::NotReset)).unwrap();
    assert!(!first.counter_reset_collision && second.counter_reset_collision);
}

#[test]
fn small_counts_survive_large_ones() {
    let of = |count: f64| exponential(0, (0.0, 0.0), &[count], &[]);
    let mut total = HistogramSum::new(&of(1.0));
    for count in [1e100, 1.0, -1e100] {
        total.add(&of(count)).unwrap();
    }
    assert_eq!(total.value().count(), 2.0);
    assert_eq!(shown(&total.value()), [(1.0, 2.0, 2.0)]);
}

#[test]
fn known_buckets_are_added_in_place() {
    let whole = exponential(3, (0.001, 1.0), &[1.0; 50], &[2.0; 50]);
    let mut part = exponential(3, (0.001, 1.0), &[1.0, 2.0], &[4.0]);
    part.positive_spans[0].offset = 20;
    part.counts = Counts::Integer(BucketCounts {
        count: 8,
        zero: 1,
        positive: vec![1, 2],
        negative: vec![4],
    });
    let mut total = HistogramSum::new(&whole);
    let before = total.byte_count();
    let place = total.positive.spans.as_ptr();
    for _ in 0..1000 {
        total.add(&whole).unwrap();
        total.add(&part).unwrap();
    }
    assert_eq!(total.byte_count(), before);
    assert_eq!(total.positive.spans.as_ptr(), place, "nothing was rebuilt");
    let expected = sum(&whole.scaled(1001.0), &part.scaled(1000.0));
    assert!(total.value().equal_values(&expected));
}

#[test]
fn a_threshold_that_is_no_number_ends_the_search_for_one() {
    let mut odd = exponential(0, (0.0, 1.0), &[1.0, 1.0], &[]);
    odd.zero_threshold = f64::NAN;
    let plain = exponential(0, (3.0, 1.0), &[1.0, 1.0], &[]);
    assert_eq!(sum(&plain, &odd).count(), 6.0);
    assert_eq!(sum(&odd, &plain).count(), 6.0);
}
