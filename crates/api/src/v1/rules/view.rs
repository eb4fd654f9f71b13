//! The shapes of groups, rules and alerts, field by field as Prometheus 3 writes them.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_rules::view::{AlertView, AlertingView, GroupView, RuleView};
use plimsoll_types::{Labels, Timestamp};
use serde::Serialize;
use serde::ser::Serializer;

use super::Filter;
use crate::number::{NEVER, rfc3339};

/// A group.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group<'a> {
    name: &'a str,
    file: &'a str,
    rules: Vec<Rule<'a>>,
    interval: Seconds,
    limit: u64,
    evaluation_time: Seconds,
    last_evaluation: String,
}

/// A rule; the fields of both kinds differ.
#[derive(Serialize)]
#[serde(untagged)]
enum Rule<'a> {
    Alerting(Alerting<'a>),
    Recording(Recording<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alerting<'a> {
    state: &'static str,
    name: &'a str,
    query: &'a str,
    duration: Seconds,
    keep_firing_for: Seconds,
    labels: &'a BTreeMap<String, String>,
    annotations: &'a BTreeMap<String, String>,
    /// `null` when alerts were not asked for, as in Prometheus.
    alerts: Option<Vec<Alert<'a>>>,
    #[serde(flatten)]
    evaluated: Evaluated<'a>,
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Recording<'a> {
    name: &'a str,
    query: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    #[serde(flatten)]
    evaluated: Evaluated<'a>,
    r#type: &'static str,
}

/// How the last evaluation went.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Evaluated<'a> {
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<&'a str>,
    evaluation_time: Seconds,
    last_evaluation: String,
}

/// An alert.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert<'a> {
    labels: LabelsView<'a>,
    annotations: BTreeMap<&'a str, &'a str>,
    state: &'static str,
    active_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_firing_since: Option<String>,
    value: String,
}

/// A duration; whole seconds have no fraction, as in Go.
struct Seconds(Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.subsec_nanos() {
            0 => serializer.serialize_u64(self.0.as_secs()),
            _ => serializer.serialize_f64(self.0.as_secs_f64()),
        }
    }
}

struct LabelsView<'a>(&'a Labels);

impl Serialize for LabelsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

impl<'a> Group<'a> {
    /// Returns what is wanted of a group; `None` when nothing is left of it.
    pub(super) fn of(group: &'a GroupView, filter: &Filter) -> Option<Self> {
        if !filter.wants_group(group) {
            return None;
        }
        let wanted = group.rules.iter().filter(|rule| filter.wants_rule(rule));
        let rules: Vec<_> = wanted
            .map(|rule| Rule::of(rule, filter.leaves_alerts_out))
            .collect();
        (!rules.is_empty()).then(|| Self {
            name: &group.key.name,
            file: &group.key.file,
            rules,
            interval: Seconds(group.interval),
            limit: group.limit,
            evaluation_time: Seconds(group.evaluation_time),
            last_evaluation: time(group.last_evaluation),
        })
    }
}

impl<'a> Rule<'a> {
    fn of(rule: &'a RuleView, leaves_alerts_out: bool) -> Self {
        let evaluated = Evaluated {
            health: rule.health.as_str(),
            last_error: rule.last_error.as_deref(),
            evaluation_time: Seconds(rule.evaluation_time),
            last_evaluation: time(rule.last_evaluation),
        };
        let Some(alerting) = &rule.alerting else {
            return Self::Recording(Recording {
                name: &rule.name,
                query: &rule.query,
                labels: &rule.labels,
                evaluated,
                r#type: "recording",
            });
        };
        Self::Alerting(Alerting {
            // Before its first evaluation nobody knows.
            state: alerting.state.map_or("unknown", |state| state.as_str()),
            name: &rule.name,
            query: &rule.query,
            duration: Seconds(alerting.hold),
            keep_firing_for: Seconds(alerting.keep_firing_for),
            labels: &rule.labels,
            annotations: &alerting.annotations,
            alerts: (!leaves_alerts_out).then(|| alerts_of(alerting).collect()),
            evaluated,
            r#type: "alerting",
        })
    }
}

/// Returns the alerts of a rule.
pub(super) fn alerts_of(alerting: &AlertingView) -> impl Iterator<Item = Alert<'_>> {
    alerting.alerts.iter().map(Alert::of)
}

impl<'a> Alert<'a> {
    fn of(alert: &'a AlertView) -> Self {
        Self {
            labels: LabelsView(&alert.labels),
            annotations: alert.annotations.iter().collect(),
            state: alert.state.as_str(),
            active_at: rfc3339(alert.active_at),
            keep_firing_since: alert.keep_firing_since.map(rfc3339),
            value: value(alert.value),
        }
    }
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NEVER.to_owned(), rfc3339)
}

/// Writes a value as Go does with the verb `e`: always an exponent, with its sign and at least two digits.
fn value(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let short = format!("{value:e}");
    let (mantissa, exponent) = short.split_once('e').unwrap_or((&short, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_always_have_an_exponent() {
        for (number, expected) in [
            (1.0, "1e+00"),
            (0.0, "0e+00"),
            (-0.0, "-0e+00"),
            (1234.5, "1.2345e+03"),
            (-1.5e-7, "-1.5e-07"),
            (1e300, "1e+300"),
            (5e-324, "5e-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(value(number), expected);
        }
    }
}
