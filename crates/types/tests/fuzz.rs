//! Hostile histograms: spans that lie, indices at the ends of their range, counts that are no counts. Every operation
//! answers, and no result has more buckets than went in.

use plimsoll_types::{
    BucketCounts, CUSTOM_BUCKETS_SCHEMA, ClassicHistogram, Counts, Histogram, HistogramMean,
    HistogramSum, ResetHint, Span,
};

/// Schema, zero threshold, sum and count, spans and counts of both sides, custom bounds, and what else is to be chosen.
type Raw = (
    i8,
    [f64; 4],
    Vec<(i32, u32)>,
    Vec<(i32, u32)>,
    Vec<f64>,
    Vec<u64>,
    Vec<f64>,
    u8,
);

fn histogram(raw: &Raw) -> Histogram {
    let (
        schema,
        [zero_threshold, sum, count, zero],
        positive,
        negative,
        floats,
        integers,
        bounds,
        choice,
    ) = raw;
    let spans = |pairs: &[(i32, u32)]| {
        let span = |(offset, length): &(i32, u32)| Span {
            offset: *offset,
            length: *length,
        };
        pairs.iter().map(span).collect()
    };
    let counts = match choice & 1 {
        0 => Counts::Float(BucketCounts {
            count: *count,
            zero: *zero,
            positive: floats.clone(),
            negative: floats.iter().rev().copied().collect(),
        }),
        _ => Counts::Integer(BucketCounts {
            count: integers.iter().fold(0, |sum, count| sum ^ count),
            zero: count.to_bits(),
            positive: integers.clone(),
            negative: integers.clone(),
        }),
    };
    Histogram {
        schema: match choice >> 1 & 3 {
            0 => CUSTOM_BUCKETS_SCHEMA,
            1 => *schema,
            _ => schema % 9,
        },
        zero_threshold: *zero_threshold,
        sum: *sum,
        reset_hint: match choice >> 3 & 3 {
            0 => ResetHint::Unknown,
            1 => ResetHint::Reset,
            2 => ResetHint::NotReset,
            _ => ResetHint::Gauge,
        },
        counts,
        positive_spans: spans(positive),
        negative_spans: spans(negative),
        custom_bounds: bounds.clone(),
    }
}

fn bucket_count(histogram: &Histogram) -> usize {
    match &histogram.counts {
        Counts::Integer(counts) => counts.positive.len() + counts.negative.len(),
        Counts::Float(counts) => counts.positive.len() + counts.negative.len(),
    }
}

/// Checks that a result is no larger than what it was made of. Spans are counted too: only gaps that no offset can say
/// cost one without buckets.
fn is_bounded(result: &Histogram, made_of: &[&Histogram]) {
    let buckets: usize = made_of.iter().map(|h| bucket_count(h)).sum();
    let spans = |h: &Histogram| h.positive_spans.len() + h.negative_spans.len();
    let allowed: usize = made_of.iter().map(|h| spans(h)).sum();
    assert!(bucket_count(result) <= buckets);
    assert!(spans(result) <= 2 * (buckets + allowed) + 2);
}

#[test]
fn one_histogram() {
    bolero::check!()
        .with_type()
        .for_each(|(raw, value): &(Raw, f64)| {
            let one = histogram(raw);
            let _ = one.validate();
            assert!(one.buckets().len() <= bucket_count(&one) + 1);
            assert!(one.equal_values(&one));
            for result in [
                one.compacted(),
                one.scaled(*value),
                one.divided(*value),
                one.trimmed_upper(*value),
                one.trimmed_lower(*value),
                one.at_schema(raw.0),
                one.with_float_counts(),
                HistogramSum::new(&one).value(),
                HistogramMean::new(&one).value(),
            ] {
                is_bounded(&result, &[&one]);
            }
        });
}

#[test]
fn several_histograms() {
    bolero::check!().with_type().for_each(|raws: &[Raw; 3]| {
        let [a, b, c] = raws.each_ref().map(histogram);
        let _ = a.detects_reset_after(&b);
        let _ = a.equal_values(&b);
        let (mut sum, mut mean) = (HistogramSum::new(&a), HistogramMean::new(&a));
        let added = sum.add(&b).is_ok();
        assert_eq!(added, a.has_custom_bounds() == b.has_custom_bounds());
        assert_eq!(mean.add(&b).is_ok(), added);
        let _ = (sum.subtract(&c), mean.add(&c));
        is_bounded(&sum.value(), &[&a, &b, &c]);
        is_bounded(&mean.value(), &[&a, &b, &c]);
    });
}

#[test]
fn classic_histograms() {
    bolero::check!().with_type().for_each(
        |(buckets, count, sum): &(Vec<(f64, f64)>, Option<f64>, f64)| {
            let mut classic = ClassicHistogram::default();
            for (bound, cumulative) in buckets {
                let _ = classic.set_bucket(*bound, *cumulative);
            }
            if let Some(count) = count {
                let _ = classic.set_count(*count);
            }
            classic.set_sum(*sum);
            if let Ok(native) = classic.to_native() {
                assert_eq!(native.validate(), Ok(()), "{classic:?}");
                assert!(bucket_count(&native) <= buckets.len() + 1);
            }
        },
    );
}
