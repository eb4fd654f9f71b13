//! What tombstones hide in parts.
//!
//! A part never changes, so a deletion is looked up whenever the part is read: which of its series, in which range. The
//! look-up of selectors in the part's index is done once per part and tombstone, by the first reader.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use plimsoll_types::{Exemplar, SampleColumns, TierWindow, TimeRange};
use roaring::RoaringBitmap;

use super::lock;
use super::view::LivePart;
use crate::deletion::Tombstone;
use crate::part::Error;

/// A tombstone and what it hides in the parts that were read since it was made.
pub(super) struct LiveTombstone {
    pub(super) tombstone: Tombstone,
    /// Its length as text.
    pub(super) text_bytes: usize,
    /// Its record in the WAL is known to be on disk.
    pub(super) is_durable: AtomicBool,
    /// Series by part.
    series: Mutex<HashMap<u64, Arc<RoaringBitmap>>>,
}

/// A part as a reader sees it.
pub(super) struct VisiblePart {
    pub(super) live: Arc<LivePart>,
    hidden: Vec<Hidden>,
}

struct Hidden {
    range: TimeRange,
    series: Arc<RoaringBitmap>,
}

impl LiveTombstone {
    pub(super) fn new(tombstone: Tombstone) -> Arc<Self> {
        Arc::new(Self {
            text_bytes: tombstone.deletion.to_string().len(),
            tombstone,
            is_durable: AtomicBool::new(false),
            series: Mutex::default(),
        })
    }

    pub(super) fn range(&self) -> TimeRange {
        self.tombstone.deletion.range
    }

    /// Says whether it came after what is in a part and touches its time.
    pub(super) fn concerns(&self, live: &LivePart) -> bool {
        live.entry.is_before(self.tombstone.sequence) && self.range().overlaps(live.range())
    }

    /// Returns the series that it hides in a part; [`concerns`](Self::concerns) was asked before.
    pub(super) fn series(&self, live: &LivePart) -> Result<Arc<RoaringBitmap>, Error> {
        if let Some(known) = lock(&self.series).get(&live.id()) {
            return Ok(known.clone());
        }
        let mut found = RoaringBitmap::new();
        // A window is found by its end, which may lie behind what is deleted.
        let length = live.entry.tier.window_millis().unwrap_or(1);
        let end = self.range().end.saturating_add_millis(length - 1);
        let reach = TimeRange::new(self.range().start, end);
        for matchers in &self.tombstone.deletion.selectors {
            found.extend(live.part.select(matchers, reach)?);
        }
        let found = Arc::new(found);
        lock(&self.series).insert(live.id(), found.clone());
        Ok(found)
    }

    /// Says whether it hides all of a part.
    pub(super) fn hides_all(&self, live: &LivePart) -> Result<bool, Error> {
        let (own, all) = (self.range(), live.range());
        let is_whole = own.start <= all.start && all.end <= own.end;
        Ok(is_whole && self.series(live)?.len() == u64::from(live.part.meta().series))
    }

    /// Forgets the parts that are not among `parts`.
    pub(super) fn retain(&self, parts: &[Arc<LivePart>]) {
        let is_there = |id: &u64| parts.iter().any(|live| live.id() == *id);
        lock(&self.series).retain(|id, _| is_there(id));
    }
}

impl VisiblePart {
    /// Looks up what `tombstones` hide in a part.
    pub(super) fn new(
        live: Arc<LivePart>,
        tombstones: &[Arc<LiveTombstone>],
    ) -> Result<Self, Error> {
        let mut hidden = Vec::new();
        for tombstone in tombstones.iter().filter(|t| t.concerns(&live)) {
            let series = tombstone.series(&live)?;
            if !series.is_empty() {
                let range = tombstone.range();
                hidden.push(Hidden { range, series });
            }
        }
        Ok(Self { live, hidden })
    }

    /// Appends the samples of series `id` inside `range` that are not deleted.
    pub(super) fn read(
        &self,
        id: u32,
        range: TimeRange,
        into: &mut SampleColumns,
    ) -> Result<(), Error> {
        if !self.hides(id) {
            return self.live.part.read(id, range, into);
        }
        let mut left = self.left(id, range).into_iter();
        left.try_for_each(|range| self.live.part.read(id, range, into))
    }

    /// Appends the windows of series `id` that end inside `range` and are not deleted as a whole.
    pub(super) fn read_windows(
        &self,
        id: u32,
        range: TimeRange,
        into: &mut Vec<TierWindow>,
    ) -> Result<(), Error> {
        let before = into.len();
        self.live.part.read_windows(id, range, into)?;
        let length = self.live.entry.tier.window_millis().unwrap_or(1);
        let hidden = || self.hidden.iter().filter(|h| h.series.contains(id));
        let is_hidden = |window: &TierWindow| {
            let start = window.end.saturating_add_millis(1 - length);
            hidden().any(|h| h.range.start <= start && window.end <= h.range.end)
        };
        if hidden().next().is_some() {
            let read = into.split_off(before);
            into.extend(read.into_iter().filter(|window| !is_hidden(window)));
        }
        Ok(())
    }

    /// Returns the exemplars of series `id` inside `range` that are not deleted.
    pub(super) fn exemplars(&self, id: u32, range: TimeRange) -> Result<Vec<Exemplar>, Error> {
        let mut found = Vec::new();
        for range in self.left(id, range) {
            found.extend(self.live.part.exemplars(id, range)?);
        }
        Ok(found)
    }

    /// Says whether anything of series `id` may be deleted.
    pub(super) fn hides(&self, id: u32) -> bool {
        self.hidden.iter().any(|hidden| hidden.series.contains(id))
    }

    /// Says whether anything of the part may be deleted.
    pub(super) fn hides_any(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// Says whether series `id` has a sample inside `range` that is not deleted, when some are; without deletions it is
    /// taken to have one.
    pub(super) fn shows(&self, id: u32, range: TimeRange) -> Result<bool, Error> {
        if !self.hides(id) {
            return Ok(true);
        }
        let mut columns = SampleColumns::default();
        for range in self.left(id, range) {
            self.live.part.read(id, range, &mut columns)?;
            if !columns.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns what is left of `range` without what is deleted, in ascending order.
    pub(super) fn left(&self, id: u32, range: TimeRange) -> Vec<TimeRange> {
        let mut left = vec![range];
        for hidden in self.hidden.iter().filter(|h| h.series.contains(id)) {
            left = left
                .into_iter()
                .flat_map(|range| without(range, hidden.range))
                .collect();
        }
        left
    }
}

/// Returns what of `range` lies before and behind `hole`.
fn without(range: TimeRange, hole: TimeRange) -> impl Iterator<Item = TimeRange> {
    let pieces = match range.overlaps(hole) {
        false => [Some(range), None],
        // Where there is something before the hole, the time before it is no less than that.
        true => [
            (range.start < hole.start)
                .then(|| TimeRange::new(range.start, hole.start.saturating_add_millis(-1))),
            (hole.end < range.end)
                .then(|| TimeRange::new(hole.end.saturating_add_millis(1), range.end)),
        ],
    };
    pieces.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use plimsoll_types::Timestamp;

    use super::*;

    #[test]
    fn a_hole_leaves_what_is_around_it() {
        let range =
            |start, end| TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end));
        let check = |hole, expected: &[TimeRange]| {
            let found: Vec<_> = without(range(0, 9), hole).collect();
            assert_eq!(found, expected, "{hole:?}");
        };
        check(range(3, 4), &[range(0, 2), range(5, 9)]);
        check(range(0, 0), &[range(1, 9)]);
        check(range(9, 20), &[range(0, 8)]);
        check(TimeRange::ALL, &[]);
        check(range(10, 20), &[range(0, 9)]);
        check(range(5, 4), &[range(0, 9)]);
    }
}
