//! The shapes of groups, rules and alerts, field by field as Prometheus 3 writes them.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_rules::AlertState;
use plimsoll_rules::view::{AlertView, AlertingView, GroupView, RuleView};
use plimsoll_types::Timestamp;
use serde::Serialize;
use serde::ser::Serializer;
use utoipa::ToSchema;

use super::Filter;
use crate::number::{NEVER, rfc3339};
use crate::openapi::values::{Labels, Time};
use crate::openapi::words::{RuleAlertState, RuleHealth};

/// A group of rules.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleGroup)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group<'a> {
    name: &'a str,
    file: &'a str,
    rules: Vec<Rule<'a>>,
    /// How often it is evaluated, in seconds.
    interval: Seconds,
    /// Series or alerts that a rule may have; 0 is no limit.
    limit: u64,
    /// In seconds.
    evaluation_time: Seconds,
    /// In the year 1 when there was none.
    #[schema(value_type = Time)]
    last_evaluation: String,
}

/// A rule; `type` says of which kind.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Rule<'a> {
    Alerting(Alerting<'a>),
    Recording(Recording<'a>),
}

/// A rule that alerts.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertingRule)]
#[serde(rename_all = "camelCase")]
struct Alerting<'a> {
    state: RuleState,
    name: &'a str,
    query: &'a str,
    /// How long it must hold, in seconds.
    duration: Seconds,
    /// In seconds.
    keep_firing_for: Seconds,
    labels: &'a BTreeMap<String, String>,
    annotations: &'a BTreeMap<String, String>,
    /// `null` when alerts were not asked for, as in Prometheus.
    alerts: Option<Vec<Alert<'a>>>,
    #[serde(flatten)]
    evaluated: Evaluated<'a>,
    r#type: AlertingKind,
}

/// A rule that records.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordingRule)]
#[serde(rename_all = "camelCase")]
struct Recording<'a> {
    name: &'a str,
    query: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    labels: &'a BTreeMap<String, String>,
    #[serde(flatten)]
    evaluated: Evaluated<'a>,
    r#type: RecordingKind,
}

/// The kind of a rule that alerts.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertingRuleType)]
#[serde(rename_all = "lowercase")]
enum AlertingKind {
    Alerting,
}

/// The kind of a rule that records.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordingRuleType)]
#[serde(rename_all = "lowercase")]
enum RecordingKind {
    Recording,
}

/// What the alerts of a rule are at most; `unknown` before its first evaluation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RuleState {
    Inactive,
    Pending,
    Firing,
    Unknown,
}

/// How the last evaluation of a rule went.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleEvaluation)]
#[serde(rename_all = "camelCase")]
struct Evaluated<'a> {
    health: RuleHealth,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_error: Option<&'a str>,
    /// In seconds.
    evaluation_time: Seconds,
    /// In the year 1 when there was none.
    #[schema(value_type = Time)]
    last_evaluation: String,
}

/// An alert of a rule.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleAlert)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert<'a> {
    labels: Labels<'a>,
    annotations: BTreeMap<&'a str, &'a str>,
    state: RuleAlertState,
    active_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    keep_firing_since: Option<Time>,
    /// A number as text.
    value: String,
}

/// A duration; whole seconds have no fraction, as in Go.
#[derive(ToSchema)]
#[schema(value_type = f64)]
struct Seconds(Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.subsec_nanos() {
            0 => serializer.serialize_u64(self.0.as_secs()),
            _ => serializer.serialize_f64(self.0.as_secs_f64()),
        }
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
            health: RuleHealth(rule.health),
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
                r#type: RecordingKind::Recording,
            });
        };
        Self::Alerting(Alerting {
            state: alerting.state.into(),
            name: &rule.name,
            query: &rule.query,
            duration: Seconds(alerting.hold),
            keep_firing_for: Seconds(alerting.keep_firing_for),
            labels: &rule.labels,
            annotations: &alerting.annotations,
            alerts: (!leaves_alerts_out).then(|| alerts_of(alerting).collect()),
            evaluated,
            r#type: AlertingKind::Alerting,
        })
    }
}

impl From<Option<AlertState>> for RuleState {
    fn from(state: Option<AlertState>) -> Self {
        match state {
            Some(AlertState::Inactive) => Self::Inactive,
            Some(AlertState::Pending) => Self::Pending,
            Some(AlertState::Firing) => Self::Firing,
            None => Self::Unknown,
        }
    }
}

/// Returns the alerts of a rule.
pub(super) fn alerts_of(alerting: &AlertingView) -> impl Iterator<Item = Alert<'_>> {
    alerting.alerts.iter().map(Alert::of)
}

impl<'a> Alert<'a> {
    fn of(alert: &'a AlertView) -> Self {
        Self {
            labels: Labels(&alert.labels),
            annotations: alert.annotations.iter().collect(),
            state: RuleAlertState(alert.state),
            active_at: Time(alert.active_at),
            keep_firing_since: alert.keep_firing_since.map(Time),
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
