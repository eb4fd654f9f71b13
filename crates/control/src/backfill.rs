//! Recording rules over the past: what they would have stored had they been there.
//!
//! A range is gone through in windows, and in a window rule by rule: one range query, then the rule's own engine steps
//! from slot to slot, so that limits, labels and staleness markers are those of a running rule. What a rule writes is
//! stored before the next one asks, so rules that read each other work; where a rule reads what it or a later rule
//! writes, a window is one slot. Nothing depends on what was backfilled before: doing it twice writes the same samples.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_promql::{Expr, ExprKind, RangeSeries};
use plimsoll_rules::{
    Ask, AskNothing, Element, Globals, GroupEngine, GroupKey, Kind, Rule, Schedule,
};
use plimsoll_types::{Labels, METRIC_NAME, Sample, Timestamp};

use crate::load::{LoadedGroup, RuleSet};

/// How long a window is, when rules allow for it: as long as a block of Prometheus.
const WINDOW: Duration = Duration::from_secs(2 * 3600);
/// Steps of a query: fewer than the 11,000 that Prometheus' API allows.
const STEPS_MAX: usize = 10_000;
/// How many rule failures keep their text.
const FAILURES_MAX: usize = 20;

/// Where the past is asked.
pub trait Past {
    /// Evaluates an expression at `start`, `start + step` and so on up to `end`.
    ///
    /// # Errors
    /// Why there is no answer; the backfill ends.
    fn range(
        &mut self,
        expr: &Expr,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Vec<RangeSeries>, String>;
}

/// Where results go.
pub trait Target {
    /// Stores samples; they can be asked for when it returns.
    ///
    /// # Errors
    /// Why they are not stored; the backfill ends.
    fn write(&mut self, samples: Vec<(Labels, Sample)>) -> Result<(), String>;
}

/// Which part of the past, and how often rules are evaluated that do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start: Timestamp,
    /// Where it ends, itself inside.
    pub end: Timestamp,
    /// The distance of evaluations of groups that do not say it; above 0.
    pub interval: Duration,
}

/// How far a backfill is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Up to when all rules are done.
    pub done: Timestamp,
    /// Samples that were written, markers included.
    pub samples: u64,
}

/// What a backfill did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Recording rules that were evaluated.
    pub rules: usize,
    /// Alerting rules, which are left out.
    pub alerts: usize,
    /// Samples that were written, markers included.
    pub samples: u64,
    /// Evaluations that failed; a running rule would have stored nothing either.
    pub failed: u64,
    /// The first of them in words.
    pub failures: Vec<String>,
}

/// Evaluates the recording rules of a set over the past.
///
/// # Errors
/// What [`Past`] or [`Target`] said; what is written until then stays, and doing it again is harmless.
pub fn backfill(
    set: &RuleSet,
    span: Span,
    past: &mut dyn Past,
    target: &mut dyn Target,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, String> {
    let mut groups = groups(set, span);
    let rules = || set.groups.iter().flat_map(|group| &group.definition.rules);
    let recordings: usize = groups.iter().map(|group| group.recordings.len()).sum();
    let mut run = Run {
        past,
        target,
        ask: Arc::new(AskNothing),
        summary: Summary {
            rules: recordings,
            alerts: rules().count() - recordings,
            ..Summary::default()
        },
    };
    let shortest = groups.iter().map(|group| group.schedule.interval()).min();
    let window = match is_in_order(rules()) {
        true => WINDOW,
        false => shortest.unwrap_or(WINDOW),
    };
    let mut start = span.start;
    while start <= span.end {
        let end = (start + window).saturating_add_millis(-1).min(span.end);
        for group in &mut groups {
            run.window(group, start, end)?;
        }
        let samples = run.summary.samples;
        progress(Progress { done: end, samples });
        start = end.saturating_add_millis(1);
    }
    Ok(run.summary)
}

fn groups(set: &RuleSet, span: Span) -> Vec<Group<'_>> {
    let globals = Globals {
        interval: span.interval,
        ..Globals::default()
    };
    let groups = set.groups.iter().map(|loaded| {
        let LoadedGroup { file, definition } = loaded;
        let key = GroupKey::new(file.as_str(), definition.name.as_str());
        let engine = GroupEngine::new(key, definition.clone(), &globals);
        Group {
            schedule: engine.schedule(),
            engine,
            recordings: recordings(&definition.rules),
            loaded,
        }
    });
    groups.collect()
}

fn recordings(rules: &[Rule]) -> Vec<usize> {
    let records = |rule: &Rule| matches!(rule.kind, Kind::Record { .. });
    let rules = rules.iter().enumerate();
    rules
        .filter(|(_, rule)| records(rule))
        .map(|(index, _)| index)
        .collect()
}

/// Says whether each rule reads at most what rules before it write.
fn is_in_order<'a>(rules: impl Iterator<Item = &'a Rule>) -> bool {
    let recordings: Vec<&Rule> = rules
        .filter(|rule| matches!(rule.kind, Kind::Record { .. }))
        .collect();
    let later = |index: usize| recordings[index..].iter().map(|rule| rule.name());
    recordings
        .iter()
        .enumerate()
        .all(|(index, rule)| !later(index).any(|name| may_read(&rule.expr, name)))
}

/// Says whether an expression has a selector that a metric of this name can fulfil.
fn may_read(expr: &Expr, name: &str) -> bool {
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        if let ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) = &expr.kind {
            let mut names = selector
                .matchers
                .iter()
                .filter(|matcher| matcher.name() == METRIC_NAME);
            if names.all(|matcher| matcher.matches(name)) {
                return true;
            }
        }
        rest.extend(expr.children());
    }
    false
}

struct Group<'a> {
    schedule: Schedule,
    engine: GroupEngine,
    /// The places of its recording rules.
    recordings: Vec<usize>,
    loaded: &'a LoadedGroup,
}

struct Run<'a> {
    past: &'a mut dyn Past,
    target: &'a mut dyn Target,
    /// Only alerts have templates.
    ask: Arc<dyn Ask>,
    summary: Summary,
}

impl Run<'_> {
    /// Evaluates the rules of a group at all its slots of a window.
    fn window(
        &mut self,
        group: &mut Group<'_>,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<(), String> {
        let before = start.saturating_add_millis(-1);
        let slots = std::iter::successors(Some(group.schedule.first(before)), |slot| {
            Some(group.schedule.due(*slot))
        });
        let slots: Vec<Timestamp> = slots.take_while(|slot| *slot <= end).collect();
        for index in group.recordings.clone() {
            for slots in slots.chunks(STEPS_MAX) {
                self.rule(group, index, slots)?;
            }
        }
        Ok(())
    }

    fn rule(
        &mut self,
        group: &mut Group<'_>,
        rule: usize,
        slots: &[Timestamp],
    ) -> Result<(), String> {
        let engine = &mut group.engine;
        let (Some(first), Some(last)) = (slots.first(), slots.last()) else {
            return Ok(());
        };
        let (start, end) = (engine.evaluated_at(*first), engine.evaluated_at(*last));
        let step = group.schedule.interval();
        let definition = &group.loaded.definition.rules[rule];
        let told = |error: String| {
            format!(
                "{}: {}: {}: {error}",
                group.loaded.file,
                group.loaded.definition.name,
                definition.name()
            )
        };
        let result = self
            .past
            .range(engine.query(rule), start, end, step)
            .map_err(told)?;
        let samples = self.steps(engine, rule, slots, by_time(result), &told);
        self.summary.samples += samples.len() as u64;
        match samples.is_empty() {
            true => Ok(()),
            false => self.target.write(samples).map_err(told),
        }
    }

    /// Steps a rule from slot to slot; returns what it would have stored.
    fn steps(
        &mut self,
        engine: &mut GroupEngine,
        rule: usize,
        slots: &[Timestamp],
        mut elements: BTreeMap<Timestamp, Vec<Element>>,
        told: &dyn Fn(String) -> String,
    ) -> Vec<(Labels, Sample)> {
        let mut samples = Vec::new();
        for slot in slots {
            let elements = elements
                .remove(&engine.evaluated_at(*slot))
                .unwrap_or_default();
            let outcome = engine.step(rule, *slot, Ok(elements), &self.ask);
            match outcome.error {
                None => samples.extend(outcome.samples),
                Some(error) => {
                    self.summary.failed += 1;
                    if self.summary.failures.len() < FAILURES_MAX {
                        let failure = told(format!("at {slot}: {error}"));
                        self.summary.failures.push(failure);
                    }
                }
            }
        }
        samples
    }
}

fn by_time(series: Vec<RangeSeries>) -> BTreeMap<Timestamp, Vec<Element>> {
    let mut elements: BTreeMap<Timestamp, Vec<Element>> = BTreeMap::new();
    for series in series {
        for sample in series.samples {
            let element = Element {
                labels: series.labels.clone(),
                value: sample.value,
            };
            elements.entry(sample.timestamp).or_default().push(element);
        }
    }
    elements
}

#[cfg(test)]
mod tests;
