//! What judgement asks of the ledger, and nothing more: so budgets, burn rates and replays work on the live ledger, on
//! recomputed samples and on a test's few numbers alike.

use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::Counts;

/// The counts of one budget over time.
pub trait History {
    /// Returns the counts of `[from, to)`. Both edges move down to the edge of a slice; slices are coarser the older they
    /// are (see the ledger).
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts;

    /// Returns the begin of the first slice with something in it; `None` when there is none.
    fn since(&self) -> Option<Timestamp>;

    /// Calls `visit` for slices of `length` that begin inside `[from, to)`, ascending, empty ones included; `length` is a
    /// multiple of the base slice, and slices begin at multiples of `length` since the epoch.
    fn walk(
        &self,
        from: Timestamp,
        to: Timestamp,
        length: Duration,
        visit: &mut dyn FnMut(Timestamp, Counts),
    );
}
