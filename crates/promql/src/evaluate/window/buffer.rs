//! A series' samples as range vector functions look at them.

use std::sync::Arc;

use plimsoll_types::{Histogram, Sample, SampleColumns, Timestamp, Value, is_stale};

use super::falls::{Falls, FallsRun, KnownFalls};
use super::{Bounds, Range};

/// A series' samples without staleness markers, floats and histograms apart.
///
/// Start timestamps (0 where unknown) are either there for every sample of a kind, or there is none: a series without
/// them pays nothing.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    pub(crate) times: Vec<i64>,
    pub(crate) floats: Vec<f64>,
    pub(crate) starts: Vec<i64>,
    falls: KnownFalls,
    pub(crate) histogram_times: Vec<i64>,
    pub(crate) histograms: Vec<Arc<Histogram>>,
    pub(crate) histogram_starts: Vec<i64>,
}

impl Buffer {
    pub(crate) fn clear(&mut self) {
        self.times.clear();
        self.floats.clear();
        self.starts.clear();
        self.falls.clear();
        self.histogram_times.clear();
        self.histograms.clear();
        self.histogram_starts.clear();
    }

    pub(crate) fn push(&mut self, time: i64, value: Value) {
        match value {
            Value::Float(value) => {
                self.times.push(time);
                self.floats.push(value);
            }
            Value::Histogram(histogram) => {
                self.histogram_times.push(time);
                self.histograms.push(histogram);
            }
        }
    }

    /// Returns where the floats of a window fall.
    pub(crate) fn falls(&self, window: &Range) -> Falls<'_> {
        self.falls.inside(&self.floats, window.from, window.to)
    }

    pub(crate) fn byte_count(&self) -> usize {
        let histograms: usize = self.histograms.iter().map(|h| h.byte_count()).sum();
        let starts = self.starts.capacity() + self.histogram_starts.capacity();
        16 * (self.times.capacity() + self.histogram_times.capacity()) + 8 * starts + histograms
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len() + self.histogram_times.len()
    }

    /// Takes what was read out of `samples`; `with_starts` keeps start timestamps as well.
    pub(crate) fn fill(&mut self, samples: &mut SampleColumns, with_starts: bool) {
        self.clear();
        let with_starts = with_starts && !samples.starts.is_empty();
        if samples.histograms.is_empty() && !with_starts {
            // Their memory is exchanged, so that nothing is copied.
            std::mem::swap(&mut self.times, &mut samples.timestamps);
            std::mem::swap(&mut self.floats, &mut samples.values);
            samples.clear();
            return self.remove_stale_floats();
        }
        for sample in samples.iter().filter(|sample| !sample.value.is_stale()) {
            if with_starts {
                let starts = match sample.value {
                    Value::Float(_) => &mut self.starts,
                    Value::Histogram(_) => &mut self.histogram_starts,
                };
                starts.push(sample.start.millis());
            }
            self.push(sample.timestamp.millis(), sample.value);
        }
    }

    /// Returns where the floats fall, for windows that only move forward.
    pub(super) fn falls_run(&self) -> FallsRun<'_> {
        self.falls.run(&self.floats)
    }

    fn remove_stale_floats(&mut self) {
        // Without a branch inside, so that many are looked at at once; most series have no marker.
        let is_any = self
            .floats
            .iter()
            .fold(false, |any, value| any | is_stale(*value));
        if !is_any {
            return;
        }
        let mut kept = 0;
        for index in 0..self.floats.len() {
            if !is_stale(self.floats[index]) {
                self.times[kept] = self.times[index];
                self.floats[kept] = self.floats[index];
                kept += 1;
            }
        }
        self.times.truncate(kept);
        self.floats.truncate(kept);
    }

    /// Returns all samples inside the bounds in order of time.
    pub(crate) fn samples(&self, bounds: Bounds) -> Vec<Sample> {
        let at = Timestamp::from_millis;
        let floats = self.times.iter().zip(&self.floats);
        let histograms = self.histogram_times.iter().zip(&self.histograms);
        let mut samples: Vec<Sample> = floats
            .map(|(time, value)| Sample::float(at(*time), *value))
            .chain(histograms.map(|(time, value)| Sample::histogram(at(*time), value.clone())))
            .filter(|sample| bounds.contains(sample.timestamp.millis()))
            .collect();
        samples.sort_by_key(|sample| sample.timestamp);
        samples
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::{StartTimestamp, stale_nan};

    use super::*;

    #[test]
    fn starts_stay_with_their_samples() {
        let at = Timestamp::from_millis;
        let started = |sample: Sample, start| Sample {
            start: StartTimestamp::from_millis(start),
            ..sample
        };
        let mut columns = SampleColumns::default();
        columns.push(&Sample::float(at(1), 1.0));
        columns.push(&started(Sample::float(at(2), stale_nan()), 2));
        columns.push(&started(Sample::histogram(at(3), Arc::default()), 3));
        columns.push(&started(Sample::float(at(4), 4.0), 4));
        let mut buffer = Buffer::default();
        buffer.fill(&mut columns, true);
        assert_eq!(
            (&*buffer.times, &*buffer.starts),
            (&[1, 4][..], &[0, 4][..])
        );
        assert_eq!(
            (&*buffer.histogram_times, &*buffer.histogram_starts),
            (&[3][..], &[3][..])
        );
        buffer.fill(&mut columns, false);
        assert!(buffer.starts.is_empty() && buffer.histogram_starts.is_empty());
        assert_eq!(buffer.len(), 3);
    }

    #[test]
    fn stale_floats_are_left_out() {
        let at = Timestamp::from_millis;
        let mut columns = SampleColumns::default();
        for (time, value) in [(1, stale_nan()), (2, 2.0), (3, stale_nan()), (4, f64::NAN)] {
            columns.push(&Sample::float(at(time), value));
        }
        let mut buffer = Buffer::default();
        buffer.fill(&mut columns, false);
        assert_eq!(buffer.times, [2, 4]);
        assert!(buffer.floats[0] == 2.0 && buffer.floats[1].is_nan());
        columns.clear();
        columns.push(&Sample::float(at(5), 5.0));
        buffer.fill(&mut columns, false);
        assert_eq!((&*buffer.times, &*buffer.floats), (&[5][..], &[5.0][..]));
    }
}
