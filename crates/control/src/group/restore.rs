//! Reading a group back before its first evaluation: its alerts from their rows, the series that it wrote from the store.
//!
//! A store of state that cannot be read at the start is waited for, but not for ever: after [`PATIENCE`] the group is
//! evaluated without its memory, because an alert that pends anew is worse than one that goes on, and better than none.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_rules::{AlertChange, AlertRow, AlertState, GroupEngine};
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_types::{Matcher, Queryable, SampleColumns, StorageError, TimeRange, Timestamp};

use super::{GroupTask, Halt, Held};
use crate::rows;
use crate::settings::Settings;

/// How long a group waits for its rows.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long after a failed attempt the next one is made.
const PAUSE: Duration = Duration::from_secs(1);
/// How long one attempt may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

impl GroupTask {
    /// Makes the engine as it was left, by this process or by another one.
    pub(super) async fn restore(
        &mut self,
        settings: Arc<Settings>,
        stop: &Shutdown,
    ) -> Result<Held, Halt> {
        let context = Arc::clone(&self.context);
        let began = context.clock.monotonic();
        let rows = self.read(stop).await?;
        let (rows, forgotten) = self.without_lost_time(rows);
        let (key, taken) = (self.key.clone(), Arc::clone(&settings));
        let outage = context.outage;
        let asker = context.tools.asking.asker.clone();
        let restored = context.tasks.run_blocking("restore rule group", move || {
            let mut engine = taken.engine(&key);
            let changes = engine.restore(rows);
            let lookback = asker.engine.options().lookback_delta;
            // Data that is half as old as queries see may be too old for them before the next sample comes.
            if outage.lasted > lookback / 2 {
                engine.settle_until(outage.ended + lookback);
            }
            inherit(
                &mut engine,
                asker.storage.as_ref(),
                asker.clock.now(),
                lookback,
            );
            (engine, changes)
        });
        let (engine, changes) = restored.await.map_err(|_| Halt::Broken)?;
        self.ledger.add(forgotten, Vec::new());
        self.ledger.add(changes, Vec::new());
        self.metrics
            .restored(context.clock.monotonic().since(began));
        let held = self.begin(engine, settings, self.since);
        self.show(&held);
        Ok(held)
    }

    async fn read(&mut self, stop: &Shutdown) -> Result<Vec<AlertRow>, Halt> {
        let context = Arc::clone(&self.context);
        let deadline = context.clock.monotonic().after(PATIENCE);
        let mut is_told = false;
        loop {
            let query = plimsoll_state::AlertRow::of_group(&self.key.file, &self.key.name);
            let answered = tokio::select! {
                biased;
                () = stop.wait() => return Err(Halt::Stop),
                _ = self.standing.role.wait_for(|role| role.term() != self.term) => return Err(Halt::Elsewhere),
                rows = context.store.rows(query) => rows.map_err(|error| error.chain()),
                () = context.clock.sleep(ANSWER_MAX) => Err("no answer in time".to_owned()),
            };
            let error = match answered {
                Ok(rows) => return Ok(self.ledger.overlay(self.known(rows))),
                Err(error) => error,
            };
            if !std::mem::replace(&mut is_told, true) {
                tracing::warn!(group = %self.key, error, "the alerts of the group cannot be read back yet");
            }
            if context.clock.monotonic() >= deadline {
                tracing::error!(group = %self.key, "the group begins without its alerts: what pended pends anew");
                return Ok(self.ledger.overlay(Vec::new()));
            }
            tokio::select! {
                () = stop.wait() => return Err(Halt::Stop),
                () = context.clock.sleep(PAUSE) => {}
            }
        }
    }

    fn known(&self, rows: Vec<plimsoll_state::AlertRow>) -> Vec<AlertRow> {
        let read = |row: plimsoll_state::AlertRow| {
            let rule = row.rule.clone();
            let known = rows::from_row(row);
            if known.is_none() {
                tracing::error!(group = %self.key, rule, "an alert of an unknown kind of rule is left out");
            }
            known
        };
        rows.into_iter().filter_map(read).collect()
    }

    /// Lets go of alerts that were pending when an outage began that was longer than is tolerated: nobody saw whether
    /// their condition held, and to count that time would fire them for what may never have been. What began after it
    /// stays: a group is read back later too, when another replica had it or its evaluation broke.
    fn without_lost_time(&self, rows: Vec<AlertRow>) -> (Vec<AlertRow>, Vec<AlertChange>) {
        let outage = self.context.outage;
        if outage.lasted <= outage.tolerance {
            return (rows, Vec::new());
        }
        let is_kept =
            |row: &AlertRow| row.state != AlertState::Pending || row.active_at > outage.ended;
        let (kept, lost): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_kept);
        if !lost.is_empty() {
            let count = lost.len();
            let outage = outage.lasted;
            tracing::warn!(group = %self.key, count, ?outage, "alerts pend anew after an outage");
        }
        let deleted = lost.into_iter().map(|row| AlertChange::Delete {
            group: row.group,
            rule: row.rule,
            labels: row.labels,
        });
        (kept, deleted.collect())
    }
}

/// Tells an engine which series its rules wrote lately, so that those that are gone are ended.
fn inherit(engine: &mut GroupEngine, storage: &dyn Queryable, now: Timestamp, lookback: Duration) {
    let range = TimeRange {
        start: engine.evaluated_at(now) - lookback,
        end: now,
    };
    for matchers in engine.may_have_written() {
        if let Err(error) = inherit_series(engine, storage, &matchers, range) {
            // Without it queries see the last value for the lookback time, as after every restart of Prometheus.
            tracing::warn!(group = %engine.key(), %error, "the series of a rule cannot be looked up");
        }
    }
}

fn inherit_series(
    engine: &mut GroupEngine,
    storage: &dyn Queryable,
    matchers: &[Matcher],
    range: TimeRange,
) -> Result<(), StorageError> {
    let mut selection = storage.select(matchers, range)?;
    let mut columns = SampleColumns::default();
    for (index, labels) in selection.labels.iter().enumerate() {
        selection.source.read(index, &mut columns)?;
        let Some(last) = columns.len().checked_sub(1).map(|last| columns.get(last)) else {
            continue;
        };
        if !last.value.is_stale() {
            engine.inherit(labels, last.timestamp);
        }
    }
    Ok(())
}
