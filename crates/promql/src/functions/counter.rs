//! Changes of counters and gauges over a window, extrapolated to its ends as Prometheus does.

mod histograms;
mod last_two;

use std::sync::Arc;

use plimsoll_types::{Histogram, HistogramRollup, Summary, Value};

use crate::annotation::Annotation;
use crate::evaluate::{Bounds, Column, Notes, Run, Window};

use super::starts::Starts;
use super::summarized::Told;

pub(super) use last_two::{idelta, irate};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Delta,
    Increase,
    Rate,
}

impl Kind {
    fn is_counter(self) -> bool {
        self != Self::Delta
    }

    /// Returns what start timestamps say, which means nothing for a gauge.
    fn starts(self, starts: Starts<'_>) -> Starts<'_> {
        match self.is_counter() {
            true => starts,
            false => Starts::none(),
        }
    }
}

pub(super) fn delta(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    extrapolated(window, notes, Kind::Delta)
}

pub(super) fn increase(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    extrapolated(window, notes, Kind::Increase)
}

pub(super) fn rate(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    extrapolated(window, notes, Kind::Rate)
}

fn extrapolated(window: &Window<'_>, notes: &mut Notes<'_>, kind: Kind) -> Option<Value> {
    match (window.floats, window.histograms) {
        ([first, .., last] | [first @ last], []) => {
            let starts = kind.starts(Starts::of_floats(window));
            let zero_at = starts.of_first(window.bounds.after);
            if window.floats.len() == 1 && zero_at.is_none() {
                return None;
            }
            // Only where there is a result to doubt.
            if kind.is_counter() {
                note_no_counter(notes);
            }
            starts.note_overlaps(0, notes);
            let from_first = match zero_at {
                Some(_) => *last,
                None => last - first,
            };
            let change = match kind.is_counter() {
                true => match window.falls.filter(|_| starts.is_empty()) {
                    Some(falls) => falls.heights().fold(from_first, |sum, height| sum + height),
                    None => counted(from_first, window.floats, starts),
                },
                false => from_first,
            };
            let sampled = Sampled::of(window.times);
            let factor = factor(window.bounds, sampled, kind, (*first, change), zero_at);
            Some(Value::Float(change * factor))
        }
        ([], [first, ..]) => {
            let starts = kind.starts(Starts::of_histograms(window));
            let zero_at = starts.of_first(window.bounds.after);
            if window.histograms.len() == 1 && zero_at.is_none() {
                return None;
            }
            starts.note_overlaps(0, notes);
            let samples = (window.histograms, starts, zero_at.is_some());
            let change = histograms::change(samples, notes, kind.is_counter())?;
            let counts = (first.count(), change.count());
            let sampled = Sampled::of(window.histogram_times);
            let factor = factor(window.bounds, sampled, kind, counts, zero_at);
            Some(histogram(change.scaled(factor)))
        }
        ([], []) => None,
        _ => {
            notes.add(&Annotation::MixedFloatsHistograms { name: notes.name() });
            None
        }
    }
}

pub(super) fn delta_of_summary(summary: &Summary, at: Bounds, notes: &mut Notes<'_>) -> Told {
    of_summary(summary, at, notes, Kind::Delta)
}

pub(super) fn increase_of_summary(summary: &Summary, at: Bounds, notes: &mut Notes<'_>) -> Told {
    of_summary(summary, at, notes, Kind::Increase)
}

pub(super) fn rate_of_summary(summary: &Summary, at: Bounds, notes: &mut Notes<'_>) -> Told {
    of_summary(summary, at, notes, Kind::Rate)
}

/// As [`extrapolated`], of floats that say nothing of their start.
fn of_summary(summary: &Summary, bounds: Bounds, notes: &mut Notes<'_>, kind: Kind) -> Told {
    let ((first_time, first), (last_time, last)) = (summary.first, summary.last);
    if summary.count < 2 {
        return Told::Nothing;
    }
    let mut change = last - first;
    match (kind.is_counter(), summary.resets) {
        (false, _) => {}
        (true, None) => return Told::Unknown,
        (true, Some(resets)) => {
            note_no_counter(notes);
            // Without a reset nothing is added, not even to -0.
            if resets != 0.0 {
                change += resets;
            }
        }
    }
    let sampled = Sampled {
        first: first_time.millis(),
        last: last_time.millis(),
        count: summary.count as usize,
    };
    Told::Value(change * factor(bounds, sampled, kind, (first, change), None))
}

pub(super) fn delta_of_histograms(
    known: &HistogramRollup,
    bounds: Bounds,
    notes: &mut Notes<'_>,
) -> Option<Value> {
    of_histograms(known, bounds, notes, Kind::Delta)
}

pub(super) fn increase_of_histograms(
    known: &HistogramRollup,
    bounds: Bounds,
    notes: &mut Notes<'_>,
) -> Option<Value> {
    of_histograms(known, bounds, notes, Kind::Increase)
}

pub(super) fn rate_of_histograms(
    known: &HistogramRollup,
    bounds: Bounds,
    notes: &mut Notes<'_>,
) -> Option<Value> {
    of_histograms(known, bounds, notes, Kind::Rate)
}

/// As [`extrapolated`], of histograms that say nothing of their start and of which those are left that matter.
fn of_histograms(
    known: &HistogramRollup,
    bounds: Bounds,
    notes: &mut Notes<'_>,
    kind: Kind,
) -> Option<Value> {
    let ([(first_time, first), ..], [.., (last_time, _)]) = (&known.kept[..], &known.kept[..])
    else {
        return None;
    };
    if known.kept.len() < 2 {
        return None;
    }
    let kept: Vec<Arc<Histogram>> = known.kept.iter().map(|(_, kept)| kept.clone()).collect();
    let samples = (&kept[..], Starts::none(), false);
    let change = histograms::change(samples, notes, kind.is_counter())?;
    let sampled = Sampled {
        first: first_time.millis(),
        last: last_time.millis(),
        count: usize::try_from(known.count).unwrap_or(usize::MAX),
    };
    let counts = (first.count(), change.count());
    let factor = factor(bounds, sampled, kind, counts, None);
    Some(histogram(change.scaled(factor)))
}

pub(super) fn delta_in_runs(run: &mut Run<'_>, into: &mut Column, notes: &mut Notes<'_>) {
    in_runs(run, into, notes, Kind::Delta);
}

pub(super) fn increase_in_runs(run: &mut Run<'_>, into: &mut Column, notes: &mut Notes<'_>) {
    in_runs(run, into, notes, Kind::Increase);
}

pub(super) fn rate_in_runs(run: &mut Run<'_>, into: &mut Column, notes: &mut Notes<'_>) {
    in_runs(run, into, notes, Kind::Rate);
}

/// As [`extrapolated`], of floats that say nothing of their start.
#[inline(always)]
fn in_runs(run: &mut Run<'_>, into: &mut Column, notes: &mut Notes<'_>, kind: Kind) {
    let mut is_any = false;
    while let Some(window) = run.next() {
        let [first, .., last] = window.floats else {
            continue;
        };
        is_any = true;
        let mut change = last - first;
        if kind.is_counter() {
            change = run.heights().fold(change, |sum, height| sum + height);
        }
        let sampled = Sampled::of(window.times);
        let factor = factor(window.bounds, sampled, kind, (*first, change), None);
        into.set_float(window.step, change * factor);
    }
    if is_any && kind.is_counter() {
        note_no_counter(notes);
    }
}

/// When there are samples inside a window.
#[derive(Clone, Copy)]
struct Sampled {
    first: i64,
    last: i64,
    count: usize,
}

impl Sampled {
    /// Of at least one sample.
    fn of(times: &[i64]) -> Self {
        Self {
            first: times[0],
            last: times[times.len() - 1],
            count: times.len(),
        }
    }
}

/// Returns what a change between the first and the last sample is multiplied with to be that of the whole window, or
/// one per second. `first` is the value (or count of observations) at the first sample; `zero_at` tells when a counter
/// was zero before it.
#[inline(always)]
fn factor(
    bounds: Bounds,
    samples: Sampled,
    kind: Kind,
    (first, change): (f64, f64),
    zero_at: Option<i64>,
) -> f64 {
    let (first_time, last_time) = (samples.first, samples.last);
    let interval = seconds(first_time, last_time) / (samples.count - 1).max(1) as f64;
    let sampled = seconds(zero_at.unwrap_or(first_time), last_time);
    // A gap this much longer than the average means that the series began or ended inside the window.
    let threshold = interval * 1.1;
    let to_edge = |gap: f64| {
        if gap >= threshold {
            interval / 2.0
        } else {
            gap
        }
    };
    let mut to_start = to_edge(seconds(bounds.after, first_time));
    let to_end = to_edge(seconds(last_time, bounds.until));
    if zero_at.is_some() {
        to_start = 0.0;
    } else if kind.is_counter() && change > 0.0 && first >= 0.0 {
        // A counter cannot have been below zero, so it began no earlier than where the line crosses zero.
        to_start = to_start.min(sampled * (first / change));
    }
    let factor = (sampled + to_start + to_end) / sampled;
    match kind {
        Kind::Rate => factor / bounds.seconds(),
        Kind::Delta | Kind::Increase => factor,
    }
}

/// Returns the seconds between two times, however far apart these are.
fn seconds(from: i64, to: i64) -> f64 {
    (to as f64 - from as f64) / 1000.0
}

fn histogram(histogram: Histogram) -> Value {
    Value::Histogram(Arc::new(histogram))
}

/// Adds to a change what the counter had reached each time it began anew; one by one, because the sum of floats depends
/// on their order.
fn counted(change: f64, values: &[f64], starts: Starts<'_>) -> f64 {
    let pairs = values.windows(2).enumerate();
    let resets = pairs.filter(|(index, two)| two[1] < two[0] || starts.began_anew(index + 1));
    resets.fold(change, |change, (_, two)| change + two[0])
}

pub(super) fn note_no_counter(notes: &Notes<'_>) {
    const ENDINGS: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];
    if !notes.is_first_look() {
        return;
    }
    let name = notes.bare_name();
    if let Some(found) = notes.metric_type() {
        if !name.is_empty() && found != "counter" && found != "histogram" {
            let (name, found) = (notes.name(), found.to_string());
            notes.add(&Annotation::PossibleNonCounterType { name, found });
        }
        return;
    }
    if !name.is_empty() && !ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        notes.add(&Annotation::PossibleNonCounter { name: notes.name() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resets_are_added_in_order() {
        let values = [1e16, 0.0, 1.0, 0.0, 1.0, 0.0];
        // One by one the ones vanish beside 1e16; summed up first they would not.
        assert_eq!(counted(1e16, &[1.0, 0.0, 1.0, 0.0], Starts::none()), 1e16);
        assert_eq!(counted(0.0 - 1e16, &values, Starts::none()), 2.0);
        assert_eq!(counted(3.0, &[1.0, 4.0], Starts::none()), 3.0);
    }

    #[test]
    fn times_may_be_as_far_apart_as_they_can() {
        assert!(seconds(i64::MIN, i64::MAX) > 1.8e16);
        assert_eq!(seconds(1_700_000_000_001, 1_700_000_000_003), 0.002);
    }
}
