//! Counter reset hints of histograms: what a query makes of those that are stored.
//!
//! The store keeps the hints that clients send. Prometheus keeps only what it finds itself by comparing neighbours: a
//! client that says that a counter did not begin anew is not believed against the counts, and what it says of a reset
//! that no count shows is forgotten.
//!
//! A hint is about a sample and the one stored before it. Steps of a subquery leave samples out, so hints mean nothing
//! there. Where only counts and sums are asked for, Prometheus reads histograms without their buckets and says in the
//! hint what it found by comparing them; this shows in warnings about conflicting resets.

use std::sync::Arc;

use plimsoll_types::{BucketCounts, Counts, Histogram, ResetHint, SampleColumns, Value, is_stale};

use crate::ast::{AggregateOp, Expr, ExprKind};

use super::Planner;

impl<'a> Planner<'a> {
    /// Says whether only counts and sums are asked for of what stands inside an expression; `inherited` is what was
    /// said about the expression itself.
    ///
    /// Prometheus also leaves out the buckets that comparisons, `changes()` and such functions as `histogram_stddev()`
    /// look at when a `histogram_count()` stands around them, and answers wrongly.
    pub(super) fn totals_suffice_inside(expr: &Expr, inherited: bool) -> bool {
        match &expr.kind {
            ExprKind::Call(call) => match call.function.name {
                "histogram_avg" | "histogram_count" | "histogram_sum" => true,
                "changes" => false,
                name => inherited && !name.starts_with("histogram_"),
            },
            ExprKind::Binary(binary) => {
                inherited && !binary.op.is_trim() && !binary.op.is_comparison()
            }
            ExprKind::Aggregate(aggregation) => {
                inherited && aggregation.op != AggregateOp::CountValues
            }
            _ => inherited,
        }
    }
}

/// Forgets the hints that do not follow from the histograms themselves; those of gauges stay. One that tells nothing is
/// left to those who want to know, so that samples are compared only where somebody says something of them.
///
/// What comes before the first histogram is not there to compare, so `NotReset` is believed of it.
pub(super) fn check(histograms: &mut [Option<Arc<Histogram>>]) {
    let mut previous: Option<usize> = None;
    for index in 0..histograms.len() {
        let (before, rest) = histograms.split_at_mut(index);
        let Some(histogram) = rest[0]
            .as_mut()
            .filter(|histogram| !is_stale(histogram.sum))
        else {
            continue;
        };
        let previous = previous.replace(index);
        let previous = previous.and_then(|previous| before[previous].as_ref());
        let is_doubtful = match histogram.reset_hint {
            ResetHint::Reset => true,
            ResetHint::NotReset => previous.is_some_and(|previous| histogram.fell_after(previous)),
            ResetHint::Unknown | ResetHint::Gauge => false,
        };
        if is_doubtful {
            Arc::make_mut(histogram).reset_hint = ResetHint::Unknown;
        }
    }
}

/// Leaves the buckets of histograms out, and says in every one's hint what they told: the hint that is missing comes from
/// comparing it with the one before. Markers of staleness are passed over.
///
/// Samples up to `after` are not asked for. They are there to tell that the first one after them is no reset; that it
/// is one is not told, as Prometheus begins a chunk where it finds a reset, and forgets why.
pub(super) fn totals(samples: &mut SampleColumns, after: i64) {
    let mut previous: Option<(i64, Arc<Histogram>)> = None;
    for (time, histogram) in samples.timestamps.iter().zip(&mut samples.histograms) {
        let Some(histogram) = histogram.as_mut().filter(|h| !is_stale(h.sum)) else {
            continue;
        };
        let reset_hint = match (histogram.reset_hint, &previous) {
            (ResetHint::Unknown, Some((before, previous))) => {
                match histogram.fell_after(previous) {
                    true if *before <= after => ResetHint::Unknown,
                    true => ResetHint::Reset,
                    false => ResetHint::NotReset,
                }
            }
            (known, _) => known,
        };
        let totals = Arc::new(without_buckets(histogram, reset_hint));
        previous = Some((*time, std::mem::replace(histogram, totals)));
    }
}

/// The schema stays, as exponential and custom buckets do not mix, also where nobody looks at them.
fn without_buckets(histogram: &Histogram, reset_hint: ResetHint) -> Histogram {
    Histogram {
        schema: histogram.schema,
        sum: histogram.sum,
        reset_hint,
        counts: Counts::Float(BucketCounts {
            count: histogram.count(),
            ..BucketCounts::default()
        }),
        ..Histogram::default()
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
        let histograms = [
            of(3.0, Unknown),
            of(2.0, Unknown),
            None,
            Some(Arc::new(Histogram::stale())),
            of(2.0, Unknown),
            of(1.0, Gauge),
            of(0.0, NotReset),
        ];
        assert_eq!(
            found(&histograms, 0),
            [Unknown, Reset, Unknown, NotReset, Gauge, NotReset]
        );
    }

    #[test]
    fn what_is_not_asked_for_tells_only_of_continuity() {
        use ResetHint::{NotReset, Reset, Unknown};
        let rising = [of(1.0, Unknown), of(2.0, Unknown), of(3.0, Unknown)];
        assert_eq!(found(&rising, 1), [Unknown, NotReset, NotReset]);
        let falling = [of(3.0, Unknown), of(2.0, Unknown), of(1.0, Unknown)];
        assert_eq!(found(&falling, 1), [Unknown, Unknown, Reset]);
        assert_eq!(found(&falling, 0), [Unknown, Reset, Reset]);
    }

    /// Finds the resets of histograms at 1 ms, 2 ms, ...
    fn found(histograms: &[Option<Arc<Histogram>>], after: i64) -> Vec<ResetHint> {
        let mut samples = SampleColumns {
            timestamps: (1..).take(histograms.len()).collect(),
            values: vec![0.0; histograms.len()],
            histograms: histograms.to_vec(),
            ..SampleColumns::default()
        };
        totals(&mut samples, after);
        hints(&samples.histograms)
    }

    fn hints(histograms: &[Option<Arc<Histogram>>]) -> Vec<ResetHint> {
        histograms.iter().flatten().map(|h| h.reset_hint).collect()
    }

    #[test]
    fn clients_are_believed_as_far_as_counts_show() {
        use ResetHint::{Gauge, NotReset, Reset, Unknown};
        let stored = [
            of(3.0, NotReset),
            of(4.0, Reset),
            None,
            Some(Arc::new(Histogram::stale())),
            of(4.0, NotReset),
            of(3.0, NotReset),
            of(2.0, Unknown),
            of(1.0, Gauge),
            of(5.0, Unknown),
        ];
        let mut histograms = stored.clone();
        check(&mut histograms);
        assert_eq!(
            hints(&histograms),
            [
                NotReset, Unknown, Unknown, NotReset, Unknown, Unknown, Gauge, Unknown
            ]
        );
        assert_eq!(
            hints(&stored)[1],
            Reset,
            "what the store shares stays as it is"
        );
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
