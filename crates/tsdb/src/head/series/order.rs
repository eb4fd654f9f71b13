//! Walking many series in the order of their labels, without holding the labels of all.
//!
//! The order of label sets is that of their first pairs, and then of the rest. So the series are put together by their
//! first pair, which nearly always is the metric's name, and only one such group has its labels made at a time.

use plimsoll_types::Labels;
use roaring::RoaringBitmap;

use super::{Handle, Inner, SLOTS_PER_LOOK, SeriesTable};

/// Groups of series, the last one first.
#[derive(Debug)]
pub(crate) struct InOrder<'a> {
    table: &'a SeriesTable,
    groups: Vec<(Labels, Vec<u32>)>,
}

impl SeriesTable {
    /// Returns the series of these slots in the order of their labels, in groups. A slot that changes its series in the
    /// meantime is found with either labels, or not at all.
    pub(crate) fn in_order(&self, slots: &RoaringBitmap) -> InOrder<'_> {
        let mut firsts: Vec<(Option<u32>, u32)> = Vec::with_capacity(slots.len() as usize);
        let mut left = slots.iter().peekable();
        while left.peek().is_some() {
            let inner = self.read();
            let some = left.by_ref().take(SLOTS_PER_LOOK as usize);
            firsts.extend(some.map(|slot| (inner.first_pair(slot), slot)));
        }
        firsts.sort_unstable();
        let inner = self.read();
        let groups = firsts.chunk_by(|(a, _), (b, _)| a == b);
        let mut groups: Vec<(Labels, Vec<u32>)> = groups
            .map(|group| {
                let text = group[0].0.map(|pair| inner.index.text(pair));
                let slots = group.iter().map(|(_, slot)| *slot).collect();
                (Labels::from_encoded_pairs(text.into_iter()), slots)
            })
            .collect();
        drop(inner);
        groups.sort_by(|(a, _), (b, _)| b.cmp(a));
        InOrder {
            table: self,
            groups,
        }
    }
}

impl Inner {
    /// Returns the number of the first pair; `None` of a series without labels, and of a free slot.
    fn first_pair(&self, slot: u32) -> Option<u32> {
        let handle = self.slots.get(slot)?.labels;
        match handle == Handle::NONE {
            true => None,
            false => self.sets.get(handle).next(),
        }
    }
}

impl Iterator for InOrder<'_> {
    type Item = Vec<(u32, Labels)>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, slots) = self.groups.pop()?;
        let mut series = self.table.labelled(slots);
        series.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        Some(series)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::head::slot_of;

    proptest! {
        #[test]
        fn is_the_order_of_labels(sets in prop::collection::btree_set(prop::collection::btree_map("[ABab_]", "[xyz]{0,2}", 0..3).prop_map(Labels::from_pairs), 0..40)) {
            let table = SeriesTable::new(99);
            let mut slots = RoaringBitmap::new();
            // A set of other order than that of labels.
            let shuffled: std::collections::HashSet<_> = sets.iter().cloned().collect();
            for labels in &shuffled {
                slots.insert(slot_of(table.resolve(labels).unwrap().0));
            }
            let walked: Vec<Labels> = table.in_order(&slots).flatten().map(|(_, labels)| labels).collect();
            prop_assert_eq!(walked, sets.into_iter().collect::<Vec<_>>());
        }
    }
}
