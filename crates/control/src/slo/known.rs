//! What the store of state has of objectives, as far as this process knows: read at the start, kept up from then on.
//!
//! The engine can be made anew from it at any time, also while the store is away. Corrections that another replica took
//! are read again now and then.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_slo::Correction;
use plimsoll_slo::engine::{BudgetKey, BudgetRow, Engine, Forgotten};
use plimsoll_state::rows::slo as table;
use plimsoll_state::{Error, ErrorKind, Row, Rows, Store};
use plimsoll_types::Timestamp;
use tokio::sync::watch;

use super::{Inner, rows};

/// The longest that the store is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// When it is asked again that did not answer.
const RETRY: Duration = Duration::from_secs(5);
/// How often corrections are read again that other replicas may have taken.
const AGAIN: Duration = Duration::from_secs(30);

/// What is known.
#[derive(Default)]
pub(super) struct Known {
    state: Mutex<State>,
    is_read: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    budgets: HashMap<BudgetKey, BudgetRow>,
    /// By SLO; those of files are not among them.
    corrections: BTreeMap<Arc<str>, Vec<Correction>>,
    /// How often they were changed here: what was read before a change is not newer than it.
    changes: u64,
    /// When each SLO first began to count.
    begins: BTreeMap<String, Timestamp>,
}

/// What was read.
struct Stored {
    budgets: Vec<BudgetRow>,
    corrections: BTreeMap<Arc<str>, Vec<Correction>>,
    begins: BTreeMap<String, Timestamp>,
}

impl Known {
    /// Says whether the store has been read.
    pub(super) fn is_read(&self) -> bool {
        *self.is_read.borrow()
    }

    /// Waits until the store has been read, but no longer than `most`.
    pub(super) async fn wait(&self, inner: &Inner, most: Duration) {
        let mut is_read = self.is_read.subscribe();
        tokio::select! {
            // It ends early only when nobody reads any more, and then there is nothing to wait for.
            _ = is_read.wait_for(|is_read| *is_read) => {}
            () = inner.clock.sleep(most) => {}
        }
    }

    /// Notes what became of budgets.
    pub(super) fn note(&self, rows: &[BudgetRow]) {
        let mut state = self.lock();
        for row in rows {
            state.budgets.insert(row.key.clone(), row.clone());
        }
    }

    /// Forgets what is gone for good; returns the budgets that had rows.
    pub(super) fn forget(&self, forgotten: &Forgotten) -> Vec<BudgetKey> {
        let mut state = self.lock();
        let keys: Vec<BudgetKey> = match forgotten {
            Forgotten::Budget(key) => vec![key.clone()],
            Forgotten::Slo(slo) => {
                state.corrections.remove(slo);
                state.begins.remove(&**slo);
                let keys = state.budgets.keys();
                keys.filter(|key| key.slo == *slo).cloned().collect()
            }
        };
        for key in &keys {
            state.budgets.remove(key);
        }
        keys
    }

    /// Returns what is known of all budgets.
    pub(super) fn budgets(&self) -> Vec<BudgetRow> {
        self.lock().budgets.values().cloned().collect()
    }

    /// Returns when the first of the SLOs that are in force began to count.
    pub(super) fn begin(&self, slos: &[Arc<plimsoll_slo::Slo>]) -> Option<Timestamp> {
        let state = self.lock();
        let begins = slos.iter().filter_map(|slo| state.begins.get(&*slo.id));
        begins.min().copied()
    }

    /// Adds or changes a correction that is durable, and puts those of its SLO in force.
    pub(super) fn correct(&self, engine: &mut Engine, slo: &str, correction: Correction) {
        let mut state = self.lock();
        state.changes += 1;
        let all = state.corrections.entry(slo.into()).or_default();
        all.retain(|one| one.id != correction.id);
        all.push(correction);
        put_in_force(engine, slo, all.clone());
    }

    /// Puts all corrections in force.
    pub(super) fn put_in_force(&self, engine: &mut Engine) {
        for (slo, corrections) in &self.lock().corrections {
            put_in_force(engine, slo, corrections.clone());
        }
    }

    /// Takes what was read. What this process has judged itself meanwhile is newer.
    fn take(&self, stored: Stored, changes: u64) {
        let mut state = self.lock();
        for row in stored.budgets {
            state.budgets.entry(row.key.clone()).or_insert(row);
        }
        if state.changes == changes {
            state.corrections = stored.corrections;
        }
        state.begins.extend(stored.begins);
        drop(state);
        self.is_read.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put_in_force(engine: &mut Engine, slo: &str, corrections: Vec<Correction>) {
    if let Err(error) = engine.set_corrections(slo, corrections) {
        tracing::error!(slo, %error, "corrections of the store of state are not in force");
    }
}

/// Reads until it has been read; where replicas share the store, corrections again and again.
pub(super) async fn keep_reading(inner: Arc<Inner>, stop: Shutdown) {
    while !stop.is_triggered() {
        let pause = match read(&inner).await {
            Ok(()) if inner.options.silence_max.is_none() => return,
            Ok(()) => AGAIN,
            Err(error) => {
                let error = error.chain();
                tracing::warn!(
                    error,
                    "the state of objectives was not read; corrections may be missing"
                );
                RETRY
            }
        };
        tokio::select! {
            () = inner.clock.sleep(pause) => {}
            () = stop.wait() => {}
        }
    }
}

async fn read(inner: &Inner) -> Result<(), Error> {
    let changes = inner.known.lock().changes;
    let stored = tokio::select! {
        stored = stored(inner.store.as_ref()) => stored?,
        () = inner.clock.sleep(ANSWER_MAX) => {
            let message = format!("no answer within {ANSWER_MAX:?}");
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
    };
    inner.known.take(stored, changes);
    inner.known.put_in_force(&mut inner.engine_mut());
    Ok(())
}

async fn stored(store: &dyn Store) -> Result<Stored, Error> {
    let states = all::<table::BudgetRow>(store).await?;
    let alerts = all::<table::AlertRow>(store).await?;
    let (budgets, damaged) = rows::to_budgets(states, alerts);
    for damaged in damaged {
        tracing::error!(
            damaged,
            "a row of the state of objectives makes no sense and is left out"
        );
    }
    let mut begins = BTreeMap::new();
    for version in all::<table::VersionRow>(store).await? {
        let begin = begins.entry(version.slo).or_insert(version.effective_at);
        *begin = version.effective_at.min(*begin);
    }
    let mut corrections: BTreeMap<Arc<str>, Vec<Correction>> = BTreeMap::new();
    for row in all::<table::CorrectionRow>(store).await? {
        match rows::to_correction(row) {
            Ok((slo, correction)) => corrections.entry(slo).or_default().push(correction),
            Err(damaged) => {
                tracing::error!(damaged, "a correction makes no sense and is left out");
            }
        }
    }
    Ok(Stored {
        budgets,
        corrections,
        begins,
    })
}

async fn all<R: Row>(store: &dyn Store) -> Result<Vec<R>, Error> {
    store.rows(Rows::<R>::all()).await
}
