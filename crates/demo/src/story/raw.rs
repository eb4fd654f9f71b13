//! The fields of a story as they are written.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{DurationValue, Spanned};

/// A whole file.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStory {
    pub(super) version: Spanned<String>,
    pub(super) title: Spanned<String>,
    pub(super) say: String,
    pub(super) steps: Spanned<Vec<Spanned<RawStep>>>,
}

/// One of `steps`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) at: Option<Spanned<DurationValue>>,
    pub(super) say: String,
    pub(super) look: Option<Spanned<String>>,
    pub(super) inject: Option<Spanned<RawInject>>,
    pub(super) traffic: Option<Spanned<RawTraffic>>,
    pub(super) expect: Option<Spanned<RawExpect>>,
}

/// `inject` of a step.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawInject {
    pub(super) service: Spanned<String>,
    pub(super) replica: Option<Spanned<u32>>,
    pub(super) fault: Spanned<String>,
    pub(super) share: Option<Spanned<String>>,
    pub(super) delay: Option<Spanned<DurationValue>>,
    #[serde(rename = "for")]
    pub(super) length: Option<Spanned<DurationValue>>,
}

/// `traffic` of a step.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTraffic {
    pub(super) times: Spanned<f64>,
    #[serde(rename = "for")]
    pub(super) length: Option<Spanned<DurationValue>>,
}

/// `expect` of a step.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawExpect {
    pub(super) alert: Option<Spanned<String>>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) within: Option<Spanned<DurationValue>>,
    pub(super) resolves_within: Option<Spanned<DurationValue>>,
    pub(super) budget: Vec<Spanned<RawBudget>>,
}

/// One of `budget`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBudget {
    pub(super) slo: Spanned<String>,
    pub(super) at_least: Option<Spanned<String>>,
    pub(super) at_most: Option<Spanned<String>>,
}
