//! What the store of state still has to be told of one group.
//!
//! | the store says | then |
//! |---|---|
//! | it is durable | samples and notices leave |
//! | it cannot be reached, or does not answer in time | they leave all the same, counted as not durable; the changes are tried again with the next slot |
//! | somebody else has the lease | nothing leaves, the group stops |
//!
//! The second line is a choice. What durability protects is a restart: without it an alert that fires may pend anew after
//! one. What waiting would cost is every page for as long as the database is down, and a database that is down is what
//! pages are for. So alerts go on from memory, which stays the truth while the process lives, and at most a restart
//! during the outage forgets what happened in it.
//!
//! Changes wait here by alert, of each the last one, so a long outage takes memory for each alert that changed and not
//! for each change. Many of them go in parts, each a transaction of its own: what a slow store has taken of a hundred
//! thousand alerts stays taken, and the next slot goes on with the rest. Alerts do not depend on each other.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_rules::{AlertChange, AlertRow, GroupKey, RuleId};
use plimsoll_runtime::clock::Clock;
use plimsoll_state::{Change, Error, ErrorKind, Lease, Store};
use plimsoll_types::{Decision, Labels};

use crate::metrics::Metrics;
use crate::rows;

/// How many changes of one group wait while the store is away; the rest is left to the next restart, which evaluates anew
/// what it finds.
const CHANGES_MAX: usize = 100_000;
/// How many decisions of one group wait while the store is away, the newest.
const DECISIONS_MAX: usize = 1_000;
/// How many rows one transaction has: few enough that the slowest store that is of use takes them in a second.
const PART_MAX: usize = 5_000;
/// The longest that a commit is waited for; notices wait as long.
const WAIT_MAX: Duration = Duration::from_secs(5);
const WAIT_MIN: Duration = Duration::from_secs(1);

/// Somebody else evaluates the group; what was to be written is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fenced;

/// What tells alerts of a group apart.
type AlertKey = (RuleId, Labels);

/// The changes of one group on their way into the store.
pub(crate) struct Ledger {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    group: GroupKey,
    changes: BTreeMap<AlertKey, AlertChange>,
    decisions: VecDeque<Decision>,
    /// The last attempt failed.
    is_away: bool,
    /// It failed in the slot that is evaluated now: the slot does not wait again.
    has_failed_now: bool,
    /// How many changes the gauge knows of.
    told: usize,
}

impl Ledger {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        group: GroupKey,
    ) -> Self {
        Self {
            store,
            clock,
            metrics,
            group,
            changes: BTreeMap::new(),
            decisions: VecDeque::new(),
            is_away: false,
            has_failed_now: false,
            told: 0,
        }
    }

    /// Takes what is to be durable.
    pub(crate) fn add(&mut self, changes: Vec<AlertChange>, decisions: Vec<Decision>) {
        for change in changes {
            let key = match &change {
                AlertChange::Upsert(row) => (row.rule.clone(), row.labels.clone()),
                AlertChange::Delete { rule, labels, .. } => (rule.clone(), labels.clone()),
            };
            self.changes.insert(key, change);
        }
        self.decisions.extend(decisions);
    }

    /// Begins a slot: the store may be tried again.
    pub(crate) fn begin(&mut self) {
        self.has_failed_now = false;
    }

    /// Says whether something waits.
    pub(crate) fn has_work(&self) -> bool {
        !self.changes.is_empty() || !self.decisions.is_empty()
    }

    /// Makes everything durable that was added; says whether it is.
    ///
    /// # Errors
    /// [`Fenced`]; what was added is forgotten.
    pub(crate) async fn commit(
        &mut self,
        lease: Option<&Lease>,
        interval: Duration,
    ) -> Result<bool, Fenced> {
        if !self.has_work() {
            return Ok(true);
        }
        if self.has_failed_now {
            self.limit();
            return Ok(false);
        }
        let wait = (interval / 4).clamp(WAIT_MIN, WAIT_MAX);
        let deadline = self.clock.monotonic().after(wait);
        while self.has_work() {
            let part = Part::of(self);
            let committed = tokio::select! {
                committed = self.store.commit(lease, part.rows) => committed,
                () = self.clock.sleep_until(deadline) => {
                    Err(Error::new(ErrorKind::Unavailable, format!("no answer within {wait:?}")))
                }
            };
            match committed {
                Ok(()) => {
                    self.changes = part
                        .next
                        .map_or_else(BTreeMap::new, |next| self.changes.split_off(&next));
                    self.decisions.drain(..part.decisions);
                }
                Err(error) if error.kind() == ErrorKind::Fenced => {
                    self.forget();
                    return Err(Fenced);
                }
                Err(error) => {
                    self.failed(&error);
                    return Ok(false);
                }
            }
        }
        self.tell();
        if std::mem::take(&mut self.is_away) {
            tracing::info!(group = %self.group, "the state of alerts is durable again");
        }
        Ok(true)
    }

    fn failed(&mut self, error: &Error) {
        self.metrics.commit_failures.inc();
        self.has_failed_now = true;
        // Once per outage: every slot of every group would say the same.
        if !std::mem::replace(&mut self.is_away, true) {
            let error = error.chain();
            tracing::error!(group = %self.group, error, "the state of alerts is not durable; alerts are sent all the same");
        }
        self.limit();
    }

    /// Keeps what waits for a store that is away within its bounds.
    fn limit(&mut self) {
        let excess = self.changes.len().saturating_sub(CHANGES_MAX);
        if excess > 0 {
            tracing::error!(group = %self.group, excess, "too many changes of alerts wait for the store, some are left out");
            for _ in 0..excess {
                self.changes.pop_last();
            }
        }
        let excess = self.decisions.len().saturating_sub(DECISIONS_MAX);
        self.decisions.drain(..excess);
        self.tell();
    }

    /// Brings rows that were read from the store to where they would be if it had taken everything.
    pub(crate) fn overlay(&self, rows: Vec<AlertRow>) -> Vec<AlertRow> {
        let is_older = |row: &AlertRow| {
            let key = (row.rule.clone(), row.labels.clone());
            self.changes.contains_key(&key)
        };
        let mut rows: Vec<AlertRow> = rows.into_iter().filter(|row| !is_older(row)).collect();
        rows.extend(self.changes.values().filter_map(|change| match change {
            AlertChange::Upsert(row) => Some(row.clone()),
            AlertChange::Delete { .. } => None,
        }));
        rows
    }

    /// Forgets what waits: it is durable, or somebody else's business now.
    pub(crate) fn forget(&mut self) {
        self.changes.clear();
        self.decisions.clear();
        self.tell();
    }

    fn tell(&mut self) {
        let waiting = self.changes.len();
        self.metrics
            .uncommitted
            .inc_by(waiting as i64 - self.told as i64);
        self.told = waiting;
    }
}

/// What is committed together.
struct Part {
    rows: Vec<Change>,
    /// The first change that is not in it.
    next: Option<AlertKey>,
    /// How many decisions are in it, from the oldest on.
    decisions: usize,
}

impl Part {
    fn of(ledger: &Ledger) -> Self {
        let changes = ledger.changes.values().take(PART_MAX).map(rows::change);
        let mut rows: Vec<Change> = changes.collect();
        let decisions = ledger.decisions.len().min(PART_MAX - rows.len());
        rows.extend(ledger.decisions.iter().take(decisions).map(rows::decision));
        Self {
            rows,
            next: ledger.changes.keys().nth(PART_MAX).cloned(),
            decisions,
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.metrics.uncommitted.dec_by(self.told as i64);
    }
}

#[cfg(test)]
mod tests;
