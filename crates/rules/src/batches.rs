//! Which rules of a group may be evaluated at the same time.
//!
//! A rule *reads* the metrics that its selectors name and *writes* one metric, or `ALERTS` and `ALERTS_FOR_STATE`. Two
//! rules are in each other's way when one reads what the other writes, or both record the same metric. A rule goes into
//! the first batch after those of all earlier rules that are in its way; so whatever runs at the same time, each rule
//! sees what it would see if they ran one after the other in the order of the file.
//!
//! Prometheus (with `concurrent-rule-eval`) makes three kinds of batches instead, runs a rule that reads a *later* one
//! after it, and so gives other results than without the flag. What it calls indeterminate is the same here: a selector
//! without a metric name, or one that can select `ALERTS`, reads everything. So does a template that asks a query.

use std::collections::HashMap;

use plimsoll_promql::{Expr, ExprKind, Selector};
use plimsoll_types::{METRIC_NAME, MatchOp, Matcher};

use crate::engine::{ALERTS, ALERTS_FOR_STATE, is_template};
use crate::model::{Group, Kind, Rule};

/// Returns the rules of a group, by their place in it, in batches that have to run one after the other.
pub fn batches(group: &Group) -> Vec<Vec<usize>> {
    let mut levels = Levels::default();
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for (at, rule) in group.rules.iter().enumerate() {
        let level = levels.add(&reads(group, rule), rule);
        if batches.len() == level {
            batches.push(Vec::new());
        }
        batches[level].push(at);
    }
    batches
}

/// What a rule reads.
enum Reads<'a> {
    Everything,
    /// Per selector the metric, or the conditions on its name.
    Metrics(Vec<Read<'a>>),
}

enum Read<'a> {
    Metric(&'a str),
    Any(Vec<&'a Matcher>),
}

/// The first level at which nothing is in the way any more: of who reads or writes what. Maps instead of a comparison
/// of all pairs, because a group may have ten thousand rules.
#[derive(Default)]
struct Levels<'a> {
    /// After all rules so far.
    all: usize,
    /// After all that read everything.
    readers_of_everything: usize,
    readers: HashMap<&'a str, usize>,
    pattern_readers: Vec<(Vec<&'a Matcher>, usize)>,
    writers: HashMap<&'a str, usize>,
}

impl<'a> Levels<'a> {
    /// Returns the level of the next rule.
    fn add(&mut self, reads: &Reads<'a>, rule: &'a Rule) -> usize {
        let level = match reads {
            Reads::Everything => self.all,
            Reads::Metrics(reads) => {
                let written = reads.iter().map(|read| self.after_writers(read)).max();
                written.unwrap_or(0).max(self.readers_of_everything)
            }
        };
        // Alerts write nothing that anybody but a reader of everything can read.
        let writes = match &rule.kind {
            Kind::Record { name } => Some(name.as_str()),
            Kind::Alert { .. } => None,
        };
        let level = level.max(writes.map_or(0, |name| self.after(name)));
        let next = level + 1;
        self.all = self.all.max(next);
        if let Some(name) = writes {
            raise(self.writers.entry(name).or_default(), next);
        }
        match reads {
            Reads::Everything => raise(&mut self.readers_of_everything, next),
            Reads::Metrics(reads) => {
                for read in reads {
                    match read {
                        Read::Metric(name) => raise(self.readers.entry(name).or_default(), next),
                        Read::Any(matchers) => self.pattern_readers.push((matchers.clone(), next)),
                    }
                }
            }
        }
        level
    }

    fn after_writers(&self, read: &Read<'_>) -> usize {
        match read {
            Read::Metric(name) => self.writers.get(name).copied().unwrap_or(0),
            Read::Any(matchers) => {
                let written = self.writers.iter();
                let read = written.filter(|(name, _)| select(matchers, name));
                read.map(|(_, level)| *level).max().unwrap_or(0)
            }
        }
    }

    /// Returns the level after all who read or write a metric.
    fn after(&self, name: &str) -> usize {
        let patterns = self.pattern_readers.iter();
        let patterns = patterns.filter(|(matchers, _)| select(matchers, name));
        let of = |levels: &HashMap<&str, usize>| levels.get(name).copied().unwrap_or(0);
        let patterns = patterns.map(|(_, level)| *level).max().unwrap_or(0);
        of(&self.readers).max(of(&self.writers)).max(patterns)
    }
}

fn raise(level: &mut usize, to: usize) {
    *level = (*level).max(to);
}

fn select(matchers: &[&Matcher], name: &str) -> bool {
    matchers.iter().all(|matcher| matcher.matches(name))
}

fn reads<'a>(group: &'a Group, rule: &'a Rule) -> Reads<'a> {
    if let Kind::Alert { annotations, .. } = &rule.kind {
        let labels = group.labels.values().chain(rule.labels.values());
        let mut texts = labels.chain(annotations.values());
        if texts.any(|text| is_template(text) && text.contains("query")) {
            return Reads::Everything;
        }
    }
    let mut found = Vec::new();
    let mut rest = vec![&rule.expr];
    while let Some(expr) = rest.pop() {
        if let Some(selector) = selector(expr) {
            let matchers = selector.matchers.iter();
            let names: Vec<&Matcher> = matchers.filter(|m| m.name() == METRIC_NAME).collect();
            let reads_alerts = select(&names, ALERTS) || select(&names, ALERTS_FOR_STATE);
            if names.is_empty() || reads_alerts {
                return Reads::Everything;
            }
            found.push(match names[..] {
                [only] if only.op() == MatchOp::Equal => Read::Metric(only.value()),
                _ => Read::Any(names),
            });
        }
        rest.extend(expr.children());
    }
    Reads::Metrics(found)
}

fn selector(expr: &Expr) -> Option<&Selector> {
    match &expr.kind {
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => Some(selector),
        _ => None,
    }
}
