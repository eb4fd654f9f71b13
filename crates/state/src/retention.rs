//! When decisions are due to be forgotten.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::change::{Action, Change};
use crate::rows::DecisionRow;
use crate::store::Retention;
use crate::table::Row;

/// A name that nobody has leased for this long is forgotten.
const LEASE_AGE_MAX: Duration = Duration::from_hours(30 * 24);

/// Says when the old rows are to be deleted: after each 1 % of what is kept was appended.
#[derive(Debug)]
pub(crate) struct Forgetting {
    retention: Retention,
    appended: AtomicU64,
}

/// What is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Decisions before it.
    pub(crate) decisions_before: Timestamp,
    /// Decisions beyond so many.
    pub(crate) decisions_max: i64,
}

impl Forgetting {
    pub(crate) fn new(retention: Retention) -> Self {
        Self {
            retention,
            // The first commit of a decision cleans up what an earlier start left.
            appended: AtomicU64::new(u64::from(retention.count_max)),
        }
    }

    /// Notes what was committed; returns true when old rows are to be deleted now.
    pub(crate) fn is_due(&self, changes: &[Change]) -> bool {
        let is_decision = |change: &&Change| {
            change.table.name == DecisionRow::TABLE.name && matches!(change.action, Action::Put(_))
        };
        let new = changes.iter().filter(is_decision).count() as u64;
        let every = u64::from(self.retention.count_max / 100).max(1);
        let before = self.appended.fetch_add(new, Ordering::Relaxed);
        let is_due = new > 0 && before + new >= every;
        if is_due {
            self.appended.store(0, Ordering::Relaxed);
        }
        is_due
    }

    /// Returns what is to be deleted at `now`.
    pub(crate) fn bounds(&self, now: Timestamp) -> Bounds {
        Bounds {
            decisions_before: now - self.retention.age_max,
            decisions_max: i64::from(self.retention.count_max),
        }
    }
}

/// Returns the time before which a lease must have ended to be forgotten.
pub(crate) fn leases_before(now: Timestamp) -> Timestamp {
    now - LEASE_AGE_MAX
}
