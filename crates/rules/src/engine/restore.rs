//! State that comes from before: from the engine before a reload, from durable rows after a restart.
//!
//! Rules find each other as in Prometheus: by name and labels, and of several with the same ones the first is the first.
//! One thing is better: those whose expression is the same find each other before, so that state does not move to
//! another rule when one of several with the same name goes.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_types::Timestamp;

use super::active::Active;
use super::{Body, GroupEngine};
use crate::key::RuleId;
use crate::outcome::{AlertChange, AlertRow, AlertState};

impl GroupEngine {
    /// Takes over the state of the group before a reload; returns the rows that have another name now or go.
    ///
    /// Alerts and series of rules that are still there go on as if nothing had happened; series of the others are ended
    /// in the next slot.
    pub fn adopt(&mut self, old: Self) -> Vec<AlertChange> {
        self.last_evaluation = old.last_evaluation;
        self.evaluation_time = old.evaluation_time;
        self.missed = old.missed;
        self.settled_at = old.settled_at;
        if self.schedule == old.schedule {
            self.last_slot = old.last_slot;
        }
        self.orphans.extend(old.orphans);
        let ids: Vec<RuleId> = old.rules.iter().map(|rule| rule.id.clone()).collect();
        let pairs = pairs(&self.ids(), &ids);
        let mut changes = Vec::new();
        for (from, mut rule) in old.rules.into_iter().enumerate() {
            let to = pairs[from];
            let alerts = match rule.body {
                Body::Alerting(ref mut alerting) => std::mem::take(&mut alerting.active),
                Body::Recording(_) => Vec::new(),
            };
            let Some(to) = to else {
                self.orphans.extend(rule.written.take());
                changes.extend(self.deletes(&rule.id, &alerts));
                continue;
            };
            let heir = &mut self.rules[to];
            if heir.id.expr_hash == rule.id.expr_hash {
                heir.health = rule.health;
                heir.last_error = rule.last_error;
            }
            heir.last_evaluation = rule.last_evaluation;
            heir.evaluation_time = rule.evaluation_time;
            heir.written = rule.written;
            changes.extend(self.inherit_alerts(to, &rule.id, alerts));
        }
        changes
    }

    /// Takes over the alerts of the process before this one; returns the rows that have another name now or go.
    ///
    /// Every alert that fires, or was resolved lately, is sent again in the next slot: nobody knows what left before.
    pub fn restore(&mut self, rows: Vec<AlertRow>) -> Vec<AlertChange> {
        let mut by_rule: Vec<(RuleId, Vec<AlertRow>)> = Vec::new();
        let mut places: HashMap<RuleId, usize> = HashMap::new();
        for row in rows {
            let place = *places.entry(row.rule.clone()).or_insert_with(|| {
                by_rule.push((row.rule.clone(), Vec::new()));
                by_rule.len() - 1
            });
            by_rule[place].1.push(row);
        }
        // In the order of the old file, as far as it matters.
        by_rule.sort_by_key(|(id, _)| id.ordinal);
        let ids: Vec<RuleId> = by_rule.iter().map(|(id, _)| id.clone()).collect();
        let pairs = pairs(&self.ids(), &ids);
        let mut changes = Vec::new();
        for ((id, rows), to) in by_rule.into_iter().zip(pairs) {
            match to {
                Some(to) => changes.extend(self.restore_rule(to, &id, rows)),
                None => changes.extend(rows.into_iter().map(|row| self.delete(&id, row.labels))),
            }
        }
        changes
    }

    /// Tells that nothing was stored for so long before the start that queries may find nothing until `settled`, though
    /// what they ask for is there: until then an alert of the process before, which was not seen again yet, stays as it
    /// is. What is over all the same is resolved then, as a target that vanished is over only after the lookback.
    pub fn settle_until(&mut self, settled: Timestamp) {
        self.settled_at = Some(settled);
    }

    fn restore_rule(&mut self, to: usize, id: &RuleId, rows: Vec<AlertRow>) -> Vec<AlertChange> {
        let rule = &mut self.rules[to];
        let Body::Alerting(alerting) = &mut rule.body else {
            let labels = rows.into_iter().map(|row| row.labels);
            return labels.map(|labels| self.delete(id, labels)).collect();
        };
        let mut active = Vec::with_capacity(rows.len());
        for row in rows {
            let series = alerting.series_of(&row.labels);
            // What was written for the last state is what has to be ended when that changes.
            if row.state != AlertState::Inactive {
                let state = series.state(row.state).cloned();
                let series = state.into_iter().chain([series.for_state.clone()]);
                series.for_each(|labels| rule.written.inherit(labels));
            }
            active.push(Active::restored(row, series));
        }
        self.inherit_alerts(to, id, active)
    }

    /// Gives alerts to a rule; returns the rows that are named otherwise now.
    fn inherit_alerts(
        &mut self,
        to: usize,
        from: &RuleId,
        active: Vec<Active>,
    ) -> Vec<AlertChange> {
        let rule = &mut self.rules[to];
        let Body::Alerting(alerting) = &mut rule.body else {
            return self.deletes(from, &active);
        };
        alerting.adopt(active);
        if rule.id == *from {
            return Vec::new();
        }
        let stored = alerting.active.iter().filter(|active| active.is_stored);
        let upserts: Vec<AlertChange> = stored
            .map(|active| AlertChange::Upsert(active.row(&self.key, &rule.id)))
            .collect();
        let mut changes = match &self.rules[to].body {
            Body::Alerting(alerting) => self.deletes(from, &alerting.active),
            Body::Recording(_) => Vec::new(),
        };
        changes.extend(upserts);
        changes
    }

    fn deletes(&self, rule: &RuleId, active: &[Active]) -> Vec<AlertChange> {
        let stored = active.iter().filter(|active| active.is_stored);
        stored
            .map(|active| self.delete(rule, active.labels.clone()))
            .collect()
    }

    fn delete(&self, rule: &RuleId, labels: plimsoll_types::Labels) -> AlertChange {
        AlertChange::Delete {
            group: self.key.clone(),
            rule: rule.clone(),
            labels,
        }
    }

    fn ids(&self) -> Vec<RuleId> {
        self.rules.iter().map(|rule| rule.id.clone()).collect()
    }
}

/// Finds for each of the old rules the new one that goes on with its state.
fn pairs(new: &[RuleId], old: &[RuleId]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; old.len()];
    let mut is_taken = vec![false; new.len()];
    type Likeness = fn(&RuleId) -> (Arc<str>, u64, u64, u32);
    let likenesses: [Likeness; 3] = [
        |id| (id.name.clone(), id.labels_hash, id.expr_hash, id.ordinal),
        |id| (id.name.clone(), id.labels_hash, id.expr_hash, 0),
        |id| (id.name.clone(), id.labels_hash, 0, 0),
    ];
    for likeness in likenesses {
        let mut free: HashMap<_, Vec<usize>> = HashMap::new();
        for at in (0..new.len()).rev().filter(|at| !is_taken[*at]) {
            free.entry(likeness(&new[at])).or_default().push(at);
        }
        for (at, id) in old.iter().enumerate() {
            if pairs[at].is_some() {
                continue;
            }
            let found = free.get_mut(&likeness(id)).and_then(Vec::pop);
            if let Some(found) = found {
                pairs[at] = Some(found);
                is_taken[found] = true;
            }
        }
    }
    pairs
}
