//! The fields of OpenSLO v1 objects as they are written.

use plimsoll_runtime::config::{Spanned, Tree};
use serde::Deserialize;

use crate::import::sloth::Metadata;

/// Any object: its kind says what its `spec` is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Object {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    pub(super) kind: Spanned<String>,
    pub(super) metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Of<T> {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    pub(super) metadata: Metadata,
    pub(super) spec: Spanned<T>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Slo {
    pub(super) description: String,
    pub(super) service: String,
    pub(super) indicator: Option<Spanned<Inline<Indicator>>>,
    pub(super) indicator_ref: Spanned<String>,
    pub(super) time_window: Vec<Spanned<TimeWindow>>,
    pub(super) budgeting_method: Spanned<String>,
    pub(super) objectives: Vec<Spanned<Objective>>,
    pub(super) alert_policies: Vec<Spanned<PolicyOrRef>>,
}

/// An object within another.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Inline<T> {
    #[serde(rename = "metadata")]
    _metadata: Tree,
    pub(super) spec: Spanned<T>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Indicator {
    pub(super) threshold_metric: Option<Spanned<Metric>>,
    pub(super) ratio_metric: Option<Spanned<Ratio>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Ratio {
    pub(super) counter: Option<bool>,
    pub(super) good: Option<Spanned<Metric>>,
    pub(super) bad: Option<Spanned<Metric>>,
    pub(super) total: Option<Spanned<Metric>>,
    pub(super) raw_type: String,
    pub(super) raw: Option<Spanned<Metric>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metric {
    pub(super) metric_source: Spanned<MetricSource>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct MetricSource {
    pub(super) metric_source_ref: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    pub(super) spec: Spanned<MetricQuery>,
}

/// Prometheus' sources say `query`, and some tools `promql`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MetricQuery {
    #[serde(alias = "promql")]
    pub(super) query: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct TimeWindow {
    pub(super) duration: Spanned<String>,
    pub(super) is_rolling: bool,
    pub(super) calendar: Option<Spanned<Calendar>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Calendar {
    pub(super) start_time: Spanned<String>,
    pub(super) time_zone: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Objective {
    pub(super) display_name: String,
    pub(super) op: Spanned<String>,
    pub(super) value: Spanned<String>,
    pub(super) target: Spanned<String>,
    pub(super) target_percent: Spanned<String>,
    pub(super) time_slice_target: Spanned<String>,
    pub(super) time_slice_window: Spanned<String>,
    pub(super) indicator: Option<Spanned<Tree>>,
    pub(super) indicator_ref: Spanned<String>,
    pub(super) composite_weight: Option<Spanned<Tree>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PolicyOrRef {
    #[serde(alias = "targetRef")]
    pub(super) alert_policy_ref: Spanned<String>,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "metadata")]
    _metadata: Tree,
    pub(super) spec: Option<Spanned<Policy>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Policy {
    #[serde(rename = "description")]
    _description: String,
    pub(super) alert_when_no_data: bool,
    pub(super) conditions: Vec<Spanned<ConditionOrRef>>,
    pub(super) notification_targets: Vec<Tree>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ConditionOrRef {
    pub(super) condition_ref: Spanned<String>,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "metadata")]
    _metadata: Tree,
    pub(super) spec: Option<Spanned<AlertCondition>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct AlertCondition {
    #[serde(rename = "description")]
    _description: String,
    pub(super) severity: Spanned<String>,
    pub(super) condition: Spanned<Condition>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Condition {
    pub(super) kind: Spanned<String>,
    pub(super) op: Spanned<String>,
    pub(super) threshold: Spanned<f64>,
    pub(super) lookback_window: Spanned<String>,
    pub(super) alert_after: Spanned<String>,
}
