//! The undisturbed run: the same engines without a runner, a store of state, or a death.
//!
//! It is told which slots the disturbed run did not evaluate because it was dead, and leaves out the same. Of a slot
//! during which the other died it takes the batches that had an effect: those whose rows are durable or of which a sample
//! was stored. Rows are compared after every death, so a commit that was half carried out, or undone, is found there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::ensure;
use plimsoll_promql::{Control, Engine, Value};
use plimsoll_rules::{
    AlertChange, AlertRow, Ask, AskNothing, Element, Globals, Group, GroupEngine, GroupKey, Kind,
    NOT_A_VECTOR, Outcome,
};
use plimsoll_testkit::MemoryStore;
use plimsoll_types::{Alert, Appender, Durability, Labels, Sample, Timestamp, WriteBatch};

use super::life::Notice;

/// What must be the same of a row after a restart. When it was sent last may differ: a restart sends again. So may its
/// value: it is made durable with a change of the state only, and what is kept firing has none that would renew it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    pub(super) state: &'static str,
    pub(super) active_at: Timestamp,
    pub(super) fired_at: Option<Timestamp>,
    pub(super) resolved_at: Option<Timestamp>,
    pub(super) keep_firing_since: Option<Timestamp>,
}

/// Rows by group, rule and labels.
pub(super) type Rows = BTreeMap<(String, String, Labels), Facts>;

/// Samples by time and series, as they were stored.
pub(super) type Stored = BTreeSet<(i64, String)>;

/// The world without disturbance.
pub(super) struct Reference {
    pub(super) samples: MemoryStore,
    pub(super) rows: Rows,
    pub(super) notices: Vec<Notice>,
    engine: Engine,
}

/// How much of a slot took place.
pub(super) enum Extent<'a> {
    All,
    /// The other died in it, and left these.
    Torn {
        rows: &'a Rows,
        stored: &'a Stored,
    },
}

impl Reference {
    pub(super) fn new(samples: MemoryStore, engine: Engine) -> Self {
        Self {
            samples,
            rows: Rows::new(),
            notices: Vec::new(),
            engine,
        }
    }

    /// Makes the engine of a group.
    pub(super) fn group(key: GroupKey, definition: Arc<Group>) -> GroupEngine {
        GroupEngine::new(key, definition, &Globals::default())
    }

    /// Gives a group another definition.
    pub(super) fn adopt(&mut self, old: GroupEngine, definition: Arc<Group>) -> GroupEngine {
        let mut engine = Self::group(old.key().clone(), definition);
        let changes = engine.adopt(old);
        self.change(changes);
        engine
    }

    /// Evaluates a slot.
    pub(super) fn slot(
        &mut self,
        engine: &mut GroupEngine,
        slot: Timestamp,
        extent: &Extent<'_>,
    ) -> anyhow::Result<()> {
        for batch in engine.batches().to_vec() {
            if let Extent::Torn { rows, stored } = extent
                && !self.had_effect(engine, slot, &batch, rows, stored)
            {
                break;
            }
            self.batch(engine, slot, &batch, extent)?;
        }
        match extent {
            Extent::All => {
                let markers = engine.finish(slot);
                self.append(&markers)
            }
            Extent::Torn { rows, .. } => {
                let (ours, theirs) = (of_group(&self.rows, engine), of_group(rows, engine));
                ensure!(
                    ours == theirs,
                    "after a death in the slot {slot} the rows are of no moment of it:\nwanted {ours:#?}\nfound {theirs:#?}"
                );
                Ok(())
            }
        }
    }

    /// Says whether a batch, or one after it, did something before the death.
    fn had_effect(
        &self,
        engine: &GroupEngine,
        slot: Timestamp,
        batch: &[usize],
        rows: &Rows,
        stored: &Stored,
    ) -> bool {
        let at = engine.evaluated_at(slot).millis();
        let later = engine
            .batches()
            .iter()
            .skip_while(|known| *known != batch)
            .flatten();
        let names: Vec<String> = later.map(|rule| written_name(engine, *rule)).collect();
        let was_stored = |name: &String| {
            stored
                .iter()
                .any(|(time, series)| *time == at && series.contains(name.as_str()))
        };
        names.iter().any(was_stored) || of_group(&self.rows, engine) != of_group(rows, engine)
    }

    fn batch(
        &mut self,
        engine: &mut GroupEngine,
        slot: Timestamp,
        batch: &[usize],
        extent: &Extent<'_>,
    ) -> anyhow::Result<()> {
        let at = engine.evaluated_at(slot);
        let ask: Arc<dyn Ask> = Arc::new(AskNothing);
        let asked: Vec<_> = batch
            .iter()
            .map(|rule| self.ask(engine, *rule, at))
            .collect();
        let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
        for (rule, result) in batch.iter().zip(asked) {
            outcomes.push((*rule, engine.step(*rule, slot, result, &ask)));
        }
        for (rule, outcome) in outcomes {
            self.change(outcome.changes);
            let notices = outcome.notices.into_iter();
            self.notices
                .extend(notices.map(|alert| Notice { at: slot, alert }));
            let is_stored = |(labels, sample): &(Labels, Sample)| match extent {
                Extent::All => true,
                Extent::Torn { stored, .. } => {
                    stored.contains(&(sample.timestamp.millis(), labels.to_string()))
                }
            };
            let (kept, lost): (Vec<_>, Vec<_>) = outcome.samples.into_iter().partition(is_stored);
            self.append(&kept)?;
            if !lost.is_empty() {
                engine.append_failed(rule, "the process died", &lost);
            }
        }
        Ok(())
    }

    fn ask(
        &self,
        engine: &GroupEngine,
        rule: usize,
        at: Timestamp,
    ) -> Result<Vec<Element>, String> {
        let control = Control::unlimited();
        let result = self
            .engine
            .instant(&self.samples, engine.query(rule), at, &control);
        match result.map_err(|error| error.to_string())?.value {
            Value::Vector(samples) => Ok(samples
                .into_iter()
                .map(|sample| Element {
                    labels: sample.labels,
                    value: sample.value,
                })
                .collect()),
            Value::Scalar(value) => Ok(vec![Element::scalar(value)]),
            Value::String(_) | Value::Matrix(_) => Err(NOT_A_VECTOR.into()),
        }
    }

    fn change(&mut self, changes: Vec<AlertChange>) {
        for change in changes {
            match change {
                AlertChange::Upsert(row) => {
                    let key = (
                        row.group.name.to_string(),
                        rule_text(&row.rule),
                        row.labels.clone(),
                    );
                    self.rows.insert(key, facts(&row));
                }
                AlertChange::Delete {
                    group,
                    rule,
                    labels,
                } => {
                    self.rows
                        .remove(&(group.name.to_string(), rule_text(&rule), labels));
                }
            }
        }
    }

    fn append(&self, samples: &[(Labels, Sample)]) -> anyhow::Result<()> {
        append(&self.samples, samples)
    }
}

/// Stores samples.
pub(super) fn append(store: &MemoryStore, samples: &[(Labels, Sample)]) -> anyhow::Result<()> {
    let mut batch = WriteBatch::default();
    for (labels, sample) in samples {
        batch.samples.push((store.resolve(labels)?, sample.clone()));
    }
    let appended = store.append(&batch, Durability::Periodic)?;
    ensure!(appended.rejected.is_empty(), "{:?}", appended.rejected);
    Ok(())
}

/// Returns the rows of a group's rules. Those of a rule that a reload removed go with the next commit, whenever that is.
pub(super) fn of_group(rows: &Rows, engine: &GroupEngine) -> Rows {
    let rules = 0..engine.definition().rules.len();
    let rules: BTreeSet<String> = rules.map(|rule| rule_text(engine.rule_id(rule))).collect();
    let is_own = |(group, rule, _): &(String, String, Labels)| {
        **group == *engine.key().name && rules.contains(rule)
    };
    let own = rows.iter().filter(|(key, _)| is_own(key));
    own.map(|(key, facts)| (key.clone(), facts.clone()))
        .collect()
}

fn facts(row: &AlertRow) -> Facts {
    Facts {
        state: row.state.as_str(),
        active_at: row.active_at,
        fired_at: row.fired_at,
        resolved_at: row.resolved_at,
        keep_firing_since: row.keep_firing_since,
    }
}

/// Writes a rule as the rows of the store of state name it.
fn rule_text(rule: &plimsoll_rules::RuleId) -> String {
    format!(
        "{:016x}-{:016x}-{}-{}",
        rule.labels_hash, rule.expr_hash, rule.ordinal, rule.name
    )
}

/// Returns what is in the name or the labels of every series that a rule writes.
fn written_name(engine: &GroupEngine, rule: usize) -> String {
    match &engine.definition().rules[rule].kind {
        Kind::Record { name } => name.clone(),
        Kind::Alert { name, .. } => format!("alertname=\"{name}\""),
    }
}

/// What was told, as a set: how often does not matter.
pub(super) fn firing(notices: &[Notice]) -> BTreeSet<(String, Timestamp)> {
    let firing = notices
        .iter()
        .filter(|notice| !notice.alert.is_resolved_at(notice.at));
    firing.map(|notice| identity(&notice.alert)).collect()
}

/// What was told to be over, with its end.
pub(super) fn resolved(notices: &[Notice]) -> BTreeMap<(String, Timestamp), Option<Timestamp>> {
    let resolved = notices
        .iter()
        .filter(|notice| notice.alert.is_resolved_at(notice.at));
    resolved
        .map(|notice| (identity(&notice.alert), notice.alert.ends_at))
        .collect()
}

/// What tells a firing from others: the alert and when it began.
pub(super) fn identity(alert: &Alert) -> (String, Timestamp) {
    (alert.labels.to_string(), alert.starts_at)
}
