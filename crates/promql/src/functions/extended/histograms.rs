//! Native histograms under `anchored` and `smoothed`.

use std::sync::Arc;

use plimsoll_types::{Histogram, HistogramSum, IncompatibleHistograms, ResetHint, Value};

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
    let name = || notes.name();
    let samples = &window.histograms[ends.first..=ends.last];
    let has_custom_bounds = samples[0].has_custom_bounds();
    if samples
        .iter()
        .any(|h| h.has_custom_bounds() != has_custom_bounds)
    {
        notes.add(&Annotation::MixedExponentialCustom { name: name() });
        return None;
    }
    let is_gauge = |histogram: &Arc<Histogram>| histogram.reset_hint == ResetHint::Gauge;
    let is_counter = kind != Kind::Delta;
    if is_counter && samples.iter().any(is_gauge) {
        notes.add(&Annotation::NotCounter { name: name() });
    }
    if !is_counter && !(is_gauge(&samples[0]) && is_gauge(&samples[samples.len() - 1])) {
        notes.add(&Annotation::NotGauge { name: name() });
    }
    let (change, reconciled) = difference(window, &ends, is_counter).ok()?;
    if reconciled {
        notes.add(&Annotation::MismatchedCustomBuckets(
            HistogramStep::Subtraction,
        ));
    }
    Some(Value::Histogram(Arc::new(
        change.finish(kind, window.seconds()),
    )))
}

impl HistogramChange {
    fn finish(mut self, kind: Kind, seconds: f64) -> Histogram {
        if kind == Kind::Rate {
            self.0.divide(seconds);
        }
        Histogram {
            reset_hint: ResetHint::Gauge,
            ..self.0.value()
        }
    }
}

struct HistogramChange(HistogramSum);

/// Returns the end minus the start, and whether bounds had to be reconciled for it.
fn difference(
    window: &Window<'_>,
    ends: &Ends,
    is_counter: bool,
) -> Result<(HistogramChange, bool), IncompatibleHistograms> {
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
    let mut reconciled = match ends.between_at_start {
        true => change.subtract(&between(ends.first, window.bounds.after)?)?,
        false => change.subtract(&histograms[ends.first])?,
    }
    .bounds_reconciled;
    if is_counter {
        // A value between two samples is never above the later one: nothing is lost from there on.
        let from = ends.first + usize::from(ends.between_at_start);
        for two in histograms[from..=ends.last].windows(2) {
            if two[1].detects_reset_after(&two[0]) {
                reconciled |= change.add(&two[0])?.bounds_reconciled;
            }
        }
    }
    Ok((HistogramChange(change), reconciled))
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
