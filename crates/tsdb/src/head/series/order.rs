//! Walking many series in the order of their labels, without holding the labels of all.
//!
//! The order of label sets is that of their first pairs, then of their second ones, and so on. So the series are dealt out
//! by the first pair, a pile that is too high by the second one, and only a pile that is small has its labels made: a
//! million label sets as text would take as much memory as all the rest of the head.

use plimsoll_types::Labels;
use roaring::RoaringBitmap;

use super::{Handle, Inner, SLOTS_PER_LOOK, SeriesTable};

/// So many label sets are made at once: a few MB.
const LABELS_AT_ONCE: usize = 1 << 14;

/// Series in the order of their labels, in piles.
#[derive(Debug)]
pub(crate) struct InOrder<'a> {
    table: &'a SeriesTable,
    /// The last one is the next one.
    piles: Vec<Pile>,
    at_once: usize,
}

/// Series that have their first pairs in common.
#[derive(Debug)]
struct Pile {
    /// So many pairs are the same; `None`: those are all that the series have.
    common: Option<usize>,
    slots: Vec<u32>,
}

impl SeriesTable {
    /// Returns the series of these slots in the order of their labels, in pieces. A slot that changes its series in the
    /// meantime is found with either labels, or not at all.
    pub(crate) fn in_order(&self, slots: &RoaringBitmap) -> InOrder<'_> {
        let pile = Pile {
            common: Some(0),
            slots: slots.iter().collect(),
        };
        InOrder {
            table: self,
            piles: vec![pile],
            at_once: LABELS_AT_ONCE,
        }
    }

    /// Returns the pair of each slot that comes after so many others, by its number.
    fn pairs_at(&self, slots: &[u32], position: usize) -> Vec<(Option<u32>, u32)> {
        let mut pairs = Vec::with_capacity(slots.len());
        for some in slots.chunks(SLOTS_PER_LOOK as usize) {
            let inner = self.read();
            let pair = |slot: &u32| (inner.pair_at(*slot, position), *slot);
            pairs.extend(some.iter().map(pair));
        }
        pairs
    }
}

impl Inner {
    /// Returns the number of a pair of a series; `None` when there are fewer, and of a free slot.
    fn pair_at(&self, slot: u32, position: usize) -> Option<u32> {
        match self.slots.get(slot)?.labels {
            Handle::NONE => None,
            handle => self.sets.get(handle).nth(position),
        }
    }
}

impl InOrder<'_> {
    /// Deals out a pile by the next pair.
    fn deal(&mut self, slots: &[u32], common: usize) {
        let mut pairs = self.table.pairs_at(slots, common);
        pairs.sort_unstable();
        let inner = self.table.read();
        let piles = pairs.chunk_by(|(a, _), (b, _)| a == b);
        // Those without a pair come first, as an empty text does.
        let mut piles: Vec<(Labels, Pile)> = piles
            .map(|pile| {
                let pair = pile[0].0;
                let text = pair.map(|pair| inner.index.text(pair));
                let slots = pile.iter().map(|(_, slot)| *slot).collect();
                let common = pair.map(|_| common + 1);
                let pile = Pile { common, slots };
                (Labels::from_encoded_pairs(text.into_iter()), pile)
            })
            .collect();
        drop(inner);
        piles.sort_by(|(a, _), (b, _)| b.cmp(a));
        self.piles.extend(piles.into_iter().map(|(_, pile)| pile));
    }
}

impl Iterator for InOrder<'_> {
    type Item = Vec<(u32, Labels)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let pile = self.piles.pop()?;
            match pile.common {
                Some(common) if pile.slots.len() > self.at_once => self.deal(&pile.slots, common),
                _ => {
                    let mut series = self.table.labelled(pile.slots);
                    series.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
                    return Some(series);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::head::slot_of;

    proptest! {
        #[test]
        fn is_the_order_of_labels(
            sets in prop::collection::btree_set(prop::collection::btree_map("[ABab_]", "[xyz]{0,2}", 0..4).prop_map(Labels::from_pairs), 0..60),
            at_once in 1..9usize,
        ) {
            let table = SeriesTable::new(99);
            let mut slots = RoaringBitmap::new();
            // A set of another order than that of labels.
            let shuffled: HashSet<_> = sets.iter().cloned().collect();
            for labels in &shuffled {
                slots.insert(slot_of(table.resolve(labels).unwrap().0));
            }
            let walk = InOrder { at_once, ..table.in_order(&slots) };
            let pieces: Vec<_> = walk.collect();
            prop_assert!(pieces.iter().all(|piece| piece.len() <= at_once));
            let walked: Vec<Labels> = pieces.into_iter().flatten().map(|(_, labels)| labels).collect();
            prop_assert_eq!(walked, sets.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn free_slots_are_left_out() {
        let table = SeriesTable::new(9);
        let labels = Labels::from_pairs([("a", "b")]);
        let slot = slot_of(table.resolve(&labels).unwrap().0);
        let slots = [slot, slot + 1, slot + 2].into_iter().collect();
        let walk = InOrder {
            at_once: 1,
            ..table.in_order(&slots)
        };
        assert_eq!(walk.flatten().collect::<Vec<_>>(), [(slot, labels)]);
    }
}
