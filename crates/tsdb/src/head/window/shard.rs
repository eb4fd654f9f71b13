//! A share of a window's series.
//!
//! Slots are dense numbers, so a lane is found by arithmetic: pages of lanes of neighbouring slots are dealt out to the
//! shards in turn, and made when the first of their slots is used. A page is one allocation of 2 KiB; all of a window's
//! go back to the allocator together.

use plimsoll_types::{Sample, SeriesRef, TimeRange};

use super::SHARDS;
use crate::head::lane::{Inserted, Lane};
use crate::head::slot_of;

/// Slots of a page.
pub(super) const LANES: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Shard {
    pages: Vec<Page>,
    closed_chunks: u64,
}

#[derive(Debug, Default)]
struct Page {
    /// One bit per lane that is not empty.
    used: u32,
    lanes: Option<Box<[Lane; LANES]>>,
}

/// Returns the number of a slot's shard, of its page there and of its lane in that.
pub(super) fn place_of(slot: u32) -> (usize, usize, usize) {
    let (page, lane) = (slot as usize / LANES, slot as usize % LANES);
    (page % SHARDS, page / SHARDS, lane)
}

impl Shard {
    /// Returns the lane of a slot, if it is not empty.
    pub(super) fn lane(&self, slot: u32) -> Option<&Lane> {
        let (_, page, lane) = place_of(slot);
        let page = self.pages.get(page)?;
        let is_used = page.used >> lane & 1 == 1;
        page.lanes
            .as_ref()
            .filter(|_| is_used)
            .map(|lanes| &lanes[lane])
    }

    /// Inserts samples of series whose slots are on the page of the first one's.
    pub(super) fn insert_into_page(
        &mut self,
        samples: &[(SeriesRef, Sample)],
        mut tell: impl FnMut(Inserted),
    ) {
        let Some((first, _)) = samples.first() else {
            return;
        };
        let (used, lanes) = self.page_mut(slot_of(*first));
        let mut closed_chunks = 0;
        for (id, sample) in samples {
            let lane = slot_of(*id) as usize % LANES;
            *used |= 1 << lane;
            let lane = &mut lanes[lane];
            let before = lane.closed_bytes();
            tell(lane.insert(sample));
            closed_chunks += u64::from(lane.closed_bytes() != before);
        }
        self.closed_chunks += closed_chunks;
    }

    /// Returns the lane of a slot that something is about to be inserted into.
    pub(super) fn lane_mut(&mut self, slot: u32) -> &mut Lane {
        let (used, lanes) = self.page_mut(slot);
        let lane = slot as usize % LANES;
        *used |= 1 << lane;
        &mut lanes[lane]
    }

    /// Returns the page of a slot: its bits and its lanes.
    fn page_mut(&mut self, slot: u32) -> (&mut u32, &mut [Lane; LANES]) {
        let (_, page, _) = place_of(slot);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, Page::default);
        }
        let page = &mut self.pages[page];
        let make = || Box::new(std::array::from_fn(|_| Lane::default()));
        (&mut page.used, page.lanes.get_or_insert_with(make))
    }

    /// Removes what the series in `slot` has inside `range`, and returns how many samples that were.
    pub(super) fn delete(&mut self, slot: u32, range: TimeRange) -> u64 {
        if self.lane(slot).is_none() {
            return 0;
        }
        let lane = self.lane_mut(slot);
        let closed_before = lane.closed_chunks();
        let removed = lane.delete(range);
        let (closed, is_empty) = (lane.closed_chunks(), lane.is_empty());
        self.closed_chunks = (self.closed_chunks + closed).saturating_sub(closed_before);
        if is_empty {
            *self.lane_mut(slot) = Lane::default();
            let (_, page, lane) = place_of(slot);
            let page = &mut self.pages[page];
            page.used &= !(1 << lane);
            if page.used == 0 {
                page.lanes = None;
            }
        }
        removed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pages.iter().all(|page| page.used == 0)
    }

    /// Returns the number of closed chunks, and one more of each lane that is not empty.
    pub(super) fn chunks(&self) -> u64 {
        let used = self.pages.iter().map(|page| page.used.count_ones());
        self.closed_chunks + u64::from(used.sum::<u32>())
    }

    /// Walks the slots of the lanes that are not empty, ascending; the shard has this number.
    pub(super) fn slots(&self, number: u32) -> impl Iterator<Item = u32> {
        (0..).zip(&self.pages).flat_map(move |(page, contents)| {
            let first = (page * SHARDS as u32 + number) * LANES as u32;
            lanes_of(contents.used).map(move |lane| first + lane)
        })
    }
}

/// Walks the bits that are set, from the lowest one on.
fn lanes_of(mut used: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lane = used.trailing_zeros();
        used &= used.wrapping_sub(1);
        (lane < LANES as u32).then_some(lane)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plimsoll_types::{SampleColumns, Timestamp};
    use proptest::prelude::*;

    use super::super::Window;
    use super::*;

    proptest! {
        #[test]
        fn every_slot_has_a_lane_of_its_own(steps in prop::collection::vec((0..5000u32, any::<bool>()), 1..100)) {
            let (window, mut model) = (Window::new(0), BTreeMap::new());
            let sample = |slot: u32| Sample::float(Timestamp::from_millis(slot.into()), slot.into());
            for (slot, is_deleted) in steps {
                if is_deleted {
                    model.remove(&slot);
                    window.delete(&[slot].into_iter().collect(), TimeRange::ALL);
                } else {
                    model.insert(slot, ());
                    window.insert(slot, &sample(slot));
                }
                prop_assert_eq!(window.contains(slot), !is_deleted);
            }
            prop_assert!(window.slots().iter().eq(model.keys().copied()));
            prop_assert_eq!(window.is_empty(), model.is_empty());
            prop_assert_eq!(window.chunks(), model.len() as u64);
            for slot in model.into_keys() {
                let mut columns = SampleColumns::default();
                window.read(slot, TimeRange::ALL, &mut columns);
                prop_assert_eq!(columns.iter().collect::<Vec<_>>(), [sample(slot)]);
            }
        }

        #[test]
        fn many_at_once_are_as_one_by_one(slots in prop::collection::vec(0..2000u32, 0..300)) {
            let (one_by_one, at_once) = (Window::new(0), Window::new(0));
            let sample = |time: i64, slot: u32| Sample::float(Timestamp::from_millis(time), slot.into());
            let samples: Vec<_> = (0..).zip(&slots).map(|(at, slot)| (SeriesRef(7 << 32 | u64::from(*slot)), sample(at / 50, *slot))).collect();
            let expected: Vec<_> = samples.iter().map(|(id, sample)| one_by_one.insert(slot_of(*id), sample)).collect();
            let mut told = Vec::new();
            at_once.insert_all(&samples, |outcome| told.push(outcome));
            prop_assert_eq!(told, expected);
            for slot in slots {
                prop_assert_eq!(at_once.extent(slot), one_by_one.extent(slot));
            }
        }
    }

    #[test]
    fn chunks_are_counted() {
        let window = Window::new(0);
        let sample = |at: i64| Sample::float(Timestamp::from_millis(at), (at * at) as f64);
        for at in 0..1000 {
            window.insert(3, &sample(at));
        }
        assert_eq!(window.chunks(), 1 + 1000 / 120);
        let from = |millis| TimeRange::new(Timestamp::from_millis(millis), Timestamp::MAX);
        window.delete(&[3].into_iter().collect(), from(500));
        assert_eq!(window.chunks(), 1 + 500 / 120);
        window.delete(&[3].into_iter().collect(), from(0));
        assert_eq!(window.chunks(), 0);
    }
}
