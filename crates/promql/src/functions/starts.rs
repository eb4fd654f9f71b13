//! What the start timestamps of samples say about counters: when they began to count, and when they began anew although
//! their value did not fall.

use plimsoll_types::Value;

use crate::annotation::Annotation;
use crate::evaluate::{Notes, Window};

/// Times and start timestamps of the samples of one kind. Without start timestamps it says nothing.
#[derive(Clone, Copy)]
pub(super) struct Starts<'a> {
    times: &'a [i64],
    /// 0 where nobody knows; empty, or as long as `times`.
    starts: &'a [i64],
}

impl<'a> Starts<'a> {
    pub(super) fn of_floats(window: &Window<'a>) -> Self {
        Self {
            times: window.times,
            starts: window.starts,
        }
    }

    pub(super) fn of_histograms(window: &Window<'a>) -> Self {
        Self {
            times: window.histogram_times,
            starts: window.histogram_starts,
        }
    }

    /// Says nothing: for gauges.
    pub(super) fn none() -> Self {
        let (times, starts) = (&[], &[]);
        Self { times, starts }
    }

    /// Says whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Returns when the first sample began to count, if that is inside of a window: the counter was zero then.
    pub(super) fn of_first(&self, after: i64) -> Option<i64> {
        let (start, time) = (*self.starts.first()?, *self.times.first()?);
        (start != 0 && after < start && start < time).then_some(start)
    }

    /// Says whether the counter began anew between a sample and the one before it.
    pub(super) fn began_anew(&self, index: usize) -> bool {
        let starts = (self.start(index.wrapping_sub(1)), self.start(index));
        match starts {
            (Some(previous), Some(current)) => began_anew(previous, current),
            _ => false,
        }
    }

    /// As [`began_anew`](Self::began_anew), of the newest sample.
    pub(super) fn last_began_anew(&self) -> bool {
        self.began_anew(self.starts.len().wrapping_sub(1))
    }

    /// Warns when a sample from `first` on claims to count from before the one before it was measured.
    pub(super) fn note_overlaps(&self, first: usize, notes: &Notes<'_>) {
        let overlaps = (first.max(1)..self.starts.len()).any(|index| {
            let (start, previous) = (self.starts[index], self.starts[index - 1]);
            start != 0 && start < self.times[index - 1] && start != previous
        });
        if overlaps {
            notes.add(&Annotation::StartTimeOverlap { name: notes.name() });
        }
    }

    /// As [`note_overlaps`](Self::note_overlaps), of the newest sample.
    pub(super) fn note_last_overlap(&self, notes: &Notes<'_>) {
        self.note_overlaps(self.starts.len().saturating_sub(1), notes);
    }

    fn start(&self, index: usize) -> Option<Started> {
        Some(Started {
            time: *self.times.get(index)?,
            start: *self.starts.get(index)?,
        })
    }
}

/// When a sample was measured, and since when it was counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Started {
    time: i64,
    start: i64,
}

fn began_anew(previous: Started, current: Started) -> bool {
    // A start at the sample itself or after it says that nothing is known, as 0 does.
    if current.start == 0 || current.start >= current.time {
        return false;
    }
    // The start of a delta is the sample before it. A counter that was there before anybody knew since when starts at
    // its first sample, too; that one does not know its start.
    let is_delta =
        current.start == previous.time && previous.start != 0 && previous.start < previous.time;
    current.start > previous.time || is_delta
}

/// Counts how often a counter began anew, in floats and histograms in order of time.
pub(super) fn resets(window: &Window<'_>, is_reset: impl Fn(&Value, &Value) -> bool) -> Value {
    let started = |(time, start): (&i64, &i64)| Started {
        time: *time,
        start: *start,
    };
    let floats = window.times.iter().zip(window.starts).map(started);
    let floats = floats.zip(window.floats.iter().copied().map(Value::Float));
    let histograms = window.histogram_times.iter().zip(window.histogram_starts);
    let histograms = histograms
        .map(started)
        .zip(window.histograms.iter().cloned().map(Value::Histogram));
    let mut samples: Vec<(Started, Value)> = floats.chain(histograms).collect();
    samples.sort_by_key(|(started, _)| started.time);
    let resets = samples
        .windows(2)
        .filter(|two| is_reset(&two[0].1, &two[1].1) || began_anew(two[0].0, two[1].0));
    Value::Float(resets.count() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_after_the_sample_before_is_a_reset() {
        for (starts, expected, why) in [
            ([1, 11], true, "a new start"),
            ([1, 1], false, "the same counter"),
            ([0, 10], false, "nobody knew when it began"),
            ([10, 10], false, "nobody knew, written in another way"),
            ([1, 10], true, "a delta"),
            ([11, 10], false, "an invalid start before"),
            ([1, 20], false, "nobody knows, at the sample"),
            ([1, 21], false, "in the future"),
            ([1, 0], false, "unknown"),
            ([0, 11], true, "known from now on"),
        ] {
            let starts = Starts {
                times: &[10, 20],
                starts: &starts,
            };
            assert_eq!(starts.last_began_anew(), expected, "{why}");
            assert!(!starts.began_anew(0) && !starts.began_anew(2));
        }
        assert!(!Starts::none().last_began_anew());
    }

    #[test]
    fn only_a_start_inside_of_the_window_is_a_zero() {
        let first = |start, after| {
            let (times, starts) = (&[10][..], &[start][..]);
            Starts { times, starts }.of_first(after)
        };
        assert_eq!(first(5, 4), Some(5));
        assert_eq!(
            [first(5, 5), first(10, 4), first(0, -5), first(11, 4)],
            [None; 4]
        );
        assert_eq!(Starts::none().of_first(0), None);
    }
}
