//! The `*_over_time` functions, `changes` and `resets`.

use std::cmp::Ordering;
use std::sync::Arc;

use plimsoll_types::{
    Combination, Histogram, HistogramMean, HistogramSum, IncompatibleHistograms, Value,
};

use crate::annotation::Annotation;
use crate::evaluate::{Mean, Notes, Sum, Variance, Window, note_combination};

/// Returns the floats of a window for a function that cannot look at histograms, and says when it left some out.
pub(super) fn floats<'a>(window: &Window<'a>, notes: &Notes<'_>) -> Option<&'a [f64]> {
    if window.floats.is_empty() {
        return None;
    }
    if !window.histograms.is_empty() {
        notes.add(&Annotation::HistogramIgnoredInMixedRange { name: notes.name() });
    }
    Some(window.floats)
}

/// What `sum` and `avg` add up: one kind or the other.
enum Addends<'a> {
    Floats(&'a [f64]),
    Histograms(&'a [Arc<Histogram>]),
}

fn addends<'a>(window: &Window<'a>, notes: &Notes<'_>) -> Option<Addends<'a>> {
    match (window.floats, window.histograms) {
        ([], []) => None,
        (floats, []) => Some(Addends::Floats(floats)),
        ([], histograms) => Some(Addends::Histograms(histograms)),
        _ => {
            notes.add(&Annotation::MixedFloatsHistograms { name: notes.name() });
            None
        }
    }
}

pub(super) fn sum(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    match addends(window, notes)? {
        Addends::Floats(floats) => {
            let mut sum = Sum::default();
            floats.iter().for_each(|value| sum.add(*value));
            Some(Value::Float(sum.value()))
        }
        Addends::Histograms(histograms) => {
            let (first, rest) = histograms.split_first()?;
            let mut sum = HistogramSum::new(first);
            add_all(rest, notes, |other| sum.add(other))?;
            Some(Value::Histogram(Arc::new(sum.value())))
        }
    }
}

pub(super) fn avg(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    match addends(window, notes)? {
        Addends::Floats(floats) => {
            let mut mean = Mean::default();
            floats.iter().for_each(|value| mean.add(*value));
            Some(Value::Float(mean.value()))
        }
        Addends::Histograms(histograms) => {
            let (first, rest) = histograms.split_first()?;
            let mut mean = HistogramMean::new(first);
            add_all(rest, notes, |other| mean.add(other))?;
            Some(Value::Histogram(Arc::new(mean.value())))
        }
    }
}

/// Adds up the histograms behind the first one. What was noticed is told if they go together, or that they do not.
fn add_all(
    histograms: &[Arc<Histogram>],
    notes: &Notes<'_>,
    mut add: impl FnMut(&Histogram) -> Result<Combination, IncompatibleHistograms>,
) -> Option<()> {
    let mut noticed = Combination::default();
    for histogram in histograms {
        match add(histogram) {
            Ok(combination) => {
                noticed.counter_reset_collision |= combination.counter_reset_collision;
                noticed.bounds_reconciled |= combination.bounds_reconciled;
            }
            Err(IncompatibleHistograms) => {
                notes.add(&Annotation::MixedExponentialCustom { name: notes.name() });
                return None;
            }
        }
    }
    note_combination(noticed, |note| notes.add(note));
    Some(())
}

pub(super) fn count(window: &Window<'_>, _: &[f64], _: &mut Notes<'_>) -> Option<Value> {
    Some(Value::Float(
        (window.times.len() + window.histogram_times.len()) as f64,
    ))
}

pub(super) fn present(_: &Window<'_>, _: &[f64], _: &mut Notes<'_>) -> Option<Value> {
    Some(Value::Float(1.0))
}

/// Returns the best value; NaN gives way to any number.
fn best(values: &[f64], is_better: impl Fn(f64, f64) -> bool) -> Option<Value> {
    let (first, rest) = values.split_first()?;
    let best = rest.iter().fold(*first, |best, value| {
        match is_better(*value, best) || best.is_nan() {
            true => *value,
            false => best,
        }
    });
    Some(Value::Float(best))
}

pub(super) fn max(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    best(floats(window, notes)?, |value, best| value > best)
}

pub(super) fn min(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    best(floats(window, notes)?, |value, best| value < best)
}

fn variance(window: &Window<'_>, notes: &Notes<'_>) -> Option<f64> {
    let mut variance = Variance::default();
    floats(window, notes)?
        .iter()
        .for_each(|value| variance.add(*value));
    Some(variance.value())
}

pub(super) fn stddev(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    variance(window, notes).map(|value| Value::Float(value.sqrt()))
}

pub(super) fn stdvar(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    variance(window, notes).map(Value::Float)
}

pub(super) fn quantile(
    window: &Window<'_>,
    parameters: &[f64],
    notes: &mut Notes<'_>,
) -> Option<Value> {
    if window.floats.is_empty() {
        return None;
    }
    // Prometheus points at the first argument here, not at the range.
    if !window.histograms.is_empty() {
        let name = notes.name();
        notes.add_to_first(&Annotation::HistogramIgnoredInMixedRange { name });
    }
    let mut values = window.floats.to_vec();
    if !(0.0..=1.0).contains(&parameters[0]) {
        notes.add_to_first(&Annotation::InvalidQuantile(parameters[0]));
    }
    Some(Value::Float(quantile_of(parameters[0], &mut values)))
}

/// Returns the `quantile` (0 to 1) of values, interpolated between the two nearest ranks; NaN sorts lowest.
pub(crate) fn quantile_of(quantile: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || quantile.is_nan() {
        return f64::NAN;
    }
    if quantile < 0.0 {
        return f64::NEG_INFINITY;
    }
    if quantile > 1.0 {
        return f64::INFINITY;
    }
    let last = values.len() - 1;
    let rank = quantile * last as f64;
    let lower = (rank.floor() as usize).min(last);
    let weight = rank - rank.floor();
    // Only the two ranks have to be in their places, which takes linear time.
    let (_, at_lower, above) = values.select_nth_unstable_by(lower, nan_lowest);
    let at_lower = *at_lower;
    let at_upper = above.iter().copied().min_by(nan_lowest).unwrap_or(at_lower);
    at_lower * (1.0 - weight) + at_upper * weight
}

fn nan_lowest(a: &f64, b: &f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(b),
        (a, b) => b.cmp(&a),
    }
}

/// Returns the sample of a window that `pick_float` chooses by comparing times.
fn pick(
    window: &Window<'_>,
    at: fn(usize) -> usize,
    float_wins: fn(i64, i64) -> bool,
) -> Option<Value> {
    let float = (!window.floats.is_empty()).then(|| at(window.floats.len()));
    let histogram = (!window.histograms.is_empty()).then(|| at(window.histograms.len()));
    let use_float = match (float, histogram) {
        (Some(f), Some(h)) => float_wins(window.times[f], window.histogram_times[h]),
        (float, _) => float.is_some(),
    };
    match use_float {
        true => Some(Value::Float(window.floats[float?])),
        false => Some(Value::Histogram(Arc::clone(&window.histograms[histogram?]))),
    }
}

pub(super) fn first(window: &Window<'_>, _: &[f64], _: &mut Notes<'_>) -> Option<Value> {
    pick(window, |_| 0, |float, histogram| float < histogram)
}

pub(super) fn last(window: &Window<'_>, _: &[f64], _: &mut Notes<'_>) -> Option<Value> {
    pick(
        window,
        |count| count - 1,
        |float, histogram| float > histogram,
    )
}

/// Counts neighbours for which `counts` says so, floats and histograms in order of time.
fn neighbours(window: &Window<'_>, counts: impl Fn(&Value, &Value) -> bool) -> Option<Value> {
    if window.histograms.is_empty() {
        let pairs = window.floats.windows(2);
        let count = pairs.filter(|two| counts(&Value::Float(two[0]), &Value::Float(two[1])));
        return Some(Value::Float(count.count() as f64));
    }
    let floats = window
        .times
        .iter()
        .zip(window.floats.iter().copied().map(Value::Float));
    let histograms = window.histograms.iter().cloned().map(Value::Histogram);
    let mut samples: Vec<_> = floats
        .chain(window.histogram_times.iter().zip(histograms))
        .collect();
    samples.sort_by_key(|(time, _)| **time);
    let count = samples
        .windows(2)
        .filter(|two| counts(&two[0].1, &two[1].1));
    Some(Value::Float(count.count() as f64))
}

pub(super) fn changes(window: &Window<'_>, _: &[f64], _: &mut Notes<'_>) -> Option<Value> {
    neighbours(window, |before, after| match (before, after) {
        (Value::Float(a), Value::Float(b)) => a != b && !(a.is_nan() && b.is_nan()),
        (Value::Histogram(a), Value::Histogram(b)) => !a.equal_values(b),
        _ => true,
    })
}

pub(super) fn resets(window: &Window<'_>, _: &[f64], _: &mut Notes<'_>) -> Option<Value> {
    let is_reset = |before: &Value, after: &Value| match (before, after) {
        (Value::Float(a), Value::Float(b)) => b < a,
        (Value::Histogram(a), Value::Histogram(b)) => b.detects_reset_after(a),
        _ => true,
    };
    match window.starts.is_empty() && window.histogram_starts.is_empty() {
        true => neighbours(window, is_reset),
        false => Some(super::starts::resets(window, is_reset)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_ranks() {
        for (quantile, expected) in [(0.0, 1.0), (0.5, 2.5), (1.0, 4.0), (0.1, 1.3)] {
            let result = quantile_of(quantile, &mut [4.0, 1.0, 3.0, 2.0]);
            assert!((result - expected).abs() < 1e-12, "{quantile}: {result}");
        }
        assert_eq!(quantile_of(1.5, &mut [1.0]), f64::INFINITY);
        assert_eq!(quantile_of(-0.5, &mut [1.0]), f64::NEG_INFINITY);
        assert!(quantile_of(0.0, &mut [1.0, f64::NAN]).is_nan());
    }
}
