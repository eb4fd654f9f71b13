//! What the store of state still has to be told of objectives.
//!
//! It is the choice of rules (see `ledger`): what was decided is durable before it leaves, and when the store is away it
//! leaves all the same. Budgets and burn rates are counted from samples, which are not in that store at all; what an
//! outage costs is that a restart during it may tell an alert anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_state::{Cell, Change, Error, ErrorKind, Lease, Store};

use super::metrics::Metrics;

/// How many rows wait while the store is away: of each budget its state and its alert.
const ROWS_MAX: usize = 200_000;
/// How many decisions and events wait while the store is away, the newest.
const NOTES_MAX: usize = 20_000;
/// How many rows one transaction has.
const PART_MAX: usize = 5_000;
/// The longest that the rows of one tick are waited for; alerts wait as long.
const WAIT_MAX: Duration = Duration::from_secs(4);

/// Another replica leads; what was to be written is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fenced;

/// A row: its table and key.
type Key = (&'static str, Vec<Cell>);

/// What is on its way into the store.
pub(super) struct Journal {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    rows: BTreeMap<Key, Change>,
    /// Rows that are only added.
    notes: VecDeque<Change>,
    is_away: bool,
}

impl Journal {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        Self {
            store,
            clock,
            metrics,
            rows: BTreeMap::new(),
            notes: VecDeque::new(),
            is_away: false,
        }
    }

    /// Takes changes of rows; of one row the last one counts.
    pub(super) fn add(&mut self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            match change.row() {
                Some((table, key)) => {
                    let key = (table, key.to_vec());
                    self.rows.insert(key, change);
                }
                None => debug_assert!(false, "objectives change single rows only"),
            }
        }
    }

    /// Takes rows that are only added.
    pub(super) fn note(&mut self, notes: impl IntoIterator<Item = Change>) {
        self.notes.extend(notes);
    }

    /// Makes everything durable that was added; says whether it is.
    ///
    /// # Errors
    /// [`Fenced`]; what was added is forgotten.
    pub(super) async fn commit(&mut self, lease: Option<&Lease>) -> Result<bool, Fenced> {
        let deadline = self.clock.monotonic().after(WAIT_MAX);
        while self.len() > 0 {
            let (changes, rows, notes) = self.part();
            let committed = tokio::select! {
                committed = self.store.commit(lease, changes) => committed,
                () = self.clock.sleep_until(deadline) => {
                    Err(Error::new(ErrorKind::Unavailable, format!("no answer within {WAIT_MAX:?}")))
                }
            };
            match committed {
                Ok(()) => {
                    for key in rows {
                        self.rows.remove(&key);
                    }
                    self.notes.drain(..notes);
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
            tracing::info!("the state of objectives is durable again");
        }
        Ok(true)
    }

    /// Returns the first changes that wait, the keys of those that are rows, and how many are notes.
    fn part(&self) -> (Vec<Change>, Vec<Key>, usize) {
        let (keys, mut changes): (Vec<Key>, Vec<Change>) = self
            .rows
            .iter()
            .take(PART_MAX)
            .map(|(key, change)| (key.clone(), change.clone()))
            .unzip();
        let notes = self.notes.len().min(PART_MAX - changes.len());
        changes.extend(self.notes.iter().take(notes).cloned());
        (changes, keys, notes)
    }

    fn failed(&mut self, error: &Error) {
        self.metrics.commit_failures.inc();
        if !std::mem::replace(&mut self.is_away, true) {
            let error = error.chain();
            tracing::error!(
                error,
                "the state of objectives is not durable; alerts are sent all the same"
            );
        }
        let excess = self.rows.len().saturating_sub(ROWS_MAX);
        for _ in 0..excess {
            self.rows.pop_last();
        }
        let excess_notes = self.notes.len().saturating_sub(NOTES_MAX);
        self.notes.drain(..excess_notes);
        if excess > 0 {
            tracing::error!(
                excess,
                "too many rows of objectives wait for the store, some are left out"
            );
        }
        self.tell();
    }

    /// Forgets what waits: it is another replica's business.
    pub(super) fn forget(&mut self) {
        self.rows.clear();
        self.notes.clear();
        self.tell();
    }

    fn len(&self) -> usize {
        self.rows.len() + self.notes.len()
    }

    fn tell(&self) {
        self.metrics.uncommitted.set(self.len() as i64);
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::metrics::Registry;
    use plimsoll_state::rows::slo::{Budget, BudgetRow, EventRow};
    use plimsoll_state::{Fault, MemoryStore, Retention, Rows};
    use plimsoll_testkit::FakeClock;
    use plimsoll_types::{Labels, Timestamp};

    use super::*;

    fn budget(slo: &str) -> Budget {
        Budget {
            slo: slo.into(),
            objective: String::new(),
            labels: Labels::empty(),
        }
    }

    fn state(slo: &str, state: &str) -> Change {
        Change::put(&BudgetRow {
            budget: budget(slo),
            state: state.into(),
            since: Timestamp::EPOCH,
            body: "{}".into(),
        })
    }

    fn event(clock: &FakeClock, after: &str) -> Change {
        Change::put(&EventRow {
            happened_at: clock.now(),
            budget: budget("a/b"),
            kind: "budget.state".into(),
            before: String::new(),
            after: after.into(),
            detail: String::new(),
        })
    }

    #[tokio::test]
    async fn what_the_store_did_not_take_is_written_later_and_once() {
        let clock = FakeClock::new(Timestamp::EPOCH);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = MemoryStore::new(Arc::clone(&shared), Retention::default());
        let metrics = Metrics::new(&Registry::new());
        let mut journal = Journal::new(Arc::new(store.clone()), shared, metrics.clone());
        store.inject(Fault::Fails(ErrorKind::Unavailable));
        journal.add([state("a/b", "healthy"), state("c/d", "healthy")]);
        journal.note([event(&clock, "healthy")]);
        assert_eq!(journal.commit(None).await, Ok(false));
        assert_eq!(metrics.uncommitted.get(), 3);
        journal.add([state("a/b", "caution")]);
        // Whether a commit was carried out is not always known: it is repeated.
        store.inject(Fault::AnswerLost);
        assert_eq!(journal.commit(None).await, Ok(false));
        assert_eq!(journal.commit(None).await, Ok(true));
        assert_eq!(metrics.uncommitted.get(), 0);
        let store: &dyn Store = &store;
        let rows = store.rows(Rows::<BudgetRow>::all()).await.unwrap();
        let mut states: Vec<_> = rows.iter().map(|row| row.state.as_str()).collect();
        states.sort_unstable();
        assert_eq!(states, ["caution", "healthy"]);
        let events = store.rows(Rows::<EventRow>::all()).await.unwrap();
        assert_eq!(events.len(), 1);
    }
}
