//! Native histograms under `anchored` and `smoothed`.

use std::sync::Arc;

use plimsoll_types::{
    Combination, Histogram, HistogramSum, IncompatibleHistograms, ResetHint, Value,
};

use crate::annotation::{Annotation, HistogramStep};
use crate::ast::Extension;
use crate::evaluate::{Notes, Window};

use super::{Ends, Kind, fraction};

/// Returns the change of a histogram over the window.
pub(super) fn change(
    window: &Window<'_>,
    notes: &Notes<'_>,
    kind: Kind,
    extension: Extension,
) -> Option<Value> {
    let ends = Ends::new(window.histogram_times, window.bounds, extension)?;
    let samples = &window.histograms[ends.first..=ends.last];
    let is_custom = samples[0].has_custom_bounds();
    if samples.iter().any(|h| h.has_custom_bounds() != is_custom) {
        notes.add(&Annotation::MixedExponentialCustom { name: notes.name() });
        return None;
    }
    let is_counter = kind != Kind::Delta;
    note_kind(samples, notes, is_counter);
    let mut difference = Difference::default();
    let mut change = difference.of(window, &ends, is_counter).ok()?;
    if difference.bounds_reconciled {
        let step = HistogramStep::Subtraction;
        notes.add(&Annotation::MismatchedCustomBuckets(step));
    }
    if kind == Kind::Rate {
        change.divide(window.seconds());
    }
    Some(Value::Histogram(Arc::new(Histogram {
        reset_hint: ResetHint::Gauge,
        ..change.value()
    })))
}

/// Warns of gauges where counters are asked for, and the other way round.
fn note_kind(samples: &[Arc<Histogram>], notes: &Notes<'_>, is_counter: bool) {
    let is_gauge = |histogram: &Arc<Histogram>| histogram.reset_hint == ResetHint::Gauge;
    if is_counter {
        if samples.iter().any(is_gauge) {
            notes.add(&Annotation::NotCounter { name: notes.name() });
        }
        return;
    }
    // Only the values at the ends count for a gauge.
    let mut ends = [samples.first(), samples.last()].into_iter().flatten();
    if !ends.all(is_gauge) {
        notes.add(&Annotation::NotGauge { name: notes.name() });
    }
}

/// The value at the end less the one at the start.
#[derive(Default)]
struct Difference {
    bounds_reconciled: bool,
}

impl Difference {
    fn of(
        &mut self,
        window: &Window<'_>,
        ends: &Ends,
        is_counter: bool,
    ) -> Result<HistogramSum, IncompatibleHistograms> {
        let (times, histograms) = (window.histogram_times, window.histograms);
        let between = |index: usize, time| {
            let fraction = fraction(times[index], times[index + 1], time);
            interpolated(
                &histograms[index],
                &histograms[index + 1],
                fraction,
                is_counter,
            )
        };
        let mut change = match ends.between_at_end {
            true => HistogramSum::new(&between(ends.last - 1, window.bounds.until)?),
            false => HistogramSum::new(&histograms[ends.last]),
        };
        self.note(match ends.between_at_start {
            true => change.subtract(&between(ends.first, window.bounds.after)?)?,
            false => change.subtract(&histograms[ends.first])?,
        });
        if is_counter {
            // A value between two samples is never above the later one: nothing is lost from there on.
            let from = ends.first + usize::from(ends.between_at_start);
            for two in histograms[from..=ends.last].windows(2) {
                if two[1].detects_reset_after(&two[0]) {
                    self.note(change.add(&two[0])?);
                }
            }
        }
        Ok(change)
    }

    fn note(&mut self, combination: Combination) {
        self.bounds_reconciled |= combination.bounds_reconciled;
    }
}

/// Returns the histogram on the line between two samples. A counter that fell between them began at nothing.
pub(crate) fn interpolated(
    before: &Histogram,
    after: &Histogram,
    fraction: f64,
    is_counter: bool,
) -> Result<Histogram, IncompatibleHistograms> {
    if before.has_custom_bounds() != after.has_custom_bounds() {
        return Err(IncompatibleHistograms);
    }
    if is_counter && after.detects_reset_after(before) {
        return Ok(after.scaled(fraction));
    }
    let mut line = HistogramSum::new(after);
    line.subtract(before)?;
    line.scale(fraction);
    line.add(before)?;
    Ok(line.value())
}
