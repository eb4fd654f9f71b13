//! A tier: complete slices of one length, the oldest first, without gaps.

use super::block::{self, SLICES};
use super::varint::{Bytes, write_varint, write_zigzag};
use crate::Counts;

/// Bytes that are added at once to the rows after the last block; a row seldom takes more than half of it.
const ROOM: usize = 32;

/// For how long each tier is kept, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Slices of a minute.
    pub(crate) minutes: i64,
    /// Slices of 5 minutes.
    pub(crate) fives: i64,
    /// Slices of an hour.
    pub(crate) hours: i64,
}

/// Slices of one length. Numbers of slices count from the epoch.
#[derive(Clone, Debug, Default)]
pub(super) struct Tier {
    /// The first slice that is kept.
    first: i64,
    /// Where blocks begin in `blocks`.
    offsets: Vec<u32>,
    blocks: Vec<u8>,
    /// Rows of the slices after the last block: fewer than a block's.
    open: Vec<u8>,
    open_count: usize,
    /// The total before the open rows.
    open_total: Counts,
    /// The total of all slices, those that are no longer kept included.
    total: Counts,
}

impl Tier {
    /// Returns the first slice that is kept; `None` when there is none.
    pub(super) fn first(&self) -> Option<i64> {
        (self.len() > 0).then_some(self.first)
    }

    /// Returns the slice after the last one; `None` when there is none.
    pub(super) fn end(&self) -> Option<i64> {
        self.first().map(|first| first + self.len() as i64)
    }

    /// Returns the total of all slices ever added.
    pub(super) fn total(&self) -> Counts {
        self.total
    }

    /// Begins, with nothing kept, at a total that was counted elsewhere.
    pub(super) fn start_at(&mut self, total: Counts) {
        *self = Self {
            open_total: total,
            total,
            ..Self::default()
        };
    }

    /// Adds a slice. `slice` is the one after the last, or any when there is none.
    pub(super) fn push(&mut self, slice: i64, counts: Counts) {
        match self.end() {
            None => self.first = slice,
            Some(end) => debug_assert_eq!(slice, end, "a tier has no gaps"),
        }
        if self.open.capacity() - self.open.len() < ROOM / 2 {
            self.open.reserve_exact(ROOM);
        }
        block::write_row(counts, &mut self.open);
        self.open_count += 1;
        self.total += counts;
        if self.open_count == SLICES {
            self.close_block();
        }
    }

    /// Returns the total of all slices before `slice`; those before the first kept one are always in it.
    pub(super) fn total_before(&self, slice: i64) -> Counts {
        let index = usize::try_from(slice - self.first).unwrap_or(0);
        let (at, within) = (index / SLICES, index % SLICES);
        if let Some(offset) = self.offsets.get(at) {
            let mut bytes = Bytes(&self.blocks[*offset as usize..]);
            return block::total_before(&mut bytes, within)
                .expect("blocks were written here or checked when they were read");
        }
        if index >= self.len() {
            return self.total;
        }
        let mut bytes = Bytes(&self.open);
        (0..within).fold(self.open_total, |total, _| {
            total + block::read_row(&mut bytes).expect("as many rows were written as are counted")
        })
    }

    /// Forgets whole blocks of slices before `slice`.
    pub(super) fn cut(&mut self, slice: i64) {
        let blocks = (slice - self.first) / SLICES as i64;
        let blocks = usize::try_from(blocks).unwrap_or(0).min(self.offsets.len());
        if blocks == 0 {
            return;
        }
        let end = self.offsets.get(blocks).copied();
        let end = end.unwrap_or(self.blocks.len() as u32);
        self.blocks.drain(..end as usize);
        self.offsets.drain(..blocks);
        self.offsets.iter_mut().for_each(|offset| *offset -= end);
        self.first += (blocks * SLICES) as i64;
    }

    /// Returns the bytes that it holds.
    pub(super) fn byte_count(&self) -> usize {
        self.blocks.capacity() + self.open.capacity() + 4 * self.offsets.capacity()
    }

    /// Appends the tier for a snapshot.
    pub(super) fn write(&self, into: &mut Vec<u8>) {
        write_zigzag(into, self.first);
        write_varint(into, self.offsets.len() as u64);
        write_varint(into, self.blocks.len() as u64);
        into.extend_from_slice(&self.blocks);
        write_varint(into, self.open_count as u64);
        write_varint(into, self.open.len() as u64);
        into.extend_from_slice(&self.open);
        block::write_row(self.open_total, into);
    }

    /// Takes a tier that [`write`](Self::write) wrote; `None` when the bytes are none.
    pub(super) fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let first = bytes.zigzag()?;
        // Far beyond any calendar, and near enough to zero that no sum with a length overflows.
        if first.unsigned_abs() > 1 << 48 {
            return None;
        }
        let block_count = bytes.count(8)?;
        let block_bytes = bytes.count(1)?;
        let blocks = bytes.take(block_bytes)?;
        let offsets = block_offsets(blocks, block_count)?;
        let open_count = usize::try_from(bytes.varint()?).ok()?;
        let open_bytes = bytes.count(1)?;
        let open = bytes.take(open_bytes)?;
        let open_total = block::read_row(bytes)?;
        let mut rows = Bytes(open);
        let mut total = open_total;
        for _ in 0..open_count {
            total += block::read_row(&mut rows)?;
        }
        let is_whole = rows.0.is_empty() && open_count < SLICES;
        is_whole.then(|| Self {
            first,
            offsets,
            blocks: blocks.to_vec(),
            open: open.to_vec(),
            open_count,
            open_total,
            total,
        })
    }

    fn len(&self) -> usize {
        self.offsets.len() * SLICES + self.open_count
    }

    fn close_block(&mut self) {
        let mut bytes = Bytes(&self.open);
        let slices = std::array::from_fn(|_| {
            block::read_row(&mut bytes).expect("as many rows were written as are counted")
        });
        let mut block = Vec::new();
        block::write(self.open_total, &slices, &mut block);
        self.offsets.push(self.blocks.len() as u32);
        // Doubling would leave half of the memory of ten thousand ledgers empty, as would what blocks took that were cut; a
        // block comes once in 64 slices.
        self.blocks.reserve_exact(block.len());
        self.blocks.extend_from_slice(&block);
        self.blocks.shrink_to_fit();
        self.offsets.shrink_to_fit();
        self.open = Vec::new();
        self.open_count = 0;
        self.open_total = self.total;
    }
}

/// Finds the beginnings of `count` blocks that fill `blocks`.
fn block_offsets(blocks: &[u8], count: usize) -> Option<Vec<u32>> {
    let mut rest = Bytes(blocks);
    let mut offsets = Vec::with_capacity(count);
    for _ in 0..count {
        offsets.push(u32::try_from(blocks.len() - rest.0.len()).ok()?);
        block::total_before(&mut rest, SLICES)?;
    }
    rest.0.is_empty().then_some(offsets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_counts() -> impl Strategy<Value = Counts> {
        (0..5000_i64, -2..50_i64, 0..3_i64, 0..=6_i64).prop_map(|(good, bad, excluded, covered)| {
            Counts {
                good,
                bad,
                excluded,
                covered,
            }
        })
    }

    proptest! {
        #[test]
        fn totals_are_those_of_the_slices(
            slices in prop::collection::vec(any_counts(), 1..300),
            first in -500..500_i64,
            cut in 0..300_i64,
        ) {
            let mut tier = Tier::default();
            for (index, counts) in slices.iter().enumerate() {
                tier.push(first + index as i64, *counts);
            }
            tier.cut(first + cut);
            let end = first + slices.len() as i64;
            let kept = tier.first().unwrap_or(end);
            prop_assert!(kept <= first + cut || kept == end);
            let mut bytes = Vec::new();
            tier.write(&mut bytes);
            let read = Tier::read(&mut Bytes(&bytes)).unwrap();
            for at in kept..=end {
                let expected: Counts = slices[..(at - first) as usize].iter().copied().sum();
                prop_assert_eq!(tier.total_before(at), expected);
                prop_assert_eq!(read.total_before(at), expected);
            }
            prop_assert_eq!(read.total(), tier.total());
        }
    }
}
