//! What limits ask about the active series.

use plimsoll_types::{ActiveSeries, Labels, Matcher, SeriesRef};
use roaring::RoaringBitmap;

use super::Db;
use crate::head::SeriesTable;

/// So many label sets are taken out of the table at once.
const SERIES_PER_LOOK: usize = 4096;

impl ActiveSeries for Db {
    fn find(&self, labels: &Labels) -> Option<SeriesRef> {
        self.series.find(labels)
    }

    fn count(&self) -> u64 {
        self.series.count() as u64
    }

    fn count_with(&self, name: &str, value: &str) -> u64 {
        self.series.count_with(name, value)
    }

    fn visit_with(&self, name: &str, value: &str, visit: &mut dyn FnMut(&Labels)) {
        let slots = self
            .series
            .slots_of_any(&[vec![Matcher::equal(name, value)]]);
        visit_slots(&self.series, &slots, &mut |_, labels| {
            // A slot that changed its series meanwhile has the labels of another.
            if labels.get(name) == Some(value) {
                visit(labels);
            }
        });
    }

    fn removals(&self) -> u64 {
        self.metrics.series_removed.get()
    }
}

/// Calls `visit` with the labels of series, some thousand of them between two locks.
pub(super) fn visit_slots(
    table: &SeriesTable,
    slots: &RoaringBitmap,
    visit: &mut dyn FnMut(u32, &Labels),
) {
    let mut slots = slots.iter();
    loop {
        let some: RoaringBitmap = slots.by_ref().take(SERIES_PER_LOOK).collect();
        if some.is_empty() {
            return;
        }
        for (slot, labels) in table.labelled(&some) {
            visit(slot, &labels);
        }
    }
}
