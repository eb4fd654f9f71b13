//! What a tier keeps of the samples of one series in one window of time.
//!
//! A window is named by its end and covers `(end - length, end]`, open on the left as ranges in PromQL are: a range that
//! begins and ends where windows do is a run of whole windows. Ends are multiples of the length.

use std::sync::Arc;

use super::rollup::{FloatRollup, HistogramRollup};
use super::{StorageError, Tier};
use crate::{Labels, SampleColumns, Timestamp, is_stale};

/// One window of one series. A window without a sample is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct TierWindow {
    /// The last point in time inside.
    pub end: Timestamp,
    /// What is kept of the floats, if there was one.
    pub floats: Option<FloatRollup>,
    /// What is kept of the native histograms, if there was one.
    pub histograms: Option<Arc<HistogramRollup>>,
    /// The last sample is a staleness marker: the series ended here. Markers are no samples otherwise.
    pub is_ended: bool,
}

impl TierWindow {
    /// Appends the windows of `samples`, each of them `length` ms long. They must come after those in `into`.
    pub fn roll(samples: &SampleColumns, length: i64, into: &mut Vec<Self>) {
        let mut begin = 0;
        while let Some(first) = samples.timestamps.get(begin) {
            let end = window_end(Timestamp::from_millis(*first), length);
            let rest = &samples.timestamps[begin..];
            let after = begin + rest.partition_point(|time| *time <= end.millis());
            into.push(Self::of(samples, begin..after, end));
            begin = after;
        }
    }

    fn of(samples: &SampleColumns, inside: std::ops::Range<usize>, end: Timestamp) -> Self {
        let (mut floats, mut rest) = (None::<FloatRollup>, 0.0);
        let mut histograms = Vec::new();
        let mut is_ended = false;
        for index in inside {
            let at = Timestamp::from_millis(samples.timestamps[index]);
            let histogram = samples.histograms.get(index).and_then(Option::as_ref);
            let value = histogram.map_or(samples.values[index], |histogram| histogram.sum);
            is_ended = is_stale(value);
            match histogram {
                _ if is_ended => {}
                Some(histogram) => histograms.push((at, Arc::clone(histogram))),
                None => {
                    let next = FloatRollup::of(at, value);
                    match &mut floats {
                        None => floats = Some(next),
                        Some(floats) => floats.join_with(&next, &mut rest),
                    }
                }
            }
        }
        if let Some(floats) = &mut floats {
            floats.settle(rest);
        }
        Self {
            end,
            floats,
            histograms: HistogramRollup::of(histograms).map(Arc::new),
            is_ended,
        }
    }

    /// Appends the windows of `length` ms that finer ones make up. They must come after those in `into`.
    pub fn coarsen(finer: &[Self], length: i64, into: &mut Vec<Self>) {
        let inside = |a: &Self, b: &Self| window_end(a.end, length) == window_end(b.end, length);
        for windows in finer.chunk_by(inside) {
            let mut joined = Joined::default();
            windows.iter().for_each(|window| joined.add(window));
            into.push(Self {
                end: window_end(windows[0].end, length),
                floats: joined.floats(),
                histograms: joined.histograms.map(Arc::new),
                is_ended: joined.is_ended,
            });
        }
    }

    /// Returns an estimate of the bytes that it holds.
    pub fn byte_count(&self) -> usize {
        size_of::<Self>() + self.histograms.as_ref().map_or(0, |h| h.byte_count())
    }
}

/// Windows of one series joined to one.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    floats: Option<FloatRollup>,
    rest: f64,
    /// What is kept of their histograms.
    pub histograms: Option<HistogramRollup>,
    /// The last window ended with a staleness marker.
    pub is_ended: bool,
}

impl Joined {
    /// Adds the next window.
    pub fn add(&mut self, window: &TierWindow) {
        match (&mut self.floats, &window.floats) {
            (Some(floats), Some(next)) => floats.join_with(next, &mut self.rest),
            (floats @ None, Some(next)) => *floats = Some(*next),
            (_, None) => {}
        }
        match (&mut self.histograms, &window.histograms) {
            (Some(histograms), Some(next)) => histograms.join(next),
            (histograms @ None, Some(next)) => *histograms = Some((**next).clone()),
            (_, None) => {}
        }
        self.is_ended = window.is_ended;
    }

    /// Returns what is kept of the floats, if there was one.
    pub fn floats(&self) -> Option<FloatRollup> {
        let mut floats = self.floats?;
        floats.settle(self.rest);
        Some(floats)
    }
}

/// Returns the end of the window of `length` ms (> 0) that a point in time lies in, or the last point that can be stored.
pub fn window_end(point: Timestamp, length: i64) -> Timestamp {
    let before = point.saturating_add_millis(-1).align_down(length);
    before.saturating_add_millis(length)
}

/// Reads the windows of selected series, one series at a time.
pub trait WindowSource: Send {
    /// Replaces the contents of `into` by the windows of series `index` of the selection, ascending, those whose end lies
    /// inside the selection's range.
    ///
    /// # Errors
    /// [`StorageErrorKind::Io`](super::StorageErrorKind::Io) and
    /// [`StorageErrorKind::Corrupt`](super::StorageErrorKind::Corrupt).
    fn read(&mut self, index: usize, into: &mut Vec<TierWindow>) -> Result<(), StorageError>;
}

/// The series that a selector found, as windows of one tier.
pub struct WindowSelection {
    /// Their labels, sorted, no set twice.
    pub labels: Vec<Labels>,
    /// Their windows.
    pub source: Box<dyn WindowSource>,
    /// As [`Selection::warnings`](super::Selection::warnings).
    pub warnings: Vec<String>,
}

/// Since when what is kept of series: what is earlier is not there any more, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// All samples later than this that were ever written.
    pub raw: Timestamp,
    /// All windows of 5 minutes that begin no earlier than this; `None` when there is none that samples would not tell.
    pub five_minutes: Option<Timestamp>,
    /// The same of hours.
    pub hour: Option<Timestamp>,
}

impl Kept {
    /// Of a store that keeps samples only.
    pub const SAMPLES: Self = Self {
        raw: Timestamp::MIN,
        five_minutes: None,
        hour: None,
    };

    /// Returns since when a tier is there.
    pub fn since(&self, tier: Tier) -> Option<Timestamp> {
        match tier {
            Tier::Raw => Some(self.raw),
            Tier::FiveMinutes => self.five_minutes,
            Tier::Hour => self.hour,
        }
    }
}

#[cfg(test)]
mod tests;
