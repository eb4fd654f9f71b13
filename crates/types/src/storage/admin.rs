//! What a person does to a whole store: delete, clean up, copy; and what the status page shows of it.

use std::time::Duration;

use super::{Cardinality, CardinalityQuery, Matcher, StorageError, StoreStatus, TimeRange};

/// Work on a whole store. Safe to call from many threads; blocks on the disk, so shells call it on a blocking thread.
pub trait StoreAdmin: Send + Sync {
    /// Deletes the samples and exemplars inside `range` of the series that fulfil all matchers of any one of
    /// `selectors`. Without a selector nothing is deleted; a selector without a matcher means every series.
    ///
    /// It deletes what was written before the call and nothing that is written after it returned; the same
    /// (series, time) may be written again at once. When it has returned, the deletion is durable; after an error it
    /// may be in effect or not, but never by halves after a restart, and the call may be repeated.
    ///
    /// # Errors
    /// [`ReadOnly`](super::StorageErrorKind::ReadOnly), [`Overloaded`](super::StorageErrorKind::Overloaded) when too
    /// many deletions wait for [`clean_tombstones`](Self::clean_tombstones), [`Io`](super::StorageErrorKind::Io),
    /// [`Closed`](super::StorageErrorKind::Closed).
    fn delete_series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<(), StorageError>;

    /// Frees the disk space of deleted samples; answers do not change. May take minutes.
    ///
    /// # Errors
    /// [`ReadOnly`](super::StorageErrorKind::ReadOnly) when the disk has no room for the largest part that must be
    /// written again, [`Io`](super::StorageErrorKind::Io), [`Corrupt`](super::StorageErrorKind::Corrupt). What was
    /// cleaned before the error stays clean.
    fn clean_tombstones(&self) -> Result<(), StorageError>;

    /// Makes a copy of the store as it is now and returns its name, `20060102T150405Z-` and 16 hexadecimal digits: the
    /// directory of that name below `snapshots` in the data directory. Immutable files are shared, not copied. With
    /// `skip_head` the copy holds sealed parts only, without the last hours.
    ///
    /// # Errors
    /// [`ReadOnly`](super::StorageErrorKind::ReadOnly) when no space is left, [`Io`](super::StorageErrorKind::Io),
    /// [`Closed`](super::StorageErrorKind::Closed). Nothing is left of an attempt that failed, or what is left is
    /// removed by the next opening.
    fn snapshot(&self, skip_head: bool) -> Result<String, StorageError>;

    /// Seals everything that is in memory into parts, due or not; answers do not change.
    ///
    /// # Errors
    /// [`ReadOnly`](super::StorageErrorKind::ReadOnly) when no space is left, [`Io`](super::StorageErrorKind::Io).
    fn flush(&self) -> Result<(), StorageError>;

    /// Flushes, and merges the parts of each day or longer span that touches `range` into one, due or not; answers do not
    /// change. May take hours for a large store, at full speed.
    ///
    /// # Errors
    /// [`ReadOnly`](super::StorageErrorKind::ReadOnly) when the disk has no room for a second copy of what is merged into
    /// one, [`Io`](super::StorageErrorKind::Io), [`Corrupt`](super::StorageErrorKind::Corrupt). What was merged before the
    /// error stays merged.
    fn merge(&self, range: TimeRange) -> Result<(), StorageError>;

    /// Returns what is in the store; every list of names holds the `limit` highest counts at most.
    ///
    /// # Complexity
    /// Looks at every label pair and every series of the head once: some hundred milliseconds for a million series.
    ///
    /// # Errors
    /// [`Io`](super::StorageErrorKind::Io).
    fn statistics(&self, limit: usize) -> Result<StoreStatistics, StorageError>;

    /// Returns what the store promises and how it is. Cheap: counts parts and windows, and looks at the log's files.
    fn status(&self) -> StoreStatus;

    /// Returns what makes the store large, and which of it nobody asks for.
    ///
    /// # Complexity
    /// As [`statistics`](Self::statistics); with churn it reads the labels of every series of the two windows, which is
    /// some seconds and 24 bytes of memory per series for a while.
    ///
    /// # Errors
    /// [`Io`](super::StorageErrorKind::Io) and [`Corrupt`](super::StorageErrorKind::Corrupt), of parts that churn is
    /// read from.
    fn cardinality(&self, query: &CardinalityQuery) -> Result<Cardinality, StorageError>;
}

/// What is in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStatistics {
    /// What is not in a part yet.
    pub head: HeadStatistics,
    /// Active series by metric name, highest first, then by name; so are the lists below.
    pub series_by_metric: Vec<NamedCount>,
    /// Distinct values of active series by label name.
    pub values_by_label: Vec<NamedCount>,
    /// Bytes of label values by label name, each value counted once per active series.
    pub bytes_by_label: Vec<NamedCount>,
    /// Active series by label pair, named `label=value`.
    pub series_by_pair: Vec<NamedCount>,
    /// The sealed parts, oldest first.
    pub parts: Vec<PartStatistics>,
    /// What the opening read back from the WAL.
    pub replay: ReplayStatistics,
    /// Deletions whose samples still take space in parts.
    pub tombstones: u64,
}

/// A name and how much of it there is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedCount {
    /// The name.
    pub name: String,
    /// How much.
    pub count: u64,
}

/// What the head of a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadStatistics {
    /// Active series.
    pub series: u64,
    /// Distinct label pairs of active series.
    pub label_pairs: u64,
    /// Chunks of samples.
    pub chunks: u64,
    /// Samples.
    pub samples: u64,
    /// From the first to the last sample; `None` when there is none.
    pub range: Option<TimeRange>,
}

/// What a sealed part holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartStatistics {
    /// The name of its directory: 16 hexadecimal digits.
    pub name: String,
    /// From its first to its last sample or exemplar.
    pub range: TimeRange,
    /// Series.
    pub series: u64,
    /// Samples, staleness markers and deleted ones included.
    pub samples: u64,
    /// Exemplars.
    pub exemplars: u64,
    /// Length of its files.
    pub bytes: u64,
}

/// What an opening read back from the WAL. It is over before the store can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayStatistics {
    /// Segments.
    pub segments: u64,
    /// Records.
    pub records: u64,
    /// Samples.
    pub samples: u64,
    /// Damaged places that were passed over or cut off.
    pub damaged: u64,
    /// How long the opening took.
    pub duration: Duration,
}

/// Keeps the `limit` highest counts, in their order; a heap of that size, whatever is pushed.
#[derive(Debug)]
pub struct TopCounts {
    limit: usize,
    kept: std::collections::BinaryHeap<std::cmp::Reverse<(u64, std::cmp::Reverse<String>)>>,
}

impl TopCounts {
    /// Keeps nothing yet.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: std::collections::BinaryHeap::new(),
        }
    }

    /// Takes a count into account; `name` is called only when it is among the highest so far.
    pub fn push(&mut self, count: u64, name: impl FnOnce() -> String) {
        use std::cmp::Reverse;
        let lowest = self.kept.peek().map(|Reverse((count, _))| *count);
        let is_full = self.kept.len() >= self.limit;
        if self.limit == 0 || (is_full && lowest.is_some_and(|lowest| count < lowest)) {
            return;
        }
        self.kept.push(Reverse((count, Reverse(name()))));
        if self.kept.len() > self.limit {
            self.kept.pop();
        }
    }

    /// Returns what was kept, highest first, then by name.
    pub fn into_sorted(self) -> Vec<NamedCount> {
        use std::cmp::Reverse;
        let sorted = self.kept.into_sorted_vec().into_iter();
        sorted
            .map(|Reverse((count, Reverse(name)))| NamedCount { name, count })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keeps_the_highest(counts in prop::collection::vec((0..5u64, "[a-c]{1,2}"), 0..30), limit in 0..6usize) {
            let mut top = TopCounts::new(limit);
            counts.iter().for_each(|(count, name)| top.push(*count, || name.clone()));
            let mut expected = counts;
            expected.sort_by(|(a, x), (b, y)| b.cmp(a).then(x.cmp(y)));
            let expected: Vec<_> = expected.into_iter().take(limit).map(|(count, name)| NamedCount { name, count }).collect();
            prop_assert_eq!(top.into_sorted(), expected);
        }
    }
}
