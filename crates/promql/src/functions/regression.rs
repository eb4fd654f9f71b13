//! Least squares over a window: `deriv` and `predict_linear`.

use plimsoll_types::Value;

use crate::annotation::Annotation;
use crate::evaluate::{Notes, Sum, Window};

/// A line: value at the intercept time and change per second.
struct Line {
    slope: f64,
    intercept: f64,
}

pub(super) fn deriv(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    // The intercept is not used; the first sample's time keeps the numbers small.
    let line = regress(window, *window.times.first()?, notes)?;
    Some(Value::Float(line.slope))
}

pub(super) fn predict_linear(
    window: &Window<'_>,
    parameters: &[f64],
    notes: &mut Notes<'_>,
) -> Option<Value> {
    let line = regress(window, window.now, notes)?;
    Some(Value::Float(line.slope * parameters[0] + line.intercept))
}

fn regress(window: &Window<'_>, intercept_time: i64, notes: &Notes<'_>) -> Option<Line> {
    if window.floats.is_empty() {
        return None;
    }
    if !window.histograms.is_empty() {
        notes.add(&Annotation::HistogramIgnoredInMixedRange { name: notes.name() });
    }
    let [first, second, ..] = window.floats else {
        return None;
    };
    if first == second && window.floats.iter().all(|value| value == first) {
        let line = match first.is_infinite() {
            true => (f64::NAN, f64::NAN),
            false => (0.0, *first),
        };
        let (slope, intercept) = line;
        return Some(Line { slope, intercept });
    }
    let [mut x_sum, mut y_sum, mut xy_sum, mut xx_sum] = [Sum::default(); 4];
    for (time, y) in window.times.iter().zip(window.floats) {
        // As floats: two hostile times can be further apart than an i64 holds.
        let x = (*time as f64 - intercept_time as f64) / 1000.0;
        x_sum.add(x);
        y_sum.add(*y);
        xy_sum.add(x * y);
        xx_sum.add(x * x);
    }
    let count = window.floats.len() as f64;
    let (x, y) = (x_sum.value(), y_sum.value());
    let covariance = xy_sum.value() - x * y / count;
    let variance = xx_sum.value() - x * x / count;
    let slope = covariance / variance;
    let intercept = y / count - slope * x / count;
    Some(Line { slope, intercept })
}
