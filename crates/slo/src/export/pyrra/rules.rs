//! The two groups that Pyrra makes of an objective: what happened over its window, and burn rates with their alerts.
//!
//! What Pyrra calls a burn rate is a share of bad events; the factor and the budget are in the alert.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll_types::{METRIC_NAME, MatchOp, Matcher, format_duration};

use super::windows::{BurnWindows, burn_windows};
use crate::export::{Rule, RuleFile, RuleGroup, RuleKind};
use crate::import::decimal::go_float;
use crate::import::pyrra::{Indicator, Objective};
use crate::import::query::printed;

/// How often the rules are evaluated: seldom what looks far back, often what alerts.
const INTERVALS: [Duration; 2] = [Duration::from_secs(150), Duration::from_secs(30)];

/// Makes the rules of objectives, as one Kubernetes object per objective.
pub fn rules(objectives: &[Objective]) -> Vec<RuleFile> {
    let file = |objective: &Objective| {
        let maker = Maker { objective };
        let groups = [("-increase", maker.increases()), ("", maker.burn_rates())];
        let groups = groups.into_iter().zip(INTERVALS);
        RuleFile {
            object: Some(objective.object.clone()),
            groups: groups
                .map(|((suffix, rules), interval)| RuleGroup {
                    name: format!("{}{suffix}", objective.name.value),
                    interval: Some(interval),
                    rules,
                })
                .collect(),
        }
    };
    objectives.iter().map(file).collect()
}

struct Maker<'a> {
    objective: &'a Objective,
}

impl Maker<'_> {
    fn total(&self) -> &[Matcher] {
        match &self.objective.indicator {
            Indicator::Ratio { total, .. }
            | Indicator::Latency { total, .. }
            | Indicator::LatencyNative { total, .. }
            | Indicator::BoolGauge(total) => total,
        }
    }

    /// Returns the labels that all rules have: the objective's name, and what its series have in common.
    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.objective.alerting.labels.clone();
        for matcher in self.total() {
            if matcher.op() == MatchOp::Equal && matcher.name() != METRIC_NAME {
                labels.insert(matcher.name().into(), matcher.value().into());
            }
        }
        labels.insert("slo".into(), self.objective.name.value.clone());
        labels
    }

    fn with(&self, name: &str, value: &str) -> BTreeMap<String, String> {
        let mut labels = self.labels();
        labels.insert(name.into(), value.into());
        labels
    }

    /// Returns the name of a recorded series: the metric's without its suffix, and what it tells.
    fn recorded(&self, matchers: &[Matcher], what: &str, window: Duration) -> String {
        let name = matchers.first().map_or("", Matcher::value);
        let suffixes = ["_total", "_count", "_bucket"];
        let mut stems = suffixes
            .iter()
            .filter_map(|suffix| name.strip_suffix(suffix));
        let stem = stems.next().unwrap_or(name);
        format!("{stem}:{what}{}", format_duration(window))
    }

    fn increases(&self) -> Vec<Rule> {
        let window = self.objective.window.value;
        let range = format_duration(window);
        let by = self.by(true);
        let record = |matchers: &[Matcher], what: &str, expr: String, labels| {
            Rule::record(&self.recorded(matchers, what, window), expr, labels)
        };
        let over = |function: &str, matchers: &[Matcher]| {
            format!("sum{by}({function}({}[{range}]))", printed(matchers))
        };
        let increase = |matchers: &[Matcher], labels| {
            record(matchers, "increase", over("increase", matchers), labels)
        };
        let mut rules = match &self.objective.indicator {
            Indicator::Ratio { errors, total } if errors[0] == total[0] => {
                vec![increase(total, self.labels())]
            }
            Indicator::Ratio { errors, total } => {
                vec![
                    increase(total, self.labels()),
                    increase(errors, self.labels()),
                ]
            }
            Indicator::Latency { success, total } => {
                let edge = success.iter().find(|matcher| matcher.name() == "le");
                let edge = edge.map_or("", Matcher::value);
                vec![
                    increase(total, self.with("le", "")),
                    increase(success, self.with("le", edge)),
                ]
            }
            Indicator::LatencyNative { latency, total } => {
                let seconds = go_float(latency.as_secs_f64());
                let all = over("increase", total);
                let count = format!("histogram_count({all})");
                let good = format!("histogram_fraction(0, {seconds}, {all}) * {count}");
                vec![
                    record(total, "increase", count, self.with("le", "")),
                    record(total, "increase", good, self.with("le", &seconds)),
                ]
            }
            Indicator::BoolGauge(metric) => vec![
                record(
                    metric,
                    "count",
                    over("count_over_time", metric),
                    self.labels(),
                ),
                record(metric, "sum", over("sum_over_time", metric), self.labels()),
            ],
        };
        rules.extend(self.absent());
        rules
    }

    fn absent(&self) -> Option<Rule> {
        let alerting = &self.objective.alerting;
        if alerting.is_disabled || !alerting.absent {
            return None;
        }
        let [fastest, ..] = burn_windows(self.objective.window.value);
        Some(Rule {
            kind: RuleKind::Alert("SLOMetricAbsent".into()),
            expr: format!("absent({}) == 1", printed(self.total())),
            hold: fastest.hold,
            labels: self.with("severity", "critical"),
            annotations: BTreeMap::new(),
        })
    }

    /// Writes the labels that sums keep: those of the groups, and for the counts of the whole window those that tell bad
    /// events from others.
    fn by(&self, with_conditions: bool) -> String {
        let mut labels: BTreeSet<&str> = self
            .objective
            .grouping
            .iter()
            .map(|label| &**label)
            .collect();
        if with_conditions && let Indicator::Ratio { errors, total } = &self.objective.indicator {
            let several = |matcher: &&Matcher| matcher.op() != MatchOp::Equal;
            let more = errors.iter().filter(|matcher| !total.contains(matcher));
            let all = total.iter().filter(several).chain(more);
            labels.extend(all.map(Matcher::name).filter(|name| *name != METRIC_NAME));
        }
        match labels.is_empty() {
            true => String::new(),
            false => format!(
                " by ({}) ",
                labels.into_iter().collect::<Vec<_>>().join(", ")
            ),
        }
    }

    fn burn_rates(&self) -> Vec<Rule> {
        let windows = burn_windows(self.objective.window.value);
        let mut lengths: Vec<Duration> = windows.iter().flat_map(|w| [w.short, w.long]).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let record = |length: &Duration| {
            let name = self.recorded(self.total(), "burnrate", *length);
            Rule::record(&name, self.share(*length), self.labels())
        };
        let mut rules: Vec<Rule> = lengths.iter().map(record).collect();
        let alerting = &self.objective.alerting;
        if !alerting.is_disabled && alerting.burn_rates {
            rules.extend(windows.iter().map(|window| self.alert(window)));
        }
        rules
    }

    fn share(&self, window: Duration) -> String {
        let range = format_duration(window);
        let by = self.by(false);
        let over = |function: &str, matchers: &[Matcher]| {
            format!("sum{by}({function}({}[{range}]))", printed(matchers))
        };
        match &self.objective.indicator {
            Indicator::Ratio { errors, total } => {
                format!("{} / {}", over("rate", errors), over("rate", total))
            }
            Indicator::Latency { success, total } => {
                let (good, all) = (over("rate", success), over("rate", total));
                format!("({all} - {good}) / {all}")
            }
            Indicator::LatencyNative { latency, total } => {
                let seconds = go_float(latency.as_secs_f64());
                format!(
                    "1 - histogram_fraction(0, {seconds}, {})",
                    over("rate", total)
                )
            }
            Indicator::BoolGauge(metric) => {
                let (all, good) = (
                    over("count_over_time", metric),
                    over("sum_over_time", metric),
                );
                format!("({all} - {good}) / {all}")
            }
        }
    }

    fn alert(&self, window: &BurnWindows) -> Rule {
        let labels = self.labels();
        let conditions: Vec<Matcher> = labels
            .iter()
            .map(|(name, value)| Matcher::equal(name, value))
            .collect();
        let share = crate::import::decimal::fraction(&self.objective.target);
        let factor = go_float(window.factor);
        let over = |length: Duration| {
            let mut matchers = vec![Matcher::equal(
                METRIC_NAME,
                &self.recorded(self.total(), "burnrate", length),
            )];
            matchers.extend(conditions.iter().cloned());
            format!("{} > ({factor} * (1-{share}))", printed(&matchers))
        };
        let severity = if window.is_critical {
            "critical"
        } else {
            "warning"
        };
        let exhaustion = self.objective.window.value.div_f64(window.factor);
        let own = [
            ("severity", severity.to_owned()),
            ("long", format_duration(window.long)),
            ("short", format_duration(window.short)),
            ("exhaustion", format_duration(exhaustion)),
        ];
        let mut labels = labels;
        labels.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Rule {
            kind: RuleKind::Alert(self.objective.alerting.name.clone()),
            expr: format!("{} and {}", over(window.short), over(window.long)),
            hold: window.hold,
            labels,
            annotations: BTreeMap::new(),
        }
    }
}
