//! Series that nobody writes any more: of rules and groups that are gone, and of a process before this one.
//!
//! Prometheus ends series of a rule that a reload removed, but forgets after a restart which series its rules wrote. Here
//! the store is asked: what a rule may have written has its name and labels, and a last sample at a slot of the group,
//! to the millisecond, which tells it from series of the same name that come from elsewhere. One that a single recording
//! rule can have written is that rule's again; any other is ended once the rules that may write it were evaluated well and
//! did not.

use plimsoll_types::{ALERT_NAME, Labels, METRIC_NAME, Matcher, Timestamp};

use super::{ALERTS, ALERTS_FOR_STATE, Body, GroupEngine, RuleEngine};
use crate::outcome::{AlertChange, Ending};
use crate::view::Health;

use super::written::marker;

impl GroupEngine {
    /// Returns what to ask the store for after a restart, each in its own question: the series that rules of the group
    /// may have written. Those with a sample in the last few minutes (the lookback of queries) that is no marker go to
    /// [`inherit`](Self::inherit).
    pub fn may_have_written(&self) -> Vec<Vec<Matcher>> {
        let mut questions: Vec<Vec<Matcher>> = Vec::new();
        let mut names: Vec<(&str, bool)> = self
            .rules
            .iter()
            .map(|rule| (&*rule.id.name, matches!(rule.body, Body::Alerting(_))))
            .collect();
        names.sort_unstable();
        names.dedup();
        for (name, is_alert) in names {
            match is_alert {
                false => questions.push(vec![Matcher::equal(METRIC_NAME, name)]),
                true => questions.extend([ALERTS, ALERTS_FOR_STATE].map(|metric| {
                    vec![
                        Matcher::equal(METRIC_NAME, metric),
                        Matcher::equal(ALERT_NAME, name),
                    ]
                })),
            }
        }
        questions
    }

    /// Takes a series from before a restart with the time of its last sample; says whether it is one of this group.
    pub fn inherit(&mut self, labels: &Labels, last: Timestamp) -> bool {
        let slot = last + self.query_offset;
        let is_known = self.rules.iter().any(|rule| rule.written.contains(labels));
        if is_known || !self.schedule.is_slot(slot) {
            return false;
        }
        let mut writers = self.rules.iter_mut().filter(|rule| rule.may_write(labels));
        match (writers.next(), writers.next()) {
            (None, _) => return false,
            // It goes on as if it had been written in the slot before, so that rules which read it see its end in time.
            (Some(rule), None) if matches!(rule.body, Body::Recording(_)) => {
                rule.written.inherit(labels.clone());
            }
            _ => drop(self.orphans.insert(labels.clone())),
        }
        true
    }

    /// Ends the group, which was removed from its file at `removed`: that is the time of the markers, also when they are
    /// stored later. A group that has its rules under another name was first evaluated after it, so its samples are newer
    /// than the markers, and its series go on.
    pub fn end(mut self, removed: Timestamp) -> Ending {
        let at = self.evaluated_at(removed);
        let mut series: Vec<Labels> = self.orphans.drain().collect();
        let mut changes = Vec::new();
        for rule in &mut self.rules {
            series.extend(rule.written.take());
            let Body::Alerting(alerting) = &rule.body else {
                continue;
            };
            let stored = alerting.active.iter().filter(|active| active.is_stored);
            changes.extend(stored.map(|active| AlertChange::Delete {
                group: self.key.clone(),
                rule: rule.id.clone(),
                labels: active.labels.clone(),
            }));
        }
        series.sort_unstable();
        series.dedup();
        Ending {
            samples: series
                .into_iter()
                .map(|labels| marker(labels, at))
                .collect(),
            changes,
        }
    }

    /// Takes out the orphans that can be ended: no rule wrote them in this slot, and none that may failed.
    pub(super) fn ended_orphans(&mut self) -> Vec<Labels> {
        let rules = &self.rules;
        let (mut ended, mut kept) = (Vec::new(), std::collections::HashSet::new());
        for labels in self.orphans.drain() {
            if rules.iter().any(|rule| rule.written.contains(&labels)) {
                continue;
            }
            let waits = |rule: &RuleEngine| rule.health != Health::Good && rule.may_write(&labels);
            match rules.iter().any(waits) {
                true => drop(kept.insert(labels)),
                false => ended.push(labels),
            }
        }
        self.orphans = kept;
        ended.sort_unstable();
        ended
    }
}

impl RuleEngine {
    /// Says whether a series can be one of the rule: by its name and by the labels that the rule sets.
    fn may_write(&self, labels: &Labels) -> bool {
        let metric = labels.metric_name().unwrap_or_default();
        match &self.body {
            Body::Recording(_) => {
                let has = |(name, value): (&String, &String)| {
                    labels.get(name).unwrap_or_default() == value.as_str()
                };
                metric == &*self.id.name && self.labels.iter().all(has)
            }
            Body::Alerting(_) => {
                (metric == ALERTS || metric == ALERTS_FOR_STATE)
                    && labels.get(ALERT_NAME) == Some(&*self.id.name)
            }
        }
    }
}
