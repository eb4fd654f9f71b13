//! Changes of counters and gauges over a window, extrapolated to its ends as Prometheus does.

use plimsoll_types::Value;

use crate::annotation::Annotation;
use crate::evaluate::{Notes, Window};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Delta,
    Increase,
    Rate,
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
    let is_counter = kind != Kind::Delta;
    if !floats_only(window, notes) {
        return None;
    }
    let [first, .., last] = window.floats else {
        return None;
    };
    // Only where there is a result to doubt.
    if is_counter {
        note_no_counter(notes);
    }
    let change = match is_counter {
        true => counted(last - first, window.floats),
        false => last - first,
    };
    let (first_time, last_time) = (window.times[0], window.times[window.times.len() - 1]);
    let sampled = seconds(first_time, last_time);
    let interval = sampled / (window.times.len() - 1) as f64;
    // A gap this much longer than the average means that the series began or ended inside the window.
    let threshold = interval * 1.1;
    let to_edge = |gap: f64| {
        if gap >= threshold {
            interval / 2.0
        } else {
            gap
        }
    };
    let mut to_start = to_edge(seconds(window.bounds.after, first_time));
    let to_end = to_edge(seconds(last_time, window.bounds.until));
    if is_counter && change > 0.0 && *first >= 0.0 {
        // A counter cannot have been below zero, so it began no earlier than where the line crosses zero.
        to_start = to_start.min(sampled * (first / change));
    }
    let mut factor = (sampled + to_start + to_end) / sampled;
    if kind == Kind::Rate {
        factor /= window.seconds();
    }
    Some(Value::Float(change * factor))
}

/// Returns the seconds between two times, however far apart these are.
fn seconds(from: i64, to: i64) -> f64 {
    (to as f64 - from as f64) / 1000.0
}

/// Adds to a change what the counter had reached each time it began anew; one by one, because the sum of floats depends
/// on their order.
fn counted(change: f64, values: &[f64]) -> f64 {
    let resets = values.windows(2).filter(|two| two[1] < two[0]);
    resets.fold(change, |change, two| change + two[0])
}

fn note_no_counter(notes: &Notes<'_>) {
    const ENDINGS: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];
    if !notes.is_first_look() {
        return;
    }
    let name = notes.bare_name();
    if !name.is_empty() && !ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        notes.add(&Annotation::PossibleNonCounter { name: notes.name() });
    }
}

/// Says whether the window can be calculated with; a mix of floats and histograms is warned about.
fn floats_only(window: &Window<'_>, notes: &Notes<'_>) -> bool {
    if window.histograms.is_empty() {
        return true;
    }
    if !window.floats.is_empty() {
        notes.add(&Annotation::MixedFloatsHistograms { name: notes.name() });
        return false;
    }
    notes.refuse_histograms();
    false
}

pub(super) fn irate(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    let (previous, last, seconds) = last_two(window, notes)?;
    // After a reset the counter began at zero.
    let change = if last < previous {
        last
    } else {
        last - previous
    };
    Some(Value::Float(change / seconds))
}

pub(super) fn idelta(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    let (previous, last, _) = last_two(window, notes)?;
    Some(Value::Float(last - previous))
}

/// Returns the two newest values and the seconds between them; only these two have to be floats.
fn last_two(window: &Window<'_>, notes: &Notes<'_>) -> Option<(f64, f64, f64)> {
    let newest = |times: &[i64], back: usize| Some(times[times.len().checked_sub(back)?]);
    let newest_histogram = newest(window.histogram_times, 1);
    match (newest(window.times, 1), newest(window.times, 2)) {
        (_, Some(before)) if newest_histogram.is_none_or(|time| time < before) => {}
        (None, _) if window.histograms.len() < 2 => return None,
        (None, _) => {
            notes.refuse_histograms();
            return None;
        }
        (Some(last), before) => {
            let two_histograms = newest(window.histogram_times, 2).is_some_and(|time| time > last);
            if two_histograms {
                notes.refuse_histograms();
            } else if newest_histogram.is_some() || before.is_some() {
                notes.add(&Annotation::MixedFloatsHistograms { name: notes.name() });
            }
            return None;
        }
    }
    let ([.., previous, last], [.., before, at]) = (window.floats, window.times) else {
        return None;
    };
    Some((*previous, *last, seconds(*before, *at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resets_are_added_in_order() {
        let values = [1e16, 0.0, 1.0, 0.0, 1.0, 0.0];
        // One by one the ones vanish beside 1e16; summed up first they would not.
        assert_eq!(counted(1e16, &[1.0, 0.0, 1.0, 0.0]), 1e16);
        assert_eq!(counted(0.0 - 1e16, &values), 2.0);
        assert_eq!(counted(3.0, &[1.0, 4.0]), 3.0);
    }

    #[test]
    fn times_may_be_as_far_apart_as_they_can() {
        assert!(seconds(i64::MIN, i64::MAX) > 1.8e16);
        assert_eq!(seconds(1_700_000_000_001, 1_700_000_000_003), 0.002);
    }
}
