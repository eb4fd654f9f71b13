//! What others read: rule files for Prometheus as Sloth and Pyrra make them, and our own files.

mod yaml;

pub mod native;
pub mod pyrra;
pub mod sloth;

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_runtime::config::Tree;
use plimsoll_types::format_duration;

use crate::burn::unreachable;
use crate::import::sloth::ObjectMeta;
use crate::{AlertPolicy, BurnRule, NoData, Slo, Target};

pub use yaml::to_yaml;

/// A file of rules, or the Kubernetes object of one.
#[derive(Clone, Debug, Default)]
pub struct RuleFile {
    /// Who the object is; `None` for a plain file.
    pub object: Option<ObjectMeta>,
    /// Groups with rules in them.
    pub groups: Vec<RuleGroup>,
}

/// Rules that are evaluated together.
#[derive(Clone, Debug, Default)]
pub struct RuleGroup {
    /// Unique in the file.
    pub name: String,
    /// `None`: the server's default.
    pub interval: Option<Duration>,
    /// Never empty in a file.
    pub rules: Vec<Rule>,
}

/// A rule as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it makes.
    pub kind: RuleKind,
    /// PromQL.
    pub expr: String,
    /// How long an alert's condition holds before it fires; zero in recording rules.
    pub hold: Duration,
    /// Added to what it makes.
    pub labels: BTreeMap<String, String>,
    /// Empty in recording rules.
    pub annotations: BTreeMap<String, String>,
}

/// What a rule makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// Series of this name.
    Record(String),
    /// Alerts of this name.
    Alert(String),
}

impl Rule {
    /// Makes a recording rule.
    pub fn record(name: &str, expr: String, labels: BTreeMap<String, String>) -> Self {
        Self {
            kind: RuleKind::Record(name.into()),
            expr,
            hold: Duration::ZERO,
            labels,
            annotations: BTreeMap::new(),
        }
    }

    fn tree(&self) -> Tree {
        let (kind, name) = match &self.kind {
            RuleKind::Record(name) => ("record", name),
            RuleKind::Alert(name) => ("alert", name),
        };
        let mut entries = vec![entry(kind, text(name)), entry("expr", text(&self.expr))];
        if !self.hold.is_zero() {
            entries.push(entry("for", text(&format_duration(self.hold))));
        }
        entries.extend(texts("labels", &self.labels));
        entries.extend(texts("annotations", &self.annotations));
        Tree::Map(entries)
    }
}

impl RuleFile {
    /// Writes the file.
    pub fn to_yaml(&self) -> String {
        let groups = self.groups.iter().map(|group| {
            let mut entries = vec![entry("name", text(&group.name))];
            if let Some(interval) = group.interval {
                entries.push(entry("interval", text(&format_duration(interval))));
            }
            let rules = group.rules.iter().map(Rule::tree).collect();
            entries.push(entry("rules", Tree::List(rules)));
            Tree::Map(entries)
        });
        let groups = Tree::Map(vec![entry("groups", Tree::List(groups.collect()))]);
        let Some(object) = &self.object else {
            return to_yaml(&groups);
        };
        let mut metadata = vec![entry("name", text(&object.name))];
        if !object.namespace.is_empty() {
            metadata.push(entry("namespace", text(&object.namespace)));
        }
        metadata.extend(texts("labels", &object.labels));
        metadata.extend(texts("annotations", &object.annotations));
        to_yaml(&Tree::Map(vec![
            entry("apiVersion", text("monitoring.coreos.com/v1")),
            entry("kind", text("PrometheusRule")),
            entry("metadata", Tree::Map(metadata)),
            entry("spec", groups),
        ]))
    }
}

/// Says for people what no rules of others can say of an SLO.
fn lost_in_rules(slo: &Slo) -> Vec<&'static str> {
    let groups = slo.dimensions.as_ref();
    let is_alerting = slo.alerts.name.is_some();
    let losses = [
        (!slo.corrections.is_empty(), "rules know no corrections"),
        (
            groups.is_some_and(|groups| !groups.targets.is_empty()),
            "rules have one objective for all groups",
        ),
        (
            slo.no_data != NoData::Ignore,
            "rules take time that was not measured for neither good nor bad, whatever `no_data` says",
        ),
        (
            is_alerting && slo.alerts.exhaustion.is_some(),
            "rules forecast nothing, so there is no alert for `exhausts_in`",
        ),
    ];
    let lost = losses.into_iter().filter(|(is_lost, _)| *is_lost);
    lost.map(|(_, what)| what).collect()
}

/// Says whether a policy asks for these rules, but for those that no outage reaches at a target.
fn has_rules(policy: &AlertPolicy, rules: &[BurnRule], target: Target) -> bool {
    let reachable = rules
        .iter()
        .filter(|rule| unreachable(rule, target).is_none());
    let reachable: Vec<&BurnRule> = reachable.collect();
    let is_same = |one: &BurnRule, other: &BurnRule| {
        // 5.6, where another order of operations gives 5.6000000000000005.
        let is_near = (one.factor / other.factor - 1.0).abs() < 1e-6;
        let factor = other.factor;
        is_near
            && BurnRule {
                factor,
                ..one.clone()
            } == *other
    };
    policy.rules.len() == reachable.len()
        && policy
            .rules
            .iter()
            .all(|rule| reachable.iter().any(|other| is_same(rule, other)))
}

fn entry(key: &str, value: Tree) -> (String, Tree) {
    (key.to_owned(), value)
}

pub(crate) fn text(value: &str) -> Tree {
    Tree::Text(value.to_owned())
}

/// Returns a section of texts, unless there are none.
fn texts(key: &str, all: &BTreeMap<String, String>) -> Option<(String, Tree)> {
    let entries: Vec<_> = all
        .iter()
        .map(|(name, value)| entry(name, text(value)))
        .collect();
    (!entries.is_empty()).then(|| entry(key, Tree::Map(entries)))
}
