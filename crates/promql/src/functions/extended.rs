//! Functions over `anchored` and `smoothed` range selectors: they know the values at both ends of the window, so they
//! do not extrapolate.
//!
//! The windows that come here also show the samples around them, as far as the lookback delta reaches. `anchored` takes
//! the last sample at or before an end for the value there; `smoothed` draws a line between the samples around it.

mod histograms;

use plimsoll_types::{Sample, Timestamp, Value};

use crate::annotation::Annotation;
use crate::ast::{Call, ExprKind, Extension};
use crate::error::QueryError;
use crate::evaluate::{Bounds, Notes, Window, WindowBody};

use super::counter::note_no_counter;
use super::over_time;

pub(crate) use histograms::interpolated as interpolated_histogram;

/// What is made of the two ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Delta,
    Increase,
    Rate,
}

/// Returns the body of a function over an extended selector; `body` when the selector is none.
pub(crate) fn body(call: &Call, body: WindowBody) -> Result<WindowBody, QueryError> {
    use Extension::{Anchored, Smoothed};
    let function = call.function.name;
    let Some(extension) = extension_of(call) else {
        return Ok(body);
    };
    Ok(match (extension, function) {
        (Anchored, "delta") => |w, _, notes| change(w, notes, Kind::Delta, Anchored),
        (Anchored, "increase") => |w, _, notes| change(w, notes, Kind::Increase, Anchored),
        (Anchored, "rate") => |w, _, notes| change(w, notes, Kind::Rate, Anchored),
        (Anchored, "changes") => |w, p, notes| over_time::changes(&anchored(w)?, p, notes),
        (Anchored, "resets") => |w, p, notes| over_time::resets(&anchored(w)?, p, notes),
        (Smoothed, "delta") => |w, _, notes| change(w, notes, Kind::Delta, Smoothed),
        (Smoothed, "increase") => |w, _, notes| change(w, notes, Kind::Increase, Smoothed),
        (Smoothed, "rate") => |w, _, notes| change(w, notes, Kind::Rate, Smoothed),
        _ => return Err(refused(extension, function)),
    })
}

/// Refuses an extended selector inside a function that is an operator of its own and knows nothing of it.
pub(crate) fn refuse(call: &Call) -> Result<(), QueryError> {
    match extension_of(call) {
        Some(extension) => Err(refused(extension, call.function.name)),
        None => Ok(()),
    }
}

fn extension_of(call: &Call) -> Option<Extension> {
    call.args
        .iter()
        .find_map(|arg| match &arg.unwrapped().kind {
            ExprKind::Matrix(selector, _) => selector.extension,
            _ => None,
        })
}

fn refused(extension: Extension, function: &str) -> QueryError {
    let taken = match extension {
        Extension::Anchored => "changes, delta, increase, rate, resets",
        Extension::Smoothed => "delta, increase, rate",
    };
    QueryError::execution(format!(
        "{} modifier can only be used with: {taken} - not with {function}",
        extension.as_str()
    ))
}

/// Leaves the last sample at or before the start of the window and everything after it; `None` when there is nothing
/// after it.
fn anchored<'a>(window: &Window<'a>) -> Option<Window<'a>> {
    let after = window.bounds.after;
    let inside = |times: &[i64]| times.partition_point(|time| *time <= after);
    let (mut float, mut histogram) = (inside(window.times), inside(window.histogram_times));
    if float == window.times.len() && histogram == window.histogram_times.len() {
        return None;
    }
    let before = |times: &[i64], from: usize| Some(times[from.checked_sub(1)?]);
    let newest = before(window.times, float);
    match newest > before(window.histogram_times, histogram) {
        true => float -= 1,
        false => histogram = histogram.saturating_sub(1),
    }
    Some(Window {
        times: &window.times[float..],
        floats: &window.floats[float..],
        starts: window.starts.get(float..).unwrap_or_default(),
        falls: None,
        histogram_times: &window.histogram_times[histogram..],
        histograms: &window.histograms[histogram..],
        histogram_starts: window.histogram_starts.get(histogram..).unwrap_or_default(),
        ..*window
    })
}

/// The samples that decide: the last one at or before the start (or the first one), and the last one inside, when
/// `smoothed` the first one at or after the end.
struct Ends {
    first: usize,
    last: usize,
    /// The value at the start lies between `first` and the sample after it.
    between_at_start: bool,
    /// The value at the end lies between the sample before `last` and `last`.
    between_at_end: bool,
}

impl Ends {
    /// `None` when there is nothing inside and nothing on both sides.
    fn new(times: &[i64], bounds: Bounds, extension: Extension) -> Option<Self> {
        let newest = times.len().checked_sub(1)?;
        let first = times
            .partition_point(|time| *time <= bounds.after)
            .saturating_sub(1);
        let last = match extension {
            Extension::Anchored => newest,
            Extension::Smoothed => times
                .partition_point(|time| *time < bounds.until)
                .min(newest),
        };
        if times[last] <= bounds.after || times[first] > bounds.until {
            return None;
        }
        let is_smoothed = extension == Extension::Smoothed;
        Some(Self {
            first,
            last,
            between_at_start: is_smoothed && times[first] < bounds.after,
            between_at_end: is_smoothed && times[last] > bounds.until,
        })
    }
}

fn change(
    window: &Window<'_>,
    notes: &Notes<'_>,
    kind: Kind,
    extension: Extension,
) -> Option<Value> {
    if !window.floats.is_empty() && !window.histograms.is_empty() {
        notes.add(&Annotation::MixedFloatsHistograms { name: notes.name() });
        return None;
    }
    if !window.histograms.is_empty() {
        return histograms::change(window, notes, kind, extension);
    }
    let mut change = floats(window, kind != Kind::Delta, extension)?;
    if kind != Kind::Delta {
        note_no_counter(notes);
    }
    if kind == Kind::Rate {
        change /= window.seconds();
    }
    Some(Value::Float(change))
}

fn floats(window: &Window<'_>, is_counter: bool, extension: Extension) -> Option<f64> {
    let (times, floats) = (window.times, window.floats);
    let ends = Ends::new(times, window.bounds, extension)?;
    let between = |index: usize, time| {
        let (before, after) = (
            (times[index], floats[index]),
            (times[index + 1], floats[index + 1]),
        );
        interpolated(before, after, time, is_counter)
    };
    let left = match ends.between_at_start {
        true => between(ends.first, window.bounds.after),
        false => floats[ends.first],
    };
    let right = match ends.between_at_end {
        true => between(ends.last - 1, window.bounds.until),
        false => floats[ends.last],
    };
    let mut change = right - left;
    if is_counter {
        let inside = &floats[ends.first + 1..ends.last.max(ends.first + 1)];
        change += lost(left, right, inside);
    }
    Some(change)
}

/// Returns what a counter had reached each time it began anew.
fn lost(left: f64, right: f64, inside: &[f64]) -> f64 {
    let (mut lost, mut previous) = (0.0, left);
    for value in inside.iter().copied().chain([right]) {
        if value < previous {
            lost += previous;
        }
        previous = value;
    }
    lost
}

/// Returns the value on the line between two samples. A counter that fell between them began at zero.
pub(crate) fn interpolated(
    (before, low): (i64, f64),
    (after, high): (i64, f64),
    time: i64,
    is_counter: bool,
) -> f64 {
    let low = if is_counter && high < low { 0.0 } else { low };
    low + (high - low) * fraction(before, after, time)
}

/// Returns the last sample at or before a time, and the one after it when the value at that time lies between the two.
pub(crate) fn neighbours(times: &[i64], time: i64) -> Option<(usize, Option<usize>)> {
    let next = times.partition_point(|at| *at <= time);
    let last = next.checked_sub(1)?;
    let is_between = times[last] < time && next < times.len();
    Some((last, is_between.then_some(next)))
}

/// Returns which part of the way from one time to another one is done.
pub(crate) fn fraction(before: i64, after: i64, time: i64) -> f64 {
    // As floats: hostile times can be further apart than an i64 holds.
    (time as f64 - before as f64) / (after as f64 - before as f64)
}

/// Returns what an extended selector shows by itself: the samples inside, and one at each end.
pub(crate) fn samples(
    samples: &[Sample],
    bounds: Bounds,
    extension: Extension,
) -> Result<Vec<Sample>, QueryError> {
    let mut points = Vec::with_capacity(samples.len());
    for sample in samples {
        let Value::Float(value) = sample.value else {
            let name = extension.as_str();
            let message = format!("{name} modifier is not supported with histograms");
            return Err(QueryError::execution(message));
        };
        points.push((sample.timestamp.millis(), value));
    }
    let times: Vec<i64> = points.iter().map(|(time, _)| *time).collect();
    let Some(ends) = Ends::new(&times, bounds, extension) else {
        return Ok(Vec::new());
    };
    let between = |index: usize, time| interpolated(points[index], points[index + 1], time, false);
    let left = match ends.between_at_start {
        true => between(ends.first, bounds.after),
        false => points[ends.first].1,
    };
    let right = match ends.between_at_end {
        true => between(ends.last - 1, bounds.until),
        false => points[ends.last].1,
    };
    let inside = points
        .iter()
        .filter(|(time, _)| bounds.after < *time && *time < bounds.until);
    let all = [(bounds.after, left)]
        .into_iter()
        .chain(inside.copied())
        .chain([(bounds.until, right)]);
    Ok(all
        .map(|(time, value)| Sample::float(Timestamp::from_millis(time), value))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window<'a>(times: &'a [i64], floats: &'a [f64], after: i64, until: i64) -> Window<'a> {
        Window {
            times,
            floats,
            starts: &[],
            falls: None,
            histogram_times: &[],
            histograms: &[],
            histogram_starts: &[],
            bounds: Bounds { after, until },
            now: until,
        }
    }

    #[test]
    fn knows_the_values_at_both_ends() {
        let (times, counter) = ([0, 10, 20, 30], [10.0, 5.0, 2.0, 4.0]);
        for (after, until, extension, expected) in [
            (1, 15, Extension::Smoothed, Some(5.5)),
            (5, 15, Extension::Smoothed, Some(3.5)),
            (2, 8, Extension::Smoothed, Some(3.0)),
            (-5, 30, Extension::Anchored, Some(9.0)),
            (10, 20, Extension::Anchored, Some(2.0)),
            (30, 40, Extension::Smoothed, None),
            (-20, -1, Extension::Smoothed, None),
        ] {
            let seen = times.partition_point(|time| *time <= until);
            let shown = match extension {
                Extension::Anchored => seen,
                Extension::Smoothed => times.len(),
            };
            let window = window(&times[..shown], &counter[..shown], after, until);
            let found = floats(&window, true, extension);
            assert_eq!(found, expected, "{extension:?} ({after}, {until}]");
        }
    }

    #[test]
    fn an_anchor_is_the_last_sample_before_the_window() {
        let (times, floats) = ([0, 10, 20], [1.0, 2.0, 3.0]);
        let from = |after| anchored(&window(&times, &floats, after, 25)).map(|w| w.times[0]);
        assert_eq!(
            [from(-1), from(0), from(15), from(20)],
            [Some(0), Some(0), Some(10), None]
        );
    }

    #[test]
    fn times_may_be_as_far_apart_as_they_can() {
        let middle = interpolated((i64::MIN, 0.0), (i64::MAX, 2.0), 0, false);
        assert!((middle - 1.0).abs() < 1e-9, "{middle}");
    }
}
