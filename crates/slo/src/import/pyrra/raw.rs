//! The fields of Pyrra's objects as they are written.

use plimsoll_runtime::config::{DurationValue, Spanned, Tree};
use serde::Deserialize;

use crate::import::sloth::Metadata;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    pub(super) kind: Spanned<String>,
    metadata: Metadata,
    spec: Spanned<Spec>,
    /// What a cluster adds.
    #[serde(rename = "status")]
    _status: Tree,
}

pub(super) struct Object {
    pub(super) metadata: Metadata,
    pub(super) spec: Spanned<Spec>,
}

impl File {
    pub(super) fn object(self) -> Object {
        Object {
            metadata: self.metadata,
            spec: self.spec,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    pub(super) description: String,
    pub(super) target: Spanned<String>,
    pub(super) window: Spanned<DurationValue>,
    pub(super) indicator: Spanned<Indicator>,
    pub(super) alerting: Alerting,
    /// Subqueries in the place of long ranges; ours are counted either way.
    #[serde(rename = "performance_over_accuracy")]
    _performance_over_accuracy: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Indicator {
    pub(super) ratio: Option<Ratio>,
    pub(super) latency: Option<Latency>,
    #[serde(rename = "latencyNative")]
    pub(super) latency_native: Option<LatencyNative>,
    pub(super) bool_gauge: Option<BoolGauge>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    pub(super) metric: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Ratio {
    pub(super) errors: Query,
    pub(super) total: Query,
    pub(super) grouping: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Latency {
    pub(super) success: Query,
    pub(super) total: Query,
    pub(super) grouping: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LatencyNative {
    pub(super) latency: Spanned<DurationValue>,
    pub(super) total: Query,
    pub(super) grouping: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BoolGauge {
    pub(super) metric: Spanned<String>,
    pub(super) grouping: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Alerting {
    pub(super) disabled: Option<bool>,
    pub(super) burnrates: Option<bool>,
    pub(super) absent: Option<bool>,
    pub(super) name: String,
}
