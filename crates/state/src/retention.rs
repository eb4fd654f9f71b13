//! When rows of tables that are only added to are due to be forgotten: decisions, what became of notices, and
//! what happened to budgets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::change::{Action, Change};
use crate::rows::DecisionRow;
use crate::rows::alerting::HistoryRow;
use crate::rows::slo::EventRow;
use crate::sql;
use crate::store::Retention;
use crate::table::{Row, Table};

/// A name that nobody has leased for this long is forgotten.
const LEASE_AGE_MAX: Duration = Duration::from_hours(30 * 24);

/// The tables that are only added to; their keys begin with a time. In the order of [`sql::FORGET`].
pub(crate) const APPENDED: [&Table; 3] = [DecisionRow::TABLE, HistoryRow::TABLE, EventRow::TABLE];

/// Says when the old rows are to be deleted: after each 1 % of what is kept was appended.
#[derive(Debug)]
pub(crate) struct Forgetting {
    retention: Retention,
    appended: AtomicU64,
}

/// What is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Rows before it.
    pub(crate) before: Timestamp,
    /// Rows beyond so many, of each table.
    pub(crate) count_max: i64,
}

impl Bounds {
    /// Returns the statements that carry it out, each with its one number.
    pub(crate) fn statements(self) -> impl Iterator<Item = (&'static str, i64)> {
        let numbers = (self.before.millis(), self.count_max);
        sql::FORGET
            .into_iter()
            .flat_map(move |(old, surplus)| [(old, numbers.0), (surplus, numbers.1)])
    }
}

impl Forgetting {
    pub(crate) fn new(retention: Retention) -> Self {
        Self {
            retention,
            // The first commit of such a row cleans up what an earlier start left.
            appended: AtomicU64::new(u64::from(retention.count_max)),
        }
    }

    /// Notes what was committed; returns true when old rows are to be deleted now.
    pub(crate) fn is_due(&self, changes: &[Change]) -> bool {
        let is_appended = |change: &&Change| {
            let is_put = matches!(change.action, Action::Put(_));
            is_put && APPENDED.iter().any(|table| table.name == change.table.name)
        };
        let new = changes.iter().filter(is_appended).count() as u64;
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
            before: now - self.retention.age_max,
            count_max: i64::from(self.retention.count_max),
        }
    }
}

/// Returns the time before which a lease must have ended to be forgotten.
pub(crate) fn leases_before(now: Timestamp) -> Timestamp {
    now - LEASE_AGE_MAX
}
