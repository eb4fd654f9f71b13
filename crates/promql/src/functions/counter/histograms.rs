//! The change of native histograms over a window.

use std::sync::Arc;

use plimsoll_types::{
    BucketCounts, Combination, Counts, Histogram, HistogramSum, IncompatibleHistograms, ResetHint,
};

use crate::annotation::{Annotation, HistogramStep};
use crate::evaluate::Notes;
use crate::functions::starts::Starts;

/// Returns the last histogram less the first one and, for a counter, more what it had reached before each reset.
///
/// The counter was at nothing before the first one when `from_zero`; otherwise there are at least two samples. `None`,
/// with a note, when exponential and custom buckets meet.
pub(super) fn change(
    (samples, starts, from_zero): (&[Arc<Histogram>], Starts<'_>, bool),
    notes: &Notes<'_>,
    is_counter: bool,
) -> Option<Histogram> {
    let (first, last) = (&samples[0], &samples[samples.len() - 1]);
    if is_counter && samples.iter().any(|sample| is_gauge(sample)) {
        notes.add(&Annotation::NotCounter { name: notes.name() });
    }
    // What was before a reset says nothing, so its buckets may be anything.
    let began_anew = |index: usize| {
        samples[index].detects_reset_after(&samples[index - 1]) || starts.began_anew(index)
    };
    let start = match is_counter {
        true if from_zero => Arc::new(empty_like(first)),
        true if began_anew(1) => Arc::new(empty_like(&samples[1])),
        _ => Arc::clone(first),
    };
    let relevant = match is_counter {
        true => &samples[usize::from(!from_zero)..],
        false => std::slice::from_ref(last),
    };
    let difference = Difference {
        notes,
        is_counter,
        starts,
        skipped: samples.len() - relevant.len(),
    };
    match difference.of(&start, relevant) {
        Ok(mut change) => {
            let is_gauge = is_gauge(first) && is_gauge(last);
            if !is_counter && !is_gauge {
                notes.add(&Annotation::NotGauge { name: notes.name() });
            }
            change.reset_hint = ResetHint::Gauge;
            Some(change)
        }
        Err(IncompatibleHistograms) => {
            notes.add(&Annotation::MixedExponentialCustom { name: notes.name() });
            None
        }
    }
}

pub(super) fn is_gauge(histogram: &Histogram) -> bool {
    histogram.reset_hint == ResetHint::Gauge
}

/// Returns the histogram without observations that has the resolution of another one.
fn empty_like(other: &Histogram) -> Histogram {
    Histogram {
        schema: other.schema,
        custom_bounds: other.custom_bounds.clone(),
        counts: Counts::Float(BucketCounts::default()),
        ..Histogram::default()
    }
}

struct Difference<'a> {
    notes: &'a Notes<'a>,
    is_counter: bool,
    starts: Starts<'a>,
    /// How many of the samples that `starts` is about come before the first one that is looked at.
    skipped: usize,
}

impl Difference<'_> {
    fn of(
        &self,
        start: &Arc<Histogram>,
        samples: &[Arc<Histogram>],
    ) -> Result<Histogram, IncompatibleHistograms> {
        let mixes =
            |sample: &Arc<Histogram>| sample.has_custom_bounds() != start.has_custom_bounds();
        if samples.iter().any(mixes) {
            return Err(IncompatibleHistograms);
        }
        let coarsest = samples
            .iter()
            .map(|sample| sample.schema)
            .fold(start.schema, i8::min);
        let last = &samples[samples.len() - 1];
        let mut change = HistogramSum::new(&last.at_schema(coarsest));
        self.note(change.subtract(start)?, HistogramStep::Subtraction);
        if self.is_counter {
            let mut previous = start;
            for (index, sample) in (self.skipped..).zip(samples) {
                if sample.detects_reset_after(previous) || self.starts.began_anew(index) {
                    self.note(change.add(previous)?, HistogramStep::Addition);
                }
                previous = sample;
            }
        }
        Ok(change.value())
    }

    /// Resets are dealt with here, so that only the bounds are worth telling.
    fn note(&self, combination: Combination, step: HistogramStep) {
        if combination.bounds_reconciled {
            self.notes.add(&Annotation::MismatchedCustomBuckets(step));
        }
    }
}
