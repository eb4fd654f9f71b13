//! Counter reset hints of histograms, where the steps of a query change what they say.
//!
//! A hint is about a sample and the one stored before it. Steps of a subquery leave samples out, so hints mean nothing
//! there. Where only counts and sums are asked for, Prometheus reads histograms without their buckets and says in the
//! hint what it found by comparing them; this shows in warnings about conflicting resets.

use std::sync::Arc;

use plimsoll_types::{Histogram, ResetHint, Value};

use crate::ast::Call;

use super::Planner;

impl<'a> Planner<'a> {
    /// Says whether selectors inside of a call have their resets found; `inherited` is what was said about the call.
    pub(super) fn finds_resets_inside(call: &Call, inherited: bool) -> bool {
        match call.function.name {
            "histogram_avg" | "histogram_count" | "histogram_sum" => true,
            name => inherited && !name.starts_with("histogram_"),
        }
    }
}

/// Compares every histogram without a hint with the one before it. Markers of staleness are passed over.
pub(super) fn find(histograms: &mut [Option<Arc<Histogram>>]) {
    let mut previous: Option<Arc<Histogram>> = None;
    for histogram in histograms.iter_mut().flatten() {
        if Value::Histogram(Arc::clone(histogram)).is_stale() {
            continue;
        }
        let found = previous.replace(Arc::clone(histogram)).map(|previous| {
            match histogram.detects_reset_after(&previous) {
                true => ResetHint::Reset,
                false => ResetHint::NotReset,
            }
        });
        if let (ResetHint::Unknown, Some(found)) = (histogram.reset_hint, found) {
            Arc::make_mut(histogram).reset_hint = found;
        }
    }
}

/// Returns a sample whose neighbours are not those that its hint is about.
pub(super) fn forgotten(value: Value) -> Value {
    match value {
        Value::Histogram(mut histogram)
            if matches!(histogram.reset_hint, ResetHint::Reset | ResetHint::NotReset) =>
        {
            Arc::make_mut(&mut histogram).reset_hint = ResetHint::Unknown;
            Value::Histogram(histogram)
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::{BucketCounts, Counts};

    use super::*;

    fn of(count: f64, reset_hint: ResetHint) -> Option<Arc<Histogram>> {
        let counts = BucketCounts {
            count,
            ..BucketCounts::default()
        };
        Some(Arc::new(Histogram {
            reset_hint,
            counts: Counts::Float(counts),
            ..Histogram::default()
        }))
    }

    #[test]
    fn only_missing_hints_are_found() {
        use ResetHint::{Gauge, NotReset, Reset, Unknown};
        let mut histograms = [
            of(3.0, Unknown),
            of(2.0, Unknown),
            None,
            Some(Arc::new(Histogram::stale())),
            of(2.0, Unknown),
            of(1.0, Gauge),
            of(0.0, NotReset),
        ];
        find(&mut histograms);
        let hints: Vec<ResetHint> = histograms.iter().flatten().map(|h| h.reset_hint).collect();
        assert_eq!(hints, [Unknown, Reset, Unknown, NotReset, Gauge, NotReset]);
    }

    #[test]
    fn gauges_stay_gauges() {
        for (hint, expected) in [
            (ResetHint::Reset, ResetHint::Unknown),
            (ResetHint::NotReset, ResetHint::Unknown),
            (ResetHint::Gauge, ResetHint::Gauge),
        ] {
            let value = Value::Histogram(of(1.0, hint).unwrap());
            assert_eq!(
                forgotten(value),
                Value::Histogram(of(1.0, expected).unwrap())
            );
        }
    }
}
