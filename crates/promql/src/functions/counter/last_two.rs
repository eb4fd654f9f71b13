//! `irate` and `idelta`: the change between the two newest samples.

use std::sync::Arc;

use plimsoll_types::{Histogram, HistogramSum, ResetHint, Value};

use crate::annotation::{Annotation, HistogramStep};
use crate::evaluate::{Notes, Window};

use crate::functions::starts::Starts;

use super::histograms::is_gauge;
use super::{histogram, seconds};

pub(in crate::functions) fn irate(
    window: &Window<'_>,
    _: &[f64],
    notes: &mut Notes<'_>,
) -> Option<Value> {
    let (previous, last) = last_two(window)?;
    let elapsed = elapsed(&previous, &last)?;
    let starts = match last.value {
        Newer::Float(_) => Starts::of_floats(window),
        Newer::Histogram(_) => Starts::of_histograms(window),
    };
    starts.note_last_overlap(notes);
    let kind = Kind::Counter {
        began_anew: starts.last_began_anew(),
    };
    Some(match change(previous.value, last.value, notes, kind)? {
        Value::Float(change) => Value::Float(change / elapsed),
        Value::Histogram(change) => histogram(change.divided(elapsed)),
    })
}

pub(in crate::functions) fn idelta(
    window: &Window<'_>,
    _: &[f64],
    notes: &mut Notes<'_>,
) -> Option<Value> {
    let (previous, last) = last_two(window)?;
    elapsed(&previous, &last)?;
    change(previous.value, last.value, notes, Kind::Gauge)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gauge,
    /// `began_anew` when start timestamps say so; values may say so as well.
    Counter {
        began_anew: bool,
    },
}

struct Newest<'a> {
    time: i64,
    value: Newer<'a>,
}

#[derive(Clone, Copy)]
enum Newer<'a> {
    Float(f64),
    Histogram(&'a Arc<Histogram>),
}

/// Returns the two newest samples of a window, the newest one last.
fn last_two<'a>(window: &Window<'a>) -> Option<(Newest<'a>, Newest<'a>)> {
    let float = |back: usize| {
        let at = window.floats.len().checked_sub(back)?;
        let value = Newer::Float(window.floats[at]);
        Some(Newest {
            time: window.times[at],
            value,
        })
    };
    let histogram = |back: usize| {
        let at = window.histograms.len().checked_sub(back)?;
        let value = Newer::Histogram(&window.histograms[at]);
        Some(Newest {
            time: window.histogram_times[at],
            value,
        })
    };
    let newer = |a: &Option<Newest<'_>>, b: &Option<Newest<'_>>| {
        a.as_ref().map(|a| a.time) > b.as_ref().map(|b| b.time)
    };
    let (last_float, last_histogram) = (float(1), histogram(1));
    // The second newest is the other kind's newest, or the second newest of the same kind.
    let (last, same, other) = match newer(&last_float, &last_histogram) {
        true => (last_float, float(2), last_histogram),
        false => (last_histogram, histogram(2), last_float),
    };
    let previous = if newer(&same, &other) { same } else { other };
    Some((previous?, last?))
}

/// Returns the seconds between two samples; `None` when they are of the same time.
fn elapsed(previous: &Newest<'_>, last: &Newest<'_>) -> Option<f64> {
    (previous.time < last.time).then(|| seconds(previous.time, last.time))
}

fn change(previous: Newer<'_>, last: Newer<'_>, notes: &Notes<'_>, kind: Kind) -> Option<Value> {
    match (previous, last) {
        (Newer::Float(previous), Newer::Float(last)) => Some(Value::Float(match kind {
            // After a reset the counter began at zero.
            Kind::Counter { began_anew } if began_anew || last < previous => last,
            Kind::Counter { .. } | Kind::Gauge => last - previous,
        })),
        (Newer::Histogram(previous), Newer::Histogram(last)) => {
            let change = histogram_change(previous, last, notes, kind)?;
            Some(histogram(change))
        }
        _ => {
            notes.add(&Annotation::MixedFloatsHistograms { name: notes.name() });
            None
        }
    }
}

fn histogram_change(
    previous: &Histogram,
    last: &Histogram,
    notes: &Notes<'_>,
    kind: Kind,
) -> Option<Histogram> {
    let (is_counter, began_anew) = match kind {
        Kind::Counter { began_anew } => (true, began_anew || last.detects_reset_after(previous)),
        Kind::Gauge => (false, false),
    };
    if is_counter && (is_gauge(previous) || is_gauge(last)) {
        notes.add(&Annotation::NotCounter { name: notes.name() });
    }
    let both_are_gauges = is_gauge(previous) && is_gauge(last);
    if !is_counter && !both_are_gauges {
        notes.add(&Annotation::NotGauge { name: notes.name() });
    }
    let mut change = HistogramSum::new(last);
    if !began_anew {
        match change.subtract(previous) {
            Ok(combination) if combination.bounds_reconciled => {
                let step = HistogramStep::Subtraction;
                notes.add(&Annotation::MismatchedCustomBuckets(step));
            }
            Ok(_) => {}
            Err(_) => {
                notes.add(&Annotation::MixedExponentialCustom { name: notes.name() });
                return None;
            }
        }
    }
    let mut change = change.value();
    change.reset_hint = ResetHint::Gauge;
    Some(change)
}
