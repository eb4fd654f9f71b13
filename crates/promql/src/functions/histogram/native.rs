//! The parts of native histograms that need no arithmetic between two of them.

use plimsoll_types::{BucketCounts, Counts, Histogram, ResetHint, Span};

pub(crate) fn count(histogram: &Histogram) -> f64 {
    histogram.count()
}

pub(crate) fn sum(histogram: &Histogram) -> f64 {
    histogram.sum
}

pub(crate) fn avg(histogram: &Histogram) -> f64 {
    histogram.sum / histogram.count()
}

/// All counts as floats, whichever way they are kept.
fn floats(histogram: &Histogram) -> BucketCounts<f64> {
    let convert = |counts: &[u64]| counts.iter().map(|count| *count as f64).collect();
    match &histogram.counts {
        Counts::Float(counts) => counts.clone(),
        Counts::Integer(counts) => BucketCounts {
            count: counts.count as f64,
            zero: counts.zero as f64,
            positive: convert(&counts.positive),
            negative: convert(&counts.negative),
        },
    }
}

/// Returns the buckets that hold something, by index.
fn buckets(spans: &[Span], counts: &[f64]) -> Vec<(i64, f64)> {
    let mut next = 0;
    let indices = spans.iter().flat_map(|span| {
        let start = next + i64::from(span.offset);
        next = start + i64::from(span.length);
        start..next
    });
    indices
        .zip(counts.iter().copied())
        .filter(|(_, count)| *count != 0.0)
        .collect()
}

/// Says whether two histograms hold the same observations; hints and empty buckets do not count.
pub(crate) fn same_counts(a: &Histogram, b: &Histogram) -> bool {
    let (x, y) = (floats(a), floats(b));
    let same_float = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
    a.schema == b.schema
        && a.zero_threshold == b.zero_threshold
        && a.custom_bounds == b.custom_bounds
        && x.count == y.count
        && x.zero == y.zero
        && same_float(a.sum, b.sum)
        && buckets(&a.positive_spans, &x.positive) == buckets(&b.positive_spans, &y.positive)
        && buckets(&a.negative_spans, &x.negative) == buckets(&b.negative_spans, &y.negative)
}

/// Says whether a counter began anew between two histograms.
pub(crate) fn is_reset(before: &Histogram, after: &Histogram) -> bool {
    match after.reset_hint {
        ResetHint::Reset => return true,
        ResetHint::NotReset | ResetHint::Gauge => return false,
        ResetHint::Unknown => {}
    }
    let (old, new) = (floats(before), floats(after));
    // A finer resolution or other bounds cannot come from counting on.
    if new.count < old.count
        || after.schema > before.schema
        || before.has_custom_bounds() != after.has_custom_bounds()
        || before.custom_bounds != after.custom_bounds
        || after.zero_threshold < before.zero_threshold
    {
        return true;
    }
    if after.schema != before.schema || after.zero_threshold != before.zero_threshold {
        return false;
    }
    let fell = |spans: (&[Span], &[Span]), counts: (&[f64], &[f64])| {
        let new: std::collections::HashMap<i64, f64> =
            buckets(spans.1, counts.1).into_iter().collect();
        let old = buckets(spans.0, counts.0);
        old.iter()
            .any(|(index, count)| new.get(index).copied().unwrap_or(0.0) < *count)
    };
    new.zero < old.zero
        || fell(
            (&before.positive_spans, &after.positive_spans),
            (&old.positive, &new.positive),
        )
        || fell(
            (&before.negative_spans, &after.negative_spans),
            (&old.negative, &new.negative),
        )
}
