//! What holds for the arithmetic of all valid histograms.

use plimsoll_types::{
    BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Histogram, HistogramMean, HistogramSum, Span,
};
use proptest::prelude::*;

/// Indices and whole counts of buckets, so that sums are exact and order makes no difference.
fn side() -> impl Strategy<Value = Vec<(i32, u32)>> {
    let gaps = prop::collection::vec((1..6i32, 0..1000u32), 0..8);
    (-20..20i32, gaps).prop_map(|(start, gaps)| {
        let indices = gaps.iter().scan(start, |index, (gap, count)| {
            *index += gap;
            Some((*index, *count))
        });
        indices.collect()
    })
}

fn spans(side: &[(i32, u32)]) -> (Vec<Span>, Vec<f64>) {
    let mut next = 0;
    let span = |(index, _): &(i32, u32)| {
        let offset = *index - next;
        next = index + 1;
        Span { offset, length: 1 }
    };
    let spans = side.iter().map(span).collect();
    (
        spans,
        side.iter().map(|(_, count)| f64::from(*count)).collect(),
    )
}

prop_compose! {
    fn exponential()(
        schema in -4..=8i8,
        zero in (prop_oneof![Just(0.0), 1e-3..4.0f64], 0..100u32),
        mut positive in side(),
        mut negative in side(),
        sum in -1000..1000i32,
    ) -> Histogram {
        let (zero_threshold, zero) = (zero.0, f64::from(zero.1));
        let empty = Histogram { schema, zero_threshold, ..Histogram::default() };
        // No bucket inside of the zero bucket.
        let is_outside = |(index, _): &(i32, u32)| {
            empty.upper_bound(i64::from(*index) - 1) >= zero_threshold
        };
        positive.retain(is_outside);
        negative.retain(is_outside);
        let (positive_spans, positive) = spans(&positive);
        let (negative_spans, negative) = spans(&negative);
        let count = zero + positive.iter().chain(&negative).sum::<f64>();
        Histogram {
            sum: f64::from(sum),
            counts: Counts::Float(BucketCounts { count, zero, positive, negative }),
            positive_spans,
            negative_spans,
            ..empty
        }
    }
}

prop_compose! {
    fn custom()(
        bounds in prop::collection::btree_set(-5..10i32, 0..8),
        counts in prop::collection::vec(0..1000u32, 9),
        sum in -1000..1000i32,
    ) -> Histogram {
        let positive: Vec<f64> = counts[..=bounds.len()].iter().map(|count| f64::from(*count)).collect();
        Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            sum: f64::from(sum),
            positive_spans: vec![Span { offset: 0, length: positive.len() as u32 }],
            counts: Counts::Float(BucketCounts {
                count: positive.iter().sum(),
                positive,
                ..BucketCounts::default()
            }),
            custom_bounds: bounds.into_iter().map(f64::from).collect(),
            ..Histogram::default()
        }
    }
}

fn pair() -> impl Strategy<Value = (Histogram, Histogram)> {
    prop_oneof![(exponential(), exponential()), (custom(), custom())]
}

fn three() -> impl Strategy<Value = (Histogram, Histogram, Histogram)> {
    prop_oneof![
        (exponential(), exponential(), exponential()),
        (custom(), custom(), custom())
    ]
}

fn any() -> impl Strategy<Value = Histogram> {
    prop_oneof![exponential(), custom()]
}

fn sum(a: &Histogram, b: &Histogram) -> Histogram {
    let mut sum = HistogramSum::new(a);
    sum.add(b).expect("both have buckets of one kind");
    sum.value()
}

/// Returns the observations in all buckets.
fn observed(histogram: &Histogram) -> f64 {
    histogram.buckets().iter().map(|bucket| bucket.count).sum()
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    #[test]
    fn what_is_generated_is_valid(histogram in any()) {
        prop_assert_eq!(histogram.validate(), Ok(()));
    }

    #[test]
    fn addition_commutes_and_loses_nothing((a, b) in pair()) {
        let (ab, ba) = (sum(&a, &b), sum(&b, &a));
        prop_assert!(ab.equal_values(&ba), "{ab:?}\n{ba:?}");
        prop_assert_eq!(ab.validate(), Ok(()));
        prop_assert_eq!(ab.count(), a.count() + b.count());
        prop_assert_eq!(observed(&ab), observed(&a) + observed(&b));
    }

    #[test]
    fn any_order_of_additions_counts_the_same((a, b, c) in three()) {
        let (left, right) = (sum(&sum(&a, &b), &c), sum(&a, &sum(&b, &c)));
        prop_assert_eq!(left.count(), right.count());
        prop_assert_eq!(observed(&left), observed(&right));
        // Widening stops earlier where the bucket that it would cut is not yet populated.
        if left.zero_threshold == right.zero_threshold {
            prop_assert!(left.equal_values(&right), "{left:?}\n{right:?}");
        }
    }

    #[test]
    fn what_was_added_can_be_taken_away((a, b) in pair()) {
        let mut total = HistogramSum::new(&a);
        total.add(&b).unwrap();
        total.subtract(&b).unwrap();
        // At the resolution that both have.
        let mut nothing = HistogramSum::new(&b);
        nothing.subtract(&b).unwrap();
        let expected = sum(&a, &nothing.value());
        let left = total.value();
        prop_assert_eq!(left.count(), a.count());
        prop_assert_eq!(left.sum, a.sum);
        prop_assert_eq!(observed(&left), observed(&a));
        if a.zero_threshold == b.zero_threshold {
            prop_assert!(left.equal_values(&expected), "{left:?}\n{expected:?}");
        }
    }

    #[test]
    fn the_average_is_the_sum_by_the_number((a, b) in pair()) {
        let mut mean = HistogramMean::new(&a);
        mean.add(&b).unwrap();
        prop_assert!(mean.value().equal_values(&sum(&a, &b).divided(2.0)));
    }

    #[test]
    fn a_coarser_schema_keeps_all_counts(histogram in exponential(), schema in -4..=8i8) {
        let coarse = histogram.at_schema(schema);
        prop_assert_eq!(coarse.validate(), Ok(()));
        prop_assert_eq!(coarse.schema, schema.min(histogram.schema));
        prop_assert_eq!(observed(&coarse), observed(&histogram));
    }

    #[test]
    fn compaction_changes_no_value(histogram in any()) {
        let compacted = histogram.compacted();
        prop_assert!(compacted.equal_values(&histogram));
        prop_assert!(compacted.byte_count() <= histogram.byte_count());
    }

    #[test]
    fn a_counter_that_counts_on_was_not_reset((histogram, more) in pair()) {
        prop_assert!(!histogram.detects_reset_after(&histogram));
        let later = sum(&histogram, &more);
        prop_assert!(!later.detects_reset_after(&histogram), "{later:?}");
        prop_assert_eq!(histogram.count() < later.count(), more.count() > 0.0);
        if more.count() > 0.0 {
            prop_assert!(histogram.detects_reset_after(&later));
        }
    }

    #[test]
    fn trimming_divides_what_is_there(histogram in exponential(), limit in -100.0..100.0f64) {
        let (below, above) = (histogram.trimmed_upper(limit), histogram.trimmed_lower(limit));
        prop_assert!(is_close(below.count() + above.count(), histogram.count()));
        for (part, buckets) in [(&below, below.buckets()), (&above, above.buckets())] {
            prop_assert_eq!(part.validate(), Ok(()));
            prop_assert!(part.count() <= histogram.count());
            prop_assert!(is_close(part.count(), buckets.iter().map(|bucket| bucket.count).sum()));
        }
        let whole = histogram.trimmed_upper(f64::INFINITY);
        prop_assert!(whole.equal_values(&histogram));
    }

    #[test]
    fn trimming_custom_buckets_never_adds(histogram in custom(), limit in -20.0..20.0f64) {
        for part in [histogram.trimmed_upper(limit), histogram.trimmed_lower(limit)] {
            prop_assert_eq!(part.validate(), Ok(()));
            prop_assert!(part.count() <= histogram.count());
        }
    }
}
