//! The counter reset hints that Prometheus' store gives histograms, whatever a client says: a test says what a rule
//! sees, and rules see what a store returns.
//!
//! The store compares each histogram with the one before it when it is appended, and begins a new chunk where the two
//! cannot stand in one. When it is read, only what stands inside a chunk is known: whether the chunk before is still
//! there, and is the same, nobody can say.
//!
//! | the histogram | its hint when it is read |
//! |---|---|
//! | is a gauge | unchanged |
//! | is the first, or comes after a float, a marker of staleness or a gauge | unknown |
//! | says that there was a reset, or counts less somewhere than the one before | unknown |
//! | has another schema, zero threshold or bounds than the one before | unknown |
//! | else | not reset |

use std::collections::BTreeMap;

use plimsoll_types::{Counts, Histogram, ResetHint, Span};

/// Returns the hint that a store like Prometheus' gives `next` when it is read; `previous` is the histogram before it in
/// the same series, `None` when there is none or something else comes between.
pub fn stored_reset_hint(previous: Option<&Histogram>, next: &Histogram) -> ResetHint {
    if next.reset_hint == ResetHint::Gauge {
        return ResetHint::Gauge;
    }
    match previous {
        Some(previous) if is_continued(previous, next) => ResetHint::NotReset,
        _ => ResetHint::Unknown,
    }
}

/// Says whether a histogram can stand in the chunk of the one before it.
fn is_continued(previous: &Histogram, next: &Histogram) -> bool {
    let layout = |histogram: &Histogram| (histogram.schema, histogram.zero_threshold);
    let has_fallen = |positive: bool| {
        let now = buckets(next, positive);
        let mut before = buckets(previous, positive).into_iter();
        before.any(|(index, before)| before > now.get(&index).copied().unwrap_or(0.0))
    };
    next.reset_hint != ResetHint::Reset
        && previous.reset_hint != ResetHint::Gauge
        && layout(next) == layout(previous)
        && next.custom_bounds == previous.custom_bounds
        && next.count() >= previous.count()
        && next.zero_count() >= previous.zero_count()
        && ![true, false].into_iter().any(has_fallen)
}

pub(super) fn buckets(histogram: &Histogram, positive: bool) -> BTreeMap<i64, f64> {
    let spans: &[Span] = match positive {
        true => &histogram.positive_spans,
        false => &histogram.negative_spans,
    };
    let counts: Vec<f64> = match (&histogram.counts, positive) {
        (Counts::Integer(counts), true) => counts.positive.iter().map(|n| *n as f64).collect(),
        (Counts::Integer(counts), false) => counts.negative.iter().map(|n| *n as f64).collect(),
        (Counts::Float(counts), true) => counts.positive.clone(),
        (Counts::Float(counts), false) => counts.negative.clone(),
    };
    let mut next = 0;
    let indices = spans.iter().flat_map(|span| {
        let start = next + i64::from(span.offset);
        next = start + i64::from(span.length);
        start..next
    });
    indices.zip(counts).collect()
}
