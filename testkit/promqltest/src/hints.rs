//! The counter reset hints that Prometheus' store gives histograms, whatever a client says.
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
use std::sync::Arc;

use plimsoll_types::{Counts, Histogram, ResetHint, Sample, Span, Value};

/// Gives the samples of a series, ascending, the hints they have when they are read.
pub(crate) fn as_stored(samples: &[Sample]) -> Vec<Sample> {
    let mut previous: Option<&Histogram> = None;
    let mut stored = Vec::with_capacity(samples.len());
    for sample in samples {
        let mut sample = sample.clone();
        if let Value::Histogram(histogram) = &mut sample.value {
            let reset_hint = hint(previous, histogram);
            *histogram = Arc::new(Histogram {
                reset_hint,
                ..Histogram::clone(histogram)
            });
        }
        stored.push(sample);
        previous = samples[stored.len() - 1].histogram();
    }
    stored
}

trait AsHistogram {
    fn histogram(&self) -> Option<&Histogram>;
}

impl AsHistogram for Sample {
    /// Returns the histogram to compare the next one with.
    fn histogram(&self) -> Option<&Histogram> {
        match &self.value {
            Value::Histogram(histogram) if !self.value.is_stale() => Some(histogram),
            _ => None,
        }
    }
}

fn hint(previous: Option<&Histogram>, next: &Histogram) -> ResetHint {
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

fn buckets(histogram: &Histogram, positive: bool) -> BTreeMap<i64, f64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::points;

    fn check(text: &str, expected: &[ResetHint]) {
        let samples: Vec<Sample> = points(text)
            .unwrap()
            .into_iter()
            .enumerate()
            .map(|(index, point)| point.unwrap().sample(index as i64).unwrap())
            .collect();
        let stored = as_stored(&samples);
        let hints = stored.iter().filter_map(|sample| match &sample.value {
            Value::Histogram(histogram) => Some(histogram.reset_hint),
            Value::Float(_) => None,
        });
        assert_eq!(hints.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn hints_come_from_comparing() {
        use ResetHint::{Gauge, NotReset, Unknown};
        check(
            "{{count:1 buckets:[1]}}+{{count:1 buckets:[1]}}x2",
            &[Unknown, NotReset, NotReset],
        );
        check(
            "{{count:2}} {{count:1}} {{count:1}}",
            &[Unknown, Unknown, NotReset],
        );
        check(
            "{{count:3 buckets:[1 2]}} {{count:3 buckets:[0 3]}}",
            &[Unknown, Unknown],
        );
        check(
            "{{count:3 offset:1 buckets:[3]}} {{count:4 buckets:[1 3]}}",
            &[Unknown, NotReset],
        );
        check(
            "{{count:3 n_buckets:[3]}} {{count:4 n_offset:1 n_buckets:[4]}}",
            &[Unknown, Unknown],
        );
        check(
            "{{count:1}} {{schema:1 count:2}} {{schema:1 count:2}}",
            &[Unknown, Unknown, NotReset],
        );
        check("{{count:1}} stale {{count:2}}", &[Unknown, Unknown]);
        check("{{count:1}} 5 {{count:2}}", &[Unknown, Unknown]);
        check(
            "{{count:1 counter_reset_hint:reset}}x1",
            &[Unknown, Unknown],
        );
        check(
            "{{count:1 counter_reset_hint:gauge}}x1 {{count:1}}",
            &[Gauge, Gauge, Unknown],
        );
        check(
            "{{count:2 counter_reset_hint:not_reset}} {{count:1 counter_reset_hint:not_reset}}",
            &[Unknown, Unknown],
        );
    }
}
