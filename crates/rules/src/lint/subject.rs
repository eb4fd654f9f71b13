//! A rule as the lints see it, and how they say what they found.

use std::collections::BTreeMap;

use plimsoll_promql::{ExprKind, Span as Part};

use super::expression::parts;
use super::words;
use crate::model::{Group, Kind, Rule, RuleFile};

/// A rule with its group and its place in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) group: &'a Group,
    pub(super) rule: &'a Rule,
    pub(super) group_index: usize,
    pub(super) rule_index: usize,
}

/// Where in a rule something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The value of `alert` or `record`.
    Name,
    /// A part of the expression.
    Expr(Part),
    /// The label of this name.
    Label(String),
}

/// What a lint found.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) group_index: usize,
    pub(super) rule_index: usize,
    pub(super) at: At,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// What lints found, in any order.
#[derive(Debug, Default)]
pub(super) struct Found(pub(super) Vec<Finding>);

impl Found {
    /// Adds a finding; `message` is in lower case and without a final stop.
    pub(super) fn at(
        &mut self,
        subject: &Subject<'_>,
        at: At,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.0.push(Finding {
            group_index: subject.group_index,
            rule_index: subject.rule_index,
            at,
            message: message.into(),
            hint,
        });
    }
}

/// Walks all rules of a file.
pub(super) fn subjects(file: &RuleFile) -> impl Iterator<Item = Subject<'_>> {
    file.groups
        .iter()
        .enumerate()
        .flat_map(|(group_index, group)| {
            let rules = group.rules.iter().enumerate();
            rules.map(move |(rule_index, rule)| Subject {
                group,
                rule,
                group_index,
                rule_index,
            })
        })
}

impl Subject<'_> {
    pub(super) fn is_alert(&self) -> bool {
        self.rule.is_alert()
    }

    /// Returns all labels, those of the group that the rule does not set included.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.group.labels.clone();
        labels.extend(self.rule.labels.clone());
        labels
    }

    /// Returns how bad the alert is said to be; a template says something, whatever it is.
    pub(super) fn severity(&self) -> Option<&str> {
        let label = |name: &&str| {
            let of_rule = self.rule.labels.get(*name);
            of_rule.or_else(|| self.group.labels.get(*name))
        };
        let known = words::SEVERITY.iter().find_map(label);
        known.map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Says whether the alert wakes a person.
    pub(super) fn pages(&self) -> bool {
        self.is_alert() && self.severity().is_some_and(words::pages)
    }

    /// Says whether a label's name holds one of the words.
    pub(super) fn has_label(&self, words: &[&str]) -> bool {
        let mut names = self.rule.labels.keys().chain(self.group.labels.keys());
        names.any(|name| holds(name, words))
    }

    /// Says whether an annotation's name holds one of the words and its text is not empty.
    pub(super) fn has_annotation(&self, words: &[&str]) -> bool {
        let Kind::Alert { annotations, .. } = &self.rule.kind else {
            return false;
        };
        let mut texts = annotations.iter();
        texts.any(|(name, text)| holds(name, words) && !text.trim().is_empty())
    }

    /// Says whether the expression keeps a label whose name holds one of the words.
    pub(super) fn groups_by(&self, words: &[&str]) -> bool {
        let mut parts = parts(&self.rule.expr).into_iter();
        parts.any(|part| match &part.kind {
            ExprKind::Aggregate(aggregate) if !aggregate.without => {
                aggregate.grouping.iter().any(|label| holds(label, words))
            }
            ExprKind::Binary(binary) => binary
                .matching
                .as_ref()
                .is_some_and(|matching| matching.include.iter().any(|label| holds(label, words))),
            _ => false,
        })
    }
}

fn holds(name: &str, words: &[&str]) -> bool {
    let name = name.to_lowercase();
    words.iter().any(|word| name.contains(word))
}

impl Rule {
    /// Says whether this rule records the metric.
    pub(super) fn is_record_of(&self, metric: &str) -> bool {
        matches!(&self.kind, Kind::Record { name } if name == metric)
    }
}
