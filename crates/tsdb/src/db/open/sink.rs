//! Where replayed batches and deletions go.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use plimsoll_types::{Labels, SeriesRef, TimeRange, Timestamp, WriteBatch};

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

    /// Returns the window for content of this time, `None` when it is in a part.
    fn window(&mut self, sequence: u64, time: Timestamp) -> Option<&Window> {
        let start = time.align_down(self.window_millis).millis();
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
        window.note(sequence, TimeRange::new(time, time), 0);
        Some(window)
    }
}

impl ReplaySink for Sink<'_> {
    fn series(&mut self, labels: &Labels) -> SeriesRef {
        self.series.restore(labels)
    }

    fn batch(&mut self, sequence: u64, batch: &WriteBatch) {
        self.reach(sequence);
        for (id, sample) in &batch.samples {
            match self.window(sequence, sample.timestamp) {
                Some(window) => {
                    window.insert(slot_of(*id), sample);
                    window.note(sequence, TimeRange::new(sample.timestamp, sample.timestamp), 1);
                }
                None => self.samples_in_parts += 1,
            }
        }
        for (id, exemplar) in &batch.exemplars {
            if let Some(window) = self.window(sequence, exemplar.timestamp) {
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
