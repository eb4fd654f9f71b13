//! The newest slices, which late samples still change.

use std::collections::VecDeque;

use crate::Counts;

/// One slice of 10 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) good: i64,
    pub(super) bad: i64,
    pub(super) excluded: i64,
    /// How many series (or answers) measured it: coverage that can be taken back.
    pub(super) measured_by: i64,
}

impl Slice {
    pub(super) const fn counts(&self) -> Counts {
        Counts {
            good: self.good,
            bad: self.bad,
            excluded: self.excluded,
            covered: (self.measured_by > 0) as i64,
        }
    }
}

/// Consecutive slices from a first one on; beyond the last all are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Fine {
    slices: VecDeque<Slice>,
}

impl Fine {
    /// Returns the slice with this index for a change.
    pub(super) fn at(&mut self, index: usize) -> &mut Slice {
        if index >= self.slices.len() {
            // In small steps, because every stream has one of these.
            if index >= self.slices.capacity() {
                self.slices.reserve_exact(index + 8 - self.slices.len());
            }
            self.slices.resize(index + 1, Slice::default());
        }
        &mut self.slices[index]
    }

    /// Returns the total of the first `count` slices.
    pub(super) fn total(&self, count: usize) -> Counts {
        self.slices.iter().take(count).map(Slice::counts).sum()
    }

    /// Removes the first `count` slices and returns their total.
    pub(super) fn take(&mut self, count: usize) -> Counts {
        let count = count.min(self.slices.len());
        self.slices.drain(..count).map(|slice| slice.counts()).sum()
    }

    /// Returns the index of the first slice with something in it.
    pub(super) fn first(&self) -> Option<usize> {
        self.slices
            .iter()
            .position(|slice| *slice != Slice::default())
    }

    /// Walks the slices.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Slice> {
        self.slices.iter()
    }

    pub(super) fn byte_count(&self) -> usize {
        self.slices.capacity() * size_of::<Slice>()
    }
}
