//! Where replayed batches and deletions go.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use plimsoll_types::{Labels, Sample, SeriesRef, TimeRange, Timestamp, WriteBatch};

use crate::deletion::{Deletion, Tombstone};
use crate::head::{SeriesTable, Window, slot_of};
use crate::manifest::Manifest;
use crate::wal::ReplaySink;

/// Puts replayed batches into windows, save what is in parts already, and takes out what was deleted, in the order of
/// the WAL.
///
/// The manifest's tombstones are carried out as well, each in its place, so that a deletion whose record was damaged
/// does not come to count for parts alone.
pub(super) struct Sink<'a> {
    series: &'a SeriesTable,
    sealed: &'a BTreeMap<i64, u64>,
    window_millis: i64,
    pub(super) windows: BTreeMap<i64, Arc<Window>>,
    pub(super) samples_in_parts: u64,
    /// Tombstones of the manifest that were not met yet, in their order.
    ahead: VecDeque<Tombstone>,
    /// Those that the WAL holds.
    pub(super) deletions: Vec<Tombstone>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(series: &'a SeriesTable, manifest: &'a Manifest, window_millis: i64) -> Self {
        Self {
            series,
            sealed: &manifest.sealed,
            window_millis,
            windows: BTreeMap::new(),
            samples_in_parts: 0,
            ahead: manifest.tombstones.clone().into(),
            deletions: Vec::new(),
        }
    }

    /// Carries out what the manifest names and the rest of the WAL does not come after.
    pub(super) fn finish(&mut self) {
        self.reach(u64::MAX);
    }

    /// Carries out the manifest's tombstones before this sequence.
    fn reach(&mut self, sequence: u64) {
        while let Some(next) = self.ahead.front()
            && next.sequence < sequence
            && let Some(next) = self.ahead.pop_front()
        {
            self.delete(&next.deletion);
        }
    }

    fn delete(&mut self, deletion: &Deletion) {
        let slots = self.series.slots_of_any(&deletion.selectors);
        self.windows.retain(|_, window| {
            if window.facts().range.overlaps(deletion.range) {
                window.delete(&slots, deletion.range);
            }
            !window.is_empty()
        });
    }

    /// Returns the window for content of these times, which are all in one; `None` when it is in a part.
    fn window(&mut self, sequence: u64, times: TimeRange, samples: u64) -> Option<&Window> {
        let start = times.start.align_down(self.window_millis).millis();
        if self
            .sealed
            .get(&start)
            .is_some_and(|sealed| sequence <= *sealed)
        {
            return None;
        }
        let window = self
            .windows
            .entry(start)
            .or_insert_with(|| Arc::new(Window::new(start)));
        window.note(sequence, times, samples);
        Some(window)
    }
}

impl ReplaySink for Sink<'_> {
    fn series(&mut self, labels: &Labels) -> SeriesRef {
        self.series.restore(labels)
    }

    fn batch(&mut self, sequence: u64, batch: &WriteBatch) {
        self.reach(sequence);
        let length = self.window_millis;
        let start_of = |sample: &Sample| sample.timestamp.align_down(length);
        for run in batch
            .samples
            .chunk_by(|(_, a), (_, b)| start_of(a) == start_of(b))
        {
            let mut times = TimeRange::new(Timestamp::MAX, Timestamp::MIN);
            for (_, sample) in run {
                times.start = times.start.min(sample.timestamp);
                times.end = times.end.max(sample.timestamp);
            }
            match self.window(sequence, times, run.len() as u64) {
                Some(window) => window.insert_all(run, |_| {}),
                None => self.samples_in_parts += run.len() as u64,
            }
        }
        for (id, exemplar) in &batch.exemplars {
            let time = TimeRange::new(exemplar.timestamp, exemplar.timestamp);
            if let Some(window) = self.window(sequence, time, 0) {
                window.insert_exemplar(slot_of(*id), exemplar);
            }
        }
        for (id, metadata) in &batch.metadata {
            self.series.set_metadata(*id, metadata);
        }
    }

    fn deletion(&mut self, sequence: u64, deletion: Deletion) {
        self.reach(sequence);
        self.delete(&deletion);
        self.deletions.push(Tombstone { sequence, deletion });
    }
}
