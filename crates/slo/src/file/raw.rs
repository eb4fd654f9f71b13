//! The fields of a file as they are written.

use std::collections::BTreeMap;

pub(super) use plimsoll_runtime::config::TextOr;
use plimsoll_runtime::config::{DurationValue, Spanned, SpannedKey};

use crate::sli::RawSli;

/// Texts by name: labels, annotations.
pub(crate) type RawTexts = BTreeMap<SpannedKey, Spanned<String>>;

/// A length of time that may be absent.
pub(crate) type RawDuration = Option<Spanned<DurationValue>>;

/// A whole file.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) version: Spanned<String>,
    pub(super) service: Spanned<String>,
    pub(super) labels: RawTexts,
    pub(super) slos: Vec<Spanned<RawSlo>>,
    pub(super) composites: Vec<Spanned<RawComposite>>,
}

/// One of `slos`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSlo {
    pub(super) name: Spanned<String>,
    pub(super) description: String,
    pub(super) labels: RawTexts,
    pub(super) objective: Option<Spanned<String>>,
    pub(super) objectives: Option<Spanned<Vec<Spanned<RawObjective>>>>,
    pub(super) window: Option<Spanned<TextOr<RawWindow>>>,
    pub(super) windows: Option<Spanned<Vec<Spanned<TextOr<RawWindow>>>>>,
    pub(super) method: Option<Spanned<TextOr<RawMethod>>>,
    pub(super) sli: Spanned<RawSli>,
    pub(super) dimensions: Option<Spanned<RawDimensions>>,
    pub(super) no_data: Option<Spanned<String>>,
    pub(super) alerts: Option<Spanned<TextOr<RawAlerts>>>,
    pub(super) budget: Option<Spanned<RawBudget>>,
    pub(super) corrections: Vec<Spanned<RawCorrection>>,
}

/// One of `objectives`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawObjective {
    pub(super) name: Spanned<String>,
    pub(super) objective: Spanned<String>,
    pub(super) below: Option<Spanned<String>>,
}

/// `window` as a period of the calendar.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawWindow {
    pub(super) calendar: Spanned<String>,
    pub(super) zone: Option<Spanned<String>>,
}

/// `method` with its length.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawMethod {
    pub(super) timeslices: Option<Spanned<RawTimeslices>>,
    pub(super) ratio_timeslices: Option<Spanned<RawRatioTimeslices>>,
}

/// `method.timeslices`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTimeslices {
    pub(super) length: RawDuration,
    pub(super) objective: Option<Spanned<String>>,
}

/// `method.ratio_timeslices`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRatioTimeslices {
    pub(super) length: RawDuration,
}

/// `dimensions`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDimensions {
    pub(super) by: Vec<Spanned<String>>,
    pub(super) limit: Option<Spanned<u32>>,
    pub(super) objectives: Vec<Spanned<RawGroupTarget>>,
}

/// One of `dimensions.objectives`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGroupTarget {
    #[serde(rename = "match")]
    pub(super) condition: Spanned<String>,
    pub(super) objective: Option<Spanned<String>>,
    pub(super) objectives: RawTexts,
}

/// `alerts`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAlerts {
    pub(super) name: Option<Spanned<String>>,
    pub(super) labels: RawTexts,
    pub(super) annotations: RawTexts,
    pub(super) page: RawLoudness,
    pub(super) ticket: RawLoudness,
    pub(super) windows: Option<Spanned<Vec<Spanned<RawBurnRule>>>>,
    pub(super) exhausts_in: RawDuration,
    pub(super) exhausts_severity: Option<Spanned<String>>,
    pub(super) hysteresis: RawHysteresis,
    pub(super) evidence: RawEvidence,
}

/// `alerts.page` and `alerts.ticket`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLoudness {
    pub(super) labels: RawTexts,
}

/// One of `alerts.windows`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBurnRule {
    pub(super) severity: Spanned<String>,
    pub(super) factor: Option<Spanned<f64>>,
    pub(super) long: RawDuration,
    pub(super) budget: Option<Spanned<String>>,
    #[serde(rename = "in")]
    pub(super) within: RawDuration,
    pub(super) short: RawDuration,
    #[serde(rename = "for")]
    pub(super) hold: RawDuration,
    pub(super) of: Option<Spanned<String>>,
    pub(super) sustained: Option<Spanned<String>>,
}

/// `alerts.hysteresis`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawHysteresis {
    pub(super) off: Option<Spanned<f64>>,
    pub(super) keep: RawDuration,
}

/// `alerts.evidence`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawEvidence {
    pub(super) bad_min: Option<Spanned<u64>>,
    pub(super) chance: Option<Spanned<f64>>,
}

/// `budget`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBudget {
    pub(super) states: RawStates,
    pub(super) leave_by: Option<Spanned<String>>,
    pub(super) dwell: RawDuration,
}

/// `budget.states`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStates {
    pub(super) caution: Option<Spanned<TextOr<RawState>>>,
    pub(super) critical: Option<Spanned<TextOr<RawState>>>,
    pub(super) exhausted: Option<Spanned<TextOr<RawState>>>,
}

/// One of `budget.states` with a dwell of its own.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawState {
    pub(super) below: Option<Spanned<String>>,
    pub(super) dwell: RawDuration,
}

/// One of `corrections`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCorrection {
    pub(super) id: Spanned<String>,
    pub(super) kind: Spanned<String>,
    pub(super) from: Spanned<String>,
    pub(super) to: Option<Spanned<String>>,
    #[serde(rename = "for")]
    pub(super) length: RawDuration,
    pub(super) repeat: Option<Spanned<String>>,
    pub(super) zone: Option<Spanned<String>>,
    #[serde(rename = "match")]
    pub(super) condition: Option<Spanned<String>>,
    pub(super) reason: Spanned<String>,
    pub(super) author: Spanned<String>,
}

/// One of `composites`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawComposite {
    pub(super) name: Spanned<String>,
    pub(super) description: String,
    pub(super) labels: RawTexts,
    pub(super) kind: Spanned<String>,
    pub(super) of: Vec<Spanned<RawComponent>>,
    pub(super) objective: Option<Spanned<String>>,
    pub(super) window: Option<Spanned<TextOr<RawWindow>>>,
    pub(super) windows: Option<Spanned<Vec<Spanned<TextOr<RawWindow>>>>>,
    pub(super) alerts: Option<Spanned<TextOr<RawAlerts>>>,
    pub(super) budget: Option<Spanned<RawBudget>>,
}

/// One of `composites[].of`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawComponent {
    pub(super) slo: Spanned<String>,
    pub(super) objective: Option<Spanned<String>>,
    pub(super) weight: Option<Spanned<f64>>,
    pub(super) no_data: Option<Spanned<String>>,
}
