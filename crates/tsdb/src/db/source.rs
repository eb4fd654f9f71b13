//! Reading the series of a selection, one after the other.

use std::sync::Arc;

use plimsoll_types::{
    BlockCounts, Labels, SampleColumns, SampleSource, StorageError, Summary, TimeRange,
};

use super::find::{Place, suspect};
use super::view::Snapshot;
use crate::merge::merge;

type Result<T> = std::result::Result<T, StorageError>;

/// Reads the series of a selection.
pub(super) struct MergedSource {
    pub(super) snapshot: Arc<Snapshot>,
    /// Per series the first of its places, and the end of the last one's.
    series: Arc<[usize]>,
    places: Arc<[Place]>,
    range: TimeRange,
    buffer: SampleColumns,
}

impl MergedSource {
    /// Groups the places that were found, sorted by labels, and returns the labels of the groups.
    pub(super) fn new(
        snapshot: Snapshot,
        found: Vec<(Labels, Place)>,
        range: TimeRange,
    ) -> (Vec<Labels>, Self) {
        let mut labels = Vec::new();
        let mut series = Vec::new();
        let mut places = Vec::with_capacity(found.len());
        for (found, place) in found {
            if labels.last() != Some(&found) {
                labels.push(found);
                series.push(places.len());
            }
            places.push(place);
        }
        series.push(places.len());
        let source = Self {
            snapshot: Arc::new(snapshot),
            series: series.into(),
            places: places.into(),
            range,
            buffer: SampleColumns::default(),
        };
        (labels, source)
    }

    pub(super) fn places_of(&self, index: usize) -> &[Place] {
        &self.places[self.series[index]..self.series[index + 1]]
    }

    fn read_all(&mut self, index: usize, into: &mut SampleColumns) -> Result<()> {
        into.clear();
        for at in self.series[index]..self.series[index + 1] {
            let place = self.places[at];
            let failed = |error| suspect(self.snapshot.part(place), error);
            // Sources that follow each other in time, as they nearly always do, are read to where they belong.
            if self.snapshot.begins_after(place, into) {
                self.snapshot
                    .read(place, self.range, into)
                    .map_err(failed)?;
                continue;
            }
            self.buffer.clear();
            self.snapshot
                .read(place, self.range, &mut self.buffer)
                .map_err(failed)?;
            merge(into, &self.buffer);
        }
        Ok(())
    }
}

impl SampleSource for MergedSource {
    fn read(&mut self, index: usize, into: &mut SampleColumns) -> Result<()> {
        self.read_all(index, into)
    }

    fn blocks(&self, index: usize) -> BlockCounts {
        let mut counts = BlockCounts::default();
        for place in self.places_of(index) {
            let part = self.snapshot.part(*place);
            // What is damaged is met again, and reported, by the reading.
            let blocks = part.and_then(|live| live.part.block_aggregates(place.id).ok());
            for block in blocks.into_iter().flatten() {
                match block.range.overlaps(self.range) {
                    true => counts.read += 1,
                    false => counts.skipped += 1,
                }
            }
        }
        counts
    }

    fn summary(&mut self, index: usize, range: TimeRange) -> Result<Option<Summary>> {
        let range = TimeRange::new(
            range.start.max(self.range.start),
            range.end.min(self.range.end),
        );
        // What is damaged is met again, and reported, by the reading that follows.
        Ok(self.summarize(index, range).unwrap_or(None))
    }

    fn fork(&self) -> Option<Box<dyn SampleSource>> {
        Some(Box::new(Self {
            snapshot: Arc::clone(&self.snapshot),
            series: Arc::clone(&self.series),
            places: Arc::clone(&self.places),
            range: self.range,
            buffer: SampleColumns::default(),
        }))
    }
}
