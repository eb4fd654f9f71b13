//! Alerting rules: each series of an expression's result is an alert with a life of its own (`life.rs`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{ALERT_NAME, Annotations, Labels, METRIC_NAME, Timestamp, Value};

use super::active::{Active, Series, Times};
use super::decide::Decider;
use super::life::{Event, absent, present};
use super::templates::Templates;
use super::texts::{Moment, Texts};
use super::written::Written;
use crate::element::Element;
use crate::globals::Globals;
use crate::key::{GroupKey, RuleId};
use crate::outcome::{AlertChange, AlertState, Outcome};

#[derive(Debug)]
pub(super) struct Alerting {
    pub(super) name: Arc<str>,
    pub(super) hold: Duration,
    pub(super) keep_firing_for: Duration,
    /// As they are written, for the series of the alerts.
    rule_labels: Labels,
    labels: Texts,
    annotations: Texts,
    /// By the time at which they began, then by labels: an order that a restart does not change.
    pub(super) active: Vec<Active>,
    /// Where in `active` a label set is.
    index: HashMap<Labels, usize>,
    /// What became of the label sets of the last evaluations, when labels are no templates.
    relabelled: HashMap<Labels, Labels>,
    /// Counts evaluations.
    evaluation: u64,
    /// Memory of the check for duplicates, kept.
    distinct: HashSet<Labels>,
}

/// What one evaluation needs beside the rule.
pub(super) struct Step<'a> {
    pub(super) group: &'a GroupKey,
    pub(super) id: &'a RuleId,
    pub(super) rule_name: &'a Arc<str>,
    pub(super) query: &'a Arc<str>,
    pub(super) globals: &'a Globals,
    pub(super) interval: Duration,
    pub(super) limit: u64,
    pub(super) slot: Timestamp,
    /// Whether data may still be missing because of an outage before the start.
    pub(super) is_settling: bool,
    /// By how many milliseconds the clock was set back since the slot before.
    pub(super) set_back: i64,
    /// The slot with the query offset applied: when results and series are.
    pub(super) at: Timestamp,
    pub(super) moment: Moment<'a>,
}

/// An element with the labels that its alert has.
struct Found {
    labels: Labels,
    element: Element,
}

impl Alerting {
    pub(super) fn new(
        name: Arc<str>,
        hold: Duration,
        keep_firing_for: Duration,
        labels: &BTreeMap<String, String>,
        annotations: &BTreeMap<String, String>,
        templates: &Templates,
    ) -> Self {
        Self {
            rule_labels: Labels::from_pairs(labels),
            labels: Texts::new(&name, labels, templates),
            annotations: Texts::new(&name, annotations, templates),
            name,
            hold,
            keep_firing_for,
            active: Vec::new(),
            index: HashMap::new(),
            relabelled: HashMap::new(),
            evaluation: 0,
            distinct: HashSet::new(),
        }
    }

    /// Says whether a template may ask a query, so that a step may wait for one.
    pub(super) fn asks(&self) -> bool {
        self.labels.asks() || self.annotations.asks()
    }

    /// Evaluates once.
    ///
    /// # Errors
    /// Prometheus' words for two alerts with the same labels, which changes nothing, and for too many of them, which
    /// forgets all of them.
    pub(super) fn step(
        &mut self,
        elements: Vec<Element>,
        step: &Step<'_>,
        written: &mut Written,
        outcome: &mut Outcome,
    ) -> Result<(), String> {
        if elements.is_empty() && self.active.is_empty() {
            return Ok(());
        }
        let found = self.find(elements, step, outcome)?;
        self.evaluation += 1;
        let (mut has_new, mut ended) = (false, Vec::new());
        for found in found {
            has_new |= self.renew(found, step, outcome, &mut ended);
        }
        if has_new {
            self.sort();
        }
        let (gone, counted) = self.advance(step, outcome);
        if step.limit > 0 && counted as u64 > step.limit {
            self.clear(step, outcome);
            return Err(format!(
                "exceeded limit of {} with {counted} alerts",
                step.limit
            ));
        }
        self.remove(&gone, step, outcome);
        self.samples(step, written, outcome);
        self.notices(&mut ended, step, outcome);
        Ok(())
    }

    /// Gives each element the labels of its alert.
    fn find(
        &mut self,
        elements: Vec<Element>,
        step: &Step<'_>,
        outcome: &mut Outcome,
    ) -> Result<Vec<Found>, String> {
        if self.relabelled.len() > 2 * elements.len() + 16 {
            self.relabelled.clear();
        }
        self.distinct.clear();
        let mut found = Vec::with_capacity(elements.len());
        for element in elements {
            let labels = self.labels_of(&element, step, outcome);
            if !self.distinct.insert(labels.clone()) {
                return Err(
                    "vector contains metrics with the same labelset after applying alert labels"
                        .into(),
                );
            }
            found.push(Found { labels, element });
        }
        Ok(found)
    }

    fn labels_of(&mut self, element: &Element, step: &Step<'_>, outcome: &mut Outcome) -> Labels {
        if let Some(labels) = self.relabelled.get(&element.labels) {
            return labels.clone();
        }
        let mut builder = element.labels.to_builder();
        builder.remove(METRIC_NAME);
        let errors = &mut outcome.template_errors;
        self.labels
            .expand(element, &step.moment, errors, |name, text| {
                builder.set(name, text);
            });
        let labels = builder.set(ALERT_NAME, &self.name).build();
        if self.labels.are_plain() {
            self.relabelled
                .insert(element.labels.clone(), labels.clone());
        }
        labels
    }

    /// Brings an alert's value and texts up to date, or begins a new one; says whether it did. One that was resolved
    /// before a restart and comes back at once gives its place up to the new one before anybody was told of its end: it
    /// goes to `ended`.
    fn renew(
        &mut self,
        found: Found,
        step: &Step<'_>,
        outcome: &mut Outcome,
        ended: &mut Vec<Active>,
    ) -> bool {
        let Found { labels, element } = found;
        let place = self.index.get(&labels).copied();
        let alive = place.filter(|at| self.active[*at].times.state != AlertState::Inactive);
        if let Some(at) = alive {
            let active = &mut self.active[at];
            active.seen_in = self.evaluation;
            active.is_unseen = false;
            let is_same =
                active.source.as_ref() == Some(&element.labels) && active.value == element.value;
            if !is_same || !self.annotations.are_timeless() {
                active.annotations = annotations(&self.annotations, &element, step, outcome);
                active.source = Some(element.labels);
                active.value = element.value;
            }
            return false;
        }
        let active = Active {
            annotations: annotations(&self.annotations, &element, step, outcome),
            series: Series::of(&self.rule_labels, &labels, &self.name),
            labels: labels.clone(),
            source: Some(element.labels),
            value: element.value,
            times: Times {
                state: AlertState::Pending,
                active_at: step.slot,
                fired_at: None,
                resolved_at: None,
                keep_firing_since: None,
            },
            last_sent_at: None,
            valid_until: None,
            is_stored: place.is_some_and(|at| self.active[at].is_stored),
            began_in: self.evaluation,
            seen_in: self.evaluation,
            is_unseen: false,
        };
        match place {
            Some(at) => {
                let mut before = std::mem::replace(&mut self.active[at], active);
                if before.has_unsent_end() {
                    before.follow_clock(step.slot, step.set_back);
                    ended.push(before);
                }
            }
            None => {
                self.index.insert(labels, self.active.len());
                self.active.push(active);
            }
        }
        true
    }

    /// Moves every alert on; returns which ones go, and how many are pending or fire.
    fn advance(&mut self, step: &Step<'_>, outcome: &mut Outcome) -> (Vec<usize>, usize) {
        let (mut gone, mut counted) = (Vec::new(), 0);
        let decider = Decider::new(step, self.hold, self.keep_firing_for);
        for (at, active) in self.active.iter_mut().enumerate() {
            let is_new = active.began_in == self.evaluation;
            let set_back = if is_new { 0 } else { step.set_back };
            let has_moved = active.follow_clock(step.slot, set_back);
            let before = active.times;
            let event = match active.seen_in == self.evaluation {
                true => present(&mut active.times, step.slot, self.hold),
                false if active.is_unseen && step.is_settling => None,
                false => absent(&mut active.times, step.slot, self.keep_firing_for),
            };
            let event = event.or(is_new.then_some(Event::Pending));
            if let Some(event) = event
                && event != Event::Expired
            {
                outcome
                    .decisions
                    .push(decider.decide(event, active, &before));
            }
            if matches!(event, Some(Event::Forgotten | Event::Expired)) {
                gone.push(at);
                continue;
            }
            counted += usize::from(active.times.state != AlertState::Inactive);
            if is_new || has_moved || active.times != before {
                let row = active.row(step.group, step.id);
                outcome.changes.push(AlertChange::Upsert(row));
            }
        }
        (gone, counted)
    }

    /// Forgets all alerts: there are more than the limit allows. Prometheus sends no resolution for them either, the
    /// receiver takes them for over when it hears nothing more.
    fn clear(&mut self, step: &Step<'_>, outcome: &mut Outcome) {
        outcome.changes.clear();
        outcome.decisions.clear();
        let decider = Decider::new(step, self.hold, self.keep_firing_for);
        for active in self.active.drain(..) {
            if active.is_stored {
                outcome.changes.push(delete(step, active.labels.clone()));
                let decision = decider.decide(Event::OverLimit, &active, &active.times);
                outcome.decisions.push(decision);
            }
        }
        self.index.clear();
    }

    fn remove(&mut self, gone: &[usize], step: &Step<'_>, outcome: &mut Outcome) {
        if !gone.is_empty() {
            for at in gone {
                outcome
                    .changes
                    .push(delete(step, self.active[*at].labels.clone()));
            }
            let mut at = 0;
            self.active.retain(|_| {
                at += 1;
                gone.binary_search(&(at - 1)).is_err()
            });
            self.reindex();
        }
        for active in &mut self.active {
            active.is_stored = true;
        }
    }

    fn sort(&mut self) {
        let key = |active: &Active| (active.times.active_at, active.labels.clone());
        self.active.sort_by_cached_key(key);
        self.reindex();
    }

    fn reindex(&mut self) {
        let labels = self.active.iter().map(|active| active.labels.clone());
        self.index = labels.zip(0..).collect();
    }

    /// Takes over the alerts of the same rule before a reload. Their texts are made anew when the condition is
    /// evaluated next.
    pub(super) fn adopt(&mut self, active: Vec<Active>) {
        self.active = active;
        for active in &mut self.active {
            active.series = Series::of(&self.rule_labels, &active.labels, &self.name);
            active.source = None;
            active.began_in = 0;
            active.value = Value::Float(active.number());
            active.seen_in = 0;
        }
        self.sort();
    }

    /// Makes the series labels of an alert that is restored.
    pub(super) fn series_of(&self, labels: &Labels) -> Series {
        Series::of(&self.rule_labels, labels, &self.name)
    }
}

fn annotations(
    texts: &Texts,
    element: &Element,
    step: &Step<'_>,
    outcome: &mut Outcome,
) -> Annotations {
    texts.annotations(element, &step.moment, &mut outcome.template_errors)
}

fn delete(step: &Step<'_>, labels: Labels) -> AlertChange {
    AlertChange::Delete {
        group: step.group.clone(),
        rule: step.id.clone(),
        labels,
    }
}
