//! What may be asked about the active series of a store, for those who decide whether one more may become active.

use crate::{Labels, SeriesRef};

/// The active series: those with samples that are in memory. Every answer comes from the store's index, so it is right
/// after a restart as well. Safe to call from many threads.
pub trait ActiveSeries: Send + Sync {
    /// Returns the ref of the series with these labels when it is active; makes none.
    fn find(&self, labels: &Labels) -> Option<SeriesRef>;

    /// Returns the number of active series.
    fn count(&self) -> u64;

    /// Returns the number of active series with this label pair.
    fn count_with(&self, name: &str, value: &str) -> u64;

    /// Calls `visit` with the labels of the active series that have this label pair, in any order; of those that come or
    /// go meanwhile with some.
    ///
    /// # Complexity
    /// No lock is held while `visit` runs, and none for more than some thousand series.
    fn visit_with(&self, name: &str, value: &str, visit: &mut dyn FnMut(&Labels));

    /// Returns a number that grows when series cease to be active, and only then.
    fn removals(&self) -> u64;
}
