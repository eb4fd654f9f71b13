//! Reading the series of a selection, one after the other.

use std::sync::Arc;

use plimsoll_types::{
    BlockCounts, Labels, SampleColumns, SampleSource, StorageError, Summary, Tier, TimeRange,
    Timestamp,
};

use super::cutoffs::Cutoffs;
use super::find::{Place, suspect};
use super::pace::Ticket;
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
    /// From when on each series is kept, when that is not the same for all.
    kept_from: Option<Arc<[Timestamp]>>,
    ticket: Option<Ticket>,
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
            kept_from: None,
            ticket: None,
            buffer: SampleColumns::default(),
        };
        (labels, source)
    }

    /// Hides of each series what is older than its own retention.
    pub(super) fn keep(&mut self, labels: &[Labels], cutoffs: &Cutoffs) {
        let from = labels.iter().map(|labels| cutoffs.of(labels, Tier::Raw));
        self.kept_from = Some(from.collect());
    }

    /// Counts as a selection in progress until it and its forks are gone.
    pub(super) fn hold(&mut self, ticket: Ticket) {
        self.ticket = Some(ticket);
    }

    /// Returns what of the selection's range is kept of a series.
    pub(super) fn range_of(&self, index: usize) -> TimeRange {
        let kept = self.kept_from.as_ref().map(|from| from[index]);
        let start = kept.map_or(self.range.start, |kept| kept.max(self.range.start));
        TimeRange::new(start, self.range.end)
    }

    pub(super) fn places_of(&self, index: usize) -> &[Place] {
        &self.places[self.series[index]..self.series[index + 1]]
    }

    fn read_all(&mut self, index: usize, into: &mut SampleColumns) -> Result<()> {
        into.clear();
        let range = self.range_of(index);
        for at in self.series[index]..self.series[index + 1] {
            let place = self.places[at];
            let failed = |error| suspect(self.snapshot.part(place), error);
            // Sources that follow each other in time, as they nearly always do, are read to where they belong.
            if self.snapshot.begins_after(place, into) {
                self.snapshot.read(place, range, into).map_err(failed)?;
                continue;
            }
            self.buffer.clear();
            self.snapshot
                .read(place, range, &mut self.buffer)
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
        let range = self.range_of(index);
        for place in self.places_of(index) {
            let part = self.snapshot.part(*place);
            // What is damaged is met again, and reported, by the reading.
            let blocks = part.and_then(|live| live.part.block_aggregates(place.id).ok());
            for block in blocks.into_iter().flatten() {
                match block.range.overlaps(range) {
                    true => counts.read += 1,
                    false => counts.skipped += 1,
                }
            }
        }
        counts
    }

    fn summary(&mut self, index: usize, range: TimeRange) -> Result<Option<Summary>> {
        let own = self.range_of(index);
        let range = TimeRange::new(range.start.max(own.start), range.end.min(own.end));
        // What is damaged is met again, and reported, by the reading that follows.
        Ok(self.summarize(index, range).unwrap_or(None))
    }

    fn fork(&self) -> Option<Box<dyn SampleSource>> {
        Some(Box::new(Self {
            snapshot: Arc::clone(&self.snapshot),
            series: Arc::clone(&self.series),
            places: Arc::clone(&self.places),
            range: self.range,
            kept_from: self.kept_from.clone(),
            ticket: self.ticket.clone(),
            buffer: SampleColumns::default(),
        }))
    }
}
